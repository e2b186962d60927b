/*
 * Who is connected to whom. These functions read inside the unit of work of a webhook and fill in
 * its decision. Results live in that work's pool.
 */
#include "calls/voice_task.h"

#include <string.h>

#include "calls/sessions.h"
#include "store/call.h"
#include "store/interaction.h"
#include "store/number.h"

/** Twilio ends a dialled call after four hours by itself. */
#define LONGEST_CALL 14400

void twv_voice_decide_prompt(twv_voice_task_t *task, twv_prompt_t prompt, int code)
{
    task->decision->kind = TWV_DECISION_PROMPT;
    task->decision->prompt = prompt;
    task->decision->code = code;
}

twv_prompt_t twv_voice_obstacle(const twv_route_t *route, twv_ms_t now)
{
    if (!twv_session_is_active(&route->session, now)) {
        return TWV_PROMPT_EXPIRED;
    }
    if (strcmp(route->session.mode, "message-only") == 0) {
        return TWV_PROMPT_MESSAGE_ONLY;
    }
    if (!route->partner.sid) {
        return TWV_PROMPT_NO_PARTNER;
    }
    return TWV_PROMPT_COUNT;
}

apr_status_t twv_voice_find_routes(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task)
{
    apr_array_header_t *routes;
    apr_status_t rv;
    int i;

    task->usable = apr_array_make(p, 2, sizeof(twv_route_t *));
    task->obstacle = NULL;
    task->obstacle_prompt = TWV_PROMPT_COUNT;
    memset(task->decision, 0, sizeof(*task->decision));
    task->decision->prompt = TWV_PROMPT_COUNT;
    rv = twv_route_find(store, p, task->context->policy->account_sid, task->request->from,
                        task->request->to, &routes);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < routes->nelts; i++) {
        twv_route_t *route = APR_ARRAY_IDX(routes, i, twv_route_t *);
        twv_prompt_t obstacle = twv_voice_obstacle(route, task->context->now);

        if (obstacle == TWV_PROMPT_COUNT) {
            APR_ARRAY_PUSH(task->usable, twv_route_t *) = route;
        } else if (!task->obstacle) {
            task->obstacle = route;
            task->obstacle_prompt = obstacle;
        }
    }
    return APR_SUCCESS;
}

/** Seconds that the call may last: what remains of the session and the call's own limit. */
static apr_int64_t time_limit_of(const twv_session_t *session, twv_ms_t now)
{
    apr_int64_t limit = LONGEST_CALL;

    if (session->date_expiry) {
        limit = (session->date_expiry - now) / 1000;
    } else if (session->ttl) {
        limit = session->ttl; /* this call restarts it */
    }
    if (session->call_time_limit && session->call_time_limit < limit) {
        limit = session->call_time_limit;
    }
    if (limit >= LONGEST_CALL) {
        return 0;
    }
    return limit > 0 ? limit : 1;
}

/**
 * Whether the operator's program still has to be asked. About a call that has an interaction it was
 * asked before, this webhook is only a repetition: the answer of that time holds.
 */
static apr_status_t needs_intercept(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                                    const twv_route_t *route, int *needed)
{
    twv_interaction_t *interaction = NULL;
    twv_call_t *leg;
    apr_status_t rv;

    *needed = 0;
    if (!route->service.intercept_callback_url || task->intercept != NOT_ASKED) {
        return APR_SUCCESS;
    }
    rv = twv_call_find(store, p, task->context->policy->account_sid, task->request->call_sid, &leg);
    if (rv == APR_SUCCESS && leg && leg->interaction_sid) {
        rv = twv_interaction_find(store, p, NULL, leg->interaction_sid, &interaction);
        if (interaction && !interaction->outbound_participant_sid) {
            task->intercept = REFUSED;
        }
    } else {
        *needed = 1;
    }
    return rv;
}

apr_status_t twv_voice_decide_connection(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                                         const twv_route_t *route)
{
    twv_decision_t *decision = task->decision;
    apr_status_t rv;
    int ask;

    decision->route = route;
    decision->service = &route->service;
    decision->language = route->session.language;
    decision->interaction_sid = task->interaction_sid;
    decision->time_limit = time_limit_of(&route->session, task->context->now);
    if (!twv_policy_may_call(task->context->policy, route->partner.identifier)) {
        twv_voice_decide_prompt(task, TWV_PROMPT_BLOCKED, TWV_ERROR_REJECTED);
        return APR_SUCCESS;
    }
    rv = needs_intercept(store, p, task, route, &ask);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (ask) {
        decision->kind = TWV_DECISION_ASK_INTERCEPT;
    } else if (task->intercept == REFUSED) {
        twv_voice_decide_prompt(task, TWV_PROMPT_BLOCKED, TWV_ERROR_REJECTED);
    } else {
        decision->kind = TWV_DECISION_CONNECT;
    }
    return APR_SUCCESS;
}

void twv_voice_decide_pin_question(twv_voice_task_t *task, twv_prompt_t first, apr_int64_t attempt)
{
    if (attempt > TWV_MENU_ATTEMPTS) {
        twv_voice_decide_prompt(task, TWV_PROMPT_NO_INPUT, TWV_ERROR_NO_SESSION);
        return;
    }
    task->decision->kind = TWV_DECISION_PIN;
    task->decision->prompt = first;
    task->decision->attempt = attempt;
}

void twv_voice_decide_menu(twv_voice_task_t *task, apr_pool_t *p, const apr_array_header_t *routes,
                           twv_prompt_t first, apr_int64_t attempt)
{
    apr_array_header_t *choices = apr_array_make(p, TWV_MENU_CHOICES, sizeof(twv_route_t *));
    int i;

    for (i = 0; i < routes->nelts; i++) {
        twv_route_t *route = APR_ARRAY_IDX(routes, i, twv_route_t *);
        if (choices->nelts < TWV_MENU_CHOICES &&
            (route->partner.friendly_name || !route->session.pin)) {
            APR_ARRAY_PUSH(choices, twv_route_t *) = route;
        }
    }
    for (i = 0; i < task->usable->nelts; i++) {
        task->decision->takes_pin |=
            APR_ARRAY_IDX(task->usable, i, twv_route_t *)->session.pin != NULL;
    }
    if (!choices->nelts) {
        twv_voice_decide_pin_question(task, first, attempt);
        return;
    }
    if (attempt > TWV_MENU_ATTEMPTS) {
        twv_voice_decide_prompt(task, TWV_PROMPT_NO_INPUT, TWV_ERROR_NO_SESSION);
        return;
    }
    task->decision->kind = TWV_DECISION_MENU;
    task->decision->prompt = first;
    task->decision->choices = choices;
    task->decision->attempt = attempt;
    task->decision->language = APR_ARRAY_IDX(choices, 0, const twv_route_t *)->session.language;
}

/** Nobody else knows the caller: as the operator set it. */
static void decide_unknown_caller(twv_voice_task_t *task, twv_prompt_t prompt, int code)
{
    switch (task->context->policy->unknown_caller) {
    case TWV_UNKNOWN_CALLER_REJECT:
        task->decision->kind = TWV_DECISION_REJECT;
        task->decision->code = code;
        break;
    case TWV_UNKNOWN_CALLER_PIN:
        twv_voice_decide_pin_question(task, TWV_PROMPT_COUNT, 1);
        break;
    default:
        twv_voice_decide_prompt(task, prompt, code);
        break;
    }
}

/** The program of the service that the dialled number belongs to, and the session before. */
static apr_status_t find_out_of_session(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task)
{
    const twv_policy_t *policy = task->context->policy;
    twv_number_t *number;
    twv_service_t *service;
    twv_route_t *previous;
    apr_status_t rv;

    if (task->out_of_session_asked) {
        return APR_SUCCESS;
    }
    rv = twv_number_find_by_phone(store, p, policy->account_sid, task->request->to, &number);
    if (rv != APR_SUCCESS || !number) {
        return rv;
    }
    rv = twv_service_find(store, p, policy->account_sid, number->service_sid, &service);
    if (rv != APR_SUCCESS || !service || !service->out_of_session_callback_url) {
        return rv;
    }
    rv = twv_route_find_previous(store, p, policy->account_sid, task->request->from,
                                 task->request->to, &previous);
    if (rv == APR_SUCCESS) {
        task->decision->kind = TWV_DECISION_ASK_OUT_OF_SESSION;
        task->decision->service = service;
        task->decision->previous = previous;
    }
    return rv;
}

apr_status_t twv_voice_decide_without_route(twv_store_t *store, apr_pool_t *p,
                                            twv_voice_task_t *task)
{
    int expired = task->obstacle_prompt == TWV_PROMPT_EXPIRED;
    int has_pin;
    apr_status_t rv;

    if (task->obstacle) {
        task->decision->language = task->obstacle->session.language;
    }
    if (task->obstacle && !expired) {
        twv_voice_decide_prompt(task, task->obstacle_prompt,
                                task->obstacle_prompt == TWV_PROMPT_MESSAGE_ONLY
                                    ? TWV_ERROR_CALL_TO_MESSAGE
                                    : TWV_ERROR_NO_PARTNER);
        return APR_SUCCESS;
    }
    rv = twv_route_number_has_pin(store, p, task->context->policy->account_sid, task->request->to,
                                  &has_pin);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (has_pin) {
        twv_voice_decide_pin_question(task, TWV_PROMPT_COUNT, 1);
        return APR_SUCCESS;
    }
    task->decision->kind = TWV_DECISION_PROMPT;
    rv = find_out_of_session(store, p, task);
    if (rv == APR_SUCCESS && task->decision->kind != TWV_DECISION_ASK_OUT_OF_SESSION) {
        decide_unknown_caller(task, expired ? TWV_PROMPT_EXPIRED : TWV_PROMPT_UNKNOWN_CALLER,
                              task->out_of_session_asked ? TWV_ERROR_OUT_OF_SESSION
                              : expired                  ? TWV_ERROR_EXPIRED
                                                         : TWV_ERROR_NO_SESSION);
    }
    return rv;
}
