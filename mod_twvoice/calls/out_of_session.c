/*
 * OutOfSessionCallbackUrl: what is sent, and what the two kinds of answers mean. No state; strings
 * live in the context's pool.
 */
#include "calls/out_of_session.h"

#include <string.h>

#include <apr_strings.h>
#include <expat.h>
#include <jansson.h>

#include "calls/operator_callback.h"
#include "calls/sessions.h"

/** The session before, in Proxy's names. */
static void add_previous_session(apr_pool_t *p, twv_form_t *form, const twv_session_t *session)
{
    twv_form_add(form, "sessionSid", session->sid);
    twv_form_add(form, "sessionAccountSid", session->account_sid);
    twv_form_add(form, "sessionServiceSid", session->service_sid);
    twv_form_add(form, "sessionUniqueName", session->unique_name);
    twv_form_add(form, "sessionStatus", session->status);
    twv_form_add(form, "sessionClosedReason", session->closed_reason);
    twv_form_add(form, "sessionMode", session->mode);
    twv_form_add(form, "sessionTtl", apr_psprintf(p, "%" APR_INT64_T_FMT, session->ttl));
    twv_form_add(form, "sessionDateCreated", twv_timestamp_iso8601(p, session->date_created));
    twv_form_add(form, "sessionDateStarted", twv_timestamp_iso8601(p, session->date_started));
    twv_form_add(form, "sessionDateEnded", twv_timestamp_iso8601(p, session->date_ended));
    twv_form_add(form, "sessionDateLastInteraction",
                 twv_timestamp_iso8601(p, session->date_last_interaction));
    twv_form_add(form, "sessionDateUpdated", twv_timestamp_iso8601(p, session->date_updated));
}

static void add_participant(apr_pool_t *p, twv_form_t *form, const char *side,
                            const twv_participant_t *participant)
{
    const char *const fields[][2] = {
        {"Sid", participant->sid},
        {"AccountSid", participant->account_sid},
        {"ServiceSid", participant->service_sid},
        {"SessionSid", participant->session_sid},
        {"Identifier", participant->identifier},
        {"ProxyIdentifier", participant->proxy_identifier},
        {"ProxyIdentifierSid", participant->proxy_identifier_sid},
        {"FriendlyName", participant->friendly_name},
        {"DateCreated", twv_timestamp_iso8601(p, participant->date_created)},
        {"DateUpdated", twv_timestamp_iso8601(p, participant->date_updated)},
    };
    apr_size_t i;

    if (!participant->sid) {
        return;
    }
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        twv_form_add(form, apr_pstrcat(p, side, "Participant", fields[i][0], NULL), fields[i][1]);
    }
}

static twv_form_t *form_of(apr_pool_t *p, const twv_form_t *parameters, const twv_route_t *previous)
{
    twv_form_t *form = twv_form_create(p);
    int i;

    for (i = 0; i < twv_form_count(parameters); i++) {
        twv_form_add(form, twv_form_name(parameters, i), twv_form_value(parameters, i));
    }
    if (previous) {
        add_previous_session(p, form, &previous->session);
        add_participant(p, form, "inbound", &previous->caller);
        add_participant(p, form, "outbound", &previous->partner);
    }
    return form;
}

typedef struct {
    XML_Parser parser;
    int has_root;
    int root_is_response;
} document_check_t;

static void XMLCALL note_root(void *baton, const XML_Char *name, const XML_Char **attributes)
{
    document_check_t *check = baton;

    (void)attributes;
    if (!check->has_root) {
        check->has_root = 1;
        check->root_is_response = strcmp(name, "Response") == 0;
    }
}

/** A document type has no place in TwiML; its entities could make a short document grow without
 *  bound. */
static void XMLCALL refuse_doctype(void *baton, const XML_Char *name, const XML_Char *system_id,
                                   const XML_Char *public_id, int has_internal_subset)
{
    document_check_t *check = baton;

    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    XML_StopParser(check->parser, XML_FALSE);
}

/** Whether it is a well-formed document whose root is <Response>. */
static int is_twiml(const char *text, apr_size_t length)
{
    document_check_t check = {XML_ParserCreate(NULL), 0, 0};
    int well_formed;

    XML_SetUserData(check.parser, &check);
    XML_SetStartElementHandler(check.parser, note_root);
    XML_SetStartDoctypeDeclHandler(check.parser, refuse_doctype);
    well_formed = XML_Parse(check.parser, text, (int)length, 1) == XML_STATUS_OK;
    XML_ParserFree(check.parser);
    return well_formed && check.root_is_response;
}

/** The mode "that the participants allow": what the dialled number can do. */
static const char *mode_for(const twv_policy_t *policy, const char *to, int is_voice)
{
    const twv_owned_number_t *number = twv_policy_number(policy, to);

    if (number && number->voice && number->sms) {
        return "voice-and-message";
    }
    return is_voice ? "voice-only" : "message-only";
}

/** A whole number or a string of digits, as programs write both. */
static apr_int64_t ttl_of(const json_t *ttl)
{
    if (json_is_integer(ttl)) {
        return json_integer_value(ttl);
    }
    return json_is_string(ttl) ? apr_strtoi64(json_string_value(ttl), NULL, 10) : -1;
}

static const char *make_session(const twv_context_t *context, const twv_service_t *service,
                                const json_t *json, const char *from, const char *to, int is_voice)
{
    twv_participant_draft_t participants[2] = {{from, NULL, to, NULL}, {NULL, NULL, NULL, NULL}};
    twv_session_draft_t draft = twv_session_draft_empty();
    twv_session_t *session;
    const twv_error_t *error;

    participants[1].identifier = json_string_value(json_object_get(json, "participantIdentifier"));
    participants[1].proxy_identifier =
        json_string_value(json_object_get(json, "participantProxyIdentifier"));
    if (!participants[1].identifier) {
        return "the JSON answer has no participantIdentifier";
    }
    draft.unique_name = json_string_value(json_object_get(json, "uniqueName"));
    draft.mode = json_string_value(json_object_get(json, "mode"));
    if (!draft.mode) {
        draft.mode = mode_for(context->policy, to, is_voice);
    }
    draft.ttl = ttl_of(json_object_get(json, "ttl"));
    draft.date_expiry = json_string_value(json_object_get(json, "dateExpiry"));
    draft.participants = participants;
    draft.participant_count = 2;
    error = twv_sessions_create(context, service->sid, &draft, &session);
    return error ? error->message : NULL;
}

static void interpret_json(const twv_context_t *context, const twv_service_t *service,
                           const twv_http_response_t *response, const char *from, const char *to,
                           int is_voice, twv_out_of_session_t *answer)
{
    json_t *json = json_loadb(response->body, response->length, JSON_REJECT_DUPLICATES, NULL);

    answer->reason = json_is_object(json) ? make_session(context, service, json, from, to, is_voice)
                                          : "the answer is not a JSON object";
    answer->session_created = answer->reason == NULL;
    json_decref(json);
}

void twv_out_of_session_ask(const twv_context_t *context, const twv_service_t *service,
                            const twv_route_t *previous, const char *from, const char *to,
                            const twv_form_t *parameters, int is_voice,
                            twv_out_of_session_t *answer)
{
    twv_http_response_t response;

    memset(answer, 0, sizeof(*answer));
    twv_operator_ask(context, service->out_of_session_callback_url,
                     form_of(context->p, parameters, previous), &response);
    if (response.status < 200 || response.status > 299) {
        answer->reason = twv_operator_problem(context->p, &response);
    } else if (strcmp(response.content_type, "application/json") == 0) {
        interpret_json(context, service, &response, from, to, is_voice, answer);
    } else if (!is_twiml(response.body, response.length)) {
        answer->reason = "the answer is neither TwiML nor JSON";
    } else {
        answer->document = response.body;
    }
    if (answer->reason) {
        answer->reason = apr_psprintf(context->p, "OutOfSessionCallbackUrl of service %s: %s (%d)",
                                      service->sid, answer->reason, TWV_ERROR_OUT_OF_SESSION);
    }
}
