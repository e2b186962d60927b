/*
 * How sessions change as time passes: interactions, expiry, retention. Results live in the pool
 * that is passed; no state of its own.
 */
#include "store/session.h"

#include "store/columns.h"
#include "store/number_use.h"

/* A date_expiry stays; a ttl counts from the last interaction (Proxy's rule for its sessions).
 * A report that comes late moves nothing backwards. */
static const twv_statement_t touch = {
    "note interaction of session",
    "UPDATE twv_session SET status = 'in-progress', date_started = coalesce(date_started, %lld),"
    " date_last_interaction = CASE WHEN date_last_interaction >= %lld"
    " THEN date_last_interaction ELSE %lld END,"
    " expires_at = CASE WHEN date_expiry IS NOT NULL OR ttl = 0 OR expires_at > %lld + ttl * 1000"
    " THEN expires_at ELSE %lld + ttl * 1000 END"
    " WHERE sid = %s AND " TWV_IS_ACTIVE(""),
    NULL};

static const twv_statement_t find_expired = {
    "find expired sessions",
    "SELECT sid FROM twv_session WHERE expires_at <= %lld AND " TWV_IS_ACTIVE(
        "") " ORDER BY expires_at LIMIT %lld",
    NULL};

static const twv_statement_t expire = {
    "close expired session",
    "UPDATE twv_session SET status = 'closed', closed_reason ="
    " CASE WHEN date_expiry IS NULL THEN 'ttl-expired' ELSE 'date-expiry' END,"
    " date_ended = expires_at, date_updated = %lld"
    " WHERE sid = %s AND expires_at <= %lld AND " TWV_IS_ACTIVE("") " RETURNING account_sid",
    NULL};

static const twv_statement_t deactivate = {
    "deactivate participants",
    "UPDATE twv_participant SET active = 0, exclusive_key = NULL WHERE session_sid = %s", NULL};

static const twv_statement_t purge = {
    "purge sessions",
    "DELETE FROM twv_session WHERE sid IN (SELECT sid FROM twv_session WHERE account_sid = %s"
    " AND status = 'closed' AND date_ended < %lld ORDER BY date_ended LIMIT %lld)",
    NULL};

apr_status_t twv_session_touch(twv_store_t *store, const char *sid, twv_ms_t now, int *changed)
{
    return twv_execute(store, &touch, TWV_ARGS(&now, &now, &now, &now, &now, sid), changed);
}

apr_status_t twv_session_expired(twv_store_t *store, apr_pool_t *p, twv_ms_t now, int limit,
                                 apr_array_header_t **sids)
{
    apr_int64_t count = limit;
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &find_expired, TWV_ARGS(&now, &count), &rows);

    *sids = apr_array_make(p, 16, sizeof(const char *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        APR_ARRAY_PUSH(*sids, const char *) = twv_rows_text(rows, 0);
    }
    return rv;
}

apr_status_t twv_session_expire(twv_store_t *store, apr_pool_t *p, const char *sid, twv_ms_t now,
                                int *closed)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &expire, TWV_ARGS(&now, sid, &now), &rows);

    *closed = 0;
    if (rv != APR_SUCCESS || !twv_rows_next(rows)) {
        return rv;
    }
    *closed = 1;
    rv = twv_number_count_session(store, twv_rows_text(rows, 0), sid, -1);
    if (rv == APR_SUCCESS) {
        rv = twv_execute(store, &deactivate, TWV_ARGS(sid), NULL);
    }
    return rv;
}

apr_status_t twv_session_purge(twv_store_t *store, const char *account_sid, twv_ms_t before,
                               int limit, int *deleted)
{
    apr_int64_t count = limit;

    return twv_execute(store, &purge, TWV_ARGS(account_sid, &before, &count), deleted);
}
