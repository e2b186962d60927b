/*
 * X-Twilio-Signature (twilio.com/docs/usage/webhooks/webhooks-security).
 * Reentrant; nothing is kept.
 */
#ifndef TWV_TWILIO_SIGNATURE_H
#define TWV_TWILIO_SIGNATURE_H

#include "twilio/form.h"

/** What was requested and how it was signed. */
typedef struct {
    const char *url;        /* full URL as Twilio was given it, without fragment */
    const twv_form_t *form; /* parameters of a form POST; NULL for other requests */
    const char *body;       /* raw body of a POST that is not a form, else NULL */
    apr_size_t body_length;
    const char *signature; /* the header, NULL when it is missing */
} twv_signed_request_t;

/**
 * Verify in constant time against each token and each spelling of the URL: as given, with the
 * scheme's default port added, with the port removed. Repeated parameters count once per distinct
 * value, sorted. A body that is not a form is bound by bodySHA256 in the query; it must be there.
 * A URL with bodySHA256 that comes without that body and without parameters is a replay: refused.
 * Empty tokens never match.
 * @param tokens current auth token first, then the previous one during a rotation
 * @return non-zero when the request was signed with one of them
 */
int twv_signature_verify(apr_pool_t *p, const twv_signed_request_t *request,
                         const char *const *tokens, int token_count);

/** Base64 of HMAC-SHA1 over @a url and the sorted parameters of @a form (may be NULL). */
const char *twv_signature_create(apr_pool_t *p, const char *token, const char *url,
                                 const twv_form_t *form);

#endif
