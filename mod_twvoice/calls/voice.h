/*
 * Calls to one of our numbers in call mode "dial": who is connected to whom. Each public function
 * answers one webhook: it decides and logs in one transaction, asks the operator's program between
 * transactions where the service wants that, and returns the decision, which voice_document.c turns
 * into TwiML. Everything may come twice: the answer is the same. Results live in the context's
 * pool.
 */
#ifndef TWV_CALLS_VOICE_H
#define TWV_CALLS_VOICE_H

#include "calls/context.h"
#include "calls/prompts.h"
#include "store/route.h"
#include "twilio/form.h"

/** Wrong PINs that one call and one caller (within an hour) may enter. */
#define TWV_PIN_FAILURES_PER_CALL 3
#define TWV_PIN_FAILURES_PER_CALLER 10

/** How often a menu or the question for a PIN is put before the call ends. */
#define TWV_MENU_ATTEMPTS 4

/** Most sessions that a menu offers by key; more are reached by PIN. */
#define TWV_MENU_CHOICES 9

/** A voice webhook, checked. */
typedef struct {
    const char *call_sid;
    const char *from; /* E.164, or a word such as "anonymous" */
    const char *to;
    const char *call_status;
    const char *direction;
    const char *digits;     /* keys that were pressed, NULL or "" = none */
    const char *sessions;   /* of a menu: SIDs in the order of the keys, joined by '.' */
    apr_int64_t attempt;    /* of a menu or PIN question, from 1 */
    const twv_form_t *form; /* every parameter, for the operator's program */
} twv_voice_request_t;

typedef enum {
    TWV_DECISION_CONNECT,
    TWV_DECISION_MENU,
    TWV_DECISION_PIN,
    TWV_DECISION_PROMPT,   /* say it and hang up */
    TWV_DECISION_REJECT,   /* not answered, not billed */
    TWV_DECISION_DOCUMENT, /* what the operator's program answered */
    /* These two never leave voice.c: */
    TWV_DECISION_ASK_INTERCEPT,
    TWV_DECISION_ASK_OUT_OF_SESSION
} twv_decision_kind_t;

typedef struct {
    twv_decision_kind_t kind;
    twv_prompt_t prompt;      /* said first; TWV_PROMPT_COUNT = nothing */
    const twv_route_t *route; /* CONNECT: who is connected */
    const char *interaction_sid;
    apr_int64_t time_limit;            /* seconds, 0 = Twilio's own */
    const apr_array_header_t *choices; /* MENU: of twv_route_t *, in the order of the keys */
    int takes_pin;                     /* MENU: a PIN may be entered instead of a key */
    apr_int64_t attempt;               /* MENU, PIN: of the next question */
    const char *document;              /* DOCUMENT: TwiML */
    const char *language;              /* NULL = the server's */
    int code;                     /* why it was refused, of Twilio's dictionary; 0 = it was not */
    const twv_service_t *service; /* whose program is asked */
    const twv_route_t *previous;  /* the session that was closed last, or NULL */
    const char *remark;           /* what went wrong with the operator's program, or NULL */
} twv_decision_t;

/**
 * A call came in.
 * @return APR_SUCCESS with @a decision, or TWV_STORE_DOWN with nothing written
 */
apr_status_t twv_voice_incoming(const twv_context_t *context, const twv_voice_request_t *request,
                                twv_decision_t *decision);

/** Keys were pressed in the menu (or none, in time). */
apr_status_t twv_voice_menu(const twv_context_t *context, const twv_voice_request_t *request,
                            twv_decision_t *decision);

/** A PIN was entered (or none, in time). */
apr_status_t twv_voice_pin(const twv_context_t *context, const twv_voice_request_t *request,
                           twv_decision_t *decision);

#endif
