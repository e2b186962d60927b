/*
 * Decisions as TwiML. Builds in the pool of the document; one thread.
 */
#include "calls/voice_document.h"

#include <string.h>

#include <apr_strings.h>

/** Seconds that a caller has for the next key; where a single key must be told from a PIN's first,
 *  it is acted on after this. */
#define KEY_TIMEOUT 5

/** Every failure of a status callback is tried again, five times (Twilio's most): a leg without its
 *  last callback has no duration. */
#define STATUS_RETRIES "#ct=2000&rt=10000&rc=5&rp=all"

const char *twv_status_callback_url(apr_pool_t *p, const twv_place_t *place,
                                    const char *interaction_sid)
{
    return apr_pstrcat(p, place->webhooks, "/status?interaction=", interaction_sid, STATUS_RETRIES,
                       NULL);
}

static void hang_up(twv_twiml_t *twiml)
{
    twv_twiml_element(twiml, "Hangup", NULL);
}

static void add_dial(twv_twiml_t *twiml, apr_pool_t *p, const twv_place_t *place,
                     const twv_decision_t *decision)
{
    const twv_route_t *route = decision->route;

    twv_twiml_open(twiml, "Dial");
    twv_twiml_attribute(twiml, "answerOnBridge", "true");
    twv_twiml_attribute(twiml, "callerId", route->partner.proxy_identifier);
    if (route->session.ring_timeout) {
        twv_twiml_attribute_int(twiml, "timeout", route->session.ring_timeout);
    }
    if (decision->time_limit) {
        twv_twiml_attribute_int(twiml, "timeLimit", decision->time_limit);
    }
    twv_twiml_attribute(
        twiml, "action",
        apr_pstrcat(p, place->webhooks, "/dial?interaction=", decision->interaction_sid, NULL));
    twv_twiml_open(twiml, "Number");
    twv_twiml_attribute(twiml, "statusCallback",
                        twv_status_callback_url(p, place, decision->interaction_sid));
    twv_twiml_attribute(twiml, "statusCallbackEvent", "initiated ringing answered completed");
    twv_twiml_text(twiml, route->partner.identifier);
    twv_twiml_close(twiml);
    twv_twiml_close(twiml);
}

/** The SIDs behind the keys, so that a key means the same when contacts change meanwhile. */
static const char *menu_url(apr_pool_t *p, const twv_place_t *place, const twv_decision_t *decision)
{
    const char *sessions = "";
    int i;

    for (i = 0; i < decision->choices->nelts; i++) {
        const twv_route_t *route = APR_ARRAY_IDX(decision->choices, i, const twv_route_t *);
        sessions = apr_pstrcat(p, sessions, i ? "." : "", route->session.sid, NULL);
    }
    return apr_psprintf(p, "%s/menu?sessions=%s&attempt=%" APR_INT64_T_FMT, place->webhooks,
                        sessions, decision->attempt);
}

static void add_choices(twv_twiml_t *twiml, apr_pool_t *p, const twv_place_t *place,
                        const twv_decision_t *decision)
{
    int i;

    twv_prompt_speak(twiml, place->speech, TWV_PROMPT_MENU, decision->language);
    for (i = 0; i < decision->choices->nelts; i++) {
        const twv_route_t *route = APR_ARRAY_IDX(decision->choices, i, const twv_route_t *);
        const char *name = route->partner.friendly_name;
        if (!name) {
            name = twv_prompt_text(place->speech, TWV_PROMPT_MENU_NAMELESS, decision->language);
        }
        twv_prompt_speak_choice(twiml, p, place->speech, decision->language, apr_itoa(p, i + 1),
                                name);
    }
    if (decision->takes_pin) {
        twv_prompt_speak(twiml, place->speech, TWV_PROMPT_MENU_PIN, decision->language);
    }
    twv_prompt_speak(twiml, place->speech, TWV_PROMPT_MENU_REPEAT, decision->language);
}

/** A question: the Gather leads to @a url with the keys; silence leads there without. */
static void add_menu(twv_twiml_t *twiml, apr_pool_t *p, const twv_place_t *place,
                     const twv_decision_t *decision)
{
    const char *url = menu_url(p, place, decision);

    twv_twiml_open(twiml, "Gather");
    twv_twiml_attribute(twiml, "action", url);
    twv_twiml_attribute_int(twiml, "timeout", KEY_TIMEOUT);
    if (!decision->takes_pin) {
        twv_twiml_attribute(twiml, "numDigits", "1");
    }
    add_choices(twiml, p, place, decision);
    twv_twiml_close(twiml);
    twv_twiml_element(twiml, "Redirect", url);
}

static void add_pin_question(twv_twiml_t *twiml, apr_pool_t *p, const twv_place_t *place,
                             const twv_decision_t *decision)
{
    const char *url =
        apr_psprintf(p, "%s/pin?attempt=%" APR_INT64_T_FMT, place->webhooks, decision->attempt);

    twv_twiml_open(twiml, "Gather");
    twv_twiml_attribute(twiml, "action", url);
    twv_twiml_attribute_int(twiml, "timeout", KEY_TIMEOUT);
    twv_prompt_speak(twiml, place->speech, TWV_PROMPT_PIN, decision->language);
    twv_twiml_close(twiml);
    twv_twiml_element(twiml, "Redirect", url);
}

twv_twiml_t *twv_voice_document(apr_pool_t *p, const twv_place_t *place,
                                const twv_decision_t *decision)
{
    twv_twiml_t *twiml = twv_twiml_create(p);

    if (decision->prompt != TWV_PROMPT_COUNT && decision->kind != TWV_DECISION_REJECT) {
        twv_prompt_speak(twiml, place->speech, decision->prompt, decision->language);
    }
    switch (decision->kind) {
    case TWV_DECISION_CONNECT:
        add_dial(twiml, p, place, decision);
        break;
    case TWV_DECISION_MENU:
        add_menu(twiml, p, place, decision);
        break;
    case TWV_DECISION_PIN:
        add_pin_question(twiml, p, place, decision);
        break;
    case TWV_DECISION_REJECT:
        twv_twiml_element(twiml, "Reject", NULL);
        break;
    default:
        hang_up(twiml);
        break;
    }
    return twiml;
}

twv_twiml_t *twv_voice_document_after_dial(apr_pool_t *p, const twv_place_t *place,
                                           const char *dial_status, const char *language)
{
    twv_twiml_t *twiml = twv_twiml_create(p);

    if (strcmp(dial_status, "busy") == 0) {
        twv_prompt_speak(twiml, place->speech, TWV_PROMPT_BUSY, language);
    } else if (strcmp(dial_status, "no-answer") == 0) {
        twv_prompt_speak(twiml, place->speech, TWV_PROMPT_NO_ANSWER, language);
    } else if (strcmp(dial_status, "failed") == 0) {
        twv_prompt_speak(twiml, place->speech, TWV_PROMPT_FAILED, language);
    }
    hang_up(twiml);
    return twiml;
}
