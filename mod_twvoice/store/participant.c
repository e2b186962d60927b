/*
 * Participants: rows of twv_participant. Results live in the pool that is passed; no state of its
 * own.
 */
#include "store/participant.h"

#include "store/columns.h"
#include "store/number_use.h"
#include "store/pair.h"

static const twv_statement_t insert = {
    "insert participant",
    "INSERT INTO twv_participant (" TWV_PARTICIPANT_COLUMNS(
        "") ", active, pin, exclusive_key)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %lld, %lld, %lld, 1, %s, %s)"
            " ON CONFLICT DO NOTHING",
    NULL};

static const twv_statement_t find_identifier = {
    "find identifier in session",
    "SELECT 1 FROM twv_participant WHERE session_sid = %s AND identifier = %s", NULL};

static const twv_statement_t find = {
    "find participant",
    "SELECT " TWV_PARTICIPANT_COLUMNS("") " FROM twv_participant"
                                          " WHERE sid = %s AND session_sid = %s",
    NULL};

static const twv_statement_t of_session = {
    "participants of session",
    "SELECT " TWV_PARTICIPANT_COLUMNS("") " FROM twv_participant"
                                          " WHERE session_sid = %s AND date_deleted IS NULL ORDER "
                                          "BY date_created, sid LIMIT 1000",
    NULL};

static const twv_statement_t list = {
    "list participants",
    "SELECT " TWV_PARTICIPANT_COLUMNS("") " FROM twv_participant"
                                          " WHERE session_sid = %s AND date_deleted IS NULL AND "
                                          "sid < %s ORDER BY sid DESC LIMIT %lld",
    NULL};

static const twv_statement_t delete = {
    "delete participant",
    "UPDATE twv_participant SET date_deleted = %lld, date_updated = %lld, active = 0,"
    " exclusive_key = NULL WHERE sid = %s AND session_sid = %s AND date_deleted IS NULL",
    NULL};

/* The session first: whoever closes it counts the use of its numbers, too. */
static const twv_statement_t lock_session = {
    "lock session of participant", "",
    "SELECT 1 FROM twv_session WHERE sid = %s FOR NO KEY UPDATE"};

static const twv_statement_t find_in_use = {
    "find what a participant uses",
    "SELECT account_sid, proxy_identifier, active FROM twv_participant"
    " WHERE sid = %s AND session_sid = %s AND date_deleted IS NULL",
    NULL};

static const twv_statement_t paired_numbers = {
    "paired numbers",
    "SELECT DISTINCT proxy_identifier FROM twv_participant"
    " WHERE identifier = %s AND active = 1 AND account_sid = %s AND proxy_identifier IS NOT NULL",
    NULL};

static const twv_statement_t last_number = {
    "last number",
    "SELECT proxy_identifier FROM twv_participant WHERE service_sid = %s AND identifier = %s"
    " AND proxy_identifier IS NOT NULL ORDER BY sid DESC LIMIT 1",
    NULL};

int twv_participant_read(twv_rows_t *rows, int column, twv_participant_t *participant)
{
    participant->sid = twv_rows_text(rows, column++);
    participant->account_sid = twv_rows_text(rows, column++);
    participant->service_sid = twv_rows_text(rows, column++);
    participant->session_sid = twv_rows_text(rows, column++);
    participant->identifier = twv_rows_text(rows, column++);
    participant->friendly_name = twv_rows_text(rows, column++);
    participant->proxy_identifier = twv_rows_text(rows, column++);
    participant->proxy_identifier_sid = twv_rows_text(rows, column++);
    participant->date_deleted = twv_rows_int(rows, column++);
    participant->date_created = twv_rows_int(rows, column++);
    participant->date_updated = twv_rows_int(rows, column++);
    return column;
}

/* Whether another active session stands in the way; *key is set for an exclusive pair only. */
static apr_status_t claim_pair(twv_store_t *store, apr_pool_t *p, const twv_participant_t *a,
                               int exclusive, const char **key, int *conflict)
{
    const char *pair;
    apr_status_t rv;

    *key = NULL;
    *conflict = 0;
    if (!a->proxy_identifier) {
        return APR_SUCCESS;
    }
    pair = twv_pair_key(p, a->account_sid, a->identifier, a->proxy_identifier);
    rv = twv_pair_lock(store, p, pair);
    if (rv == APR_SUCCESS && exclusive) {
        *key = pair;
        rv = twv_pair_find_conflict(store, p, a->account_sid, a->identifier, a->proxy_identifier,
                                    conflict);
    }
    return rv;
}

apr_status_t twv_participant_insert(twv_store_t *store, apr_pool_t *p, const twv_participant_t *a,
                                    const char *session_pin, int exclusive,
                                    twv_participant_insert_t *outcome)
{
    const char *key;
    int exists;
    apr_status_t rv = twv_query_exists(store, p, &find_identifier,
                                       TWV_ARGS(a->session_sid, a->identifier), &exists);

    if (rv != APR_SUCCESS || exists) {
        *outcome = TWV_PARTICIPANT_DUPLICATE;
        return rv;
    }
    rv = claim_pair(store, p, a, exclusive, &key, &exists);
    if (rv == APR_SUCCESS && !exists) {
        int changed;

        rv = twv_execute(store, &insert,
                         TWV_ARGS(a->sid, a->account_sid, a->service_sid, a->session_sid,
                                  a->identifier, a->friendly_name, a->proxy_identifier,
                                  a->proxy_identifier_sid, twv_time_arg(&a->date_deleted),
                                  &a->date_created, &a->date_updated, session_pin, key),
                         &changed);
        exists = !changed;
    }
    *outcome = exists ? TWV_PARTICIPANT_CONFLICT : TWV_PARTICIPANT_INSERTED;
    if (rv == APR_SUCCESS && !exists && a->proxy_identifier) {
        rv = twv_number_count_participant(store, a->account_sid, a->session_sid, a->sid,
                                          a->proxy_identifier, 1);
    }
    return rv;
}

apr_status_t twv_participant_find(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *sid, twv_participant_t **participant)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &find, TWV_ARGS(sid, session_sid), &rows);

    *participant = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *participant = apr_palloc(p, sizeof(**participant));
        twv_participant_read(rows, 0, *participant);
    }
    return rv;
}

static apr_status_t read_all(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                             const void **args, apr_array_header_t **participants)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, args, &rows);

    *participants = apr_array_make(p, 4, sizeof(twv_participant_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        twv_participant_t *participant = apr_palloc(p, sizeof(*participant));

        twv_participant_read(rows, 0, participant);
        APR_ARRAY_PUSH(*participants, twv_participant_t *) = participant;
    }
    return rv;
}

apr_status_t twv_participant_of_session(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                        apr_array_header_t **participants)
{
    return read_all(store, p, &of_session, TWV_ARGS(session_sid), participants);
}

apr_status_t twv_participant_list(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *after, int limit, apr_array_header_t **participants)
{
    apr_int64_t count = limit;

    return read_all(store, p, &list,
                    TWV_ARGS(session_sid, after ? after : TWV_AFTER_ALL_SIDS, &count),
                    participants);
}

apr_status_t twv_participant_delete(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                    const char *sid, twv_ms_t now, int *found)
{
    const char *account_sid;
    const char *proxy_identifier;
    int active;
    twv_rows_t *rows;
    apr_status_t rv = APR_SUCCESS;

    *found = 0;
    if (twv_store_is_postgresql(store)) {
        rv = twv_query(store, p, &lock_session, TWV_ARGS(session_sid), &rows);
    }
    if (rv == APR_SUCCESS) {
        rv = twv_query(store, p, &find_in_use, TWV_ARGS(sid, session_sid), &rows);
    }
    if (rv != APR_SUCCESS || !twv_rows_next(rows)) {
        return rv;
    }
    account_sid = twv_rows_text(rows, 0);
    proxy_identifier = twv_rows_text(rows, 1);
    active = twv_rows_int(rows, 2) == 1;
    rv = twv_execute(store, &delete, TWV_ARGS(&now, &now, sid, session_sid), found);
    if (rv == APR_SUCCESS && active && proxy_identifier) {
        rv = twv_number_count_participant(store, account_sid, session_sid, sid, proxy_identifier,
                                          -1);
    }
    return rv;
}

apr_status_t twv_participant_paired_numbers(twv_store_t *store, apr_pool_t *p,
                                            const char *account_sid, const char *identifier,
                                            apr_array_header_t **numbers)
{
    twv_rows_t *rows;
    apr_status_t rv =
        twv_query(store, p, &paired_numbers, TWV_ARGS(identifier, account_sid), &rows);

    *numbers = apr_array_make(p, 4, sizeof(const char *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        APR_ARRAY_PUSH(*numbers, const char *) = twv_rows_text(rows, 0);
    }
    return rv;
}

apr_status_t twv_participant_last_number(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                                         const char *identifier, const char **number)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &last_number, TWV_ARGS(service_sid, identifier), &rows);

    *number = rv == APR_SUCCESS && twv_rows_next(rows) ? twv_rows_text(rows, 0) : NULL;
    return rv;
}
