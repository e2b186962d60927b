/*
 * The one user of libcurl: bounded requests to other servers. A client belongs to one child
 * process; its idle handles keep their connections for the next request. twv_http_perform() may be
 * called from many threads at once; a batch belongs to the thread that made it.
 */
#ifndef TWV_TWILIO_HTTP_CLIENT_H
#define TWV_TWILIO_HTTP_CLIENT_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct twv_http_client_t twv_http_client_t;
typedef struct twv_http_batch_t twv_http_batch_t;

typedef struct {
    const char *method;         /* "POST", "GET", "DELETE" */
    const char *url;            /* http or https; redirects are not followed */
    const char *body;           /* NULL for none; must live until the request is done */
    const char *content_type;   /* of the body */
    const char *const *headers; /* "Name: value", NULL-terminated, or NULL; CR and LF are refused */
    const char *user;           /* Basic credentials, or NULL */
    const char *password;
    int connect_timeout_ms;  /* 0: 5 s */
    int timeout_ms;          /* of the whole exchange; 0: 15 s */
    apr_size_t max_response; /* bytes of the body, decompressed; a longer one is an error */
} twv_http_request_t;

typedef struct {
    int status;               /* 0 when there was no answer */
    const char *error;        /* why not, in words without credentials; NULL with an answer */
    const char *content_type; /* lower case, without parameters; "" when missing */
    const char *body;         /* terminated */
    apr_size_t length;
    int retry_after; /* seconds from Retry-After, 0 when missing */
} twv_http_response_t;

/**
 * Once per process, never in the parent: connections do not survive fork.
 * @param p also ends the client: its cleanup closes every handle
 * @param ca_file PEM file of trusted roots in place of the system's, or NULL
 */
twv_http_client_t *twv_http_client_create(apr_pool_t *p, const char *ca_file);

/** Ask and wait, at most request->timeout_ms. Strings of @a response live in @a p. */
void twv_http_perform(twv_http_client_t *client, apr_pool_t *p, const twv_http_request_t *request,
                      twv_http_response_t *response);

/** Called once for each finished request of a batch, in the thread that runs the batch. */
typedef void twv_http_done_fn(void *baton, const twv_http_response_t *response);

/** Many requests at once from one thread. @param most how many run at the same time */
twv_http_batch_t *twv_http_batch_create(twv_http_client_t *client, apr_pool_t *p, int most);

/** How many more requests may be added now. */
int twv_http_batch_room(const twv_http_batch_t *batch);

/** How many are under way. */
int twv_http_batch_active(const twv_http_batch_t *batch);

/**
 * Start a request. @a p must live until @a done was called; request is read until then.
 */
void twv_http_batch_add(twv_http_batch_t *batch, apr_pool_t *p, const twv_http_request_t *request,
                        twv_http_done_fn *done, void *baton);

/** Move everything on, waiting at most @a wait_ms for something to happen. */
void twv_http_batch_run(twv_http_batch_t *batch, int wait_ms);

/** Wake a thread that waits in twv_http_batch_run(); may be called from any thread. */
void twv_http_batch_wake(twv_http_batch_t *batch);

/** Give up what is under way; each done function is called with error "stopped". */
void twv_http_batch_abort(twv_http_batch_t *batch);

#endif
