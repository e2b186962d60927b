/*
 * Answers: the one writer of TwiML and JSON replies. Everything is sent by the request's thread in
 * one piece, so that Content-Length is known.
 */
#ifndef TWV_HTTP_REPLY_H
#define TWV_HTTP_REPLY_H

#include <jansson.h>

#include "httpd.h"

#include "twilio/error.h"
#include "twilio/twiml.h"

/** Send the document with status 200. @return OK, for the handler to return */
int twv_reply_twiml(request_rec *r, twv_twiml_t *twiml);

/** Send JSON; takes over the reference to @a json. */
int twv_reply_json(request_rec *r, int status, json_t *json);

/** Send an error in Twilio's form {code, message, more_info, status}. */
int twv_reply_error(request_rec *r, const twv_error_t *error);

/** 204 without a body. */
int twv_reply_nothing(request_rec *r);

/** Short plain text with a status, for webhook callers (403, 404, 503 ...). */
int twv_reply_text(request_rec *r, int status, const char *text);

/** Hooks: answers that httpd makes itself (401, 403, 404, ...) become JSON where the handler is
 *  twvoice-proxy. */
void twv_reply_register_hooks(apr_pool_t *p);

#endif
