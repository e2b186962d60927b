/*
 * What a voice webhook leaves in the database: the leg, the interaction of a connection, the step
 * in the timeline. Runs inside the unit of work that decides.
 */
#ifndef TWV_CALLS_VOICE_RECORD_H
#define TWV_CALLS_VOICE_RECORD_H

#include "calls/voice.h"
#include "store/call.h"
#include "store/interaction.h"

/**
 * Write the leg and the step; for a connection also the interaction and the session's progress.
 * When this call has been connected before (the webhook came twice), the decision takes over the
 * interaction of that time. When the session ended in between, the decision becomes a prompt.
 * @param step "voice", "menu" or "pin"
 */
apr_status_t twv_voice_record(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                              const twv_voice_request_t *request, const char *step,
                              twv_decision_t *decision);

/** The inbound half of an interaction on this route, without its SID. */
twv_interaction_t twv_voice_interaction(const twv_context_t *context,
                                        const twv_voice_request_t *request,
                                        const twv_route_t *route);

/** Count a wrong PIN on the leg, which exists; not again when the webhook is repeated. */
apr_status_t twv_voice_count_wrong_pin(twv_store_t *store, apr_pool_t *p,
                                       const twv_context_t *context,
                                       const twv_voice_request_t *request, const char *step);

/** The report of the leg that any voice webhook is, without links to a session. */
twv_call_t twv_voice_leg(const twv_context_t *context, const twv_voice_request_t *request);

#endif
