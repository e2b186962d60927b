/*
 * A fresh database for each test, over plain apr_dbd: an SQLite file in a directory of its own, or
 * a PostgreSQL schema of its own when TWV_TEST_POSTGRESQL holds a conninfo string. At the end of a
 * test everything is gone, and what was logged as an error must have been expected.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "pool_fixture.h"
#include "store/statement.h"

extern twv_database_t *test_database;

/** What test_database is made from: a test may change members or make a second database of it. */
extern twv_database_source_t test_source;

typedef void add_tests_fn(TCase *test_case);

/** A test case for each kind of database that is there. */
void add_store_cases(Suite *suite, add_tests_fn *add_tests);

int store_is_postgresql(void);

/** Run SQL on a connection that belongs to nobody else. */
void store_sql(const char *sql);

/** The first column of the first row as a number, seen by that connection; -1 when there is none.
 */
apr_int64_t store_sql_number(const char *sql);

/** From now on opening fails (1) or works again (0); at most @a limit connections at once. */
void store_fail_opening(int fail);
void store_limit_connections(int limit);
int store_open_count(void);

/** How many lines with this id were logged. Ids that were asked for are expected. */
int store_logged(const char *id);

/** The last line with this id, or NULL. */
const char *store_log_line(const char *id);

/** Run @a body in @a count threads at once and wait for them; each gets its number from 0. */
typedef void thread_body_fn(int number, apr_pool_t *p, void *baton);
void in_threads(int count, thread_body_fn *body, void *baton);

/** Write or read; the test fails when it does not return APR_SUCCESS. */
void store_write(twv_store_work_fn *work, void *baton);
void store_read(twv_store_work_fn *work, void *baton);

#define OK(expression) ck_assert_int_eq((expression), APR_SUCCESS)

/** A test whose body is one unit of work: it has `store` and the pool `p`. */
#define STORE_TEST(name)                                                                           \
    static apr_status_t name##_work(twv_store_t *store, apr_pool_t *p, void *baton);               \
    START_TEST(name)                                                                               \
    {                                                                                              \
        store_write(name##_work, NULL);                                                            \
    }                                                                                              \
    END_TEST                                                                                       \
    static apr_status_t name##_work(twv_store_t *store, apr_pool_t *p,                             \
                                    __attribute__((unused)) void *baton)

#endif
