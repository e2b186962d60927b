/*
 * The schema: made at first use by whoever comes first, migrated step by step, refused when newer.
 */
#include "store/schema.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "store_rows_fixture.h"

static apr_status_t list_services(twv_store_t *store, apr_pool_t *p,
                                  __attribute__((unused)) void *baton)
{
    apr_array_header_t *services;
    apr_status_t rv = twv_service_list(store, p, ACCOUNT, NULL, 10, &services);

    return rv == APR_SUCCESS && services->nelts ? APR_EGENERAL : rv;
}

static apr_int64_t version_in_database(void)
{
    return store_sql_number("SELECT value FROM twv_meta WHERE name = 'schema_version'");
}

static twv_database_t *another_database(void)
{
    return twv_database_create(test_pool, &test_source);
}

START_TEST(reading_an_empty_database_makes_the_tables)
{
    store_read(list_services, NULL);
    ck_assert_int_eq(version_in_database(), twv_schema_version());
    ck_assert_int_eq(store_sql_number("SELECT count(*) FROM twv_job"), 0);
}
END_TEST

START_TEST(a_database_that_has_the_tables_is_left_alone)
{
    store_write(list_services, NULL);
    OK(twv_database_write(another_database(), test_pool, list_services, NULL));
    OK(twv_database_read(another_database(), test_pool, list_services, NULL));
}
END_TEST

START_TEST(sqlite_gets_a_write_ahead_log)
{
    store_read(list_services, NULL);
    if (!store_is_postgresql()) {
        ck_assert_int_eq(store_sql_number("SELECT journal_mode = 'wal' FROM pragma_journal_mode"),
                         1);
    }
}
END_TEST

/* The connections of the parent belong to nobody else: a child opens its own. */
static int use_in_child(int number)
{
    twv_database_t *database = another_database();

    for (int i = 0; i < 5; i++) {
        apr_status_t rv = (number + i) % 2
                              ? twv_database_write(database, test_pool, list_services, NULL)
                              : twv_database_read(database, test_pool, list_services, NULL);

        if (rv != APR_SUCCESS) {
            return 1;
        }
    }
    return store_logged("TWV0203") + store_logged("TWV0206") + store_logged("TWV0208");
}

START_TEST(many_processes_may_come_first_at_once)
{
    pid_t children[5];

    for (int i = 0; i < 5; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(use_in_child(i));
        }
        ck_assert_int_gt(children[i], 0);
    }
    for (int i = 0; i < 5; i++) {
        int status = -1;

        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(version_in_database(), twv_schema_version());
}
END_TEST

START_TEST(a_newer_schema_is_refused_with_one_line)
{
    twv_database_t *database = another_database();
    apr_time_t deadline;

    store_read(list_services, NULL);
    store_sql("UPDATE twv_meta SET value = '999' WHERE name = 'schema_version'");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(twv_database_read(database, test_pool, list_services, NULL),
                         TWV_STORE_DOWN);
    }
    ck_assert_int_eq(store_logged("TWV0207"), 1);
    ck_assert_ptr_nonnull(strstr(store_log_line("TWV0207"), "999"));
    store_sql(apr_psprintf(test_pool, "UPDATE twv_meta SET value = '%d'", twv_schema_version()));
    deadline = apr_time_now() + apr_time_from_sec(5);
    while (twv_database_read(database, test_pool, list_services, NULL) != APR_SUCCESS) {
        ck_assert_int_lt(apr_time_now(), deadline);
        apr_sleep(5000);
    }
    ck_assert_int_eq(store_logged("TWV0207"), 1);
}
END_TEST

START_TEST(tables_that_vanish_are_made_again)
{
    store_read(list_services, NULL);
    store_sql("DROP TABLE twv_meta");
    store_sql("DROP TABLE twv_number");
    store_sql("DROP TABLE twv_interaction");
    store_sql("DROP TABLE twv_participant");
    store_sql("DROP TABLE twv_session");
    store_sql("DROP TABLE twv_service");
    store_sql("DROP TABLE twv_call");
    store_sql("DROP TABLE twv_event");
    store_sql("DROP TABLE twv_job");
    ck_assert_int_eq(twv_database_read(test_database, test_pool, list_services, NULL),
                     TWV_STORE_DOWN);
    ck_assert_int_eq(store_logged("TWV0203"), 1);
    store_read(list_services, NULL);
}
END_TEST

static const twv_statement_t test_version_1[] = {
    {"create thing", "CREATE TABLE thing (id BIGINT PRIMARY KEY)", NULL},
    {"fill thing", "INSERT INTO thing (id) VALUES (1)", NULL},
};
static const twv_statement_t test_version_2[] = {
    {"widen thing", "ALTER TABLE thing ADD COLUMN name TEXT", NULL},
    {"name thing", "UPDATE thing SET name = 'sqlite'", "UPDATE thing SET name = 'postgresql'"},
};
static const twv_statement_t test_version_3[] = {
    {"change thing", "UPDATE thing SET name = 'changed'", NULL},
    {"break", "ALTER TABLE missing ADD COLUMN name TEXT", NULL},
};
static const twv_schema_version_t test_versions[] = {
    {test_version_1, 2}, {test_version_2, 2}, {test_version_3, 2}};

static apr_status_t migrate_to(twv_store_t *store, __attribute__((unused)) apr_pool_t *p,
                               void *baton)
{
    return twv_schema_migrate(store, test_versions, *(int *)baton);
}

static apr_status_t migrate(int version)
{
    return twv_database_read(test_database, test_pool, migrate_to, &version);
}

START_TEST(an_older_schema_is_migrated_step_by_step_in_one_transaction)
{
    store_read(list_services, NULL);
    store_sql("DELETE FROM twv_meta");
    OK(migrate(1));
    ck_assert_int_eq(version_in_database(), 1);
    OK(migrate(1));
    OK(migrate(2));
    ck_assert_int_eq(version_in_database(), 2);
    ck_assert_int_eq(store_sql_number("SELECT count(*) FROM thing"), 1);
    ck_assert_int_eq(store_sql_number(store_is_postgresql()
                                          ? "SELECT count(*) FROM thing WHERE name = 'postgresql'"
                                          : "SELECT count(*) FROM thing WHERE name = 'sqlite'"),
                     1);
}
END_TEST

START_TEST(a_migration_that_fails_changes_nothing_and_is_logged)
{
    store_read(list_services, NULL);
    store_sql("DELETE FROM twv_meta");
    OK(migrate(2));
    ck_assert_int_eq(migrate(3), TWV_STORE_DOWN);
    ck_assert_int_eq(store_logged("TWV0206"), 1);
    ck_assert_int_eq(version_in_database(), 2);
    ck_assert_int_eq(store_sql_number("SELECT count(*) FROM thing WHERE name = 'changed'"), 0);
}
END_TEST

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, reading_an_empty_database_makes_the_tables);
    tcase_add_test(test_case, a_database_that_has_the_tables_is_left_alone);
    tcase_add_test(test_case, sqlite_gets_a_write_ahead_log);
    tcase_add_test(test_case, many_processes_may_come_first_at_once);
    tcase_add_test(test_case, a_newer_schema_is_refused_with_one_line);
    tcase_add_test(test_case, tables_that_vanish_are_made_again);
    tcase_add_test(test_case, an_older_schema_is_migrated_step_by_step_in_one_transaction);
    tcase_add_test(test_case, a_migration_that_fails_changes_nothing_and_is_logged);
}

int main(void)
{
    Suite *suite = suite_create("store/schema");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
