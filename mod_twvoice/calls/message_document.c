/*
 * Message decisions as TwiML. Builds in the pool of the document; one thread.
 */
#include "calls/messages.h"

#include <string.h>

#include <apr_strings.h>

/** Most media of one message (twilio.com/docs/messaging: 10). */
#define MAX_MEDIA 10

static void add_relay(twv_twiml_t *twiml, apr_pool_t *p, const twv_place_t *place,
                      const twv_message_request_t *request, const twv_message_decision_t *decision)
{
    const twv_route_t *route = decision->route;
    int i;

    twv_twiml_open(twiml, "Message");
    twv_twiml_attribute(twiml, "to", route->partner.identifier);
    twv_twiml_attribute(twiml, "from", route->partner.proxy_identifier);
    twv_twiml_attribute(twiml, "statusCallback",
                        twv_status_callback_url(p, place, decision->interaction_sid));
    if (*decision->body) {
        twv_twiml_element(twiml, "Body", decision->body);
    }
    for (i = 0; i < MAX_MEDIA; i++) {
        const char *url = twv_form_get(request->form, apr_psprintf(p, "MediaUrl%d", i));
        if (!url) {
            break;
        }
        twv_twiml_element(twiml, "Media", url);
    }
    twv_twiml_close(twiml);
}

/** "1 Taro, 2 Jiro", after the text that asks for it. */
static const char *choices_text(apr_pool_t *p, const twv_place_t *place,
                                const twv_message_decision_t *decision)
{
    const char *text = twv_prompt_text(place->speech, decision->prompt, decision->language);
    int i;

    for (i = 0; i < decision->choices->nelts && i < TWV_MENU_CHOICES; i++) {
        const twv_route_t *route = APR_ARRAY_IDX(decision->choices, i, const twv_route_t *);
        const char *name = route->partner.friendly_name;

        if (!name) {
            name = twv_prompt_text(place->speech, TWV_PROMPT_MENU_NAMELESS, decision->language);
        }
        text = apr_psprintf(p, "%s%s%d %s", text, i ? ", " : " ", i + 1, name);
    }
    return text;
}

twv_twiml_t *twv_message_document(apr_pool_t *p, const twv_place_t *place,
                                  const twv_message_request_t *request,
                                  const twv_message_decision_t *decision)
{
    twv_twiml_t *twiml = twv_twiml_create(p);

    if (decision->kind == TWV_MESSAGE_RELAY) {
        add_relay(twiml, p, place, request, decision);
    } else if (decision->kind == TWV_MESSAGE_REPLY) {
        twv_twiml_element(twiml, "Message",
                          twv_prompt_text(place->speech, decision->prompt, decision->language));
    } else if (decision->kind == TWV_MESSAGE_CHOICES) {
        twv_twiml_element(twiml, "Message", choices_text(p, place, decision));
    }
    return twiml;
}
