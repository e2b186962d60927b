/*
 * Legs: merging what is reported of a call, and the single row of twv_call. Lists and retention are
 * in call_list.c. Results live in the pool that is passed; no state of its own.
 *
 * A merge has the same result in whatever order reports come and however often: each column keeps
 * the smaller or the greater of two values. Texts that differ keep the smaller (of SIDs of ours the
 * one made first); they do not differ unless Twilio contradicts itself.
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

#define KEEP_SMALLER(c)                                                                            \
    c " = CASE WHEN twv_call." c " IS NULL OR excluded." c " < twv_call." c " THEN excluded." c    \
      " ELSE twv_call." c " END"

#define KEEP_GREATER(c)                                                                            \
    c " = CASE WHEN twv_call." c " IS NULL OR excluded." c " > twv_call." c " THEN excluded." c    \
      " ELSE twv_call." c " END"

#define INSERT_CALL                                                                                \
    "INSERT INTO twv_call (" TWV_CALL_COLUMNS ", status_rank) VALUES (%s, %s, %s, %s, %s, %s, %s," \
    " %s, %s, %s, %s, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld)"

static const twv_statement_t insert = {"insert call", INSERT_CALL " ON CONFLICT (sid) DO NOTHING",
                                       NULL};

static const twv_statement_t lock = {
    "lock call", "SELECT account_sid, status FROM twv_call WHERE sid = %s",
    "SELECT account_sid, status FROM twv_call WHERE sid = %s FOR NO KEY UPDATE"};

/* Laid out by hand: the formatter does not know strings that macros are between. */
/* clang-format off */
static const twv_statement_t merge = {
    "merge call",
    INSERT_CALL " ON CONFLICT (sid) DO UPDATE SET "
    KEEP_SMALLER("parent_call_sid") ", "
    KEEP_SMALLER("service_sid") ", "
    KEEP_SMALLER("session_sid") ", "
    KEEP_SMALLER("interaction_sid") ", "
    KEEP_SMALLER("participant_sid") ", "
    KEEP_SMALLER("from_number") ", "
    KEEP_SMALLER("to_number") ", "
    KEEP_SMALLER("direction") ", "
    "status = CASE WHEN excluded.status_rank > twv_call.status_rank"
    " THEN excluded.status ELSE twv_call.status END, "
    KEEP_SMALLER("initiated_at") ", "
    KEEP_SMALLER("ringing_at") ", "
    KEEP_SMALLER("answered_at") ", "
    KEEP_SMALLER("ended_at") ", "
    KEEP_SMALLER("observed_end_at") ", "
    KEEP_GREATER("duration") ", "
    KEEP_GREATER("pin_failures") ", "
    KEEP_SMALLER("date_created") ", "
    KEEP_GREATER("status_rank")
    " RETURNING " TWV_CALL_COLUMNS,
    NULL};
/* clang-format on */

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

int twv_call_status_is_further(const char *status, const char *other)
{
    return rank_of(status) > rank_of(other);
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

/* The leg exists. */
static apr_status_t merge_known(twv_store_t *store, apr_pool_t *p, const twv_call_t *report,
                                apr_int64_t rank, twv_call_t **merged, const char **before)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &lock, TWV_ARGS(report->sid), &rows);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (twv_rows_next(rows)) {
        if (strcmp(twv_rows_text(rows, 0), report->account_sid) != 0) {
            return TWV_STORE_REFUSED;
        }
        *before = twv_rows_text(rows, 1);
    }
    rv = twv_query(store, p, &merge, CALL_ARGS(report, rank), &rows);
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *merged = apr_palloc(p, sizeof(**merged));
        twv_call_read(rows, 0, *merged);
    }
    return rv;
}

apr_status_t twv_call_merge(twv_store_t *store, apr_pool_t *p, const twv_call_t *report,
                            int *is_new, twv_call_t **merged, const char **before)
{
    apr_int64_t rank = rank_of(report->status);
    apr_status_t rv = twv_execute(store, &insert, CALL_ARGS(report, rank), is_new);

    *merged = NULL;
    *before = NULL;
    if (rv == APR_SUCCESS && *is_new) {
        *merged = apr_pmemdup(p, report, sizeof(*report));
    } else if (rv == APR_SUCCESS) {
        rv = merge_known(store, p, report, rank, merged, before);
    }
    return rv;
}

apr_status_t twv_call_find(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                           const char *sid, twv_call_t **call)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &find, TWV_ARGS(sid, account_sid), &rows);

    *call = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *call = apr_palloc(p, sizeof(**call));
        twv_call_read(rows, 0, *call);
    }
    return rv;
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
