/*
 * Connection by PIN, with limits on guessing: wrong ones are counted per call and per caller, also
 * over several servers. Runs inside the unit of work of a webhook; results live in its pool.
 */
#include "calls/voice_task.h"

#include <string.h>

#include "calls/voice_record.h"
#include "store/call.h"

static const twv_route_t *usable_by_pin(const twv_voice_task_t *task, const char *pin)
{
    int i;

    for (i = 0; i < task->usable->nelts; i++) {
        const twv_route_t *route = APR_ARRAY_IDX(task->usable, i, const twv_route_t *);
        if (route->session.pin && strcmp(route->session.pin, pin) == 0) {
            return route;
        }
    }
    return NULL;
}

/** Whether this call or this caller has entered too many wrong PINs. */
static apr_status_t is_locked(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                              int *locked)
{
    const char *account_sid = task->context->policy->account_sid;
    apr_int64_t failures = 0;
    twv_call_t *leg;
    apr_status_t rv = twv_call_find(store, p, account_sid, task->request->call_sid, &leg);

    if (rv == APR_SUCCESS) {
        rv = twv_call_count_pin_failures(store, p, account_sid, task->request->from,
                                         task->context->now - 3600 * 1000, &failures);
    }
    *locked = rv == APR_SUCCESS && ((leg && leg->pin_failures >= TWV_PIN_FAILURES_PER_CALL) ||
                                    failures >= TWV_PIN_FAILURES_PER_CALLER);
    return rv;
}

/** Count a wrong PIN, but not again when the webhook is repeated. */
static apr_status_t count_wrong_pin(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                                    int *locked)
{
    twv_call_t leg = twv_voice_leg(task->context, task->request);
    twv_call_t *merged;
    apr_status_t rv = twv_call_merge(store, p, &leg, &merged);

    if (rv == APR_SUCCESS) {
        rv = twv_voice_count_wrong_pin(store, p, task->context, task->request, task->step);
    }
    if (rv == APR_SUCCESS) {
        rv = is_locked(store, p, task, locked);
    }
    return rv;
}

apr_status_t twv_voice_decide_by_pin(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                                     void (*ask_again)(twv_voice_task_t *task, apr_pool_t *p,
                                                       twv_prompt_t first))
{
    const twv_route_t *route = usable_by_pin(task, task->request->digits);
    twv_route_t *by_pin = NULL;
    int locked;
    apr_status_t rv = is_locked(store, p, task, &locked);

    if (rv == APR_SUCCESS && !locked && !route) {
        rv = twv_route_find_by_pin(store, p, task->context->policy->account_sid, task->request->to,
                                   task->request->digits, &by_pin);
        if (by_pin && twv_voice_obstacle(by_pin, task->context->now) == TWV_PROMPT_COUNT) {
            route = by_pin;
        }
    }
    if (rv == APR_SUCCESS && !locked && !route) {
        rv = count_wrong_pin(store, p, task, &locked);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (locked) {
        twv_voice_decide_prompt(task, TWV_PROMPT_PIN_LOCKED, TWV_ERROR_NO_SESSION);
        return APR_SUCCESS;
    }
    if (!route) {
        ask_again(task, p, TWV_PROMPT_WRONG_PIN);
        return APR_SUCCESS;
    }
    return twv_voice_decide_connection(store, p, task, route);
}
