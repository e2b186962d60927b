/*
 * Messages to one of our numbers: relayed to the partner by TwiML, and what Twilio reports of the
 * relayed one. Each public function answers one webhook in one transaction (and a question to the
 * operator's program between two). Results live in the context's pool.
 */
#ifndef TWV_CALLS_MESSAGES_H
#define TWV_CALLS_MESSAGES_H

#include "calls/context.h"
#include "calls/prompts.h"
#include "calls/voice_document.h"
#include "store/route.h"

/** A message webhook, checked. */
typedef struct {
    const char *message_sid;
    const char *from;
    const char *to;
    const char *body;       /* "" without text */
    const twv_form_t *form; /* every parameter: media, and for the operator's program */
} twv_message_request_t;

typedef enum {
    TWV_MESSAGE_RELAY,
    TWV_MESSAGE_REPLY,   /* a text for the sender */
    TWV_MESSAGE_CHOICES, /* ask which partner is meant */
    TWV_MESSAGE_NOTHING,
    TWV_MESSAGE_DOCUMENT, /* what the operator's program answered */
    /* These two never leave messages.c: */
    TWV_MESSAGE_ASK_INTERCEPT,
    TWV_MESSAGE_ASK_OUT_OF_SESSION
} twv_message_kind_t;

typedef struct {
    twv_message_kind_t kind;
    const twv_route_t *route;
    const char *interaction_sid;
    const char *body;                  /* RELAY: without what addressed it */
    twv_prompt_t prompt;               /* REPLY, CHOICES */
    const apr_array_header_t *choices; /* CHOICES: of twv_route_t * */
    const char *document;              /* DOCUMENT: TwiML */
    const char *language;
    int code; /* why it was not relayed, of Twilio's dictionary; 0 = it was */
    const twv_service_t *service;
    const twv_route_t *previous;
    const char *remark; /* what went wrong with the operator's program, or NULL */
} twv_message_decision_t;

/** A message came in. @return APR_SUCCESS or TWV_STORE_DOWN */
apr_status_t twv_message_incoming(const twv_context_t *context,
                                  const twv_message_request_t *request,
                                  twv_message_decision_t *decision);

/** The document for a decision other than TWV_MESSAGE_DOCUMENT. */
twv_twiml_t *twv_message_document(apr_pool_t *p, const twv_place_t *place,
                                  const twv_message_request_t *request,
                                  const twv_message_decision_t *decision);

/**
 * A status callback of a relayed message: never goes back, whatever the order of reports.
 * @param session_sid set to the session's SID, or NULL
 */
apr_status_t twv_message_status(const twv_context_t *context, const char *interaction_sid,
                                const char *message_sid, const char *status,
                                const char **session_sid);

#endif
