/*
 * The parameters of Twilio's webhooks, checked. Results live in the request's pool.
 */
#include "http/webhook_request.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "twilio/e164.h"
#include "twilio/sid.h"

/** Longest From that we take: an E.164 number, a word, a SIP or client address (Proxy's limit for
 *  identifiers). */
#define MAX_ADDRESS 191

/** Twilio collects up to 4000 characters of speech, but keys are few. */
#define MAX_DIGITS 64

/** How much of a bad value an error repeats. */
#define SHOWN 64

static const char *const CALL_STATUSES[] = {"queued",    "initiated", "ringing", "in-progress",
                                            "completed", "busy",      "failed",  "no-answer",
                                            "canceled",  NULL};
static const char *const DIAL_STATUSES[] = {"completed", "answered", "busy", "no-answer",
                                            "failed",    "canceled", NULL};
static const char *const DIRECTIONS[] = {"inbound",        "outbound-api",  "outbound-dial",
                                         "outbound-reply", "outbound-call", NULL};

static void refuse(twv_webhook_parameters_t *parameters, const char *name, const char *value,
                   const char *allowed)
{
    if (!parameters->problem) {
        parameters->problem =
            value ? apr_psprintf(parameters->p, "Parameter %s: '%.*s' is not %s", name, SHOWN,
                                 value, allowed)
                  : apr_psprintf(parameters->p, "Parameter %s is missing: it must be %s", name,
                                 allowed);
    }
}

/** A value that is not empty; NULL otherwise. */
static const char *value_of(const twv_form_t *form, const char *name)
{
    const char *value = form ? twv_form_get(form, name) : NULL;

    return value && *value ? value : NULL;
}

static const char *take_sid(twv_webhook_parameters_t *parameters, const twv_form_t *form,
                            const char *name, const char *prefix, int is_required)
{
    const char *value = value_of(form, name);

    if ((value || is_required) && !twv_sid_is(value, prefix)) {
        refuse(parameters, name, value,
               apr_psprintf(parameters->p, "%s and 32 hexadecimal digits", prefix));
    }
    return value;
}

static const char *take_word(twv_webhook_parameters_t *parameters, const char *name,
                             const char *const *words, const char *otherwise)
{
    const char *value = value_of(parameters->form, name);
    const char *allowed = "one of";
    int i;

    if (!value && otherwise) {
        return otherwise;
    }
    for (i = 0; words[i]; i++) {
        if (value && strcmp(words[i], value) == 0) {
            return value;
        }
        allowed = apr_pstrcat(parameters->p, allowed, " ", words[i], NULL);
    }
    refuse(parameters, name, value, allowed);
    return NULL;
}

static const char *take_address(twv_webhook_parameters_t *parameters, const char *name)
{
    const char *value = value_of(parameters->form, name);

    if (!value || strlen(value) > MAX_ADDRESS) {
        refuse(parameters, name, value, "an address of at most 191 characters");
    }
    return value;
}

static const char *take_number(twv_webhook_parameters_t *parameters, const char *name)
{
    const char *value = value_of(parameters->form, name);

    if (!twv_e164_is_valid(value)) {
        refuse(parameters, name, value, "an E.164 number such as +815012345678");
    }
    return value;
}

static apr_int64_t take_int(twv_webhook_parameters_t *parameters, const twv_form_t *form,
                            const char *name, apr_int64_t most, apr_int64_t otherwise)
{
    const char *value = value_of(form, name);
    apr_int64_t number;

    if (!value) {
        return otherwise;
    }
    number = strlen(value) <= 10 ? apr_atoi64(value) : -1;
    if (strspn(value, "0123456789") != strlen(value) || number < 0 || number > most) {
        refuse(parameters, name, value,
               apr_psprintf(parameters->p, "a whole number from 0 to %" APR_INT64_T_FMT, most));
    }
    return number;
}

static const char *take_digits(twv_webhook_parameters_t *parameters)
{
    const char *digits = value_of(parameters->form, "Digits");

    if (digits &&
        (strlen(digits) > MAX_DIGITS || strspn(digits, "0123456789*#ABCD") != strlen(digits))) {
        refuse(parameters, "Digits", "(hidden)", "at most 64 keys of a telephone");
    }
    return digits;
}

/** The SIDs of a menu; ours, and signed, but the signature may be switched off. */
static const char *take_sessions(twv_webhook_parameters_t *parameters)
{
    const char *value = value_of(parameters->query, "sessions");

    if (value && (strlen(value) > TWV_MENU_CHOICES * (TWV_SID_LENGTH + 1) ||
                  strspn(value, "KC0123456789abcdefABCDEF.") != strlen(value))) {
        refuse(parameters, "sessions", value, "session SIDs joined by '.'");
    }
    return value;
}

int twv_webhook_voice_request(twv_webhook_parameters_t *parameters, twv_voice_request_t *request)
{
    memset(request, 0, sizeof(*request));
    request->call_sid = take_sid(parameters, parameters->form, "CallSid", "CA", 1);
    request->from = take_address(parameters, "From");
    request->to = take_number(parameters, "To");
    request->call_status = take_word(parameters, "CallStatus", CALL_STATUSES, "ringing");
    request->direction = take_word(parameters, "Direction", DIRECTIONS, "inbound");
    request->digits = take_digits(parameters);
    request->sessions = take_sessions(parameters);
    request->attempt = take_int(parameters, parameters->query, "attempt", 100, 0);
    request->form = parameters->form;
    return parameters->problem != NULL;
}

int twv_webhook_leg_report(twv_webhook_parameters_t *parameters, twv_leg_report_t *report)
{
    const char *timestamp = value_of(parameters->form, "Timestamp");

    memset(report, 0, sizeof(*report));
    report->call_sid = take_sid(parameters, parameters->form, "CallSid", "CA", 1);
    report->parent_call_sid = take_sid(parameters, parameters->form, "ParentCallSid", "CA", 0);
    report->interaction_sid = take_sid(parameters, parameters->query, "interaction", "KI", 0);
    report->from = take_address(parameters, "From");
    report->to = take_address(parameters, "To");
    report->status = take_word(parameters, "CallStatus", CALL_STATUSES, NULL);
    report->direction = take_word(parameters, "Direction", DIRECTIONS, "inbound");
    report->duration = take_int(parameters, parameters->form, "CallDuration", 10000000, -1);
    report->at = timestamp ? twv_timestamp_parse_rfc2822(timestamp) : 0;
    if (timestamp && !report->at) {
        refuse(parameters, "Timestamp", timestamp, "a date as in RFC 2822");
    }
    if (take_int(parameters, parameters->form, "SequenceNumber", 1000000, 0) >= 0) {
        report->sequence = value_of(parameters->form, "SequenceNumber");
    }
    if (take_int(parameters, parameters->form, "SipResponseCode", 999, 0) >= 0) {
        report->sip_response = value_of(parameters->form, "SipResponseCode");
    }
    return parameters->problem != NULL;
}

int twv_webhook_dial_report(twv_webhook_parameters_t *parameters, twv_dial_report_t *report)
{
    memset(report, 0, sizeof(*report));
    report->caller.call_sid = take_sid(parameters, parameters->form, "CallSid", "CA", 1);
    report->caller.from = take_address(parameters, "From");
    report->caller.to = take_address(parameters, "To");
    report->caller.status = take_word(parameters, "CallStatus", CALL_STATUSES, "in-progress");
    report->caller.direction = take_word(parameters, "Direction", DIRECTIONS, "inbound");
    report->caller.duration = -1;
    report->interaction_sid = take_sid(parameters, parameters->query, "interaction", "KI", 1);
    report->dial_call_sid = take_sid(parameters, parameters->form, "DialCallSid", "CA", 0);
    report->dial_status = take_word(parameters, "DialCallStatus", DIAL_STATUSES, NULL);
    report->dial_duration =
        take_int(parameters, parameters->form, "DialCallDuration", 10000000, -1);
    return parameters->problem != NULL;
}

static const char *take_message_sid(twv_webhook_parameters_t *parameters)
{
    const char *value = value_of(parameters->form, "MessageSid");

    if (!twv_sid_is(value, "SM") && !twv_sid_is(value, "MM")) {
        refuse(parameters, "MessageSid", value, "SM or MM and 32 hexadecimal digits");
    }
    return value;
}

int twv_webhook_message_request(twv_webhook_parameters_t *parameters,
                                twv_message_request_t *request)
{
    const char *body = twv_form_get(parameters->form, "Body");

    memset(request, 0, sizeof(*request));
    request->message_sid = take_message_sid(parameters);
    request->from = take_address(parameters, "From");
    request->to = take_number(parameters, "To");
    request->body = body ? body : "";
    request->form = parameters->form;
    return parameters->problem != NULL;
}

int twv_webhook_message_report(twv_webhook_parameters_t *parameters, const char **message_sid,
                               const char **status, const char **interaction_sid)
{
    static const char *const STATUSES[] = {"accepted",
                                           "scheduled",
                                           "queued",
                                           "sending",
                                           "sent",
                                           "delivered",
                                           "undelivered",
                                           "failed",
                                           "receiving",
                                           "received",
                                           "read",
                                           "canceled",
                                           "partially_delivered",
                                           NULL};

    *message_sid = take_message_sid(parameters);
    *status = take_word(parameters, "MessageStatus", STATUSES, NULL);
    *interaction_sid = take_sid(parameters, parameters->query, "interaction", "KI", 1);
    return parameters->problem != NULL;
}
