/*
 * The handler "twvoice-webhook". A request's way: body, signature, form, decision (with the store),
 * TwiML. Runs in the request's thread; everything lives in the request's pool but the client for
 * the operator's program, which belongs to the child process.
 */
#include "http/webhook.h"

#include <string.h>

#include <apr_strings.h>

#include "http_protocol.h"

#include "calls/operator_callback.h"
#include "config/config.h"
#include "config/log.h"
#include "http/database_link.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/webhook_request.h"
#include "twilio/e164.h"

#define HANDLER "twvoice-webhook"

/** Connections to the operator's program; made in child_init, used by all request threads. */
static twv_http_client_t *operator_client;

/** One webhook while it is answered. */
typedef struct {
    request_rec *r;
    twv_context_t context;
    twv_place_t place;
    twv_webhook_parameters_t parameters;
} webhook_t;

typedef int answer_fn(webhook_t *webhook);

static int refuse_parameters(webhook_t *webhook)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, webhook->r, TWV_LOG("TWV0301") "%s refused: %s",
                  webhook->r->uri, webhook->parameters.problem);
    return twv_reply_text(webhook->r, HTTP_BAD_REQUEST, webhook->parameters.problem);
}

/** The store has said why. Twilio goes to the fallback URL, or repeats a status callback. */
static int unavailable(webhook_t *webhook)
{
    apr_table_setn(webhook->r->err_headers_out, "Retry-After", "2");
    return twv_reply_text(webhook->r, HTTP_SERVICE_UNAVAILABLE,
                          "The database is not available now. Try again.");
}

/** For the access log: %{twv-session}n and the like. */
static void note(request_rec *r, const char *call_sid, const char *session_sid,
                 const char *interaction_sid)
{
    if (call_sid) {
        apr_table_setn(r->notes, "twv-call", call_sid);
    }
    if (session_sid) {
        apr_table_setn(r->notes, "twv-session", session_sid);
    }
    if (interaction_sid) {
        apr_table_setn(r->notes, "twv-interaction", interaction_sid);
    }
}

static int reply_document(request_rec *r, const char *document)
{
    ap_set_content_type(r, "text/xml; charset=utf-8");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_rputs(document, r);
    return OK;
}

/** The caller went on as documented, but the operator wants to know. */
static void log_remark(request_rec *r, const char *remark)
{
    if (remark) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      TWV_LOG("TWV0701") "%s. Check that program and its answer within %d s",
                      remark, TWV_OPERATOR_PATIENCE_MS / 1000);
    }
}

static void log_decision(const webhook_t *webhook, const twv_voice_request_t *request,
                         const twv_decision_t *decision)
{
    request_rec *r = webhook->r;

    if (!APLOG_R_IS_LEVEL(r, APLOG_INFO)) {
        return;
    }
    if (decision->kind == TWV_DECISION_CONNECT) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0302") "%s from %s: connecting to participant %s of session %s, "
                                         "interaction %s",
                      request->call_sid, twv_e164_mask(r->pool, request->from),
                      decision->route->partner.sid, decision->route->session.sid,
                      decision->interaction_sid);
    } else if (decision->kind == TWV_DECISION_MENU || decision->kind == TWV_DECISION_PIN) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0305") "%s from %s: asked for %s, question %" APR_INT64_T_FMT,
                      request->call_sid, twv_e164_mask(r->pool, request->from),
                      decision->kind == TWV_DECISION_MENU ? "a choice" : "a PIN",
                      decision->attempt);
    } else {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0303") "%s from %s to %s: not connected (%d %s)",
                      request->call_sid, twv_e164_mask(r->pool, request->from),
                      twv_e164_mask(r->pool, request->to), decision->code,
                      twv_error_title(decision->code));
    }
}

/** /voice, /menu and /pin differ only in who decides. */
static int answer_with(webhook_t *webhook,
                       apr_status_t (*decide)(const twv_context_t *, const twv_voice_request_t *,
                                              twv_decision_t *))
{
    request_rec *r = webhook->r;
    twv_voice_request_t request;
    twv_decision_t decision;

    if (twv_webhook_voice_request(&webhook->parameters, &request)) {
        return refuse_parameters(webhook);
    }
    if (decide(&webhook->context, &request, &decision) != APR_SUCCESS) {
        return unavailable(webhook);
    }
    note(r, request.call_sid, decision.route ? decision.route->session.sid : NULL,
         decision.interaction_sid);
    log_remark(r, decision.remark);
    log_decision(webhook, &request, &decision);
    if (decision.kind == TWV_DECISION_DOCUMENT) {
        return reply_document(r, decision.document);
    }
    return twv_reply_twiml(r, twv_voice_document(r->pool, &webhook->place, &decision));
}

static int answer_voice(webhook_t *webhook)
{
    return answer_with(webhook, twv_voice_incoming);
}

static int answer_menu(webhook_t *webhook)
{
    return answer_with(webhook, twv_voice_menu);
}

static int answer_pin(webhook_t *webhook)
{
    return answer_with(webhook, twv_voice_pin);
}

static int answer_dial(webhook_t *webhook)
{
    twv_dial_report_t report;
    twv_log_context_t found;

    if (twv_webhook_dial_report(&webhook->parameters, &report)) {
        return refuse_parameters(webhook);
    }
    if (twv_call_log_dial(&webhook->context, &report, &found) != APR_SUCCESS) {
        return unavailable(webhook);
    }
    note(webhook->r, report.caller.call_sid, found.session_sid, found.interaction_sid);
    return twv_reply_twiml(webhook->r,
                           twv_voice_document_after_dial(webhook->r->pool, &webhook->place,
                                                         report.dial_status, found.language));
}

static int answer_message_status(webhook_t *webhook)
{
    const char *message_sid, *status, *interaction_sid, *session_sid;

    if (twv_webhook_message_report(&webhook->parameters, &message_sid, &status, &interaction_sid)) {
        return refuse_parameters(webhook);
    }
    if (twv_message_status(&webhook->context, interaction_sid, message_sid, status, &session_sid) !=
        APR_SUCCESS) {
        return unavailable(webhook);
    }
    note(webhook->r, message_sid, session_sid, interaction_sid);
    return twv_reply_nothing(webhook->r);
}

static int answer_status(webhook_t *webhook)
{
    twv_leg_report_t report;
    twv_log_context_t found;

    if (twv_form_get(webhook->parameters.form, "MessageStatus")) {
        return answer_message_status(webhook);
    }
    if (twv_webhook_leg_report(&webhook->parameters, &report)) {
        return refuse_parameters(webhook);
    }
    if (twv_call_log_status(&webhook->context, &report, &found) != APR_SUCCESS) {
        return unavailable(webhook);
    }
    note(webhook->r, report.call_sid, found.session_sid, found.interaction_sid);
    return twv_reply_nothing(webhook->r);
}

static int answer_sms(webhook_t *webhook)
{
    request_rec *r = webhook->r;
    twv_message_request_t request;
    twv_message_decision_t decision;

    if (twv_webhook_message_request(&webhook->parameters, &request)) {
        return refuse_parameters(webhook);
    }
    if (twv_message_incoming(&webhook->context, &request, &decision) != APR_SUCCESS) {
        return unavailable(webhook);
    }
    note(r, request.message_sid, decision.route ? decision.route->session.sid : NULL,
         decision.interaction_sid);
    log_remark(r, decision.remark);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWV_LOG("TWV0401") "%s from %s: %s (%d %s)",
                  request.message_sid, twv_e164_mask(r->pool, request.from),
                  decision.kind == TWV_MESSAGE_RELAY ? "relayed" : "not relayed", decision.code,
                  twv_error_title(decision.code));
    if (decision.kind == TWV_MESSAGE_DOCUMENT) {
        return reply_document(r, decision.document);
    }
    return twv_reply_twiml(r, twv_message_document(r->pool, &webhook->place, &request, &decision));
}

static const struct {
    const char *name; /* last segment of the path */
    answer_fn *answer;
} WEBHOOKS[] = {
    {"voice", answer_voice}, {"menu", answer_menu}, {"pin", answer_pin},
    {"dial", answer_dial},   {"sms", answer_sms},   {"status", answer_status},
};

static answer_fn *find_webhook(const char *name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(WEBHOOKS) / sizeof(WEBHOOKS[0]); i++) {
        if (strcmp(WEBHOOKS[i].name, name) == 0) {
            return WEBHOOKS[i].answer;
        }
    }
    return NULL;
}

/** Whether the request may be answered; otherwise @a status is what to return. */
static int is_acceptable(request_rec *r, const twv_request_t *request, int *status)
{
    if (request->status == AP_FILTER_ERROR) {
        *status = AP_FILTER_ERROR;
    } else if (request->status) {
        *status = twv_reply_text(r, request->status, request->problem);
    } else if (r->method_number == M_POST && !request->is_form) {
        *status = twv_reply_text(r, HTTP_UNSUPPORTED_MEDIA_TYPE,
                                 "Webhooks are application/x-www-form-urlencoded.");
    } else {
        return 1;
    }
    return 0;
}

/** Signed for another account of Twilio's: misdirected, not ours to answer. */
static int is_other_account(const twv_policy_t *policy, const twv_form_t *form)
{
    const char *account_sid = twv_form_get(form, "AccountSid");

    return account_sid && strcmp(account_sid, policy->account_sid) != 0;
}

static int prepare(request_rec *r, const twv_request_t *request, const char *mount,
                   webhook_t *webhook)
{
    webhook->r = r;
    webhook->context.p = r->pool;
    webhook->context.policy = twv_config_policy(r->server);
    webhook->context.database = twv_database_of(r->server);
    webhook->context.client = operator_client;
    webhook->context.now = r->request_time / 1000;
    webhook->place.speech = twv_config_speech(r);
    webhook->place.webhooks = apr_pstrcat(r->pool, twv_request_public_base(r), mount, NULL);
    webhook->parameters.p = r->pool;
    webhook->parameters.form = request->form;
    webhook->parameters.query = request->form;
    webhook->parameters.problem = NULL;
    if (r->method_number == M_POST) {
        twv_form_t *query = NULL;
        webhook->parameters.problem =
            twv_form_parse(&query, r->pool, r->args ? r->args : "", r->args ? strlen(r->args) : 0);
        webhook->parameters.query = query;
    }
    return webhook->parameters.problem != NULL;
}

/** The part of the request that comes after the method and path are known to be right. */
static int answer_webhook(request_rec *r, answer_fn *answer, const char *mount)
{
    twv_request_t *request = twv_request_read(r, twv_config_max_body(r));
    webhook_t webhook;
    int status;

    if (!is_acceptable(r, request, &status)) {
        return status;
    }
    if (!twv_config_accepts_unsigned(r) && twv_request_verify(r) != TWV_SIGNED) {
        return twv_reply_text(r, HTTP_FORBIDDEN, "Twilio Request Validation Failed.");
    }
    if (prepare(r, request, mount, &webhook)) {
        return refuse_parameters(&webhook);
    }
    if (!webhook.context.policy->account_sid || !webhook.context.database) {
        return unavailable(&webhook);
    }
    if (is_other_account(webhook.context.policy, request->form)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0304") "%s refused: its AccountSid is not TwVoiceAccountSid of "
                                         "this virtual host",
                      r->uri);
        return twv_reply_text(r, HTTP_FORBIDDEN, "This is not the server of that account.");
    }
    return answer(&webhook);
}

static int handle(request_rec *r)
{
    const char *name;
    answer_fn *answer;

    if (!r->handler || strcmp(r->handler, HANDLER) != 0) {
        return DECLINED;
    }
    name = strrchr(r->uri, '/');
    answer = name ? find_webhook(name + 1) : NULL;
    if (!answer) {
        return twv_reply_text(r, HTTP_NOT_FOUND,
                              "There is no such webhook; Twilio needs .../voice, .../sms and "
                              ".../status.");
    }
    if (r->method_number != M_POST && r->method_number != M_GET) {
        r->allowed |= (AP_METHOD_BIT << M_POST) | (AP_METHOD_BIT << M_GET);
        apr_table_setn(r->err_headers_out, "Allow", "GET, HEAD, POST");
        return twv_reply_text(r, HTTP_METHOD_NOT_ALLOWED, "Webhooks are GET or POST.");
    }
    return answer_webhook(r, answer, apr_pstrmemdup(r->pool, r->uri, (apr_size_t)(name - r->uri)));
}

static void start_child(apr_pool_t *p, server_rec *s)
{
    (void)s;
    operator_client = twv_http_client_create(p, NULL);
}

void twv_webhook_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(start_child, NULL, NULL, APR_HOOK_MIDDLE);
}
