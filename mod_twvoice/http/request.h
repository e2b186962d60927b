/*
 * A request as this module understands it: its body, read once and bounded, its parameters and the
 * verdict on its signature. Kept with the initial request, so that sub-requests and internal
 * redirects see the same. Lives in the initial request's pool, used by its thread only.
 */
#ifndef TWV_HTTP_REQUEST_H
#define TWV_HTTP_REQUEST_H

#include "httpd.h"

#include "twilio/form.h"

typedef enum { TWV_UNVERIFIED, TWV_SIGNED, TWV_NOT_SIGNED } twv_verdict_t;

typedef struct {
    request_rec *initial;
    const char *body; /* "" without one */
    apr_size_t length;
    int is_form;            /* Content-Type application/x-www-form-urlencoded */
    const twv_form_t *form; /* of a form POST, else of the query; NULL before parsing or on error */
    int status;             /* HTTP status of what is wrong with it (400, 408, 413, 415), 0 = fine;
                             * AP_FILTER_ERROR when the answer was sent already */
    const char *problem;    /* the same in words */
    twv_verdict_t verdict;
} twv_request_t;

/** The record of this request (of the initial one behind it); made when there is none. Reads
 *  nothing yet. */
twv_request_t *twv_request_of(request_rec *r);

/**
 * Read the body, at most @a limit bytes, and parse the parameters. Only the first call reads.
 * @return the record; look at its status
 */
twv_request_t *twv_request_read(request_rec *r, apr_off_t limit);

/** Verify X-Twilio-Signature with the virtual host's tokens; remembered. Logs a refusal with the
 *  URL that was verified and how to fix TwVoicePublicURL. Reads the body. */
twv_verdict_t twv_request_verify(request_rec *r);

/** scheme://host[:port] as Twilio and clients see it: TwVoicePublicURL, else from the request. In
 *  the pool of @a r; without a trailing slash. */
const char *twv_request_public_base(request_rec *r);

/** Hooks: the input filter that replays the body to whoever answers. */
void twv_request_register_hooks(apr_pool_t *p);

#endif
