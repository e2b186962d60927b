/*
 * Who may come in: the providers that httpd's own access control calls. They keep nothing of their
 * own and may run in any thread.
 */
#ifndef TWV_HTTP_AUTH_H
#define TWV_HTTP_AUTH_H

#include "httpd.h"

/** `Require twilio-signature`. */
void twv_signature_register_hooks(apr_pool_t *p);

/** `AuthBasicProvider twvoice`. */
void twv_basic_register_hooks(apr_pool_t *p);

#endif
