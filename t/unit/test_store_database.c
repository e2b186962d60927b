/*
 * Units of work: what is kept and what is undone, and what happens when the database misbehaves.
 */
#include "store/database.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "store_fixture.h"

static const twv_statement_t create_note = {
    "create note",
    "CREATE TABLE IF NOT EXISTS note (id BIGINT PRIMARY KEY, body TEXT,"
    " parent BIGINT REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)",
    NULL};
static const twv_statement_t insert_note = {
    "insert note", "INSERT INTO note (id, body, parent) VALUES (%lld, %s, %lld)", NULL};
static const twv_statement_t find_note = {"find note", "SELECT id, body FROM note WHERE id = %lld",
                                          NULL};
static const twv_statement_t wrong_statement = {"wrong statement", "SELECT wrong FROM note", NULL};

/* One row, one call of the work, what it returns. */
typedef struct {
    apr_int64_t id;
    const char *body;
    const apr_int64_t *parent;
    apr_status_t result;
    const twv_statement_t *then;
    void (*interfere)(void);
    int calls;
} note_t;

static apr_status_t write_note(twv_store_t *store, apr_pool_t *p, void *baton)
{
    note_t *note = baton;
    twv_rows_t *rows;
    apr_status_t rv =
        twv_execute(store, &insert_note, TWV_ARGS(&note->id, note->body, note->parent), NULL);

    note->calls++;
    if (rv == APR_SUCCESS && note->then) {
        rv = twv_query(store, p, note->then, NULL, &rows);
    }
    if (note->interfere) {
        note->interfere();
    }
    return note->result ? note->result : rv;
}

static apr_status_t read_note(twv_store_t *store, apr_pool_t *p, void *baton)
{
    note_t *note = baton;
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &find_note, TWV_ARGS(&note->id), &rows);

    note->calls++;
    note->body = NULL;
    note->result = APR_NOTFOUND;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        ck_assert_int_eq(twv_rows_int(rows, 0), note->id);
        note->body = twv_rows_text(rows, 1);
        note->result = APR_SUCCESS;
        ck_assert(!twv_rows_next(rows));
        ck_assert(!twv_rows_next(rows));
    }
    return rv;
}

static apr_status_t create_table(twv_store_t *store, __attribute__((unused)) apr_pool_t *p,
                                 __attribute__((unused)) void *baton)
{
    return twv_execute(store, &create_note, NULL, NULL);
}

/* Whether the note is there for everybody. */
static int note_exists(apr_int64_t id)
{
    return store_sql_number(
               apr_psprintf(test_pool, "SELECT count(*) FROM note WHERE id = %d", (int)id)) == 1;
}

static apr_status_t write_one(note_t *note)
{
    return twv_database_write(test_database, test_pool, write_note, note);
}

START_TEST(what_returned_success_is_committed)
{
    note_t note = {.id = 1, .body = "kept"};

    store_write(create_table, NULL);
    OK(write_one(&note));
    ck_assert(note_exists(1));
    ck_assert_int_eq(note.calls, 1);
}
END_TEST

START_TEST(what_was_refused_is_undone_and_the_reason_returned)
{
    note_t note = {.id = 1, .result = TWV_STORE_REFUSED};

    store_write(create_table, NULL);
    ck_assert_int_eq(write_one(&note), TWV_STORE_REFUSED);
    ck_assert(!note_exists(1));
    ck_assert_int_eq(note.calls, 1);
    note = (note_t){.id = 2};
    OK(write_one(&note));
}
END_TEST

START_TEST(a_failed_statement_undoes_all_and_is_logged_once_without_values)
{
    note_t first = {.id = 1, .body = "first"};
    note_t note = {.id = 2, .body = "secret", .then = &wrong_statement};

    store_write(create_table, NULL);
    ck_assert_int_eq(write_one(&note), TWV_STORE_DOWN);
    ck_assert(!note_exists(2));
    ck_assert_int_eq(store_logged("TWV0203"), 1);
    ck_assert_ptr_nonnull(strstr(store_log_line("TWV0203"), "wrong statement"));
    OK(write_one(&first));
    first.body = "secret";
    ck_assert_int_eq(write_one(&first), TWV_STORE_DOWN);
    ck_assert_int_eq(store_logged("TWV0203"), 2);
    ck_assert_ptr_null(strstr(store_log_line("TWV0203"), "(1)"));
    ck_assert_ptr_null(strstr(store_log_line("TWV0203"), "secret"));
}
END_TEST

static apr_status_t hide_failure(twv_store_t *store, apr_pool_t *p, void *baton)
{
    twv_rows_t *rows;

    write_note(store, p, baton);
    twv_query(store, p, &wrong_statement, NULL, &rows);
    return APR_SUCCESS;
}

START_TEST(a_failure_that_the_work_hides_is_undone)
{
    note_t note = {.id = 1};

    store_write(create_table, NULL);
    ck_assert_int_eq(twv_database_write(test_database, test_pool, hide_failure, &note),
                     TWV_STORE_DOWN);
    ck_assert(!note_exists(1));
    ck_assert_int_eq(store_logged("TWV0203"), 1);
}
END_TEST

START_TEST(a_commit_that_fails_leaves_no_transaction_open)
{
    const apr_int64_t missing = 77;
    note_t note = {.id = 1, .parent = &missing};
    note_t next = {.id = 2};

    store_limit_connections(1);
    store_write(create_table, NULL);
    ck_assert_int_eq(write_one(&note), TWV_STORE_DOWN);
    ck_assert_int_eq(note.calls, 1);
    ck_assert_int_eq(store_logged("TWV0205"), 1);
    OK(write_one(&next));
    ck_assert(!note_exists(1));
    ck_assert(note_exists(2));
}
END_TEST

START_TEST(null_and_empty_text_are_read_as_null)
{
    note_t empty = {.id = 1, .body = ""};
    note_t null = {.id = 2, .body = NULL};

    store_write(create_table, NULL);
    OK(write_one(&empty));
    OK(write_one(&null));
    ck_assert_int_eq(store_sql_number("SELECT count(*) FROM note WHERE body IS NULL"), 2);
    for (int id = 1; id <= 2; id++) {
        note_t note = {.id = id, .body = "before"};

        store_read(read_note, &note);
        OK(note.result);
        ck_assert_ptr_null(note.body);
    }
}
END_TEST

START_TEST(an_empty_result_is_fast)
{
    note_t note = {.id = 1};
    apr_time_t start;

    store_write(create_table, NULL);
    start = apr_time_now();
    for (int i = 0; i < 20; i++) {
        store_read(read_note, &note);
        ck_assert_int_eq(note.result, APR_NOTFOUND);
    }
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_msec(1000));
}
END_TEST

START_TEST(statements_survive_a_change_of_the_schema_by_others)
{
    note_t note = {.id = 1};
    note_t reading = {.id = 1};

    store_limit_connections(1);
    store_write(create_table, NULL);
    OK(write_one(&note));
    store_read(read_note, &reading);
    for (int i = 2; i < 6; i++) {
        note = (note_t){.id = i};
        store_sql(apr_psprintf(test_pool, "CREATE TABLE stranger_%d (id BIGINT)", i));
        OK(write_one(&note));
        store_sql(apr_psprintf(test_pool, "CREATE INDEX stranger_index_%d ON note (body)", i));
        reading = (note_t){.id = i};
        store_read(read_note, &reading);
        OK(reading.result);
    }
}
END_TEST

static void write_many(int number, apr_pool_t *p, void *baton)
{
    for (int i = 0; i < 10; i++) {
        note_t note = {.id = number * 100 + i};

        if (twv_database_write(test_database, p, write_note, &note) != APR_SUCCESS ||
            twv_database_read(test_database, p, read_note, &note) != APR_SUCCESS) {
            ++*(int *)baton;
        }
    }
}

START_TEST(one_connection_is_enough_for_many_threads)
{
    int failures = 0;

    store_limit_connections(1);
    store_write(create_table, NULL);
    in_threads(4, write_many, &failures);
    ck_assert_int_eq(failures, 0);
    ck_assert_int_eq(store_sql_number("SELECT count(*) FROM note"), 40);
}
END_TEST

START_TEST(after_a_failed_open_others_fail_at_once_until_a_probe_succeeds)
{
    note_t note = {.id = 1};
    apr_time_t deadline;
    int opened;

    store_write(create_table, NULL);
    store_fail_opening(1);
    ck_assert_int_eq(write_one(&note), TWV_STORE_DOWN);
    ck_assert_int_eq(store_logged("TWV0201"), 1);
    opened = store_open_count();
    ck_assert_int_eq(write_one(&note), TWV_STORE_DOWN);
    ck_assert_int_eq(store_open_count(), opened);
    ck_assert_int_eq(note.calls, 0);
    store_fail_opening(0);
    deadline = apr_time_now() + apr_time_from_sec(5);
    while (write_one(&note) != APR_SUCCESS && apr_time_now() < deadline) {
        apr_sleep(5000);
    }
    ck_assert(note_exists(1));
    note = (note_t){.id = 2};
    OK(write_one(&note));
    ck_assert_int_eq(store_logged("TWV0201"), 1);
}
END_TEST

static apr_status_t lock_is_taken(__attribute__((unused)) void *baton,
                                  __attribute__((unused)) apr_interval_time_t wait)
{
    ck_assert_int_le(wait, apr_time_from_msec(800));
    return APR_TIMEUP;
}

static void nothing_to_unlock(__attribute__((unused)) void *baton)
{
    ck_abort_msg("a lock was released that was not taken");
}

START_TEST(a_write_lock_that_is_not_free_is_given_up)
{
    note_t note = {.id = 1};

    store_write(create_table, NULL);
    test_source.lock = lock_is_taken;
    test_source.unlock = nothing_to_unlock;
    test_database = twv_database_create(test_pool, &test_source);
    ck_assert_int_eq(write_one(&note), TWV_STORE_DOWN);
    ck_assert_int_ge(store_logged("TWV0204"), 1);
    ck_assert_int_eq(note.calls, 0);
}
END_TEST

START_TEST(a_database_that_another_process_writes_is_waited_for_but_not_for_long)
{
    note_t note = {.id = 1};
    note_t reading = {.id = 1};
    apr_time_t start;

    store_write(create_table, NULL);
    OK(write_one(&note));
    store_sql(store_is_postgresql() ? "BEGIN; LOCK TABLE note IN SHARE MODE" : "BEGIN IMMEDIATE");
    start = apr_time_now();
    note = (note_t){.id = 2};
    ck_assert_int_eq(write_one(&note), TWV_STORE_DOWN);
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_msec(2800));
    ck_assert_int_eq(store_logged("TWV0203"), 1);
    store_read(read_note, &reading);
    OK(reading.result);
    store_sql("ROLLBACK");
    OK(write_one(&note));
}
END_TEST

static void kill_connections(void)
{
    if (store_is_postgresql()) {
        store_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE application_name = 'twv_unit' AND pid <> pg_backend_pid()");
        while (store_sql_number("SELECT count(*) FROM pg_stat_activity"
                                " WHERE application_name = 'twv_unit'") > 0) {
            apr_sleep(1000);
        }
    }
}

START_TEST(a_connection_that_died_is_made_again_without_anybody_noticing)
{
    note_t note = {.id = 1};
    note_t reading = {.id = 1};

    store_write(create_table, NULL);
    OK(write_one(&note));
    kill_connections();
    store_read(read_note, &reading);
    OK(reading.result);
    kill_connections();
    note = (note_t){.id = 2};
    OK(write_one(&note));
    ck_assert(note_exists(2));
}
END_TEST

START_TEST(a_connection_made_again_has_its_time_limits_again)
{
    static const twv_statement_t show = {"show", "SELECT 2000",
                                         "SELECT setting FROM pg_settings"
                                         " WHERE name = 'statement_timeout'"};
    note_t note = {.id = 1};

    store_limit_connections(1);
    store_write(create_table, NULL);
    kill_connections();
    note.then = &show;
    OK(write_one(&note));
    if (store_is_postgresql()) {
        note = (note_t){
            .id = 2,
            .then = &(twv_statement_t){"check", "",
                                       "SELECT 1 / (count(*)::int) FROM pg_settings"
                                       " WHERE name = 'statement_timeout' AND setting = '2000'"}};
        OK(write_one(&note));
    }
}
END_TEST

START_TEST(a_connection_lost_at_commit_is_reported_and_not_tried_again)
{
    note_t note = {.id = 1, .interfere = kill_connections};
    note_t next = {.id = 2};

    if (!store_is_postgresql()) {
        return;
    }
    store_write(create_table, NULL);
    ck_assert_int_eq(write_one(&note), TWV_STORE_DOWN);
    ck_assert_int_eq(note.calls, 1);
    ck_assert_int_eq(store_logged("TWV0205"), 1);
    ck_assert(!note_exists(1));
    OK(write_one(&next));
}
END_TEST

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, what_returned_success_is_committed);
    tcase_add_test(test_case, what_was_refused_is_undone_and_the_reason_returned);
    tcase_add_test(test_case, a_failed_statement_undoes_all_and_is_logged_once_without_values);
    tcase_add_test(test_case, a_failure_that_the_work_hides_is_undone);
    tcase_add_test(test_case, a_commit_that_fails_leaves_no_transaction_open);
    tcase_add_test(test_case, null_and_empty_text_are_read_as_null);
    tcase_add_test(test_case, an_empty_result_is_fast);
    tcase_add_test(test_case, statements_survive_a_change_of_the_schema_by_others);
    tcase_add_test(test_case, one_connection_is_enough_for_many_threads);
    tcase_add_test(test_case, after_a_failed_open_others_fail_at_once_until_a_probe_succeeds);
    tcase_add_test(test_case, a_write_lock_that_is_not_free_is_given_up);
    tcase_add_test(test_case,
                   a_database_that_another_process_writes_is_waited_for_but_not_for_long);
    tcase_add_test(test_case, a_connection_that_died_is_made_again_without_anybody_noticing);
    tcase_add_test(test_case, a_connection_made_again_has_its_time_limits_again);
    tcase_add_test(test_case, a_connection_lost_at_commit_is_reported_and_not_tried_again);
}

int main(void)
{
    Suite *suite = suite_create("store/database");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
