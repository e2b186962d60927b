/*
 * What the files that decide about a voice webhook share; private to voice*.c. A task is the baton
 * of the work functions: it belongs to one webhook and its thread. The functions read the store and
 * fill in the decision; voice_record.c writes.
 */
#ifndef TWV_CALLS_VOICE_TASK_H
#define TWV_CALLS_VOICE_TASK_H

#include "calls/voice.h"

/** What is known while one webhook is answered; the work functions' baton. */
typedef struct {
    const twv_context_t *context;
    const twv_voice_request_t *request;
    twv_decision_t *decision;
    const char *step;
    enum { NOT_ASKED, ALLOWED, REFUSED } intercept;
    const char *interaction_sid; /* told to the operator's program, so kept; else NULL */
    int out_of_session_asked;
    const char *remark; /* what went wrong with the operator's program, or NULL */
    /* filled in by find_routes(): */
    apr_array_header_t *usable;   /* of twv_route_t * that can be connected now */
    const twv_route_t *obstacle;  /* one that cannot, and why: */
    twv_prompt_t obstacle_prompt; /* TWV_PROMPT_COUNT = there is none */
} twv_voice_task_t;

/** Why this route cannot be connected now; TWV_PROMPT_COUNT when it can. */
twv_prompt_t twv_voice_obstacle(const twv_route_t *route, twv_ms_t now);

/** Start anew: empty the decision and find the routes of the caller. */
apr_status_t twv_voice_find_routes(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task);

/** Say something and hang up. @param code of Twilio's dictionary */
void twv_voice_decide_prompt(twv_voice_task_t *task, twv_prompt_t prompt, int code);

/** Connect, or ask the operator's program first, or refuse. */
apr_status_t twv_voice_decide_connection(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                                         const twv_route_t *route);

/** Ask for a PIN, unless it was asked often enough. @param first said before */
void twv_voice_decide_pin_question(twv_voice_task_t *task, twv_prompt_t first, apr_int64_t attempt);

/** Offer these routes (of twv_route_t *), unless they were offered often enough. A partner without
 *  a name whose session has a PIN is reached by the PIN only, and so are those past the ninth. */
void twv_voice_decide_menu(twv_voice_task_t *task, apr_pool_t *p, const apr_array_header_t *routes,
                           twv_prompt_t first, apr_int64_t attempt);

/** No session can be connected: a prompt, a PIN, the operator's program, or as he set it. */
apr_status_t twv_voice_decide_without_route(twv_store_t *store, apr_pool_t *p,
                                            twv_voice_task_t *task);

/** Connect to the session with the PIN that was entered; @a ask_again puts the question anew. */
apr_status_t twv_voice_decide_by_pin(twv_store_t *store, apr_pool_t *p, twv_voice_task_t *task,
                                     void (*ask_again)(twv_voice_task_t *task, apr_pool_t *p,
                                                       twv_prompt_t first));

#endif
