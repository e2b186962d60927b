/* The timeline of each leg: rows of twv_event. Results live in the pool that is passed. */
#include "store/event.h"

#include "store/statement.h"

static const twv_statement_t insert = {
    "insert event",
    "INSERT INTO twv_event (call_sid, event_key, account_sid, session_sid, kind, at, detail)"
    " VALUES (%s, %s, %s, %s, %s, %lld, %s) ON CONFLICT DO NOTHING",
    NULL};

static const twv_statement_t list = {
    "list events",
    "SELECT call_sid, event_key, account_sid, session_sid, kind, at, detail FROM twv_event"
    " WHERE call_sid = %s AND account_sid || '' = %s AND (at, event_key) > (%lld, %s)"
    " ORDER BY at, event_key LIMIT %lld",
    NULL};

apr_status_t twv_event_insert(twv_store_t *store, const twv_event_t *event, int *is_new)
{
    return twv_execute(store, &insert,
                       TWV_ARGS(event->call_sid, event->key, event->account_sid, event->session_sid,
                                event->kind, &event->at, event->detail),
                       is_new);
}

static twv_event_t *read_event(twv_rows_t *rows, apr_pool_t *p)
{
    twv_event_t *event = apr_palloc(p, sizeof(*event));

    event->call_sid = twv_rows_text(rows, 0);
    event->key = twv_rows_text(rows, 1);
    event->account_sid = twv_rows_text(rows, 2);
    event->session_sid = twv_rows_text(rows, 3);
    event->kind = twv_rows_text(rows, 4);
    event->at = twv_rows_int(rows, 5);
    event->detail = twv_rows_text(rows, 6);
    return event;
}

apr_status_t twv_event_list(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                            const char *call_sid, twv_ms_t after_at, const char *after_key,
                            int limit, apr_array_header_t **events)
{
    twv_ms_t above = after_key ? after_at : -1;
    apr_int64_t count = limit;
    twv_rows_t *rows;
    apr_status_t rv = twv_query(
        store, p, &list,
        TWV_ARGS(call_sid, account_sid, &above, after_key ? after_key : "-", &count), &rows);

    *events = apr_array_make(p, 16, sizeof(twv_event_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        APR_ARRAY_PUSH(*events, twv_event_t *) = read_event(rows, p);
    }
    return rv;
}
