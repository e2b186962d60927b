/* The timeline of a leg or message: one step for each webhook that brought something new. */
#ifndef TWV_CALLS_TIMELINE_H
#define TWV_CALLS_TIMELINE_H

#include <jansson.h>

#include "calls/context.h"

/** A step. */
typedef struct {
    const char *call_sid; /* CA... or SM... */
    const char *session_sid;
    const char *kind; /* what the webhook was for */
    const char *key;  /* tells a repetition from something new */
    twv_ms_t at;      /* 0 = now */
} twv_step_t;

/**
 * Write the step unless it is known, in the unit of work of what it tells.
 * @param detail an object without personal secrets; the reference is taken over
 * @param is_new whether it was written, or NULL
 */
apr_status_t twv_timeline_add(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                              const twv_step_t *step, json_t *detail, int *is_new);

#endif
