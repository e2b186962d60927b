/*
 * The tables: made and migrated at first use. Only files of this floor and its tests include this.
 */
#ifndef TWV_STORE_SCHEMA_H
#define TWV_STORE_SCHEMA_H

#include "store/statement.h"

/** What leads from the version before to this one; the first is version 1. */
typedef struct {
    const twv_statement_t *statements; /* without parameters */
    int count;
} twv_schema_version_t;

/**
 * Bring the database to this program's schema, or find that it is. Remembered in the database
 * object. Opens a transaction of its own only when there is something to do.
 * @return APR_SUCCESS, or TWV_STORE_DOWN, logged or noted as the store's failure
 */
apr_status_t twv_schema_ensure(twv_store_t *store);

/** The same for a list of versions. */
apr_status_t twv_schema_migrate(twv_store_t *store, const twv_schema_version_t *versions,
                                int count);

/** The version that this program makes. */
int twv_schema_version(void);

#endif
