/*
 * Lists of legs, each along the index of its narrowest filter, and their retention. Results live in
 * the pool that is passed; no state of its own.
 */
#include "store/call.h"

#include "store/columns.h"

/* What narrows the list comes first with its index; the rest is looked at row by row. The end of
 * the range is one (date, SID), which is below the page before and below start_before. */
#define LIST(where)                                                                                \
    "SELECT " TWV_CALL_COLUMNS " FROM twv_call WHERE " where                                       \
    " AND date_created >= %lld AND (date_created, sid) < (%lld, %s)"                               \
    " AND (CAST(%s AS TEXT) IS NULL OR session_sid = CAST(%s AS TEXT))"                            \
    " AND (CAST(%s AS TEXT) IS NULL OR from_number = CAST(%s AS TEXT))"                            \
    " AND (CAST(%s AS TEXT) IS NULL OR to_number = CAST(%s AS TEXT))"                              \
    " AND (CAST(%s AS TEXT) IS NULL OR status = CAST(%s AS TEXT))"                                 \
    " ORDER BY date_created DESC, sid DESC LIMIT %lld"

static const twv_statement_t list_all = {"list calls", LIST("account_sid = %s"), NULL};

/* Legs that are not over are few, and stand in an index of their own. */
static const twv_statement_t list_live = {"list live calls",
                                          LIST("account_sid = %s AND status_rank < 5"), NULL};

/* "|| ''" leaves the planner only the index on sessions. */
static const twv_statement_t list_of_session = {
    "list calls of session", LIST("account_sid || '' = %s AND session_sid = %s"), NULL};

static const twv_statement_t list_from = {"list calls from number",
                                          LIST("account_sid = %s AND from_number = %s"), NULL};

static const twv_statement_t list_to = {"list calls to number",
                                        LIST("account_sid = %s AND to_number = %s"), NULL};

static const twv_statement_t purge_events = {
    "purge events of calls",
    "DELETE FROM twv_event WHERE call_sid IN (SELECT sid FROM twv_call"
    " WHERE account_sid = %s AND date_created < %lld ORDER BY date_created, sid LIMIT %lld)",
    NULL};

static const twv_statement_t purge_calls = {
    "purge calls",
    "DELETE FROM twv_call WHERE sid IN (SELECT sid FROM twv_call"
    " WHERE account_sid = %s AND date_created < %lld ORDER BY date_created, sid LIMIT %lld)",
    NULL};

/* Events of messages have no row in twv_call. */
static const twv_statement_t purge_messages = {
    "purge events of messages",
    "DELETE FROM twv_event WHERE substr(call_sid, 1, 2) <> 'CA' AND account_sid = %s"
    " AND at < %lld",
    NULL};

static apr_status_t query(twv_store_t *store, apr_pool_t *p, const twv_call_filter_t *f,
                          apr_int64_t limit, twv_rows_t **rows)
{
    const twv_statement_t *statement = &list_all;
    const char *key = NULL;
    twv_ms_t below = f->start_before ? f->start_before : APR_INT64_MAX;
    const char *below_sid = TWV_BEFORE_ALL_SIDS;
    const void *args[16];
    int n = 0;

    if (f->after_sid && f->after_date < below) {
        below = f->after_date;
        below_sid = f->after_sid;
    }
    if (f->session_sid) {
        statement = &list_of_session;
        key = f->session_sid;
    } else if (f->from_number) {
        statement = &list_from;
        key = f->from_number;
    } else if (f->to_number) {
        statement = &list_to;
        key = f->to_number;
    } else if (f->status && !twv_call_status_is_final(f->status)) {
        statement = &list_live;
    }
    args[n++] = f->account_sid;
    if (key) {
        args[n++] = key;
    }
    args[n++] = &f->start_from;
    args[n++] = &below;
    args[n++] = below_sid;
    for (int twice = 0; twice < 2; twice++, n++) {
        args[n] = f->session_sid;
        args[n + 2] = f->from_number;
        args[n + 4] = f->to_number;
        args[n + 6] = f->status;
    }
    n += 6;
    args[n] = &limit;
    return twv_query(store, p, statement, args, rows);
}

apr_status_t twv_call_list(twv_store_t *store, apr_pool_t *p, const twv_call_filter_t *filter,
                           int limit, apr_array_header_t **calls)
{
    twv_rows_t *rows;
    apr_status_t rv = query(store, p, filter, limit, &rows);

    *calls = apr_array_make(p, 16, sizeof(twv_call_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        twv_call_t *call = apr_palloc(p, sizeof(*call));

        twv_call_read(rows, 0, call);
        APR_ARRAY_PUSH(*calls, twv_call_t *) = call;
    }
    return rv;
}

apr_status_t twv_call_purge(twv_store_t *store, const char *account_sid, twv_ms_t before, int limit,
                            int *deleted)
{
    apr_int64_t count = limit;
    const void **args = TWV_ARGS(account_sid, &before, &count);
    apr_status_t rv = twv_execute(store, &purge_events, args, NULL);

    *deleted = 0;
    if (rv == APR_SUCCESS) {
        rv = twv_execute(store, &purge_messages, args, NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = twv_execute(store, &purge_calls, args, deleted);
    }
    return rv;
}
