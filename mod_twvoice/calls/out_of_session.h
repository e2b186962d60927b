/*
 * OutOfSessionCallbackUrl: the operator's program decides about a call or message that belongs to
 * no session (twilio.com/docs/proxy/out-session-callback-response-guide). Asked outside of any
 * transaction, two seconds at most. Results live in the context's pool.
 */
#ifndef TWV_CALLS_OUT_OF_SESSION_H
#define TWV_CALLS_OUT_OF_SESSION_H

#include "calls/context.h"
#include "store/route.h"
#include "twilio/form.h"

typedef struct {
    const char *document; /* TwiML to answer with, or NULL */
    int session_created;  /* the answer made a session: look for a route again */
    const char *reason;   /* why neither, for the log; NULL otherwise */
} twv_out_of_session_t;

/**
 * @param previous the session that was closed last for this pair, or NULL
 * @param parameters of the webhook, sent on
 * @param is_voice whether it is a call (else a message): picks the mode of a session that is made
 */
void twv_out_of_session_ask(const twv_context_t *context, const twv_service_t *service,
                            const twv_route_t *previous, const char *from, const char *to,
                            const twv_form_t *parameters, int is_voice,
                            twv_out_of_session_t *answer);

#endif
