/* Services: rows of twv_service. Results live in the pool that is passed; no state of its own. */
#include "store/service.h"

#include "store/columns.h"
#include "store/number_use.h"

static const twv_statement_t insert = {
    "insert service",
    "INSERT INTO twv_service (" TWV_SERVICE_COLUMNS(
        "") ")"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %lld, %lld, %lld) ON CONFLICT DO NOTHING",
    NULL};

static const twv_statement_t update = {
    "update service",
    "UPDATE twv_service SET unique_name = %s, chat_instance_sid = %s, callback_url = %s,"
    " intercept_callback_url = %s, out_of_session_callback_url = %s, geo_match_level = %s,"
    " number_selection_behavior = %s, default_ttl = %lld, date_updated = %lld"
    " WHERE account_sid = %s AND sid = %s",
    NULL};

static const twv_statement_t name_of_other = {
    "find service with this name",
    "SELECT 1 FROM twv_service WHERE account_sid = %s AND unique_name = %s AND sid <> %s", NULL};

static const twv_statement_t find_by_sid = {
    "find service",
    "SELECT " TWV_SERVICE_COLUMNS("") " FROM twv_service WHERE sid = %s AND account_sid = %s",
    NULL};

static const twv_statement_t find_by_name = {
    "find service by name",
    "SELECT " TWV_SERVICE_COLUMNS("") " FROM twv_service"
                                      " WHERE unique_name = %s AND account_sid = %s",
    NULL};

/* Not FOR UPDATE: inserting a session needs a lock on its service that only that one excludes. */
static const twv_statement_t lock = {
    "lock service",
    "SELECT " TWV_SERVICE_COLUMNS("") " FROM twv_service WHERE sid = %s AND account_sid = %s",
    "SELECT " TWV_SERVICE_COLUMNS("") " FROM twv_service WHERE sid = %s AND account_sid = %s"
                                      " FOR NO KEY UPDATE"};

static const twv_statement_t delete = {
    "delete service", "DELETE FROM twv_service WHERE sid = %s AND account_sid = %s", NULL};

static const twv_statement_t list = {
    "list services",
    "SELECT " TWV_SERVICE_COLUMNS("") " FROM twv_service WHERE account_sid = %s AND sid < %s"
                                      " ORDER BY sid DESC LIMIT %lld",
    NULL};

int twv_service_read(twv_rows_t *rows, int column, twv_service_t *service)
{
    service->sid = twv_rows_text(rows, column++);
    service->account_sid = twv_rows_text(rows, column++);
    service->unique_name = twv_rows_text(rows, column++);
    service->chat_instance_sid = twv_rows_text(rows, column++);
    service->callback_url = twv_rows_text(rows, column++);
    service->intercept_callback_url = twv_rows_text(rows, column++);
    service->out_of_session_callback_url = twv_rows_text(rows, column++);
    service->geo_match_level = twv_rows_text(rows, column++);
    service->number_selection_behavior = twv_rows_text(rows, column++);
    service->default_ttl = twv_rows_int(rows, column++);
    service->date_created = twv_rows_int(rows, column++);
    service->date_updated = twv_rows_int(rows, column++);
    return column;
}

static apr_status_t find(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                         const char *key, const char *account_sid, twv_service_t **service)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, TWV_ARGS(key, account_sid), &rows);

    *service = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *service = apr_palloc(p, sizeof(**service));
        twv_service_read(rows, 0, *service);
    }
    return rv;
}

apr_status_t twv_service_insert(twv_store_t *store, const twv_service_t *s, int *taken)
{
    int changed;
    apr_status_t rv = twv_execute(
        store, &insert,
        TWV_ARGS(s->sid, s->account_sid, s->unique_name, s->chat_instance_sid, s->callback_url,
                 s->intercept_callback_url, s->out_of_session_callback_url, s->geo_match_level,
                 s->number_selection_behavior, &s->default_ttl, &s->date_created, &s->date_updated),
        &changed);

    *taken = !changed;
    return rv;
}

apr_status_t twv_service_update(twv_store_t *store, const twv_service_t *s, int *taken)
{
    apr_status_t rv = twv_query_exists(store, twv_store_pool(store), &name_of_other,
                                       TWV_ARGS(s->account_sid, s->unique_name, s->sid), taken);

    if (rv != APR_SUCCESS || *taken) {
        return rv;
    }
    return twv_execute(store, &update,
                       TWV_ARGS(s->unique_name, s->chat_instance_sid, s->callback_url,
                                s->intercept_callback_url, s->out_of_session_callback_url,
                                s->geo_match_level, s->number_selection_behavior, &s->default_ttl,
                                &s->date_updated, s->account_sid, s->sid),
                       NULL);
}

apr_status_t twv_service_find(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              const char *sid_or_name, twv_service_t **service)
{
    apr_status_t rv = find(store, p, &find_by_sid, sid_or_name, account_sid, service);

    if (rv == APR_SUCCESS && !*service) {
        rv = find(store, p, &find_by_name, sid_or_name, account_sid, service);
    }
    return rv;
}

apr_status_t twv_service_lock(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              const char *sid, twv_service_t **service)
{
    return find(store, p, &lock, sid, account_sid, service);
}

apr_status_t twv_service_delete(twv_store_t *store, const char *account_sid, const char *sid,
                                int *found)
{
    apr_status_t rv = twv_number_release_service(store, account_sid, sid);

    *found = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return twv_execute(store, &delete, TWV_ARGS(sid, account_sid), found);
}

apr_status_t twv_service_list(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              const char *after, int limit, apr_array_header_t **services)
{
    apr_int64_t count = limit;
    twv_rows_t *rows;
    apr_status_t rv = twv_query(
        store, p, &list, TWV_ARGS(account_sid, after ? after : TWV_AFTER_ALL_SIDS, &count), &rows);

    *services = apr_array_make(p, 16, sizeof(twv_service_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        twv_service_t *service = apr_palloc(p, sizeof(*service));

        twv_service_read(rows, 0, service);
        APR_ARRAY_PUSH(*services, twv_service_t *) = service;
    }
    return rv;
}
