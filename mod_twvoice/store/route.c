/*
 * Who could be meant: sessions with their service, the caller and his partner, in one query each.
 * Each goes along one index of twv_participant, however many sessions there are. Results live in
 * the pool that is passed; no state of its own.
 */
#include "store/route.h"

#include <apr_time.h>

#include "store/columns.h"

#define ROUTE_COLUMNS                                                                              \
    TWV_SESSION_COLUMNS("s.")                                                                      \
    ", " TWV_SERVICE_COLUMNS("v.") ", " TWV_PARTICIPANT_COLUMNS(                                   \
        "c.") ", " TWV_PARTICIPANT_COLUMNS("q.")

/* The partner is the other participant; of several the one created first. */
#define FROM_CALLER                                                                                \
    " FROM twv_participant c JOIN twv_session s ON s.sid = c.session_sid"                          \
    " JOIN twv_service v ON v.sid = s.service_sid"                                                 \
    " LEFT JOIN twv_participant q ON q.sid = (SELECT min(o.sid) FROM twv_participant o"            \
    " WHERE o.session_sid = c.session_sid AND o.date_deleted IS NULL AND o.sid <> c.sid)"

static const twv_statement_t find_by_pair = {
    "find routes",
    "SELECT " ROUTE_COLUMNS FROM_CALLER
    " WHERE c.identifier = %s AND c.active = 1 AND c.proxy_identifier = %s AND c.account_sid = %s"
    " ORDER BY coalesce(s.date_last_interaction, 0) DESC, s.sid DESC LIMIT %lld",
    NULL};

/* pin > '' and not IS NOT NULL, for which SQLite would read every row of the number. */
static const twv_statement_t number_has_pin = {
    "find PIN on number",
    "SELECT 1 FROM twv_participant WHERE proxy_identifier = %s AND active = 1 AND pin > ''"
    " AND account_sid = %s LIMIT 1",
    NULL};

/* The caller's columns stay NULL, since nobody knows who calls: no SID is ''. */
static const twv_statement_t find_by_pin = {
    "find route by PIN",
    "SELECT " ROUTE_COLUMNS " FROM twv_participant q JOIN twv_session s ON s.sid = q.session_sid"
    " JOIN twv_service v ON v.sid = s.service_sid"
    " LEFT JOIN twv_participant c ON c.sid = ''"
    " WHERE q.proxy_identifier = %s AND q.pin = %s AND q.active = 1 AND q.account_sid = %s"
    " ORDER BY q.date_created, q.sid LIMIT 1",
    NULL};

/* Among the pair's sessions made last, so that a long history costs nothing; first those that are
 * closed, then those that are active but may be past their time. */
#define MADE_LAST(active)                                                                          \
    "SELECT sid FROM (SELECT sid FROM twv_participant WHERE identifier = %s AND active = " active  \
    " AND proxy_identifier = %s AND account_sid = %s AND date_deleted IS NULL"                     \
    " ORDER BY session_sid DESC LIMIT 20) AS active_" active

static const twv_statement_t find_previous = {
    "find previous route",
    "SELECT " ROUTE_COLUMNS FROM_CALLER " WHERE c.sid IN (" MADE_LAST("0") " UNION ALL " MADE_LAST(
        "1") ") AND (s.status = 'closed' OR s.expires_at <= %lld)"
             " ORDER BY coalesce(s.date_ended, s.expires_at) DESC, s.sid DESC LIMIT 1",
    NULL};

static void read_route(twv_rows_t *rows, twv_route_t *route)
{
    int column = twv_session_read(rows, 0, &route->session);

    column = twv_service_read(rows, column, &route->service);
    column = twv_participant_read(rows, column, &route->caller);
    twv_participant_read(rows, column, &route->partner);
}

static apr_status_t find_one(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                             const void **args, twv_route_t **route)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, args, &rows);

    *route = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *route = apr_palloc(p, sizeof(**route));
        read_route(rows, *route);
    }
    return rv;
}

apr_status_t twv_route_find(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                            const char *identifier, const char *proxy_identifier,
                            apr_array_header_t **routes)
{
    apr_int64_t limit = TWV_ROUTE_LIMIT;
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &find_by_pair,
                                TWV_ARGS(identifier, proxy_identifier, account_sid, &limit), &rows);

    *routes = apr_array_make(p, 2, sizeof(twv_route_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        twv_route_t *route = apr_palloc(p, sizeof(*route));

        read_route(rows, route);
        APR_ARRAY_PUSH(*routes, twv_route_t *) = route;
    }
    return rv;
}

apr_status_t twv_route_number_has_pin(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                      const char *proxy_identifier, int *has_pin)
{
    return twv_query_exists(store, p, &number_has_pin, TWV_ARGS(proxy_identifier, account_sid),
                            has_pin);
}

apr_status_t twv_route_find_by_pin(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                   const char *proxy_identifier, const char *pin,
                                   twv_route_t **route)
{
    return find_one(store, p, &find_by_pin, TWV_ARGS(proxy_identifier, pin, account_sid), route);
}

apr_status_t twv_route_find_previous(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                     const char *identifier, const char *proxy_identifier,
                                     twv_route_t **route)
{
    twv_ms_t now = apr_time_as_msec(apr_time_now());

    return find_one(store, p, &find_previous,
                    TWV_ARGS(identifier, proxy_identifier, account_sid, identifier,
                             proxy_identifier, account_sid, &now),
                    route);
}
