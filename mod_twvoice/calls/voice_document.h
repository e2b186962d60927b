/*
 * Decisions as TwiML. Builds in the pool of the document; one thread.
 */
#ifndef TWV_CALLS_VOICE_DOCUMENT_H
#define TWV_CALLS_VOICE_DOCUMENT_H

#include "calls/voice.h"

/** Where the answer is given: how to speak and where Twilio goes on. */
typedef struct {
    const twv_speech_t *speech;
    const char *webhooks; /* absolute URL of the mount, without a trailing slash */
} twv_place_t;

/** The document for a decision other than TWV_DECISION_DOCUMENT. */
twv_twiml_t *twv_voice_document(apr_pool_t *p, const twv_place_t *place,
                                const twv_decision_t *decision);

/**
 * The document after a <Dial>: a prompt when it did not succeed, then the end of the call.
 * @param dial_status DialCallStatus
 * @param language of the session, NULL = the server's
 */
twv_twiml_t *twv_voice_document_after_dial(apr_pool_t *p, const twv_place_t *place,
                                           const char *dial_status, const char *language);

/** A status callback URL of ours: absolute, with the interaction's SID, and Twilio's retries asked
 *  for by connection overrides (twilio.com/docs/usage/webhooks/webhooks-connection-overrides). */
const char *twv_status_callback_url(apr_pool_t *p, const twv_place_t *place,
                                    const char *interaction_sid);

#endif
