/*
 * The webhooks of calls in call mode "dial": what is decided when, in one transaction each.
 * Questions to the operator's program are asked between two transactions. Results live in the
 * context's pool.
 */
#include "calls/voice.h"

#include <string.h>

#include <apr_strings.h>

#include "calls/operator_callback.h"
#include "calls/out_of_session.h"
#include "calls/voice_record.h"
#include "calls/voice_task.h"
#include "twilio/sid.h"

static apr_status_t record(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                           apr_status_t rv)
{
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return twv_voice_record(store, p, task->context, task->request, task->step, task->decision);
}

static apr_status_t work_incoming(twv_store_t *store, apr_pool_t *p, void *baton)
{
    twv_voice_task_t *task = baton;
    apr_status_t rv = twv_voice_find_routes(store, p, task);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (task->usable->nelts == 1) {
        rv = twv_voice_decide_connection(store, p, task,
                                         APR_ARRAY_IDX(task->usable, 0, twv_route_t *));
    } else if (task->usable->nelts > 1) {
        twv_voice_decide_menu(task, p, task->usable, TWV_PROMPT_COUNT, 1);
    } else {
        rv = twv_voice_decide_without_route(store, p, task);
    }
    return record(store, p, task, rv);
}

/** The usable routes of the menu that was spoken, in its order (those that ended are gone). */
static apr_array_header_t *spoken_choices(const twv_voice_task_t *task, apr_pool_t *p)
{
    apr_array_header_t *choices = apr_array_make(p, TWV_MENU_CHOICES, sizeof(twv_route_t *));
    char *sids = apr_pstrdup(p, task->request->sessions ? task->request->sessions : "");
    char *state, *sid;
    int i;

    for (sid = apr_strtok(sids, ".", &state); sid && choices->nelts < TWV_MENU_CHOICES;
         sid = apr_strtok(NULL, ".", &state)) {
        const twv_route_t *found = NULL;
        for (i = 0; i < task->usable->nelts && !found; i++) {
            const twv_route_t *route = APR_ARRAY_IDX(task->usable, i, const twv_route_t *);
            found = strcmp(route->session.sid, sid) == 0 ? route : NULL;
        }
        APR_ARRAY_PUSH(choices, const twv_route_t *) = found;
    }
    return choices;
}

static const apr_array_header_t *without_gaps(apr_pool_t *p, const apr_array_header_t *choices)
{
    apr_array_header_t *left = apr_array_make(p, choices->nelts, sizeof(twv_route_t *));
    int i;

    for (i = 0; i < choices->nelts; i++) {
        const twv_route_t *route = APR_ARRAY_IDX(choices, i, const twv_route_t *);
        if (route) {
            APR_ARRAY_PUSH(left, const twv_route_t *) = route;
        }
    }
    return left;
}

static void ask_menu_again(twv_voice_task_t *task, apr_pool_t *p, twv_prompt_t first)
{
    const apr_array_header_t *choices = without_gaps(p, spoken_choices(task, p));

    twv_voice_decide_menu(task, p, choices->nelts ? choices : task->usable, first,
                          task->request->attempt + 1);
}

static void ask_pin_again(twv_voice_task_t *task, apr_pool_t *p, twv_prompt_t first)
{
    (void)p;
    twv_voice_decide_pin_question(task, first, task->request->attempt + 1);
}

static apr_status_t decide_by_key(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task)
{
    const apr_array_header_t *choices = spoken_choices(task, p);
    int key = task->request->digits[0] - '0';

    if (key == 0) {
        ask_menu_again(task, p, TWV_PROMPT_COUNT);
        return APR_SUCCESS;
    }
    if (key < 1 || key > choices->nelts) {
        ask_menu_again(task, p, TWV_PROMPT_WRONG_KEY);
        return APR_SUCCESS;
    }
    if (!APR_ARRAY_IDX(choices, key - 1, const twv_route_t *)) {
        twv_voice_decide_prompt(task, TWV_PROMPT_EXPIRED, TWV_ERROR_EXPIRED);
        return APR_SUCCESS;
    }
    return twv_voice_decide_connection(store, p, task,
                                       APR_ARRAY_IDX(choices, key - 1, const twv_route_t *));
}

static apr_status_t work_menu(twv_store_t *store, apr_pool_t *p, void *baton)
{
    twv_voice_task_t *task = baton;
    const char *digits = task->request->digits;
    apr_status_t rv = twv_voice_find_routes(store, p, task);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!task->usable->nelts) {
        rv = twv_voice_decide_without_route(store, p, task);
    } else if (!digits || !*digits) {
        ask_menu_again(task, p, TWV_PROMPT_COUNT);
    } else if (strlen(digits) == 1) {
        rv = decide_by_key(store, p, task);
    } else {
        rv = twv_voice_decide_by_pin(store, p, task, ask_menu_again);
    }
    return record(store, p, task, rv);
}

static apr_status_t work_pin(twv_store_t *store, apr_pool_t *p, void *baton)
{
    twv_voice_task_t *task = baton;
    const char *digits = task->request->digits;
    apr_status_t rv = twv_voice_find_routes(store, p, task);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!digits || !*digits) {
        ask_pin_again(task, p, TWV_PROMPT_COUNT);
    } else {
        rv = twv_voice_decide_by_pin(store, p, task, ask_pin_again);
    }
    return record(store, p, task, rv);
}

/** Ask the program of a service about a call without a session. @return whether to decide anew */
static int ask_out_of_session(twv_voice_task_t *task)
{
    twv_out_of_session_t answer;

    twv_out_of_session_ask(task->context, task->decision->service, task->decision->previous,
                           task->request->from, task->request->to, task->request->form, 1, &answer);
    if (answer.document) {
        task->decision->kind = TWV_DECISION_DOCUMENT;
        task->decision->document = answer.document;
        return 0;
    }
    task->remark = answer.reason;
    task->out_of_session_asked = 1; /* once, also when a session was made */
    return 1;
}

/** Ask with the inbound half of the interaction to be. */
static void ask_intercept(twv_voice_task_t *task)
{
    const twv_context_t *context = task->context;
    twv_interaction_t interaction =
        twv_voice_interaction(context, task->request, task->decision->route);

    interaction.sid = twv_sid_create(context->p, "KI", apr_time_now());
    task->interaction_sid = interaction.sid;
    task->intercept = twv_operator_allows(context, &task->decision->route->service, &interaction,
                                          NULL, &task->remark)
                          ? ALLOWED
                          : REFUSED;
}

/** Decide, asking the operator's program between transactions until nothing is left to ask. */
static apr_status_t settle(twv_voice_task_t *task, twv_store_work_fn *work)
{
    const twv_context_t *context = task->context;
    apr_status_t rv;
    int again = 1;

    do {
        rv = twv_database_write(context->database, context->p, work, task);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (task->decision->kind == TWV_DECISION_ASK_INTERCEPT) {
            ask_intercept(task);
        } else if (task->decision->kind == TWV_DECISION_ASK_OUT_OF_SESSION) {
            again = ask_out_of_session(task);
        } else {
            again = 0;
        }
    } while (again);
    task->decision->remark = task->remark;
    return APR_SUCCESS;
}

static apr_status_t answer(const twv_context_t *context, const twv_voice_request_t *request,
                           twv_decision_t *decision, const char *step, twv_store_work_fn *work)
{
    twv_voice_task_t task;

    memset(&task, 0, sizeof(task));
    task.context = context;
    task.request = request;
    task.decision = decision;
    task.step = step;
    return settle(&task, work);
}

apr_status_t twv_voice_incoming(const twv_context_t *context, const twv_voice_request_t *request,
                                twv_decision_t *decision)
{
    return answer(context, request, decision, "voice", work_incoming);
}

apr_status_t twv_voice_menu(const twv_context_t *context, const twv_voice_request_t *request,
                            twv_decision_t *decision)
{
    return answer(context, request, decision, "menu", work_menu);
}

apr_status_t twv_voice_pin(const twv_context_t *context, const twv_voice_request_t *request,
                           twv_decision_t *decision)
{
    return answer(context, request, decision, "pin", work_pin);
}
