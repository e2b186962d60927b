/*
 * Legs: merging what is reported of a call, and the single row of twv_call. Lists and retention are
 * in call_list.c. Results live in the pool that is passed; no state of its own.
 *
 * A merge has the same result in whatever order reports come and however often: of two times the
 * earlier stays, of two statuses the further one; whom a leg belongs to is written once.
 */
#include "store/call.h"

#include <string.h>

#include <apr_strings.h>

#include "store/columns.h"

/* The order from FIRST_FINAL up is a choice: final reports that contradict each other
 * have to end the same way in every order; the one that says most about the call wins. */
static const char *const statuses[] = {"queued", "initiated", "ringing", "in-progress", "canceled",
                                       "failed", "no-answer", "busy",    "completed",   NULL};

/* Rank of the first of the final ones; twv_call_live's condition has the same number. */
#define FIRST_FINAL 5

#define EARLIER(c)                                                                                 \
    c " = CASE WHEN " c " IS NULL OR CAST(%lld AS BIGINT) < " c                                    \
      " THEN CAST(%lld AS BIGINT) ELSE " c " END, "

#define INSERT_CALL                                                                                \
    "INSERT INTO twv_call (" TWV_CALL_COLUMNS ", status_rank) VALUES (%s, %s, %s, %s, %s, %s, %s," \
    " %s, %s, %s, %s, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld)"

static const twv_statement_t insert = {"insert call", INSERT_CALL " ON CONFLICT (sid) DO NOTHING",
                                       NULL};

/* No column of an index but the status is here: SQLite would write the index again. */
static const twv_statement_t merge = {
    "merge call",
    "UPDATE twv_call SET " EARLIER("initiated_at") EARLIER("ringing_at") EARLIER("answered_at")
        EARLIER("ended_at") EARLIER(
            "observed_end_at") "duration = CASE WHEN duration IS NULL OR CAST(%lld AS BIGINT) > "
                               "duration"
                               " THEN CAST(%lld AS BIGINT) ELSE duration END,"
                               " status = CASE WHEN CAST(%lld AS BIGINT) > status_rank THEN "
                               "CAST(%s AS TEXT) ELSE status END,"
                               " status_rank = CASE WHEN CAST(%lld AS BIGINT) > status_rank THEN "
                               "CAST(%lld AS BIGINT)"
                               " ELSE status_rank END"
                               " WHERE sid = %s AND account_sid = %s RETURNING " TWV_CALL_COLUMNS,
    NULL};

/* Whom a leg belongs to does not change once it is known. */
static const twv_statement_t complete = {
    "complete call",
    "UPDATE twv_call SET parent_call_sid = coalesce(parent_call_sid, %s),"
    " service_sid = coalesce(service_sid, %s), session_sid = coalesce(session_sid, %s),"
    " interaction_sid = coalesce(interaction_sid, %s),"
    " participant_sid = coalesce(participant_sid, %s), from_number = coalesce(from_number, %s),"
    " to_number = coalesce(to_number, %s), direction = coalesce(direction, %s)"
    " WHERE sid = %s RETURNING " TWV_CALL_COLUMNS,
    NULL};

static const twv_statement_t find = {
    "find call", "SELECT " TWV_CALL_COLUMNS " FROM twv_call WHERE sid = %s AND account_sid = %s",
    NULL};

static const twv_statement_t add_pin_failure = {
    "count PIN failure", "UPDATE twv_call SET pin_failures = pin_failures + 1 WHERE sid = %s",
    NULL};

static const twv_statement_t count_pin_failures = {
    "sum of PIN failures",
    "SELECT coalesce(sum(pin_failures), 0) FROM twv_call"
    " WHERE account_sid = %s AND from_number = %s AND date_created >= %lld",
    NULL};

int twv_call_read(twv_rows_t *rows, int column, twv_call_t *call)
{
    call->sid = twv_rows_text(rows, column++);
    call->account_sid = twv_rows_text(rows, column++);
    call->parent_call_sid = twv_rows_text(rows, column++);
    call->service_sid = twv_rows_text(rows, column++);
    call->session_sid = twv_rows_text(rows, column++);
    call->interaction_sid = twv_rows_text(rows, column++);
    call->participant_sid = twv_rows_text(rows, column++);
    call->from_number = twv_rows_text(rows, column++);
    call->to_number = twv_rows_text(rows, column++);
    call->direction = twv_rows_text(rows, column++);
    call->status = twv_rows_text(rows, column++);
    call->initiated_at = twv_rows_int(rows, column++);
    call->ringing_at = twv_rows_int(rows, column++);
    call->answered_at = twv_rows_int(rows, column++);
    call->ended_at = twv_rows_int(rows, column++);
    call->observed_end_at = twv_rows_int(rows, column++);
    call->duration = twv_rows_is_null(rows, column) ? -1 : twv_rows_int(rows, column);
    column++;
    call->pin_failures = twv_rows_int(rows, column++);
    call->date_created = twv_rows_int(rows, column++);
    return column;
}

static apr_int64_t rank_of(const char *status)
{
    for (int i = 0; status && statuses[i]; i++) {
        if (strcmp(status, statuses[i]) == 0) {
            return i + 1;
        }
    }
    return 0;
}

int twv_call_status_is_final(const char *status)
{
    return rank_of(status) >= FIRST_FINAL;
}

twv_ms_t twv_call_start_time(const twv_call_t *call)
{
    if (call->initiated_at) {
        return call->initiated_at;
    }
    return call->ringing_at ? call->ringing_at : call->date_created;
}

twv_ms_t twv_call_answer_time(const twv_call_t *call)
{
    if (call->answered_at || call->duration <= 0 || !call->ended_at) {
        return call->answered_at;
    }
    return call->ended_at - call->duration * 1000;
}

twv_ms_t twv_call_end_time(const twv_call_t *call)
{
    if (call->ended_at) {
        return call->ended_at;
    }
    if (call->answered_at && call->duration >= 0 && twv_call_status_is_final(call->status)) {
        return call->answered_at + call->duration * 1000;
    }
    return call->observed_end_at;
}

/* Arguments of INSERT_CALL. */
#define CALL_ARGS(c, rank)                                                                         \
    TWV_ARGS((c)->sid, (c)->account_sid, (c)->parent_call_sid, (c)->service_sid, (c)->session_sid, \
             (c)->interaction_sid, (c)->participant_sid, (c)->from_number, (c)->to_number,         \
             (c)->direction, (c)->status, twv_time_arg(&(c)->initiated_at),                        \
             twv_time_arg(&(c)->ringing_at), twv_time_arg(&(c)->answered_at),                      \
             twv_time_arg(&(c)->ended_at), twv_time_arg(&(c)->observed_end_at),                    \
             (c)->duration < 0 ? NULL : &(c)->duration, &(c)->pin_failures, &(c)->date_created,    \
             &(rank))

static apr_status_t query_call(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                               const void **args, twv_call_t **call)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, args, &rows);

    *call = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *call = apr_palloc(p, sizeof(**call));
        twv_call_read(rows, 0, *call);
    }
    return rv;
}

/* Whether the report knows whom the leg belongs to and the row does not. */
static int completes(const twv_call_t *report, const twv_call_t *known)
{
    return (report->parent_call_sid && !known->parent_call_sid) ||
           (report->service_sid && !known->service_sid) ||
           (report->session_sid && !known->session_sid) ||
           (report->interaction_sid && !known->interaction_sid) ||
           (report->participant_sid && !known->participant_sid) ||
           (report->from_number && !known->from_number) ||
           (report->to_number && !known->to_number) || (report->direction && !known->direction);
}

/* The leg exists. */
static apr_status_t merge_known(twv_store_t *store, apr_pool_t *p, const twv_call_t *r,
                                apr_int64_t rank, twv_call_t **merged)
{
    const void *initiated_at = twv_time_arg(&r->initiated_at);
    const void *ringing_at = twv_time_arg(&r->ringing_at);
    const void *answered_at = twv_time_arg(&r->answered_at);
    const void *ended_at = twv_time_arg(&r->ended_at);
    const void *observed_end_at = twv_time_arg(&r->observed_end_at);
    const void *duration = r->duration < 0 ? NULL : &r->duration;
    apr_status_t rv = query_call(store, p, &merge,
                                 TWV_ARGS(initiated_at, initiated_at, ringing_at, ringing_at,
                                          answered_at, answered_at, ended_at, ended_at,
                                          observed_end_at, observed_end_at, duration, duration,
                                          &rank, r->status, &rank, &rank, r->sid, r->account_sid),
                                 merged);

    if (rv == APR_SUCCESS && !*merged) {
        return TWV_STORE_REFUSED;
    }
    if (rv == APR_SUCCESS && completes(r, *merged)) {
        rv = query_call(store, p, &complete,
                        TWV_ARGS(r->parent_call_sid, r->service_sid, r->session_sid,
                                 r->interaction_sid, r->participant_sid, r->from_number,
                                 r->to_number, r->direction, r->sid),
                        merged);
    }
    return rv;
}

apr_status_t twv_call_merge(twv_store_t *store, apr_pool_t *p, const twv_call_t *report,
                            twv_call_t **merged)
{
    apr_int64_t rank = rank_of(report->status);
    int is_new;
    apr_status_t rv = twv_execute(store, &insert, CALL_ARGS(report, rank), &is_new);

    *merged = NULL;
    if (rv == APR_SUCCESS && is_new) {
        *merged = apr_pmemdup(p, report, sizeof(*report));
    } else if (rv == APR_SUCCESS) {
        rv = merge_known(store, p, report, rank, merged);
    }
    return rv;
}

apr_status_t twv_call_find(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                           const char *sid, twv_call_t **call)
{
    return query_call(store, p, &find, TWV_ARGS(sid, account_sid), call);
}

apr_status_t twv_call_add_pin_failure(twv_store_t *store, const char *sid)
{
    return twv_execute(store, &add_pin_failure, TWV_ARGS(sid), NULL);
}

apr_status_t twv_call_count_pin_failures(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                         const char *from_number, twv_ms_t since,
                                         apr_int64_t *count)
{
    twv_rows_t *rows;
    apr_status_t rv =
        twv_query(store, p, &count_pin_failures, TWV_ARGS(account_sid, from_number, &since), &rows);

    *count = rv == APR_SUCCESS && twv_rows_next(rows) ? twv_rows_int(rows, 0) : 0;
    return rv;
}
