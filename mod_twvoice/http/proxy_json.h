/*
 * Rows as the API shows them (twilio.com/docs/proxy/api and our additions). Each function returns
 * a new reference.
 */
#ifndef TWV_HTTP_PROXY_JSON_H
#define TWV_HTTP_PROXY_JSON_H

#include <jansson.h>

#include "http/proxy.h"
#include "store/call.h"
#include "store/event.h"
#include "store/interaction.h"
#include "store/number.h"
#include "store/participant.h"
#include "store/service.h"
#include "store/session.h"

/** A text, or null for NULL; what is not UTF-8 becomes '?'. */
json_t *twv_json_text(apr_pool_t *p, const char *text);

json_t *twv_proxy_service_json(const twv_proxy_t *proxy, const twv_service_t *service);

/** As it is now: one whose time is over is shown as closed. */
json_t *twv_proxy_session_json(const twv_proxy_t *proxy, const twv_session_t *session);

json_t *twv_proxy_participant_json(const twv_proxy_t *proxy, const twv_participant_t *participant);

json_t *twv_proxy_interaction_json(const twv_proxy_t *proxy, const twv_interaction_t *interaction);

/** The same as a MessageInteraction of the participant it was sent to. */
json_t *twv_proxy_message_json(const twv_proxy_t *proxy, const twv_interaction_t *interaction);

json_t *twv_proxy_number_json(const twv_proxy_t *proxy, const twv_number_t *number);

json_t *twv_proxy_call_json(const twv_proxy_t *proxy, const twv_call_t *call);

json_t *twv_proxy_event_json(const twv_proxy_t *proxy, const twv_event_t *event);

#endif
