/*
 * Borrowing a connection: the breaker, the lock of the one writer, set-up of a connection that is
 * seen first, and what to do with one that failed. Called by any thread, each with its own store;
 * threads share only the atomic members of twv_database_t. What belongs to a connection is
 * allocated from its own pool, which only its borrower touches.
 */
#include "store/connection.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "store/schema.h"

/* After a failed open nobody tries for this long, so that requests do not queue behind time-outs.
 */
#define REFUSE_TIME apr_time_from_msec(500)
#define LOCK_WAIT apr_time_from_msec(800)
/* mod_dbd hands out nothing when it finds a stale connection in its pool; the next may be good. */
#define OPEN_TRIES 3
#define OPEN_TIME apr_time_from_msec(200)

#define CONNECTION_KEY "twv_connection"

/* busy_timeout sleeps inside apr_dbd's process-wide mutex: short; the driver itself retries outside
 * of it. A checkpoint waits for the disk while everybody waits for it: not too often, not too much
 * at once (8 MB). WAL is asked for separately because it answers with a row. */
static const char *const sqlite_setup[] = {
    "PRAGMA busy_timeout=20",  "PRAGMA synchronous=NORMAL",      "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-8192", "PRAGMA wal_autocheckpoint=2000", NULL};

static const char postgresql_setup[] =
    "SET client_min_messages = error; SET client_encoding = 'UTF8';"
    " SET statement_timeout = 2000; SET lock_timeout = 1500;"
    " SET idle_in_transaction_session_timeout = 3000";

int twv_connection_admit(twv_database_t *database, int *is_probe)
{
    apr_time_t refuse_until = atomic_load(&database->refuse_until);
    int expected = 0;

    *is_probe = 0;
    if (refuse_until == 0) {
        return 1;
    }
    if (apr_time_now() < refuse_until) {
        return 0;
    }
    *is_probe = atomic_compare_exchange_strong(&database->is_probing, &expected, 1);
    return *is_probe;
}

void twv_connection_admitted(twv_database_t *database, int is_probe, int opened)
{
    if (!opened) {
        atomic_store(&database->refuse_until, apr_time_now() + REFUSE_TIME);
    } else if (is_probe) {
        atomic_store(&database->refuse_until, 0);
    }
    if (is_probe) {
        atomic_store(&database->is_probing, 0);
    }
}

apr_status_t twv_connection_lock(twv_store_t *store)
{
    const twv_database_source_t *source = &store->database->source;
    apr_status_t rv;

    if (!source->lock || atomic_load(&store->database->dialect) == TWV_DIALECT_POSTGRESQL) {
        return APR_SUCCESS;
    }
    rv = source->lock(source->baton, LOCK_WAIT);
    if (rv != APR_SUCCESS) {
        source->log(source->baton, 1, "TWV0204",
                    "the database's write lock was not free within 800 ms: another process or "
                    "thread of this server writes for too long; look for slow disks and long "
                    "transactions, or use PostgreSQL");
        return TWV_STORE_DOWN;
    }
    store->has_lock = 1;
    return APR_SUCCESS;
}

void twv_connection_unlock(twv_store_t *store)
{
    const twv_database_source_t *source = &store->database->source;

    if (store->has_lock) {
        source->unlock(source->baton);
        store->has_lock = 0;
    }
}

apr_status_t twv_store_fail_with(twv_store_t *store, const char *id, const char *text)
{
    if (!store->failed) {
        store->failed = 1;
        store->failure_id = id;
        apr_cpystrn(store->failure, text, sizeof(store->failure));
    }
    return TWV_STORE_DOWN;
}

/* Only the first line: PostgreSQL's DETAIL and CONTEXT lines show values of rows. */
apr_status_t twv_store_fail(twv_store_t *store, const char *id, const char *what, int code)
{
    const char *message = apr_dbd_error(store->link.driver, store->link.handle, code);
    char text[sizeof(store->failure)];

    if (!message) {
        message = "no message";
    }
    snprintf(text, sizeof(text), "%s: %.*s (driver code %d)", what, (int)strcspn(message, "\r\n"),
             message, code);
    return twv_store_fail_with(store, id, text);
}

void twv_store_log_failure(const twv_store_t *store)
{
    const twv_database_source_t *source = &store->database->source;

    source->log(source->baton, 1, store->failure_id, store->failure);
}

/* apr_dbd prepares SQLite's statements with the old interface: after any change of the schema by
 * another connection they fail, those that are kept for ever (with the second text from the second
 * time on), new ones once. */
static int is_schema_change(const twv_store_t *store)
{
    return !store->connection->is_postgresql &&
           (strstr(store->failure, "schema has changed") || strstr(store->failure, "not an error"));
}

static apr_status_t run_once(twv_store_t *store, const char *what, const char *sql)
{
    int rows = 0;
    int code = apr_dbd_query(store->link.driver, store->link.handle, &rows, sql);

    return code ? twv_store_fail(store, "TWV0203", what, code) : APR_SUCCESS;
}

apr_status_t twv_connection_run(twv_store_t *store, const char *what, const char *sql)
{
    apr_status_t rv = run_once(store, what, sql);

    if (rv != APR_SUCCESS && is_schema_change(store)) {
        store->failed = 0;
        rv = run_once(store, what, sql);
    }
    return rv;
}

static apr_status_t read_once(twv_store_t *store, const char *what, const char *sql,
                              const char **value)
{
    const apr_dbd_driver_t *driver = store->link.driver;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    int code = apr_dbd_select(driver, store->pool, store->link.handle, &results, sql,
                              store->connection->is_postgresql);

    *value = NULL;
    if (code) {
        return twv_store_fail(store, "TWV0203", what, code);
    }
    while (apr_dbd_get_row(driver, store->pool, results, &row, -1) == 0) {
        if (!*value) {
            *value = apr_pstrdup(store->pool, apr_dbd_get_entry(driver, row, 0));
        }
    }
    return APR_SUCCESS;
}

apr_status_t twv_connection_read(twv_store_t *store, const char *what, const char *sql,
                                 const char **value)
{
    apr_status_t rv = read_once(store, what, sql, value);

    if (rv != APR_SUCCESS && is_schema_change(store)) {
        store->failed = 0;
        rv = read_once(store, what, sql, value);
    }
    return rv;
}

apr_status_t twv_connection_begin(twv_store_t *store)
{
    apr_status_t rv = twv_connection_run(store, "cannot begin a transaction",
                                         store->connection->is_postgresql
                                             ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                             : "BEGIN IMMEDIATE");

    store->connection->in_transaction = rv == APR_SUCCESS;
    return rv;
}

void twv_connection_rollback(twv_store_t *store)
{
    int rows = 0;

    /* Fails only when the database has rolled back already or the connection is dead. */
    apr_dbd_query(store->link.driver, store->link.handle, &rows, "ROLLBACK");
    store->connection->in_transaction = 0;
}

static apr_status_t set_up_sqlite(twv_store_t *store)
{
    const twv_database_source_t *source = &store->database->source;
    const char *mode;
    apr_status_t rv;

    for (int i = 0; sqlite_setup[i]; i++) {
        int rows = 0;
        int code = apr_dbd_query(store->link.driver, store->link.handle, &rows, sqlite_setup[i]);

        /* 100 is SQLITE_ROW: some pragmas answer with their new value. */
        if (code != 0 && code != 100) {
            return twv_store_fail(store, "TWV0202", sqlite_setup[i], code);
        }
    }
    rv = twv_connection_read(store, "PRAGMA journal_mode=WAL", "PRAGMA journal_mode=WAL", &mode);
    if (rv != APR_SUCCESS || !mode || strcmp(mode, "wal") != 0) {
        store->failed = 0;
        source->log(source->baton, 0, "TWV0208",
                    "the SQLite database cannot use a write-ahead log now: it works but is slow; "
                    "it must be on a local disk, and its directory writable for the server");
    }
    return APR_SUCCESS;
}

static apr_status_t set_up(twv_store_t *store)
{
    twv_connection_t *connection = store->connection;
    apr_status_t rv = APR_SUCCESS;

    if (connection->in_transaction) {
        twv_connection_rollback(store);
    }
    if (connection->is_set_up) {
        return APR_SUCCESS;
    }
    if (connection->is_postgresql) {
        rv = twv_connection_run(store, "cannot set up a connection", postgresql_setup);
    } else {
        rv = set_up_sqlite(store);
    }
    connection->is_set_up = rv == APR_SUCCESS;
    return rv;
}

/* The connection's own record, made when it is seen first. */
static apr_status_t recognize(twv_store_t *store)
{
    apr_pool_t *pool = store->link.pool;
    const char *name = apr_dbd_name(store->link.driver);
    twv_connection_t *connection;
    void *data = NULL;

    if (apr_pool_userdata_get(&data, CONNECTION_KEY, pool) == APR_SUCCESS && data) {
        store->connection = data;
        return APR_SUCCESS;
    }
    connection = apr_pcalloc(pool, sizeof(*connection));
    connection->prepared = apr_hash_make(pool);
    connection->is_postgresql = strcmp(name, "pgsql") == 0;
    if (!connection->is_postgresql && strcmp(name, "sqlite3") != 0) {
        char text[160];

        snprintf(text, sizeof(text), "DBDriver %.40s is not supported: use sqlite3 or pgsql", name);
        return twv_store_fail_with(store, "TWV0210", text);
    }
    atomic_store(&store->database->dialect,
                 connection->is_postgresql ? TWV_DIALECT_POSTGRESQL : TWV_DIALECT_SQLITE);
    apr_pool_userdata_setn(connection, CONNECTION_KEY, NULL, pool);
    store->connection = connection;
    return APR_SUCCESS;
}

static apr_status_t borrow(twv_store_t *store)
{
    const twv_database_source_t *source = &store->database->source;
    apr_time_t start = apr_time_now();
    apr_status_t rv;
    int tries = 0;

    do {
        rv = source->open(source->baton, store->pool, &store->link);
        tries++;
    } while (rv != APR_SUCCESS && tries < OPEN_TRIES && apr_time_now() - start < OPEN_TIME);
    if (rv != APR_SUCCESS) {
        source->log(source->baton, 1, "TWV0201",
                    "cannot open the database: see the messages before this one, check DBDriver "
                    "and DBDParams, and that the server may read and write it");
    }
    return rv;
}

apr_status_t twv_connection_open(twv_store_t *store)
{
    apr_status_t rv;

    if (borrow(store) != APR_SUCCESS) {
        return TWV_STORE_DOWN;
    }
    rv = recognize(store);
    if (rv == APR_SUCCESS) {
        rv = set_up(store);
        if (rv != APR_SUCCESS && twv_connection_recover(store)) {
            rv = APR_SUCCESS;
        }
    }
    if (rv == APR_SUCCESS && !atomic_load(&store->database->schema_is_current)) {
        rv = twv_schema_ensure(store);
    }
    if (rv != APR_SUCCESS) {
        if (store->failed) {
            twv_store_log_failure(store);
        }
        twv_connection_close(store);
    }
    return rv;
}

void twv_connection_close(twv_store_t *store)
{
    const twv_database_source_t *source = &store->database->source;

    source->close(source->baton, store->pool, &store->link);
}

apr_status_t twv_connection_start(twv_store_t *store, twv_database_t *database, apr_pool_t *p,
                                  int is_write)
{
    apr_status_t rv;
    int is_probe;

    if (!twv_connection_admit(database, &is_probe)) {
        return TWV_STORE_DOWN;
    }
    store->database = database;
    store->pool = p;
    store->connection = NULL;
    store->has_lock = 0;
    store->failed = 0;
    rv = is_write ? twv_connection_lock(store) : APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        rv = twv_connection_open(store);
    }
    twv_connection_admitted(database, is_probe, rv == APR_SUCCESS);
    if (rv != APR_SUCCESS) {
        twv_connection_unlock(store);
    }
    return rv;
}

void twv_connection_end(twv_store_t *store)
{
    twv_connection_close(store);
    twv_connection_unlock(store);
}

int twv_connection_recover(twv_store_t *store)
{
    twv_connection_t *connection = store->connection;

    if (!connection->is_postgresql) {
        if (!connection->is_set_up || !is_schema_change(store)) {
            return 0;
        }
        /* They are freed when the connection closes. */
        apr_hash_clear(connection->prepared);
        store->failed = 0;
        return 1;
    }
    /* Connects again when the connection is dead; then the session's settings are gone. */
    if (apr_dbd_check_conn(store->link.driver, store->pool, store->link.handle) != APR_SUCCESS) {
        twv_connection_admitted(store->database, 0, 0);
        return 0;
    }
    connection->is_set_up = 0;
    store->failed = 0;
    return set_up(store) == APR_SUCCESS;
}
