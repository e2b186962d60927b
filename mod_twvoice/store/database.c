/*
 * Units of work: one borrowed connection, one transaction, at most one second try. Called by any
 * thread; the store of a unit lives on its stack. Results belong to the pool that the caller gave.
 *
 * When a statement has failed, everything is rolled back and the unit is tried once more where that
 * can help: on PostgreSQL always (dead connection, deadlock, serialization, a row that another
 * transaction inserted meanwhile; they cannot be told apart because the driver shows no SQLSTATE
 * and messages are translated), on SQLite after a change of the schema. A COMMIT that fails is not
 * repeated: the driver has waited for a busy SQLite, and PostgreSQL may have committed.
 */
#include "store/database.h"

#include "store/connection.h"

/* A try that took longer than this has waited for a time-out: a second one would, too. Longer than
 * PostgreSQL's deadlock_timeout of 1 s. */
#define RETRY_TIME apr_time_from_msec(1400)

twv_database_t *twv_database_create(apr_pool_t *p, const twv_database_source_t *source)
{
    twv_database_t *database = apr_pcalloc(p, sizeof(*database));

    database->source = *source;
    database->group = twv_group_create(p);
    return database;
}

static apr_status_t transact(twv_store_t *store, apr_pool_t *p, twv_store_work_fn *work,
                             void *baton, int *is_final)
{
    apr_status_t rv = twv_connection_begin(store);

    if (rv == APR_SUCCESS) {
        rv = work(store, p, baton);
    }
    /* PostgreSQL would answer COMMIT with success although it rolls back after a failure. */
    if (rv == APR_SUCCESS && !store->failed) {
        rv = twv_connection_run(store, "cannot commit", "COMMIT");
        if (rv == APR_SUCCESS) {
            store->connection->in_transaction = 0;
            return APR_SUCCESS;
        }
        store->failure_id = "TWV0205";
        *is_final = 1;
    }
    twv_connection_rollback(store);
    return rv;
}

apr_status_t twv_unit_run(twv_store_t *store, apr_pool_t *p, twv_store_work_fn *work, void *baton,
                          int is_write)
{
    apr_time_t start = apr_time_now();
    int is_final = 0;

    for (;;) {
        apr_status_t rv =
            is_write ? transact(store, p, work, baton, &is_final) : work(store, p, baton);

        if (!store->failed) {
            return rv;
        }
        if (is_final || apr_time_now() - start > RETRY_TIME || !twv_connection_recover(store)) {
            break;
        }
        is_final = 1;
    }
    twv_store_log_failure(store);
    if (store->connection->is_postgresql) {
        store->connection->is_set_up = 0;
    }
    /* Perhaps the tables are gone: the next unit of work looks. */
    atomic_store(&store->database->schema_is_current, 0);
    return TWV_STORE_DOWN;
}

static apr_status_t run(twv_database_t *database, apr_pool_t *p, twv_store_work_fn *work,
                        void *baton, int is_write)
{
    twv_store_t store;
    apr_status_t rv = twv_connection_start(&store, database, p, is_write);

    if (rv == APR_SUCCESS) {
        rv = twv_unit_run(&store, p, work, baton, is_write);
        twv_connection_end(&store);
    }
    return rv;
}

apr_status_t twv_database_write(twv_database_t *database, apr_pool_t *p, twv_store_work_fn *work,
                                void *baton)
{
    if (atomic_load(&database->dialect) == TWV_DIALECT_SQLITE) {
        return twv_group_write(database, p, work, baton);
    }
    return run(database, p, work, baton, 1);
}

apr_status_t twv_database_read(twv_database_t *database, apr_pool_t *p, twv_store_work_fn *work,
                               void *baton)
{
    return run(database, p, work, baton, 0);
}
