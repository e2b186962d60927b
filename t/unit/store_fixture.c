/*
 * See store_fixture.h. The pool of connections is like mod_dbd's: an idle one is checked before it
 * is handed out, and who finds none waits. Threads share it under one mutex.
 */
#include "store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_proc.h>

#define MAX_CONNECTIONS 16
#define MAX_LINES 200

twv_database_t *test_database;
twv_database_source_t test_source;

typedef struct {
    const char *id;
    const char *message;
    int is_error;
    int is_expected;
} log_line_t;

static struct {
    const apr_dbd_driver_t *driver;
    const char *params;
    const char *directory;
    const char *schema;
    apr_dbd_t *outsider; /* for store_sql() */
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *freed;
    apr_thread_mutex_t *write_lock;
    twv_link_t idle[MAX_CONNECTIONS];
    int idle_count;
    int in_use;
    int limit;
    int opened;
    int fails;
    log_line_t lines[MAX_LINES];
    int line_count;
} world;

static apr_status_t connect_link(twv_link_t *link)
{
    apr_pool_create(&link->pool, world.pool);
    link->driver = world.driver;
    return apr_dbd_open(world.driver, link->pool, world.params, &link->handle);
}

static void drop_link(twv_link_t *link)
{
    apr_dbd_close(link->driver, link->handle);
    apr_pool_destroy(link->pool);
}

static apr_status_t open_link(__attribute__((unused)) void *baton, apr_pool_t *p, twv_link_t *link)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(world.mutex);
    world.opened++;
    while (world.in_use >= world.limit) {
        apr_thread_cond_wait(world.freed, world.mutex);
    }
    if (world.fails) {
        rv = APR_EGENERAL;
    } else if (world.idle_count > 0) {
        *link = world.idle[--world.idle_count];
        rv = apr_dbd_check_conn(link->driver, p, link->handle);
        if (rv != APR_SUCCESS) {
            drop_link(link);
        }
    } else {
        rv = connect_link(link);
    }
    if (rv == APR_SUCCESS) {
        world.in_use++;
    }
    apr_thread_mutex_unlock(world.mutex);
    return rv;
}

static void close_link(__attribute__((unused)) void *baton, __attribute__((unused)) apr_pool_t *p,
                       twv_link_t *link)
{
    apr_thread_mutex_lock(world.mutex);
    world.idle[world.idle_count++] = *link;
    world.in_use--;
    apr_thread_cond_signal(world.freed);
    apr_thread_mutex_unlock(world.mutex);
}

static apr_status_t take_lock(__attribute__((unused)) void *baton, apr_interval_time_t wait)
{
    return apr_thread_mutex_timedlock(world.write_lock, wait);
}

static void release_lock(__attribute__((unused)) void *baton)
{
    apr_thread_mutex_unlock(world.write_lock);
}

static void note_line(__attribute__((unused)) void *baton, int is_error, const char *id,
                      const char *message)
{
    apr_thread_mutex_lock(world.mutex);
    if (world.line_count < MAX_LINES) {
        log_line_t *line = &world.lines[world.line_count++];

        line->id = apr_pstrdup(world.pool, id);
        line->message = apr_pstrdup(world.pool, message);
        line->is_error = is_error;
        line->is_expected = 0;
    }
    apr_thread_mutex_unlock(world.mutex);
}

int store_logged(const char *id)
{
    int count = 0;

    for (int i = 0; i < world.line_count; i++) {
        if (strcmp(world.lines[i].id, id) == 0) {
            world.lines[i].is_expected = 1;
            count++;
        }
    }
    return count;
}

const char *store_log_line(const char *id)
{
    const char *message = NULL;

    for (int i = 0; i < world.line_count; i++) {
        if (strcmp(world.lines[i].id, id) == 0) {
            message = world.lines[i].message;
        }
    }
    return message;
}

int store_is_postgresql(void)
{
    return world.schema != NULL;
}

void store_fail_opening(int fail)
{
    world.fails = fail;
}

void store_limit_connections(int limit)
{
    world.limit = limit;
}

int store_open_count(void)
{
    return world.opened;
}

/* The first statement after another connection changed SQLite's schema fails. */
static int is_schema_change(int code)
{
    return code && strstr(apr_dbd_error(world.driver, world.outsider, code), "schema has changed");
}

void store_sql(const char *sql)
{
    int rows = 0;
    int code = apr_dbd_query(world.driver, world.outsider, &rows, sql);

    if (is_schema_change(code)) {
        code = apr_dbd_query(world.driver, world.outsider, &rows, sql);
    }
    ck_assert_msg(code == 0 || code == 100, "%s: %s", sql,
                  apr_dbd_error(world.driver, world.outsider, code));
}

apr_int64_t store_sql_number(const char *sql)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    apr_int64_t number = -1;
    int code = apr_dbd_select(world.driver, test_pool, world.outsider, &results, sql,
                              store_is_postgresql());

    if (is_schema_change(code)) {
        results = NULL;
        code = apr_dbd_select(world.driver, test_pool, world.outsider, &results, sql, 0);
    }
    ck_assert_msg(code == 0, "%s: %s", sql, apr_dbd_error(world.driver, world.outsider, code));
    while (apr_dbd_get_row(world.driver, test_pool, results, &row, -1) == 0) {
        number = apr_atoi64(apr_dbd_get_entry(world.driver, row, 0));
    }
    return number;
}

static void open_world(const char *driver)
{
    OK(apr_pool_create(&world.pool, test_pool));
    OK(apr_dbd_get_driver(world.pool, driver, &world.driver));
    OK(apr_thread_mutex_create(&world.mutex, APR_THREAD_MUTEX_DEFAULT, world.pool));
    OK(apr_thread_mutex_create(&world.write_lock, APR_THREAD_MUTEX_TIMED, world.pool));
    OK(apr_thread_cond_create(&world.freed, world.pool));
    world.limit = MAX_CONNECTIONS;
}

static void open_database(int has_writer_lock)
{
    test_source = (twv_database_source_t){.open = open_link, .close = close_link, .log = note_line};
    if (has_writer_lock) {
        test_source.lock = take_lock;
        test_source.unlock = release_lock;
    }
    test_database = twv_database_create(world.pool, &test_source);
}

static void open_sqlite(void)
{
    const char *temporary;
    char *directory;

    memset(&world, 0, sizeof(world));
    open_world("sqlite3");
    OK(apr_temp_dir_get(&temporary, world.pool));
    directory = apr_pstrcat(world.pool, temporary, "/twv_unit_XXXXXX", NULL);
    world.directory = mkdtemp(directory);
    ck_assert_ptr_nonnull(world.directory);
    world.params = apr_pstrcat(world.pool, world.directory, "/unit.db", NULL);
    OK(apr_dbd_open(world.driver, world.pool, world.params, &world.outsider));
    open_database(1);
}

static void open_postgresql(void)
{
    const char *conninfo = getenv("TWV_TEST_POSTGRESQL");
    static int count;

    memset(&world, 0, sizeof(world));
    open_world("pgsql");
    world.schema = apr_psprintf(world.pool, "twv_unit_%ld_%d", (long)getpid(), count++);
    world.params = apr_psprintf(world.pool,
                                "%s application_name=twv_unit options='-c search_path=%s"
                                " -c client_min_messages=warning'",
                                conninfo, world.schema);
    OK(apr_dbd_open(world.driver, world.pool,
                    apr_pstrcat(world.pool, conninfo, " options='-c search_path=", world.schema,
                                " -c client_min_messages=warning'", NULL),
                    &world.outsider));
    store_sql(apr_pstrcat(world.pool, "CREATE SCHEMA ", world.schema, NULL));
    open_database(0);
}

static void remove_files(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        apr_file_remove(apr_pstrcat(world.pool, world.params, endings[i], NULL), world.pool);
    }
    apr_dir_remove(world.directory, world.pool);
}

static void close_world(void)
{
    ck_assert_int_eq(world.in_use, 0);
    while (world.idle_count > 0) {
        drop_link(&world.idle[--world.idle_count]);
    }
    if (world.schema) {
        store_sql(apr_pstrcat(world.pool, "DROP SCHEMA ", world.schema, " CASCADE", NULL));
    }
    apr_dbd_close(world.driver, world.outsider);
    if (world.directory) {
        remove_files();
    }
    for (int i = 0; i < world.line_count; i++) {
        ck_assert_msg(!world.lines[i].is_error || world.lines[i].is_expected, "logged: %s %s",
                      world.lines[i].id, world.lines[i].message);
    }
}

void add_store_cases(Suite *suite, add_tests_fn *add_tests)
{
    TCase *sqlite = case_with_pool(suite, "sqlite");
    apr_pool_t *drivers;

    /* apr_dbd cannot be initialized again after an apr_terminate() that ends APR: it never does. */
    apr_initialize();
    apr_pool_create(&drivers, NULL);
    apr_dbd_init(drivers);

    tcase_add_checked_fixture(sqlite, open_sqlite, close_world);
    add_tests(sqlite);
    if (getenv("TWV_TEST_POSTGRESQL")) {
        TCase *postgresql = case_with_pool(suite, "postgresql");

        tcase_add_checked_fixture(postgresql, open_postgresql, close_world);
        add_tests(postgresql);
    }
}

typedef struct {
    int number;
    thread_body_fn *body;
    void *baton;
} thread_start_t;

static void *APR_THREAD_FUNC run_thread(apr_thread_t *thread, void *data)
{
    thread_start_t *start = data;

    start->body(start->number, apr_thread_pool_get(thread), start->baton);
    return NULL;
}

void in_threads(int count, thread_body_fn *body, void *baton)
{
    apr_thread_t **threads = apr_palloc(test_pool, sizeof(*threads) * (size_t)count);

    for (int i = 0; i < count; i++) {
        thread_start_t *start = apr_palloc(test_pool, sizeof(*start));

        *start = (thread_start_t){i, body, baton};
        OK(apr_thread_create(&threads[i], NULL, run_thread, start, test_pool));
    }
    for (int i = 0; i < count; i++) {
        apr_status_t result;

        OK(apr_thread_join(&result, threads[i]));
    }
}

void store_write(twv_store_work_fn *work, void *baton)
{
    OK(twv_database_write(test_database, test_pool, work, baton));
}

void store_read(twv_store_work_fn *work, void *baton)
{
    OK(twv_database_read(test_database, test_pool, work, baton));
}
