/*
 * One exchange with another server: what http_client.c (one at a time) and http_batch.c (many)
 * share. Internal to this floor. A transfer belongs to one thread; the handle pool of a client is
 * guarded by its mutex.
 */
#ifndef TWV_TWILIO_HTTP_TRANSFER_H
#define TWV_TWILIO_HTTP_TRANSFER_H

#include <apr_ring.h>
#include <curl/curl.h>

#include "twilio/http_client.h"

typedef struct twv_http_transfer_t twv_http_transfer_t;

struct twv_http_transfer_t {
    APR_RING_ENTRY(twv_http_transfer_t) link; /* in its batch */
    apr_pool_t *pool;
    const twv_http_request_t *request;
    CURL *easy;
    struct curl_slist *headers;
    const char *refusal; /* why it was not even sent, or NULL */
    char *body;          /* malloc()ed while it grows, copied to the pool once */
    apr_size_t length;
    apr_size_t size;
    apr_size_t header_bytes;
    int is_too_long;
    twv_http_done_fn *done; /* of a batch */
    void *baton;
    char error[CURL_ERROR_SIZE];
};

/** Take an idle handle or make one; NULL when libcurl has none. */
CURL *twv_http_client_acquire(twv_http_client_t *client);

/** Give it back; one that @a failed is closed with its connections. NULL is allowed. */
void twv_http_client_release(twv_http_client_t *client, CURL *easy, int failed);

/** PEM file of trusted roots, or NULL. */
const char *twv_http_client_ca_file(const twv_http_client_t *client);

/** Check the request and set up a handle for it; @a transfer->refusal says why it cannot be. */
twv_http_transfer_t *twv_http_transfer_create(twv_http_client_t *client, apr_pool_t *p,
                                              const twv_http_request_t *request);

/** Fill in @a response from what libcurl said, then give everything back. */
void twv_http_transfer_finish(twv_http_client_t *client, twv_http_transfer_t *transfer,
                              CURLcode code, twv_http_response_t *response);

/** The same for a transfer that ended otherwise, e.g. "stopped". */
void twv_http_transfer_fail(twv_http_client_t *client, twv_http_transfer_t *transfer,
                            const char *reason, twv_http_response_t *response);

#endif
