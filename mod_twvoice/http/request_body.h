/*
 * The body of a request as it came over the wire, for this floor only: who reads it and who gives
 * it to others again. Lives in the initial request's pool, used by the request's thread.
 */
#ifndef TWV_HTTP_REQUEST_BODY_H
#define TWV_HTTP_REQUEST_BODY_H

#include "httpd.h"

typedef struct {
    const char *bytes; /* terminated; "" without a body */
    apr_size_t length;
    int is_taken;        /* something was taken from the connection and must be given back */
    int is_whole;        /* all of it is here; otherwise the rest still comes from the connection */
    int status;          /* HTTP status of what went wrong, 0 = nothing, or AP_FILTER_ERROR */
    const char *problem; /* the same in words */
} twv_body_t;

/**
 * Read the body of @a r (not a sub-request) from the connection.
 * @param pool keeps the bytes
 * @param limit in bytes; nothing is read when Content-Length is larger
 */
void twv_body_read(twv_body_t *body, request_rec *r, apr_pool_t *pool, apr_off_t limit);

/** The body of the request behind @a r, read or not. */
const twv_body_t *twv_request_body(request_rec *r);

/** The input filter that gives a body that was taken to whoever answers. */
void twv_replay_register_filter(void);

/** Put the filter on @a r and make its headers say what the filter gives. */
void twv_replay_insert(request_rec *r, const twv_body_t *body);

#endif
