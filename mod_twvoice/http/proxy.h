/*
 * The REST API of Twilio Proxy v1 (handler "twvoice-proxy"): from a request to the function that
 * answers it. Everything of one request lives in its pool and belongs to its thread.
 */
#ifndef TWV_HTTP_PROXY_H
#define TWV_HTTP_PROXY_H

#include "httpd.h"

#include "calls/context.h"
#include "twilio/form.h"

/** Most variable parts of a path. */
#define TWV_PROXY_IDS 4

/** A request to the API. */
typedef struct {
    request_rec *r;
    twv_context_t context;
    const char *base;               /* URL of the API up to and with "/v1", as clients see it */
    const char *path;               /* what follows, e.g. "/Services/KS...", for messages */
    const char *ids[TWV_PROXY_IDS]; /* the SIDs or names in the path, in order */
    const twv_form_t *form;         /* of the body of a POST, else of the query */
} twv_proxy_t;

/** Answers a request. @return what the handler returns to httpd */
typedef int twv_proxy_endpoint_fn(twv_proxy_t *proxy);

/** Error 20404 for what was requested. */
const twv_error_t *twv_proxy_not_found(const twv_proxy_t *proxy);

/** Log and send an error. @return what the handler returns */
int twv_proxy_refuse(const twv_proxy_t *proxy, const twv_error_t *error);

/* proxy_services.c */
twv_proxy_endpoint_fn twv_proxy_list_services, twv_proxy_create_service, twv_proxy_fetch_service,
    twv_proxy_update_service, twv_proxy_delete_service;

/* proxy_sessions.c */
twv_proxy_endpoint_fn twv_proxy_list_sessions, twv_proxy_create_session, twv_proxy_fetch_session,
    twv_proxy_update_session, twv_proxy_delete_session;

/* proxy_participants.c */
twv_proxy_endpoint_fn twv_proxy_list_participants, twv_proxy_create_participant,
    twv_proxy_fetch_participant, twv_proxy_delete_participant;

/* proxy_interactions.c */
twv_proxy_endpoint_fn twv_proxy_list_interactions, twv_proxy_fetch_interaction,
    twv_proxy_delete_interaction, twv_proxy_list_messages, twv_proxy_create_message,
    twv_proxy_fetch_message;

/* proxy_numbers.c */
twv_proxy_endpoint_fn twv_proxy_list_numbers, twv_proxy_add_number, twv_proxy_fetch_number,
    twv_proxy_update_number, twv_proxy_remove_number;

/* proxy_calls.c */
twv_proxy_endpoint_fn twv_proxy_list_calls, twv_proxy_export_calls, twv_proxy_list_session_calls,
    twv_proxy_export_session_calls, twv_proxy_fetch_call, twv_proxy_list_events;

/** Hooks: the handler. */
void twv_proxy_register_hooks(apr_pool_t *p);

#endif
