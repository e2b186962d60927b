/*
 * Rows as JSON, members in the order of Twilio's documentation. Strings are copied by jansson; what
 * is built on the way lives in the request's pool. Used by the request's thread.
 */
#include "http/proxy_json.h"

#include <string.h>

#include <apr_strings.h>

#include "calls/parameters.h"
#include "calls/sessions.h"
#include "twilio/e164.h"

json_t *twv_json_text(apr_pool_t *p, const char *text)
{
    json_t *json;

    if (!text) {
        return json_null();
    }
    json = json_string(text);
    return json ? json : json_string(twv_shown(p, text));
}

static void set_text(const twv_proxy_t *proxy, json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, twv_json_text(proxy->r->pool, text));
}

static void set_time(const twv_proxy_t *proxy, json_t *object, const char *name, twv_ms_t time)
{
    set_text(proxy, object, name, twv_timestamp_iso8601(proxy->r->pool, time));
}

static void set_int(json_t *object, const char *name, apr_int64_t number)
{
    json_object_set_new(object, name, json_integer(number));
}

/* Ours: 0 means that there is none. */
static void set_int_or_null(json_t *object, const char *name, apr_int64_t number)
{
    json_object_set_new(object, name, number ? json_integer(number) : json_null());
}

static void set_link(json_t *links, apr_pool_t *p, const char *name, const char *url,
                     const char *list)
{
    json_object_set_new(links, name, json_string(apr_pstrcat(p, url, "/", list, NULL)));
}

json_t *twv_proxy_service_json(const twv_proxy_t *proxy, const twv_service_t *service)
{
    apr_pool_t *p = proxy->r->pool;
    const char *url = apr_pstrcat(p, proxy->base, "/Services/", service->sid, NULL);
    json_t *object = json_object();
    json_t *links = json_object();

    set_text(proxy, object, "sid", service->sid);
    set_text(proxy, object, "unique_name", service->unique_name);
    set_text(proxy, object, "account_sid", service->account_sid);
    set_text(proxy, object, "chat_instance_sid", service->chat_instance_sid);
    set_text(proxy, object, "callback_url", service->callback_url);
    set_int(object, "default_ttl", service->default_ttl);
    set_text(proxy, object, "number_selection_behavior", service->number_selection_behavior);
    set_text(proxy, object, "geo_match_level", service->geo_match_level);
    set_text(proxy, object, "intercept_callback_url", service->intercept_callback_url);
    set_text(proxy, object, "out_of_session_callback_url", service->out_of_session_callback_url);
    set_time(proxy, object, "date_created", service->date_created);
    set_time(proxy, object, "date_updated", service->date_updated);
    set_text(proxy, object, "url", url);
    set_link(links, p, "sessions", url, "Sessions");
    set_link(links, p, "phone_numbers", url, "PhoneNumbers");
    json_object_set_new(object, "links", links);
    return object;
}

json_t *twv_proxy_session_json(const twv_proxy_t *proxy, const twv_session_t *stored)
{
    apr_pool_t *p = proxy->r->pool;
    const twv_session_t *session = twv_session_as_of(p, stored, proxy->context.now);
    const char *url = apr_pstrcat(p, proxy->base, "/Services/", session->service_sid, "/Sessions/",
                                  session->sid, NULL);
    json_t *object = json_object();
    json_t *links = json_object();

    set_text(proxy, object, "sid", session->sid);
    set_text(proxy, object, "service_sid", session->service_sid);
    set_text(proxy, object, "account_sid", session->account_sid);
    set_time(proxy, object, "date_started", session->date_started);
    set_time(proxy, object, "date_ended", session->date_ended);
    set_time(proxy, object, "date_last_interaction", session->date_last_interaction);
    set_time(proxy, object, "date_expiry", session->date_expiry);
    set_text(proxy, object, "unique_name", session->unique_name);
    set_text(proxy, object, "status", session->status);
    set_text(proxy, object, "closed_reason", session->closed_reason);
    set_int(object, "ttl", session->ttl);
    set_text(proxy, object, "mode", session->mode);
    set_text(proxy, object, "call_mode", session->call_mode);
    set_text(proxy, object, "pin", session->pin);
    set_int_or_null(object, "call_time_limit", session->call_time_limit);
    set_int_or_null(object, "ring_timeout", session->ring_timeout);
    set_text(proxy, object, "language", session->language);
    set_time(proxy, object, "date_created", session->date_created);
    set_time(proxy, object, "date_updated", session->date_updated);
    set_text(proxy, object, "url", url);
    set_link(links, p, "interactions", url, "Interactions");
    set_link(links, p, "participants", url, "Participants");
    set_link(links, p, "calls", url, "Calls");
    json_object_set_new(object, "links", links);
    return object;
}

json_t *twv_proxy_participant_json(const twv_proxy_t *proxy, const twv_participant_t *participant)
{
    apr_pool_t *p = proxy->r->pool;
    const char *url =
        apr_pstrcat(p, proxy->base, "/Services/", participant->service_sid, "/Sessions/",
                    participant->session_sid, "/Participants/", participant->sid, NULL);
    json_t *object = json_object();
    json_t *links = json_object();

    set_text(proxy, object, "sid", participant->sid);
    set_text(proxy, object, "session_sid", participant->session_sid);
    set_text(proxy, object, "service_sid", participant->service_sid);
    set_text(proxy, object, "account_sid", participant->account_sid);
    set_text(proxy, object, "friendly_name", participant->friendly_name);
    set_text(proxy, object, "identifier", participant->identifier);
    set_text(proxy, object, "proxy_identifier", participant->proxy_identifier);
    set_text(proxy, object, "proxy_identifier_sid", participant->proxy_identifier_sid);
    set_time(proxy, object, "date_deleted", participant->date_deleted);
    set_time(proxy, object, "date_created", participant->date_created);
    set_time(proxy, object, "date_updated", participant->date_updated);
    set_text(proxy, object, "url", url);
    set_link(links, p, "message_interactions", url, "MessageInteractions");
    json_object_set_new(object, "links", links);
    return object;
}

/* One side of an interaction; @a side is "inbound" or "outbound". */
static void set_side(const twv_proxy_t *proxy, json_t *object, const char *side,
                     const char *account_sid, const char *participant_sid, const char *resource_sid,
                     const char *status)
{
    apr_pool_t *p = proxy->r->pool;
    int is_call = resource_sid && strncmp(resource_sid, "CA", 2) == 0;
    const char *url = NULL;

    if (resource_sid) {
        /* Where Twilio's own clients look for the resource. */
        url = apr_pstrcat(p, "https://api.twilio.com/2010-04-01/Accounts/", account_sid,
                          is_call ? "/Calls/" : "/Messages/", resource_sid, ".json", NULL);
    }
    set_text(proxy, object, apr_pstrcat(p, side, "_participant_sid", NULL), participant_sid);
    set_text(proxy, object, apr_pstrcat(p, side, "_resource_sid", NULL), resource_sid);
    set_text(proxy, object, apr_pstrcat(p, side, "_resource_status", NULL), status);
    set_text(proxy, object, apr_pstrcat(p, side, "_resource_type", NULL),
             !resource_sid ? NULL
             : is_call     ? "Call"
                           : "Message");
    set_text(proxy, object, apr_pstrcat(p, side, "_resource_url", NULL), url);
}

static json_t *interaction_json(const twv_proxy_t *proxy, const twv_interaction_t *interaction,
                                const char *participant_sid)
{
    apr_pool_t *p = proxy->r->pool;
    const char *session = apr_pstrcat(p, proxy->base, "/Services/", interaction->service_sid,
                                      "/Sessions/", interaction->session_sid, NULL);
    json_t *object = json_object();

    set_text(proxy, object, "sid", interaction->sid);
    set_text(proxy, object, "session_sid", interaction->session_sid);
    set_text(proxy, object, "service_sid", interaction->service_sid);
    set_text(proxy, object, "account_sid", interaction->account_sid);
    set_text(proxy, object, "data", interaction->data);
    set_text(proxy, object, "type", interaction->type);
    if (participant_sid) {
        set_text(proxy, object, "participant_sid", participant_sid);
    }
    set_side(proxy, object, "inbound", interaction->account_sid,
             interaction->inbound_participant_sid, interaction->inbound_resource_sid,
             interaction->inbound_resource_status);
    set_side(proxy, object, "outbound", interaction->account_sid,
             interaction->outbound_participant_sid, interaction->outbound_resource_sid,
             interaction->outbound_resource_status);
    set_time(proxy, object, "date_created", interaction->date_created);
    set_time(proxy, object, "date_updated", interaction->date_updated);
    set_text(proxy, object, "url",
             participant_sid ? apr_pstrcat(p, session, "/Participants/", participant_sid,
                                           "/MessageInteractions/", interaction->sid, NULL)
                             : apr_pstrcat(p, session, "/Interactions/", interaction->sid, NULL));
    return object;
}

json_t *twv_proxy_interaction_json(const twv_proxy_t *proxy, const twv_interaction_t *interaction)
{
    return interaction_json(proxy, interaction, NULL);
}

json_t *twv_proxy_message_json(const twv_proxy_t *proxy, const twv_interaction_t *interaction)
{
    return interaction_json(proxy, interaction, interaction->outbound_participant_sid);
}

/* The keys that Proxy shows; we declare voice and sms, the rest is never there. */
static json_t *capabilities_json(const twv_owned_number_t *owned)
{
    static const char *const others[] = {"fax_inbound",
                                         "fax_outbound",
                                         "mms_inbound",
                                         "mms_outbound",
                                         "restriction_fax_domestic",
                                         "restriction_mms_domestic",
                                         "restriction_sms_domestic",
                                         "restriction_voice_domestic",
                                         "sip_trunking",
                                         NULL};
    json_t *object = json_object();
    int i;

    json_object_set_new(object, "voice_inbound", json_boolean(owned && owned->voice));
    json_object_set_new(object, "voice_outbound", json_boolean(owned && owned->voice));
    json_object_set_new(object, "sms_inbound", json_boolean(owned && owned->sms));
    json_object_set_new(object, "sms_outbound", json_boolean(owned && owned->sms));
    for (i = 0; others[i]; i++) {
        json_object_set_new(object, others[i], json_false());
    }
    return object;
}

json_t *twv_proxy_number_json(const twv_proxy_t *proxy, const twv_number_t *number)
{
    apr_pool_t *p = proxy->r->pool;
    const twv_owned_number_t *owned =
        twv_policy_number(proxy->context.policy, number->phone_number);
    json_t *object = json_object();

    set_text(proxy, object, "sid", number->sid);
    set_text(proxy, object, "account_sid", number->account_sid);
    set_text(proxy, object, "service_sid", number->service_sid);
    set_time(proxy, object, "date_created", number->date_created);
    set_time(proxy, object, "date_updated", number->date_updated);
    set_text(proxy, object, "phone_number", number->phone_number);
    set_text(proxy, object, "friendly_name",
             owned && owned->friendly_name ? owned->friendly_name : number->phone_number);
    set_text(proxy, object, "iso_country", twv_e164_iso_country(number->phone_number));
    json_object_set_new(object, "capabilities", capabilities_json(owned));
    set_text(proxy, object, "url",
             apr_pstrcat(p, proxy->base, "/Services/", number->service_sid, "/PhoneNumbers/",
                         number->sid, NULL));
    json_object_set_new(object, "is_reserved", json_boolean(number->is_reserved));
    set_int(object, "in_use", number->in_use);
    return object;
}

json_t *twv_proxy_call_json(const twv_proxy_t *proxy, const twv_call_t *call)
{
    apr_pool_t *p = proxy->r->pool;
    const char *url = apr_pstrcat(p, proxy->base, "/Calls/", call->sid, NULL);
    json_t *object = json_object();
    json_t *links = json_object();

    set_text(proxy, object, "sid", call->sid);
    set_text(proxy, object, "account_sid", call->account_sid);
    set_text(proxy, object, "parent_call_sid", call->parent_call_sid);
    set_text(proxy, object, "service_sid", call->service_sid);
    set_text(proxy, object, "session_sid", call->session_sid);
    set_text(proxy, object, "interaction_sid", call->interaction_sid);
    set_text(proxy, object, "participant_sid", call->participant_sid);
    set_text(proxy, object, "from", call->from_number);
    set_text(proxy, object, "to", call->to_number);
    set_text(proxy, object, "direction", call->direction);
    set_text(proxy, object, "status", call->status);
    set_time(proxy, object, "start_time", twv_call_start_time(call));
    set_time(proxy, object, "answer_time", twv_call_answer_time(call));
    set_time(proxy, object, "end_time", twv_call_end_time(call));
    set_text(proxy, object, "duration",
             call->duration < 0 ? NULL : apr_psprintf(p, "%" APR_INT64_T_FMT, call->duration));
    set_text(proxy, object, "price", NULL);
    set_text(proxy, object, "price_unit", NULL);
    set_text(proxy, object, "estimated_price", NULL);
    set_time(proxy, object, "date_created", call->date_created);
    set_text(proxy, object, "url", url);
    set_link(links, p, "events", url, "Events");
    json_object_set_new(object, "links", links);
    return object;
}

json_t *twv_proxy_event_json(const twv_proxy_t *proxy, const twv_event_t *event)
{
    json_t *object = json_object();
    json_t *detail = event->detail ? json_loads(event->detail, JSON_REJECT_DUPLICATES, NULL) : NULL;

    set_text(proxy, object, "call_sid", event->call_sid);
    set_text(proxy, object, "account_sid", event->account_sid);
    set_text(proxy, object, "session_sid", event->session_sid);
    set_text(proxy, object, "kind", event->kind);
    set_time(proxy, object, "timestamp", event->at);
    json_object_set_new(object, "detail", detail ? detail : json_null());
    return object;
}
