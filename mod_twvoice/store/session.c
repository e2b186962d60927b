/*
 * Sessions: rows of twv_session, and what of their participants and numbers depends on them. Time
 * passing is in session_life.c. Results live in the pool that is passed; no state of its own.
 */
#include "store/session.h"

#include <string.h>

#include "store/columns.h"
#include "store/number_use.h"
#include "store/pair.h"

static const twv_statement_t insert = {"insert session",
                                       "INSERT INTO twv_session (" TWV_SESSION_COLUMNS(
                                           "") ")"
                                               " VALUES (%s, %s, %s, %s, %s, %s, %s, %lld, %lld, "
                                               "%lld, %lld, %lld, %lld, %lld, %lld, %s, %s,"
                                               " %lld, %lld, %s) ON CONFLICT DO NOTHING",
                                       NULL};

static const twv_statement_t find_same_name = {
    "find session with this name",
    "SELECT 1 FROM twv_session WHERE service_sid = %s AND unique_name = %s AND sid <> %s", NULL};

static const twv_statement_t find_same_pin = {
    "find active session with this PIN",
    "SELECT 1 FROM twv_session WHERE account_sid = %s AND pin = %s AND sid <> %s"
    " AND " TWV_IS_ACTIVE(""),
    NULL};

static const twv_statement_t update = {
    "update session",
    "UPDATE twv_session SET unique_name = %s, status = %s, closed_reason = %s, mode = %s,"
    " ttl = %lld, date_started = %lld, date_ended = %lld, date_last_interaction = %lld,"
    " date_expiry = %lld, expires_at = %lld, date_updated = %lld, call_mode = %s, pin = %s,"
    " call_time_limit = %lld, ring_timeout = %lld, language = %s WHERE sid = %s",
    NULL};

/* The key of twv_pair_key(), for those that shall be exclusive. */
static const twv_statement_t update_participants = {
    "update session's participants",
    "UPDATE twv_participant SET pin = %s,"
    " active = CASE WHEN date_deleted IS NULL THEN %lld ELSE 0 END,"
    " exclusive_key = CASE WHEN date_deleted IS NULL AND %lld = 1"
    " THEN account_sid || '|' || identifier || '|' || proxy_identifier END"
    " WHERE session_sid = %s",
    "UPDATE twv_participant SET pin = %s,"
    " active = CASE WHEN date_deleted IS NULL THEN CAST(%lld AS BIGINT) ELSE 0 END,"
    " exclusive_key = CASE WHEN date_deleted IS NULL AND CAST(%lld AS BIGINT) = 1"
    " THEN account_sid || '|' || identifier || '|' || proxy_identifier END"
    " WHERE session_sid = %s"};

static const twv_statement_t update_pin = {
    "update PIN of session's participants",
    "UPDATE twv_participant SET pin = %s WHERE session_sid = %s", NULL};

static const twv_statement_t find_by_sid = {
    "find session",
    "SELECT " TWV_SESSION_COLUMNS("") " FROM twv_session WHERE sid = %s AND service_sid = %s",
    NULL};

static const twv_statement_t find_by_name = {
    "find session by name",
    "SELECT " TWV_SESSION_COLUMNS("") " FROM twv_session"
                                      " WHERE unique_name = %s AND service_sid = %s",
    NULL};

/* Not FOR UPDATE: inserting an interaction needs a lock on the session that only that excludes. */
static const twv_statement_t lock = {
    "lock session",
    "SELECT " TWV_SESSION_COLUMNS("") " FROM twv_session WHERE sid = %s AND service_sid = %s",
    "SELECT " TWV_SESSION_COLUMNS("") " FROM twv_session WHERE sid = %s AND service_sid = %s"
                                      " FOR NO KEY UPDATE"};

static const twv_statement_t delete = {
    "delete session", "DELETE FROM twv_session WHERE sid = %s AND service_sid = %s", NULL};

static const twv_statement_t list = {
    "list sessions",
    "SELECT " TWV_SESSION_COLUMNS("") " FROM twv_session WHERE service_sid = %s AND sid < %s"
                                      " ORDER BY sid DESC LIMIT %lld",
    NULL};

int twv_session_read(twv_rows_t *rows, int column, twv_session_t *session)
{
    session->sid = twv_rows_text(rows, column++);
    session->account_sid = twv_rows_text(rows, column++);
    session->service_sid = twv_rows_text(rows, column++);
    session->unique_name = twv_rows_text(rows, column++);
    session->status = twv_rows_text(rows, column++);
    session->closed_reason = twv_rows_text(rows, column++);
    session->mode = twv_rows_text(rows, column++);
    session->ttl = twv_rows_int(rows, column++);
    session->date_started = twv_rows_int(rows, column++);
    session->date_ended = twv_rows_int(rows, column++);
    session->date_last_interaction = twv_rows_int(rows, column++);
    session->date_expiry = twv_rows_int(rows, column++);
    session->expires_at = twv_rows_int(rows, column++);
    session->date_created = twv_rows_int(rows, column++);
    session->date_updated = twv_rows_int(rows, column++);
    session->call_mode = twv_rows_text(rows, column++);
    session->pin = twv_rows_text(rows, column++);
    session->call_time_limit = twv_rows_int(rows, column++);
    session->ring_timeout = twv_rows_int(rows, column++);
    session->language = twv_rows_text(rows, column++);
    return column;
}

static int is_active(const twv_session_t *session)
{
    return strcmp(session->status, "open") == 0 || strcmp(session->status, "in-progress") == 0;
}

static apr_status_t find_name(twv_store_t *store, const twv_session_t *s, int *taken)
{
    *taken = 0;
    if (!s->unique_name) {
        return APR_SUCCESS;
    }
    return twv_query_exists(store, twv_store_pool(store), &find_same_name,
                            TWV_ARGS(s->service_sid, s->unique_name, s->sid), taken);
}

static apr_status_t find_pin(twv_store_t *store, const twv_session_t *s, int *taken)
{
    *taken = 0;
    if (!s->pin || !is_active(s)) {
        return APR_SUCCESS;
    }
    return twv_query_exists(store, twv_store_pool(store), &find_same_pin,
                            TWV_ARGS(s->account_sid, s->pin, s->sid), taken);
}

apr_status_t twv_session_insert(twv_store_t *store, const twv_session_t *s, int *name_taken,
                                int *pin_taken)
{
    int changed;
    apr_status_t rv =
        twv_execute(store, &insert,
                    TWV_ARGS(s->sid, s->account_sid, s->service_sid, s->unique_name, s->status,
                             s->closed_reason, s->mode, &s->ttl, twv_time_arg(&s->date_started),
                             twv_time_arg(&s->date_ended), twv_time_arg(&s->date_last_interaction),
                             twv_time_arg(&s->date_expiry), twv_time_arg(&s->expires_at),
                             &s->date_created, &s->date_updated, s->call_mode, s->pin,
                             &s->call_time_limit, &s->ring_timeout, s->language),
                    &changed);

    *name_taken = 0;
    *pin_taken = 0;
    if (rv != APR_SUCCESS || changed) {
        return rv;
    }
    rv = find_name(store, s, name_taken);
    if (rv == APR_SUCCESS) {
        rv = find_pin(store, s, pin_taken);
    }
    if (rv == APR_SUCCESS && !*name_taken && !*pin_taken) {
        /* What was in the way has gone meanwhile (PostgreSQL): the second try will do. */
        return twv_store_give_up(store, "insert session: refused for no reason, or the SID exists");
    }
    return rv;
}

static apr_status_t write_session(twv_store_t *store, const twv_session_t *s)
{
    return twv_execute(store, &update,
                       TWV_ARGS(s->unique_name, s->status, s->closed_reason, s->mode, &s->ttl,
                                twv_time_arg(&s->date_started), twv_time_arg(&s->date_ended),
                                twv_time_arg(&s->date_last_interaction),
                                twv_time_arg(&s->date_expiry), twv_time_arg(&s->expires_at),
                                &s->date_updated, s->call_mode, s->pin, &s->call_time_limit,
                                &s->ring_timeout, s->language, s->sid),
                       NULL);
}

/* Numbers are counted while the participants are active: before closing, after reopening. */
static apr_status_t write_participants(twv_store_t *store, const twv_session_t *s, int was_active,
                                       int exclusive)
{
    apr_int64_t active = is_active(s);
    apr_int64_t has_key = active && exclusive;
    apr_status_t rv = APR_SUCCESS;

    if (active == was_active) {
        return twv_execute(store, &update_pin, TWV_ARGS(s->pin, s->sid), NULL);
    }
    if (was_active) {
        rv = twv_number_count_session(store, s->account_sid, s->sid, -1);
    }
    if (rv == APR_SUCCESS) {
        rv = twv_execute(store, &update_participants, TWV_ARGS(s->pin, &active, &has_key, s->sid),
                         NULL);
    }
    if (rv == APR_SUCCESS && active) {
        rv = twv_number_count_session(store, s->account_sid, s->sid, 1);
    }
    return rv;
}

apr_status_t twv_session_update(twv_store_t *store, apr_pool_t *p, const twv_session_t *session,
                                const twv_session_t *was, int exclusive, int *pin_taken,
                                int *conflict)
{
    apr_status_t rv;

    *conflict = 0;
    rv = find_pin(store, session, pin_taken);
    if (rv != APR_SUCCESS || *pin_taken) {
        return rv;
    }
    if (is_active(session) && !is_active(was)) {
        rv = twv_pair_lock_session(store, p, session->sid);
        if (rv == APR_SUCCESS && exclusive) {
            rv = twv_pair_find_session_conflict(store, p, session->sid, conflict);
        }
        if (rv != APR_SUCCESS || *conflict) {
            return rv;
        }
    }
    rv = write_session(store, session);
    if (rv == APR_SUCCESS &&
        (is_active(session) != is_active(was) ||
         strcmp(session->pin ? session->pin : "", was->pin ? was->pin : "") != 0)) {
        rv = write_participants(store, session, is_active(was), exclusive);
    }
    return rv;
}

static apr_status_t find(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                         const char *key, const char *service_sid, twv_session_t **session)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, TWV_ARGS(key, service_sid), &rows);

    *session = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *session = apr_palloc(p, sizeof(**session));
        twv_session_read(rows, 0, *session);
    }
    return rv;
}

apr_status_t twv_session_find(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              const char *sid_or_name, twv_session_t **session)
{
    apr_status_t rv = find(store, p, &find_by_sid, sid_or_name, service_sid, session);

    if (rv == APR_SUCCESS && !*session) {
        rv = find(store, p, &find_by_name, sid_or_name, service_sid, session);
    }
    return rv;
}

apr_status_t twv_session_lock(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              const char *sid, twv_session_t **session)
{
    return find(store, p, &lock, sid, service_sid, session);
}

apr_status_t twv_session_delete(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                                const char *sid, int *found)
{
    twv_session_t *session;
    apr_status_t rv = twv_session_lock(store, p, service_sid, sid, &session);

    *found = 0;
    if (rv != APR_SUCCESS || !session) {
        return rv;
    }
    if (is_active(session)) {
        rv = twv_number_count_session(store, session->account_sid, sid, -1);
    }
    if (rv == APR_SUCCESS) {
        rv = twv_execute(store, &delete, TWV_ARGS(sid, service_sid), found);
    }
    return rv;
}

apr_status_t twv_session_list(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              const char *after, int limit, apr_array_header_t **sessions)
{
    apr_int64_t count = limit;
    twv_rows_t *rows;
    apr_status_t rv = twv_query(
        store, p, &list, TWV_ARGS(service_sid, after ? after : TWV_AFTER_ALL_SIDS, &count), &rows);

    *sessions = apr_array_make(p, 16, sizeof(twv_session_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        twv_session_t *session = apr_palloc(p, sizeof(*session));

        twv_session_read(rows, 0, session);
        APR_ARRAY_PUSH(*sessions, twv_session_t *) = session;
    }
    return rv;
}
