/*
 * What Twilio reports of a message that we relayed. One unit of work; strings live in its pool.
 */
#include "calls/messages.h"

#include <string.h>

#include <apr_strings.h>

#include "calls/operator_callback.h"
#include "calls/timeline.h"
#include "store/interaction.h"

typedef struct {
    const twv_context_t *context;
    const char *interaction_sid;
    const char *message_sid;
    const char *status;
    const char *session_sid;
} task_t;

/** How far a message is; reports may overtake each other
 *  (twilio.com/docs/messaging/guides/track-outbound-message-status). */
static int rank_of(const char *status)
{
    static const char *const ORDER[] = {"accepted", "scheduled", "queued",      "sending",
                                        "sent",     "delivered", "undelivered", "failed"};
    int i;

    for (i = 0; status && i < (int)(sizeof(ORDER) / sizeof(ORDER[0])); i++) {
        if (strcmp(ORDER[i], status) == 0) {
            return i;
        }
    }
    return -1;
}

static apr_status_t add_step(twv_store_t *store, apr_pool_t *p, const task_t *task)
{
    twv_step_t step = {.call_sid = task->message_sid,
                       .session_sid = task->session_sid,
                       .kind = "status",
                       .key = apr_pstrcat(p, "message:", task->status, NULL)};

    return twv_timeline_add(store, p, task->context, &step,
                            json_pack("{s:s}", "MessageStatus", task->status), NULL);
}

static apr_status_t update_interaction(twv_store_t *store, apr_pool_t *p, const task_t *task,
                                       twv_interaction_t *interaction)
{
    const twv_context_t *context = task->context;
    twv_service_t *service;
    apr_status_t rv;

    interaction->outbound_resource_sid = task->message_sid;
    interaction->outbound_resource_status = task->status;
    interaction->date_updated = context->now;
    rv = twv_interaction_update(store, interaction);
    if (rv == APR_SUCCESS) {
        rv = twv_service_find(store, p, context->policy->account_sid, interaction->service_sid,
                              &service);
    }
    if (rv != APR_SUCCESS || !service) {
        return rv;
    }
    return twv_operator_notify(store, p, context, service, interaction);
}

static apr_status_t work_status(twv_store_t *store, apr_pool_t *p, void *baton)
{
    task_t *task = baton;
    twv_interaction_t *interaction;
    apr_status_t rv = twv_interaction_lock(store, p, task->interaction_sid, &interaction);

    task->session_sid = NULL;
    if (rv != APR_SUCCESS || !interaction ||
        strcmp(interaction->account_sid, task->context->policy->account_sid) != 0) {
        return rv;
    }
    task->session_sid = interaction->session_sid;
    if (!interaction->outbound_resource_sid ||
        rank_of(task->status) > rank_of(interaction->outbound_resource_status)) {
        rv = update_interaction(store, p, task, interaction);
    }
    return rv == APR_SUCCESS ? add_step(store, p, task) : rv;
}

apr_status_t twv_message_status(const twv_context_t *context, const char *interaction_sid,
                                const char *message_sid, const char *status,
                                const char **session_sid)
{
    task_t task = {.context = context,
                   .interaction_sid = interaction_sid,
                   .message_sid = message_sid,
                   .status = status};
    apr_status_t rv = APR_SUCCESS;

    if (rank_of(status) >= 0) {
        rv = twv_database_write(context->database, context->p, work_status, &task);
    }
    *session_sid = task.session_sid;
    return rv;
}
