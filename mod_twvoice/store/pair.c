/* Pairs of an identifier and a proxy number: locks and conflicts. Reentrant. */
#include "store/pair.h"

#include <apr_strings.h>

#include "store/columns.h"

static const twv_statement_t lock_one = {"lock pair", "",
                                         "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"};

/* In one order, so that two sessions with the same pairs wait for each other. */
static const twv_statement_t lock_session = {
    "lock pairs of session", "",
    "SELECT pg_advisory_xact_lock(hashtextextended(pairs.key, 0)) FROM"
    " (SELECT account_sid || '|' || identifier || '|' || proxy_identifier AS key"
    " FROM twv_participant WHERE session_sid = %s AND date_deleted IS NULL"
    " AND proxy_identifier IS NOT NULL ORDER BY 1) AS pairs"};

static const twv_statement_t find_active = {
    "find active pair",
    "SELECT 1 FROM twv_participant WHERE identifier = %s AND active = 1 AND proxy_identifier = %s"
    " AND account_sid = %s LIMIT 1",
    NULL};

static const twv_statement_t find_session_conflict = {
    "find active pair of session",
    "SELECT 1 FROM twv_participant mine JOIN twv_participant other"
    " ON other.identifier = mine.identifier AND other.active = 1"
    " AND other.proxy_identifier = mine.proxy_identifier"
    " AND other.account_sid = mine.account_sid AND other.session_sid <> mine.session_sid"
    " WHERE mine.session_sid = %s AND mine.date_deleted IS NULL LIMIT 1",
    NULL};

const char *twv_pair_key(apr_pool_t *p, const char *account_sid, const char *identifier,
                         const char *proxy_identifier)
{
    return apr_pstrcat(p, account_sid, "|", identifier, "|", proxy_identifier, NULL);
}

static apr_status_t run_lock(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                             const char *key)
{
    twv_rows_t *rows;

    if (!twv_store_is_postgresql(store)) {
        return APR_SUCCESS;
    }
    return twv_query(store, p, statement, TWV_ARGS(key), &rows);
}

apr_status_t twv_pair_lock(twv_store_t *store, apr_pool_t *p, const char *key)
{
    return run_lock(store, p, &lock_one, key);
}

apr_status_t twv_pair_lock_session(twv_store_t *store, apr_pool_t *p, const char *session_sid)
{
    return run_lock(store, p, &lock_session, session_sid);
}

apr_status_t twv_pair_find_conflict(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                    const char *identifier, const char *proxy_identifier,
                                    int *conflict)
{
    return twv_query_exists(store, p, &find_active,
                            TWV_ARGS(identifier, proxy_identifier, account_sid), conflict);
}

apr_status_t twv_pair_find_session_conflict(twv_store_t *store, apr_pool_t *p,
                                            const char *session_sid, int *conflict)
{
    return twv_query_exists(store, p, &find_session_conflict, TWV_ARGS(session_sid), conflict);
}
