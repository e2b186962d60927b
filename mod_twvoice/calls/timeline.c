/* The timeline of a leg or message. No state; strings live in the unit of work's pool. */
#include "calls/timeline.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "store/event.h"

apr_status_t twv_timeline_add(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                              const twv_step_t *step, json_t *detail, int *is_new)
{
    char *text = json_dumps(detail, JSON_COMPACT);
    twv_event_t event = {.call_sid = step->call_sid,
                         .key = step->key,
                         .account_sid = context->policy->account_sid,
                         .session_sid = step->session_sid,
                         .kind = step->kind,
                         .at = step->at ? step->at : context->now,
                         .detail = apr_pstrdup(p, text)};
    int ignored;

    free(text);
    json_decref(detail);
    return twv_event_insert(store, &event, is_new ? is_new : &ignored);
}
