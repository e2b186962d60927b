/*
 * Messages to one of our numbers. Decisions are made and written in one transaction; the operator's
 * program is asked between two. Results live in the context's pool.
 */
#include "calls/messages.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "calls/operator_callback.h"
#include "calls/out_of_session.h"
#include "calls/sessions.h"
#include "calls/timeline.h"
#include "store/interaction.h"
#include "store/number.h"
#include "twilio/sid.h"

typedef struct {
    const twv_context_t *context;
    const twv_message_request_t *request;
    twv_message_decision_t *decision;
    enum { NOT_ASKED, ALLOWED, REFUSED } intercept;
    int out_of_session_asked;
    const char *remark;            /* what went wrong with the operator's program, or NULL */
    const char *interaction_sid;   /* told to the operator's program, so kept; else NULL */
    apr_array_header_t *usable;    /* of twv_route_t * */
    twv_prompt_t obstacle;         /* why the others are not; TWV_PROMPT_COUNT = there are none */
    const char *obstacle_language; /* of that session */
} task_t;

/** Whether Twilio itself handles the message: it must not be passed on
 *  (Twilio's opt-out keywords; twilio.com/docs/proxy: error 80901). */
static int is_stop_word(const char *body)
{
    static const char *const WORDS[] = {"STOP",  "STOPALL", "UNSUBSCRIBE", "CANCEL",
                                        "END",   "QUIT",    "REVOKE",      "OPTOUT",
                                        "ARRET", "ARRETE",  "ARRETT",      "UNSTOP"};
    const char *word = body + strspn(body, " \t\r\n");
    apr_size_t length = strcspn(word, " \t\r\n");
    apr_size_t i;

    if (word[length + strspn(word + length, " \t\r\n")]) {
        return 0;
    }
    for (i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (strlen(WORDS[i]) == length && strncasecmp(word, WORDS[i], length) == 0) {
            return 1;
        }
    }
    return 0;
}

static void decide_reply(task_t *task, twv_prompt_t prompt, int code)
{
    task->decision->kind = TWV_MESSAGE_REPLY;
    task->decision->prompt = prompt;
    task->decision->code = code;
}

/** A text only where the operator speaks to unknown callers at all. */
static void decide_unknown_sender(task_t *task, twv_prompt_t prompt, int code)
{
    if (task->context->policy->unknown_caller == TWV_UNKNOWN_CALLER_REJECT) {
        task->decision->kind = TWV_MESSAGE_NOTHING;
        task->decision->code = code;
    } else {
        decide_reply(task, prompt, code);
    }
}

static twv_prompt_t obstacle_of(const twv_route_t *route, twv_ms_t now)
{
    if (!twv_session_is_active(&route->session, now)) {
        return TWV_PROMPT_SMS_EXPIRED;
    }
    if (strcmp(route->session.mode, "voice-only") == 0) {
        return TWV_PROMPT_SMS_VOICE_ONLY;
    }
    return route->partner.sid ? TWV_PROMPT_COUNT : TWV_PROMPT_SMS_UNKNOWN;
}

/** In the order in which the sessions were made, so that a number means the same next time. */
static int by_session_sid(const void *one, const void *other)
{
    return strcmp((*(const twv_route_t *const *)one)->session.sid,
                  (*(const twv_route_t *const *)other)->session.sid);
}

static apr_status_t find_routes(twv_store_t *store, apr_pool_t *p, task_t *task)
{
    apr_array_header_t *routes;
    apr_status_t rv;
    int i;

    memset(task->decision, 0, sizeof(*task->decision));
    task->decision->prompt = TWV_PROMPT_COUNT;
    task->usable = apr_array_make(p, 2, sizeof(twv_route_t *));
    task->obstacle = TWV_PROMPT_COUNT;
    rv = twv_route_find(store, p, task->context->policy->account_sid, task->request->from,
                        task->request->to, &routes);
    for (i = 0; rv == APR_SUCCESS && i < routes->nelts; i++) {
        twv_route_t *route = APR_ARRAY_IDX(routes, i, twv_route_t *);
        twv_prompt_t obstacle = obstacle_of(route, task->context->now);

        if (obstacle == TWV_PROMPT_COUNT) {
            APR_ARRAY_PUSH(task->usable, twv_route_t *) = route;
        } else if (task->obstacle == TWV_PROMPT_COUNT) {
            task->obstacle = obstacle;
            task->obstacle_language = route->session.language;
        }
    }
    qsort(task->usable->elts, (size_t)task->usable->nelts, sizeof(twv_route_t *), by_session_sid);
    return rv;
}

static void decide_relay(task_t *task, const twv_route_t *route, const char *body)
{
    task->decision->route = route;
    task->decision->service = &route->service;
    task->decision->language = route->session.language;
    task->decision->body = body;
    if (!twv_policy_may_call(task->context->policy, route->partner.identifier) ||
        task->intercept == REFUSED) {
        decide_reply(task, TWV_PROMPT_SMS_BLOCKED, TWV_ERROR_REJECTED);
    } else if (route->service.intercept_callback_url && task->intercept == NOT_ASKED) {
        task->decision->kind = TWV_MESSAGE_ASK_INTERCEPT;
    } else {
        task->decision->kind = TWV_MESSAGE_RELAY;
    }
}

/** Several partners: the message starts with the number of the choice or the PIN, and a space. */
static void decide_among(apr_pool_t *p, task_t *task)
{
    const char *body = task->request->body;
    apr_size_t length = strspn(body, "0123456789");
    const char *address = apr_pstrmemdup(p, body, length);
    const char *rest = body + length + strspn(body + length, " \t\r\n");
    int i;

    for (i = 0; length && rest > body + length && i < task->usable->nelts; i++) {
        const twv_route_t *route = APR_ARRAY_IDX(task->usable, i, const twv_route_t *);
        if ((length < 3 && apr_atoi64(address) == i + 1) ||
            (route->session.pin && strcmp(route->session.pin, address) == 0)) {
            decide_relay(task, route, rest);
            return;
        }
    }
    decide_reply(task, TWV_PROMPT_SMS_SEVERAL, 0);
    task->decision->kind = TWV_MESSAGE_CHOICES;
    task->decision->choices = task->usable;
    task->decision->language =
        APR_ARRAY_IDX(task->usable, 0, const twv_route_t *)->session.language;
}

static apr_status_t decide_without_route(twv_store_t *store, apr_pool_t *p, task_t *task)
{
    const twv_policy_t *policy = task->context->policy;
    int expired = task->obstacle == TWV_PROMPT_SMS_EXPIRED;
    twv_service_t *service = NULL;
    twv_route_t *previous;
    twv_number_t *number;
    apr_status_t rv;

    task->decision->language = task->obstacle_language;
    if (task->obstacle != TWV_PROMPT_COUNT && !expired) {
        decide_reply(task, task->obstacle,
                     task->obstacle == TWV_PROMPT_SMS_VOICE_ONLY ? TWV_ERROR_MESSAGE_TO_VOICE
                                                                 : TWV_ERROR_NO_PARTNER);
        return APR_SUCCESS;
    }
    rv = twv_number_find_by_phone(store, p, policy->account_sid, task->request->to, &number);
    if (rv == APR_SUCCESS && number && !task->out_of_session_asked) {
        rv = twv_service_find(store, p, policy->account_sid, number->service_sid, &service);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (service && service->out_of_session_callback_url) {
        rv = twv_route_find_previous(store, p, policy->account_sid, task->request->from,
                                     task->request->to, &previous);
        task->decision->kind = TWV_MESSAGE_ASK_OUT_OF_SESSION;
        task->decision->service = service;
        task->decision->previous = previous;
        return rv;
    }
    decide_unknown_sender(task, expired ? TWV_PROMPT_SMS_EXPIRED : TWV_PROMPT_SMS_UNKNOWN,
                          expired ? TWV_ERROR_EXPIRED : TWV_ERROR_NO_SESSION);
    return APR_SUCCESS;
}

/** The inbound half of the interaction. */
static twv_interaction_t interaction_of(apr_pool_t *p, const task_t *task)
{
    const twv_route_t *route = task->decision->route;
    json_t *data = json_pack("{s:s}", "body", task->decision->body);
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    twv_interaction_t interaction = {.account_sid = task->context->policy->account_sid,
                                     .service_sid = route->service.sid,
                                     .session_sid = route->session.sid,
                                     .type = "message",
                                     .data = apr_pstrdup(p, text),
                                     .inbound_participant_sid = route->caller.sid,
                                     .inbound_resource_sid = task->request->message_sid,
                                     .inbound_resource_status = "received",
                                     .date_created = task->context->now,
                                     .date_updated = task->context->now};

    free(text);
    json_decref(data);
    return interaction;
}

static apr_status_t write_interaction(twv_store_t *store, apr_pool_t *p, task_t *task)
{
    twv_message_decision_t *decision = task->decision;
    twv_interaction_t interaction = interaction_of(p, task);
    apr_status_t rv;
    int changed, exists;

    rv = twv_session_touch(store, interaction.session_sid, task->context->now, &changed);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!changed) {
        decide_reply(task, TWV_PROMPT_SMS_EXPIRED, TWV_ERROR_EXPIRED);
        return APR_SUCCESS;
    }
    decision->interaction_sid =
        task->interaction_sid ? task->interaction_sid : twv_sid_create(p, "KI", apr_time_now());
    interaction.sid = decision->interaction_sid;
    if (decision->kind == TWV_MESSAGE_RELAY) {
        interaction.outbound_participant_sid = decision->route->partner.sid;
        interaction.outbound_resource_status = "queued";
    }
    rv = twv_interaction_insert(store, &interaction, &exists);
    if (rv == APR_SUCCESS) {
        rv = twv_operator_notify(store, p, task->context, decision->service, &interaction);
    }
    return rv;
}

/** The webhook came before: the answer of that time. */
static apr_status_t repeat(twv_store_t *store, apr_pool_t *p, task_t *task)
{
    twv_message_decision_t *decision = task->decision;
    twv_interaction_t *interaction;
    apr_status_t rv;

    if (!decision->route) {
        return APR_SUCCESS;
    }
    rv = twv_interaction_find_by_message(store, p, task->context->policy->account_sid,
                                         task->request->message_sid, &interaction);
    if (rv != APR_SUCCESS || !interaction) {
        return rv;
    }
    decision->interaction_sid = interaction->sid;
    if (interaction->outbound_participant_sid) {
        decision->kind = TWV_MESSAGE_RELAY;
    } else {
        decide_reply(task, TWV_PROMPT_SMS_BLOCKED, TWV_ERROR_REJECTED);
    }
    return APR_SUCCESS;
}

static apr_status_t record(twv_store_t *store, apr_pool_t *p, task_t *task)
{
    const twv_message_decision_t *decision = task->decision;
    twv_step_t step = {.call_sid = task->request->message_sid,
                       .session_sid = decision->route ? decision->route->session.sid : NULL,
                       .kind = "sms",
                       .key = "sms"};
    apr_status_t rv;
    int is_new;

    if (decision->kind == TWV_MESSAGE_ASK_OUT_OF_SESSION) {
        return APR_SUCCESS;
    }
    if (decision->kind == TWV_MESSAGE_ASK_INTERCEPT) {
        return repeat(store, p, task);
    }
    rv = twv_timeline_add(store, p, task->context, &step,
                          json_pack("{s:i}", "code", decision->code), &is_new);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!is_new) {
        return repeat(store, p, task);
    }
    return decision->route ? write_interaction(store, p, task) : APR_SUCCESS;
}

static apr_status_t work_incoming(twv_store_t *store, apr_pool_t *p, void *baton)
{
    task_t *task = baton;
    apr_status_t rv = find_routes(store, p, task);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (is_stop_word(task->request->body)) {
        task->decision->kind = TWV_MESSAGE_NOTHING;
        task->decision->code = TWV_ERROR_STOP_WORD;
    } else if (task->usable->nelts == 1) {
        decide_relay(task, APR_ARRAY_IDX(task->usable, 0, twv_route_t *), task->request->body);
    } else if (task->usable->nelts > 1) {
        decide_among(p, task);
    } else {
        rv = decide_without_route(store, p, task);
    }
    return rv == APR_SUCCESS ? record(store, p, task) : rv;
}

static void ask_intercept(task_t *task)
{
    const twv_context_t *context = task->context;
    twv_interaction_t interaction = interaction_of(context->p, task);

    interaction.sid = twv_sid_create(context->p, "KI", apr_time_now());
    task->interaction_sid = interaction.sid;
    task->intercept = twv_operator_allows(context, task->decision->service, &interaction,
                                          task->request->form, &task->remark)
                          ? ALLOWED
                          : REFUSED;
}

/** @return whether to decide anew */
static int ask_out_of_session(task_t *task)
{
    twv_out_of_session_t answer;

    twv_out_of_session_ask(task->context, task->decision->service, task->decision->previous,
                           task->request->from, task->request->to, task->request->form, 0, &answer);
    task->out_of_session_asked = 1;
    task->remark = answer.reason;
    if (answer.document) {
        task->decision->kind = TWV_MESSAGE_DOCUMENT;
        task->decision->document = answer.document;
    }
    return !answer.document;
}

apr_status_t twv_message_incoming(const twv_context_t *context,
                                  const twv_message_request_t *request,
                                  twv_message_decision_t *decision)
{
    task_t task = {.context = context, .request = request, .decision = decision};
    apr_status_t rv;
    int again = 1;

    do {
        rv = twv_database_write(context->database, context->p, work_incoming, &task);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (decision->kind == TWV_MESSAGE_ASK_INTERCEPT) {
            ask_intercept(&task);
        } else if (decision->kind == TWV_MESSAGE_ASK_OUT_OF_SESSION) {
            again = ask_out_of_session(&task);
        } else {
            again = 0;
        }
    } while (again);
    decision->remark = task.remark;
    return APR_SUCCESS;
}
