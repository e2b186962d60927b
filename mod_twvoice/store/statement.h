/*
 * Statements: only files of this floor include this. A statement is a constant; each connection
 * prepares it on first use and keeps it (label NULL: PostgreSQL survives a reset, see
 * database.c). Arguments are pointers to text (%s) or to apr_int64_t (%lld); NULL is SQL's NULL.
 * Text columns hold NULL, never "" (the drivers cannot tell them apart): "" is passed as NULL.
 * Once a statement of a unit of work has failed, the rest of them fail without being sent.
 */
#ifndef TWV_STORE_STATEMENT_H
#define TWV_STORE_STATEMENT_H

#include "store/database.h"

typedef struct {
    const char *name;       /* for logs */
    const char *sql;        /* SQLite, and PostgreSQL when there is no other */
    const char *postgresql; /* where the dialects differ, else NULL */
} twv_statement_t;

typedef struct twv_rows_t twv_rows_t;

/** Arguments of a statement; a whole number is passed by the address of an apr_int64_t. */
#define TWV_ARGS(...) ((const void *[]){__VA_ARGS__})

/**
 * Run a statement that returns no rows.
 * @param changed how many rows it changed (with ON CONFLICT DO NOTHING: 0 on a conflict), or NULL
 */
apr_status_t twv_execute(twv_store_t *store, const twv_statement_t *statement, const void **args,
                         int *changed);

/** Run a statement that returns rows (also INSERT/UPDATE ... RETURNING); all are read at once. */
apr_status_t twv_query(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                       const void **args, twv_rows_t **rows);

/** Step to the next row. @return 0 after the last */
int twv_rows_next(twv_rows_t *rows);

/** Column as text, copied to the rows' pool; NULL for NULL and for "". */
const char *twv_rows_text(twv_rows_t *rows, int column);

/** Whether the column is NULL (or ""). */
int twv_rows_is_null(twv_rows_t *rows, int column);

/** Column as a whole number; 0 for NULL. */
apr_int64_t twv_rows_int(twv_rows_t *rows, int column);

/** Whether this connection speaks to PostgreSQL. */
int twv_store_is_postgresql(const twv_store_t *store);

/** The pool of this unit of work. */
apr_pool_t *twv_store_pool(const twv_store_t *store);

/** Make this unit of work fail as if a statement had, so that it is undone and tried again where
 *  that can help. @param reason for the log. @return TWV_STORE_DOWN */
apr_status_t twv_store_give_up(twv_store_t *store, const char *reason);

#endif
