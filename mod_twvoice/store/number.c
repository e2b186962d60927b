/*
 * Proxy numbers of services: rows of twv_number, and how many active sessions use each. Results
 * live in the pool that is passed; no state of its own.
 */
#include "store/number.h"

#include "store/columns.h"
#include "store/number_use.h"

/* A number may come back while sessions of another service still use it. */
static const twv_statement_t insert = {
    "insert number",
    "INSERT INTO twv_number (" TWV_NUMBER_COLUMNS ") VALUES (%s, %s, %s, %s, %lld,"
    " (SELECT count(DISTINCT session_sid) FROM twv_participant"
    " WHERE active = 1 AND proxy_identifier = %s AND account_sid = %s), %lld, %lld)"
    " ON CONFLICT DO NOTHING",
    NULL};

static const twv_statement_t find_by_sid = {
    "find number",
    "SELECT " TWV_NUMBER_COLUMNS " FROM twv_number WHERE service_sid = %s AND sid = %s", NULL};

static const twv_statement_t find_by_phone = {
    "find number by phone number",
    "SELECT " TWV_NUMBER_COLUMNS " FROM twv_number WHERE account_sid = %s AND phone_number = %s",
    NULL};

static const twv_statement_t set_reserved = {
    "reserve number",
    "UPDATE twv_number SET is_reserved = %lld, date_updated = %lld"
    " WHERE service_sid = %s AND sid = %s",
    NULL};

static const twv_statement_t delete = {
    "delete number", "DELETE FROM twv_number WHERE service_sid = %s AND sid = %s", NULL};

static const twv_statement_t list = {"list numbers",
                                     "SELECT " TWV_NUMBER_COLUMNS
                                     " FROM twv_number WHERE service_sid = %s AND sid > %s"
                                     " ORDER BY sid LIMIT %lld",
                                     NULL};

static const twv_statement_t count = {
    "count numbers",
    "SELECT coalesce(sum(is_reserved), 0), count(*) FROM twv_number WHERE service_sid = %s", NULL};

/* "|| ''" keeps the planner from the index on numbers, which may have a million rows for one. */
static const twv_statement_t count_participant = {
    "count use of number",
    "UPDATE twv_number SET in_use ="
    " CASE WHEN in_use + %lld > 0 THEN in_use + %lld ELSE 0 END"
    " WHERE account_sid = %s AND phone_number = %s AND NOT EXISTS (SELECT 1 FROM twv_participant"
    " WHERE session_sid = %s AND proxy_identifier || '' = %s AND active = 1 AND sid <> %s)",
    NULL};

static const twv_statement_t count_session = {
    "count use of a session's numbers",
    "UPDATE twv_number SET in_use ="
    " CASE WHEN in_use + %lld > 0 THEN in_use + %lld ELSE 0 END"
    " WHERE account_sid = %s AND phone_number IN (SELECT proxy_identifier FROM twv_participant"
    " WHERE session_sid = %s AND active = 1)",
    NULL};

static const twv_statement_t release_service = {
    "release a service's numbers",
    "UPDATE twv_number SET in_use = in_use - (SELECT count(DISTINCT session_sid)"
    " FROM twv_participant WHERE active = 1 AND proxy_identifier = twv_number.phone_number"
    " AND account_sid = twv_number.account_sid AND service_sid = %s)"
    " WHERE account_sid = %s AND service_sid <> %s AND in_use > 0",
    NULL};

int twv_number_read(twv_rows_t *rows, int column, twv_number_t *number)
{
    number->sid = twv_rows_text(rows, column++);
    number->account_sid = twv_rows_text(rows, column++);
    number->service_sid = twv_rows_text(rows, column++);
    number->phone_number = twv_rows_text(rows, column++);
    number->is_reserved = twv_rows_int(rows, column++);
    number->in_use = twv_rows_int(rows, column++);
    number->date_created = twv_rows_int(rows, column++);
    number->date_updated = twv_rows_int(rows, column++);
    return column;
}

apr_status_t twv_number_insert(twv_store_t *store, const twv_number_t *n, int *taken)
{
    int changed;
    apr_status_t rv = twv_execute(store, &insert,
                                  TWV_ARGS(n->sid, n->account_sid, n->service_sid, n->phone_number,
                                           &n->is_reserved, n->phone_number, n->account_sid,
                                           &n->date_created, &n->date_updated),
                                  &changed);

    *taken = !changed;
    return rv;
}

static apr_status_t find(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                         const char *owner_sid, const char *key, twv_number_t **number)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, TWV_ARGS(owner_sid, key), &rows);

    *number = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *number = apr_palloc(p, sizeof(**number));
        twv_number_read(rows, 0, *number);
    }
    return rv;
}

apr_status_t twv_number_find(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                             const char *sid, twv_number_t **number)
{
    return find(store, p, &find_by_sid, service_sid, sid, number);
}

apr_status_t twv_number_find_by_phone(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                      const char *phone_number, twv_number_t **number)
{
    return find(store, p, &find_by_phone, account_sid, phone_number, number);
}

apr_status_t twv_number_set_reserved(twv_store_t *store, const char *service_sid, const char *sid,
                                     int is_reserved, twv_ms_t now, int *found)
{
    apr_int64_t value = is_reserved != 0;

    return twv_execute(store, &set_reserved, TWV_ARGS(&value, &now, service_sid, sid), found);
}

apr_status_t twv_number_delete(twv_store_t *store, const char *service_sid, const char *sid,
                               int *found)
{
    return twv_execute(store, &delete, TWV_ARGS(service_sid, sid), found);
}

apr_status_t twv_number_list(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                             const char *after, int limit, apr_array_header_t **numbers)
{
    apr_int64_t row_count = limit;
    twv_rows_t *rows;
    apr_status_t rv =
        twv_query(store, p, &list,
                  TWV_ARGS(service_sid, after ? after : TWV_BEFORE_ALL_SIDS, &row_count), &rows);

    *numbers = apr_array_make(p, 16, sizeof(twv_number_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        twv_number_t *number = apr_palloc(p, sizeof(*number));

        twv_number_read(rows, 0, number);
        APR_ARRAY_PUSH(*numbers, twv_number_t *) = number;
    }
    return rv;
}

apr_status_t twv_number_count(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              apr_int64_t *reserved, apr_int64_t *unreserved)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &count, TWV_ARGS(service_sid), &rows);

    *reserved = 0;
    *unreserved = 0;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *reserved = twv_rows_int(rows, 0);
        *unreserved = twv_rows_int(rows, 1) - *reserved;
    }
    return rv;
}

apr_status_t twv_number_count_participant(twv_store_t *store, const char *account_sid,
                                          const char *session_sid, const char *participant_sid,
                                          const char *proxy_identifier, apr_int64_t difference)
{
    return twv_execute(store, &count_participant,
                       TWV_ARGS(&difference, &difference, account_sid, proxy_identifier,
                                session_sid, proxy_identifier, participant_sid),
                       NULL);
}

apr_status_t twv_number_count_session(twv_store_t *store, const char *account_sid,
                                      const char *session_sid, apr_int64_t difference)
{
    return twv_execute(store, &count_session,
                       TWV_ARGS(&difference, &difference, account_sid, session_sid), NULL);
}

apr_status_t twv_number_release_service(twv_store_t *store, const char *account_sid,
                                        const char *service_sid)
{
    return twv_execute(store, &release_service, TWV_ARGS(service_sid, account_sid, service_sid),
                       NULL);
}
