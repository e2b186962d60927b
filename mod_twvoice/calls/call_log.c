/*
 * What Twilio reports of running and finished calls. Locks are taken in one order, interaction
 * before legs, so that two reports of one call do not wait for each other for ever. Strings live in
 * the unit of work's pool.
 */
#include "calls/call_log.h"

#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "calls/operator_callback.h"
#include "calls/timeline.h"
#include "store/call.h"
#include "store/interaction.h"
#include "store/participant.h"
#include "store/service.h"
#include "store/session.h"

typedef struct {
    const twv_context_t *context;
    const twv_leg_report_t *leg;
    const twv_dial_report_t *dial;
    twv_log_context_t *found;
} task_t;

/** A report as a row: the time goes where the status says. */
static twv_call_t row_of(const twv_context_t *context, const twv_leg_report_t *report,
                         int is_timestamped)
{
    twv_ms_t at = report->at ? report->at : context->now;
    twv_call_t call;

    memset(&call, 0, sizeof(call));
    call.sid = report->call_sid;
    call.account_sid = context->policy->account_sid;
    call.parent_call_sid = report->parent_call_sid;
    call.from_number = report->from;
    call.to_number = report->to;
    call.direction = report->direction;
    call.status = report->status;
    call.duration = report->duration;
    call.date_created = context->now;
    if (twv_call_status_is_final(report->status)) {
        *(is_timestamped ? &call.ended_at : &call.observed_end_at) = at;
    } else if (is_timestamped && strcmp(report->status, "in-progress") == 0) {
        call.answered_at = at;
    } else if (is_timestamped && strcmp(report->status, "ringing") == 0) {
        call.ringing_at = at;
    } else if (is_timestamped) {
        call.initiated_at = at;
    }
    return call;
}

static void link_to(twv_call_t *call, const twv_interaction_t *interaction,
                    const char *participant_sid)
{
    call->service_sid = interaction->service_sid;
    call->session_sid = interaction->session_sid;
    call->interaction_sid = interaction->sid;
    call->participant_sid = participant_sid;
}

static apr_status_t add_status_step(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                                    const twv_leg_report_t *report, const char *session_sid)
{
    twv_step_t step = {.call_sid = report->call_sid,
                       .session_sid = session_sid,
                       .kind = "status",
                       .key = apr_pstrcat(p, "status:", report->status, ":",
                                          report->sequence ? report->sequence : "-", NULL),
                       .at = report->at};
    json_t *detail = json_pack("{s:s, s:s*, s:s*}", "CallStatus", report->status, "SequenceNumber",
                               report->sequence, "SipResponseCode", report->sip_response);

    if (report->duration >= 0) {
        json_object_set_new(detail, "CallDuration", json_integer(report->duration));
    }
    return twv_timeline_add(store, p, context, &step, detail, NULL);
}

/** Interactions tell the talk time the way Proxy does: seconds as a string in JSON. */
static const char *duration_data(apr_pool_t *p, const twv_call_t *outbound)
{
    return apr_psprintf(p, "{\"duration\":\"%" APR_INT64_T_FMT "\"}",
                        outbound->duration > 0 ? outbound->duration : 0);
}

static int differs(const char *one, const char *other)
{
    return strcmp(one ? one : "", other ? other : "") != 0;
}

/** Take over how the legs are now; the operator's program hears of it when that is news. */
static apr_status_t update_interaction(twv_store_t *store, apr_pool_t *p,
                                       const twv_context_t *context, twv_interaction_t *interaction,
                                       const twv_call_t *inbound, const twv_call_t *outbound)
{
    const twv_interaction_t was = *interaction;
    twv_service_t *service;
    apr_status_t rv;

    if (inbound) {
        interaction->inbound_resource_status = inbound->status;
    }
    if (outbound) {
        interaction->outbound_resource_sid = outbound->sid;
        interaction->outbound_resource_status = outbound->status;
        if (twv_call_status_is_final(outbound->status)) {
            interaction->data = duration_data(p, outbound);
        }
    }
    if (!differs(was.inbound_resource_status, interaction->inbound_resource_status) &&
        !differs(was.outbound_resource_status, interaction->outbound_resource_status) &&
        !differs(was.data, interaction->data)) {
        return APR_SUCCESS;
    }
    interaction->date_updated = context->now;
    rv = twv_interaction_update(store, interaction);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = twv_service_find(store, p, context->policy->account_sid, interaction->service_sid,
                          &service);
    if (rv != APR_SUCCESS || !service) {
        return rv;
    }
    return twv_operator_notify(store, p, context, service, interaction);
}

/** The interaction of a leg: named by our URL, or by what the log knows of the leg. */
static apr_status_t lock_interaction(twv_store_t *store, apr_pool_t *p,
                                     const twv_context_t *context, const char *call_sid,
                                     const char *interaction_sid, twv_interaction_t **interaction)
{
    twv_call_t *known;
    apr_status_t rv;

    *interaction = NULL;
    if (!interaction_sid) {
        rv = twv_call_find(store, p, context->policy->account_sid, call_sid, &known);
        if (rv != APR_SUCCESS || !known || !known->interaction_sid) {
            return rv;
        }
        interaction_sid = known->interaction_sid;
    }
    rv = twv_interaction_lock(store, p, interaction_sid, interaction);
    if (*interaction && strcmp((*interaction)->account_sid, context->policy->account_sid) != 0) {
        *interaction = NULL;
    }
    return rv;
}

static void note_found(twv_log_context_t *found, const twv_interaction_t *interaction)
{
    memset(found, 0, sizeof(*found));
    if (interaction) {
        found->session_sid = interaction->session_sid;
        found->interaction_sid = interaction->sid;
    }
}

static apr_status_t work_status(twv_store_t *store, apr_pool_t *p, void *baton)
{
    task_t *task = baton;
    const twv_context_t *context = task->context;
    twv_call_t report = row_of(context, task->leg, 1);
    int is_outbound = task->leg->interaction_sid != NULL;
    twv_interaction_t *interaction;
    twv_call_t *merged;
    apr_status_t rv = lock_interaction(store, p, context, task->leg->call_sid,
                                       task->leg->interaction_sid, &interaction);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    note_found(task->found, interaction);
    if (interaction) {
        link_to(&report, interaction,
                is_outbound ? interaction->outbound_participant_sid
                            : interaction->inbound_participant_sid);
    }
    rv = twv_call_merge(store, p, &report, &merged);
    if (rv == APR_SUCCESS && interaction) {
        rv = update_interaction(store, p, context, interaction, is_outbound ? NULL : merged,
                                is_outbound ? merged : NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = add_status_step(store, p, context, task->leg, task->found->session_sid);
    }
    return rv;
}

apr_status_t twv_call_log_status(const twv_context_t *context, const twv_leg_report_t *report,
                                 twv_log_context_t *found)
{
    task_t task = {.context = context, .leg = report, .found = found};

    return twv_database_write(context->database, context->p, work_status, &task);
}

/** The dialled leg from the side of the <Dial>: whom it rang comes from the session. */
static apr_status_t merge_dialled(twv_store_t *store, apr_pool_t *p, const task_t *task,
                                  const twv_interaction_t *interaction, twv_call_t **merged)
{
    const twv_dial_report_t *dial = task->dial;
    twv_leg_report_t leg = {.call_sid = dial->dial_call_sid,
                            .parent_call_sid = dial->caller.call_sid,
                            .direction = "outbound-dial",
                            .status = dial->dial_status,
                            .duration = dial->dial_duration};
    twv_participant_t *partner = NULL;
    twv_call_t report;
    apr_status_t rv = APR_SUCCESS;

    if (interaction->outbound_participant_sid) {
        rv = twv_participant_find(store, p, interaction->session_sid,
                                  interaction->outbound_participant_sid, &partner);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (partner) {
        leg.from = partner->proxy_identifier;
        leg.to = partner->identifier;
    }
    report = row_of(task->context, &leg, 0);
    link_to(&report, interaction, interaction->outbound_participant_sid);
    return twv_call_merge(store, p, &report, merged);
}

static apr_status_t add_dial_step(twv_store_t *store, apr_pool_t *p, const task_t *task)
{
    const twv_dial_report_t *dial = task->dial;
    twv_step_t step = {.call_sid = dial->caller.call_sid,
                       .session_sid = task->found->session_sid,
                       .kind = "dial",
                       .key = apr_pstrcat(p, "dial:", dial->interaction_sid, NULL)};
    json_t *detail =
        json_pack("{s:s*, s:s, s:s*}", "CallStatus", dial->caller.status, "DialCallStatus",
                  dial->dial_status, "DialCallSid", dial->dial_call_sid);

    if (dial->dial_duration >= 0) {
        json_object_set_new(detail, "DialCallDuration", json_integer(dial->dial_duration));
    }
    return twv_timeline_add(store, p, task->context, &step, detail, NULL);
}

/** Both legs as the end of the <Dial> shows them, then the interaction. */
static apr_status_t merge_dial(twv_store_t *store, apr_pool_t *p, const task_t *task,
                               twv_interaction_t *interaction)
{
    twv_call_t report = row_of(task->context, &task->dial->caller, 0);
    twv_call_t *caller, *dialled = NULL;
    apr_status_t rv;

    link_to(&report, interaction, interaction->inbound_participant_sid);
    rv = twv_call_merge(store, p, &report, &caller);
    if (rv == APR_SUCCESS && task->dial->dial_call_sid) {
        rv = merge_dialled(store, p, task, interaction, &dialled);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return update_interaction(store, p, task->context, interaction, caller, dialled);
}

static apr_status_t work_dial(twv_store_t *store, apr_pool_t *p, void *baton)
{
    task_t *task = baton;
    twv_interaction_t *interaction;
    twv_session_t *session;
    apr_status_t rv = lock_interaction(store, p, task->context, task->dial->caller.call_sid,
                                       task->dial->interaction_sid, &interaction);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    note_found(task->found, interaction);
    if (interaction) {
        rv = merge_dial(store, p, task, interaction);
    }
    if (rv == APR_SUCCESS && interaction) {
        rv = twv_session_find(store, p, interaction->service_sid, interaction->session_sid,
                              &session);
        task->found->language = rv == APR_SUCCESS && session ? session->language : NULL;
    }
    return rv == APR_SUCCESS ? add_dial_step(store, p, task) : rv;
}

apr_status_t twv_call_log_dial(const twv_context_t *context, const twv_dial_report_t *report,
                               twv_log_context_t *found)
{
    task_t task = {.context = context, .dial = report, .found = found};

    return twv_database_write(context->database, context->p, work_dial, &task);
}
