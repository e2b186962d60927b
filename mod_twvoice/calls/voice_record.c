/*
 * What a voice webhook leaves in the database. Runs inside the unit of work that decides; strings
 * live in that work's pool.
 */
#include "calls/voice_record.h"

#include <string.h>

#include <apr_strings.h>

#include "calls/timeline.h"
#include "twilio/sid.h"

static const char *const DECISIONS[] = {
    [TWV_DECISION_CONNECT] = "connect",
    [TWV_DECISION_MENU] = "menu",
    [TWV_DECISION_PIN] = "pin",
    [TWV_DECISION_PROMPT] = "prompt",
    [TWV_DECISION_REJECT] = "reject",
    [TWV_DECISION_DOCUMENT] = "document",
    [TWV_DECISION_ASK_INTERCEPT] = "ask-intercept",
    [TWV_DECISION_ASK_OUT_OF_SESSION] = "ask-out-of-session",
};

twv_call_t twv_voice_leg(const twv_context_t *context, const twv_voice_request_t *request)
{
    twv_call_t leg;

    memset(&leg, 0, sizeof(leg));
    leg.sid = request->call_sid;
    leg.account_sid = context->policy->account_sid;
    leg.from_number = request->from;
    leg.to_number = request->to;
    leg.direction = request->direction;
    leg.status = request->call_status;
    leg.initiated_at = context->now;
    leg.duration = -1;
    leg.date_created = context->now;
    return leg;
}

/** The keys are left out: they may be a PIN. */
static apr_status_t record_step(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                                const twv_voice_request_t *request, const char *name,
                                const char *session_sid, const twv_decision_t *decision)
{
    int is_asking = decision->kind == TWV_DECISION_ASK_INTERCEPT ||
                    decision->kind == TWV_DECISION_ASK_OUT_OF_SESSION;
    twv_step_t step = {.call_sid = request->call_sid,
                       .session_sid = session_sid,
                       .kind = name,
                       .key = apr_psprintf(p, "%s:%" APR_INT64_T_FMT "%s", name, request->attempt,
                                           is_asking ? ":ask" : "")};
    json_t *detail = json_pack("{s:s?, s:s}", "CallStatus", request->call_status, "decision",
                               DECISIONS[decision->kind]);

    if (decision->code) {
        json_object_set_new(detail, "code", json_integer(decision->code));
    }
    if (request->digits && *request->digits) {
        json_object_set_new(detail, "keys", json_integer((json_int_t)strlen(request->digits)));
    }
    return twv_timeline_add(store, p, context, &step, detail, NULL);
}

twv_interaction_t twv_voice_interaction(const twv_context_t *context,
                                        const twv_voice_request_t *request,
                                        const twv_route_t *route)
{
    twv_interaction_t interaction;

    memset(&interaction, 0, sizeof(interaction));
    interaction.account_sid = context->policy->account_sid;
    interaction.service_sid = route->service.sid;
    interaction.session_sid = route->session.sid;
    interaction.type = "voice";
    interaction.inbound_participant_sid = route->caller.sid;
    interaction.inbound_resource_sid = request->call_sid;
    interaction.inbound_resource_status = request->call_status;
    interaction.date_created = context->now;
    interaction.date_updated = context->now;
    return interaction;
}

/** The session's progress and the interaction; only for the first webhook of a connection. */
static apr_status_t record_interaction(twv_store_t *store, const twv_context_t *context,
                                       const twv_voice_request_t *request,
                                       const twv_decision_t *decision, int *session_ended)
{
    const twv_route_t *route = decision->route;
    twv_interaction_t interaction = twv_voice_interaction(context, request, route);
    apr_status_t rv;
    int changed, exists;

    rv = twv_session_touch(store, route->session.sid, context->now, &changed);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *session_ended = !changed;
    if (*session_ended) {
        return APR_SUCCESS;
    }
    interaction.sid = decision->interaction_sid;
    if (decision->kind == TWV_DECISION_CONNECT) {
        interaction.outbound_participant_sid = route->partner.sid;
    }
    return twv_interaction_insert(store, &interaction, &exists);
}

apr_status_t twv_voice_record(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                              const twv_voice_request_t *request, const char *step,
                              twv_decision_t *decision)
{
    const twv_route_t *route = decision->route;
    int opens_interaction = route && decision->kind != TWV_DECISION_ASK_INTERCEPT;
    twv_call_t leg = twv_voice_leg(context, request);
    twv_call_t *merged;
    apr_status_t rv;
    int session_ended = 0;

    if (route) {
        leg.service_sid = route->service.sid;
        leg.session_sid = route->session.sid;
        leg.participant_sid = route->caller.sid;
    }
    if (opens_interaction) {
        if (!decision->interaction_sid) {
            decision->interaction_sid = twv_sid_create(p, "KI", apr_time_now());
        }
        leg.interaction_sid = decision->interaction_sid;
    }
    rv = twv_call_merge(store, p, &leg, &merged);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (opens_interaction && strcmp(merged->interaction_sid, leg.interaction_sid) == 0) {
        rv = record_interaction(store, context, request, decision, &session_ended);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    } else if (opens_interaction) {
        decision->interaction_sid = merged->interaction_sid;
    }
    if (session_ended) {
        decision->kind = TWV_DECISION_PROMPT;
        decision->prompt = TWV_PROMPT_EXPIRED;
        decision->code = TWV_ERROR_EXPIRED;
    }
    return record_step(store, p, context, request, step, route ? route->session.sid : NULL,
                       decision);
}

apr_status_t twv_voice_count_wrong_pin(twv_store_t *store, apr_pool_t *p,
                                       const twv_context_t *context,
                                       const twv_voice_request_t *request, const char *step)
{
    twv_step_t wrong_pin = {
        .call_sid = request->call_sid,
        .kind = "wrong-pin",
        .key = apr_psprintf(p, "%s:%" APR_INT64_T_FMT ":wrong-pin", step, request->attempt)};
    int is_new;
    apr_status_t rv = twv_timeline_add(store, p, context, &wrong_pin, json_object(), &is_new);

    if (rv == APR_SUCCESS && is_new) {
        rv = twv_call_add_pin_failure(store, request->call_sid);
    }
    return rv;
}
