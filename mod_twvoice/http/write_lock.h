/*
 * The lock that admits one writer of SQLite at a time, over all threads and processes of this
 * server: SQLite itself would let the others sleep and retry, unfairly and for long. One lock for
 * the whole server; for this floor only.
 */
#ifndef TWV_HTTP_WRITE_LOCK_H
#define TWV_HTTP_WRITE_LOCK_H

#include "httpd.h"

/** pre_config: makes the type "twvoice-write" known to the Mutex directive. */
apr_status_t twv_write_lock_register(apr_pool_t *pconf);

/** post_config. Failures are logged. @param pconf ends the lock */
apr_status_t twv_write_lock_create(apr_pool_t *pconf, server_rec *s);

/** child_init. */
void twv_write_lock_init_child(apr_pool_t *pchild, server_rec *s);

/** Wait for the lock, at most @a wait. Threads of a process get it in the order they came.
 *  @return APR_SUCCESS, APR_TIMEUP, or why it cannot be had at all */
apr_status_t twv_write_lock_take(apr_interval_time_t wait);

/** Give it back, in the thread that took it. */
void twv_write_lock_release(void);

#endif
