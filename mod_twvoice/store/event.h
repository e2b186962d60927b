/* The timeline of each leg: rows of twv_event. */
#ifndef TWV_STORE_EVENT_H
#define TWV_STORE_EVENT_H

#include "store/database.h"

typedef struct {
    const char *call_sid; /* CA... or SM... */
    const char *key;      /* tells a repetition from something new, e.g. "status:completed:3" */
    const char *account_sid;
    const char *session_sid;
    const char *kind;   /* what the request was for: voice, menu, pin, dial, status, ... */
    twv_ms_t at;        /* Twilio's Timestamp, else when it came */
    const char *detail; /* JSON object: the parameters, without PINs */
} twv_event_t;

/** A second one with the same call and key is ignored. @param is_new whether it was written */
apr_status_t twv_event_insert(twv_store_t *store, const twv_event_t *event, int *is_new);

/** In order of time. @param after_at, after_key the last of the previous page; 0, NULL = first
 * page. Array of twv_event_t * */
apr_status_t twv_event_list(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                            const char *call_sid, twv_ms_t after_at, const char *after_key,
                            int limit, apr_array_header_t **events);

#endif
