/*
 * Statements: prepared lazily, once for each connection, kept in the connection's pool. Parameters
 * are passed by typed pointers (as text SQLite would compare numbers as text). Rows are read the
 * one way that works in both drivers: PostgreSQL in "random" mode (the other sleeps 100 ms for an
 * empty result and hides errors), SQLite not, both in sequence to the end.
 */
#include "store/statement.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "store/connection.h"

#define MAX_ARGS 32

typedef struct {
    apr_dbd_prepared_t *handle;
    int arg_count;
    apr_uint32_t text_args; /* bit n: argument n is text */
} prepared_t;

struct twv_rows_t {
    const twv_store_t *store;
    apr_pool_t *pool;
    apr_dbd_results_t *results;
    apr_dbd_row_t *row;
    int is_at_end;
};

int twv_store_is_postgresql(const twv_store_t *store)
{
    return store->connection->is_postgresql;
}

apr_pool_t *twv_store_pool(const twv_store_t *store)
{
    return store->pool;
}

apr_status_t twv_store_give_up(twv_store_t *store, const char *reason)
{
    return twv_store_fail_with(store, "TWV0203", reason);
}

/* As apr_dbd_prepare() counts them: '%' and a letter. */
static void note_args(prepared_t *prepared, const char *sql)
{
    for (const char *c = strchr(sql, '%'); c; c = strchr(c + 2, '%')) {
        if (apr_isalpha(c[1])) {
            if (c[1] == 's') {
                prepared->text_args |= (apr_uint32_t)1 << prepared->arg_count;
            }
            prepared->arg_count++;
        }
    }
}

static prepared_t *prepare(twv_store_t *store, const twv_statement_t *statement)
{
    apr_hash_t *known = store->connection->prepared;
    prepared_t *prepared = apr_hash_get(known, &statement, sizeof(statement));
    const char *sql = statement->sql;
    const twv_statement_t **key;
    int code;

    if (prepared) {
        return prepared;
    }
    if (store->connection->is_postgresql && statement->postgresql) {
        sql = statement->postgresql;
    }
    prepared = apr_pcalloc(store->link.pool, sizeof(*prepared));
    note_args(prepared, sql);
    if (prepared->arg_count > MAX_ARGS) {
        twv_store_fail_with(store, "TWV0203", statement->name);
        return NULL;
    }
    code = apr_dbd_prepare(store->link.driver, store->link.pool, store->link.handle, sql, NULL,
                           &prepared->handle);
    if (code) {
        twv_store_fail(store, "TWV0203", statement->name, code);
        return NULL;
    }
    key = apr_palloc(store->link.pool, sizeof(*key));
    *key = statement;
    apr_hash_set(known, key, sizeof(*key), prepared);
    return prepared;
}

/* Text columns hold NULL and never "", because PostgreSQL's driver reads both as "". */
static const void **bind_values(const prepared_t *prepared, const void **args, const void **values)
{
    for (int i = 0; i < prepared->arg_count; i++) {
        int is_text = (prepared->text_args >> i) & 1;

        values[i] = is_text && args[i] && !*(const char *)args[i] ? NULL : args[i];
    }
    return values;
}

apr_status_t twv_execute(twv_store_t *store, const twv_statement_t *statement, const void **args,
                         int *changed)
{
    const void *values[MAX_ARGS];
    prepared_t *prepared;
    int rows = 0;
    int code;

    if (changed) {
        *changed = 0;
    }
    if (store->failed || !(prepared = prepare(store, statement))) {
        return TWV_STORE_DOWN;
    }
    code = apr_dbd_pbquery(store->link.driver, store->pool, store->link.handle, &rows,
                           prepared->handle, bind_values(prepared, args, values));
    if (code) {
        return twv_store_fail(store, "TWV0203", statement->name, code);
    }
    if (changed) {
        *changed = rows;
    }
    return APR_SUCCESS;
}

apr_status_t twv_query(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                       const void **args, twv_rows_t **rows)
{
    const void *values[MAX_ARGS];
    prepared_t *prepared;
    int code;

    if (store->failed || !(prepared = prepare(store, statement))) {
        return TWV_STORE_DOWN;
    }
    *rows = apr_pcalloc(p, sizeof(**rows));
    (*rows)->store = store;
    (*rows)->pool = p;
    code = apr_dbd_pbselect(store->link.driver, p, store->link.handle, &(*rows)->results,
                            prepared->handle, store->connection->is_postgresql,
                            bind_values(prepared, args, values));
    if (code) {
        return twv_store_fail(store, "TWV0203", statement->name, code);
    }
    return APR_SUCCESS;
}

int twv_rows_next(twv_rows_t *rows)
{
    /* Asking PostgreSQL's driver again after the end would read a result that is freed. */
    if (!rows->is_at_end) {
        rows->is_at_end = apr_dbd_get_row(rows->store->link.driver, rows->pool, rows->results,
                                          &rows->row, -1) != 0;
    }
    return !rows->is_at_end;
}

static const char *entry(const twv_rows_t *rows, int column)
{
    const char *value = apr_dbd_get_entry(rows->store->link.driver, rows->row, column);

    return value && *value ? value : NULL;
}

int twv_rows_is_null(twv_rows_t *rows, int column)
{
    return entry(rows, column) == NULL;
}

const char *twv_rows_text(twv_rows_t *rows, int column)
{
    const char *value = entry(rows, column);

    /* SQLite's driver has copied all values to this pool already. */
    return value && rows->store->connection->is_postgresql ? apr_pstrdup(rows->pool, value) : value;
}

apr_int64_t twv_rows_int(twv_rows_t *rows, int column)
{
    const char *value = entry(rows, column);

    return value ? apr_atoi64(value) : 0;
}
