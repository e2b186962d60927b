/*
 * Group commit for SQLite, which has one writer at a time and writes every changed page at each
 * COMMIT: units of work that arrive while another transaction runs share the next one. Only files
 * of this floor include this.
 */
#ifndef TWV_STORE_GROUP_H
#define TWV_STORE_GROUP_H

#include "store/database.h"

typedef struct twv_group_t twv_group_t;

/** @param p lives as long as the process's view of the database */
twv_group_t *twv_group_create(apr_pool_t *p);

/**
 * Do the work in one transaction, perhaps together with other threads' work and perhaps in one of
 * their threads; this one waits meanwhile, so that the pool and the baton are never used by two at
 * once. Each work is kept or undone by itself.
 * @return as twv_database_write()
 */
apr_status_t twv_group_write(twv_database_t *database, apr_pool_t *p, twv_store_work_fn *work,
                             void *baton);

#endif
