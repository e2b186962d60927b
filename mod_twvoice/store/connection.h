/*
 * Connections: only files of this floor include this. A twv_connection_t lives in the pool of the
 * borrowed link and keeps what belongs to that one connection; a twv_store_t lives on the stack of
 * one unit of work and is used by one thread.
 */
#ifndef TWV_STORE_CONNECTION_H
#define TWV_STORE_CONNECTION_H

#include <stdatomic.h>

#include <apr_hash.h>
#include <apr_time.h>

#include "store/database.h"
#include "store/group.h"

/** What stays with a connection from one unit of work to the next. */
typedef struct {
    apr_hash_t *prepared; /* address of a twv_statement_t -> its prepared form (statement.c) */
    int is_postgresql;
    int is_set_up;
    int in_transaction;
} twv_connection_t;

/** Which dialect a database speaks is known once a connection was open. */
typedef enum { TWV_DIALECT_UNKNOWN, TWV_DIALECT_SQLITE, TWV_DIALECT_POSTGRESQL } twv_dialect_t;

struct twv_database_t {
    twv_database_source_t source;
    atomic_int schema_is_current;
    _Atomic twv_dialect_t dialect;
    twv_group_t *group; /* of writers, on SQLite (group.c) */
    atomic_int newer_schema_is_logged;
    atomic_int is_probing;           /* one thread tries whether the database is back */
    _Atomic apr_time_t refuse_until; /* 0 = the last open succeeded */
};

struct twv_store_t {
    twv_database_t *database;
    twv_link_t link;
    twv_connection_t *connection;
    apr_pool_t *pool; /* the unit's: the drivers put parameters there */
    int has_lock;     /* source.lock is held */
    int failed;       /* a statement failed: nothing more is sent until all is undone */
    const char *failure_id;
    char failure[400];
};

/** Whether a unit of work may try to open now; takes the part of the probe when it is due. */
int twv_connection_admit(twv_database_t *database, int *is_probe);

/** Report what came of an admitted try: failing refuses others for a while. */
void twv_connection_admitted(twv_database_t *database, int is_probe, int opened);

/** Take source.lock where there is one. Logged on failure. */
apr_status_t twv_connection_lock(twv_store_t *store);
void twv_connection_unlock(twv_store_t *store);

/**
 * Borrow a connection that is set up, outside of any transaction, on a database with the schema.
 * @param store database, pool and has_lock are set
 * @return APR_SUCCESS or TWV_STORE_DOWN (logged, nothing borrowed)
 */
apr_status_t twv_connection_open(twv_store_t *store);
void twv_connection_close(twv_store_t *store);

/** Make the connection usable again after a failure. @return 0 when trying again is pointless */
int twv_connection_recover(twv_store_t *store);

/** Run SQL without parameters and rows, e.g. COMMIT. On failure as twv_store_fail(). */
apr_status_t twv_connection_run(twv_store_t *store, const char *what, const char *sql);

/** Read the first column of the first row of a query without parameters; NULL when none. */
apr_status_t twv_connection_read(twv_store_t *store, const char *what, const char *sql,
                                 const char **value);

/** Begin and roll back by hand (apr_dbd's own transactions crash on a dead connection). */
apr_status_t twv_connection_begin(twv_store_t *store);
void twv_connection_rollback(twv_store_t *store);

/** Note the driver's last error as the failure of this unit. @return TWV_STORE_DOWN */
apr_status_t twv_store_fail(twv_store_t *store, const char *id, const char *what, int code);

/** The same with our own words. */
apr_status_t twv_store_fail_with(twv_store_t *store, const char *id, const char *text);

void twv_store_log_failure(const twv_store_t *store);

/** Begin one borrowed connection's turn: admitted, locked when @a is_write, open. The store's
 *  fields are set here. @return APR_SUCCESS; twv_connection_end() must follow then */
apr_status_t twv_connection_start(twv_store_t *store, twv_database_t *database, apr_pool_t *p,
                                  int is_write);

/** Give back what twv_connection_start() took. */
void twv_connection_end(twv_store_t *store);

/** One unit of work on an open connection, with its second try (database.c). */
apr_status_t twv_unit_run(twv_store_t *store, apr_pool_t *p, twv_store_work_fn *work, void *baton,
                          int is_write);

#endif
