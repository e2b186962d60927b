/*
 * The database as the rest of the library sees it: units of work. A database belongs to one child
 * process and one set of connection parameters and may be used by many threads; a store is one
 * borrowed connection and belongs to the thread and the unit of work that it was passed to.
 * Connections come from outside (mod_dbd in the server, plain apr_dbd in unit tests), so that this
 * floor knows nothing of httpd.
 */
#ifndef TWV_STORE_DATABASE_H
#define TWV_STORE_DATABASE_H

#include <apr_dbd.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "twilio/timestamp.h"

/** A unit of work was refused by its own function (not a database failure): rolled back. */
#define TWV_STORE_REFUSED (APR_OS_START_USERERR + 7701)
/** The database cannot be used now. Already logged; nothing was written. */
#define TWV_STORE_DOWN (APR_OS_START_USERERR + 7702)

typedef struct twv_database_t twv_database_t;
typedef struct twv_store_t twv_store_t;

/** A connection as its source hands it out. @a pool lives as long as the connection. */
typedef struct {
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_pool_t *pool;
    void *reference; /* for the source */
} twv_link_t;

/**
 * Where connections come from. open() and close() are called in pairs, never nested in a thread.
 * lock()/unlock() guard the one writer of SQLite over all processes of this server (fair and
 * without SQLite's sleeping retries); NULL where there is none. lock() waits at most @a wait and
 * returns APR_TIMEUP after that.
 */
typedef struct {
    apr_status_t (*open)(void *baton, apr_pool_t *p, twv_link_t *link);
    void (*close)(void *baton, apr_pool_t *p, twv_link_t *link);
    apr_status_t (*lock)(void *baton, apr_interval_time_t wait);
    void (*unlock)(void *baton);
    /** A line for the log. @a id is "TWVnnnn". */
    void (*log)(void *baton, int is_error, const char *id, const char *message);
    void *baton;
} twv_database_source_t;

/**
 * Make the process's view of one database. Nothing is opened yet; the schema is made or migrated
 * when the first connection opens.
 * @param p as long-lived as the process; used under a lock afterwards
 */
twv_database_t *twv_database_create(apr_pool_t *p, const twv_database_source_t *source);

/**
 * A unit of work. May be called a second time, with everything rolled back before, when the
 * connection turned out to be dead, the schema had changed, or PostgreSQL reports a serialization
 * failure or deadlock: so it must set all of its results anew.
 * @param p pool for results; not cleared between tries
 * @return APR_SUCCESS to keep the work, TWV_STORE_REFUSED or another status to undo it
 */
typedef apr_status_t twv_store_work_fn(twv_store_t *store, apr_pool_t *p, void *baton);

/**
 * Do the work in one transaction (BEGIN IMMEDIATE on SQLite). What returned APR_SUCCESS is
 * committed.
 * @return APR_SUCCESS, what the work returned, or TWV_STORE_DOWN
 */
apr_status_t twv_database_write(twv_database_t *database, apr_pool_t *p, twv_store_work_fn *work,
                                void *baton);

/** Do work that only reads, without a transaction. The same results. */
apr_status_t twv_database_read(twv_database_t *database, apr_pool_t *p, twv_store_work_fn *work,
                               void *baton);

#endif
