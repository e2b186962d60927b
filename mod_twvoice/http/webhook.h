/* The handler "twvoice-webhook": Twilio's requests about calls and messages. */
#ifndef TWV_HTTP_WEBHOOK_H
#define TWV_HTTP_WEBHOOK_H

#include "httpd.h"

/** Hooks: the handler, and child_init for its connections to the operator's program. */
void twv_webhook_register_hooks(apr_pool_t *p);

#endif
