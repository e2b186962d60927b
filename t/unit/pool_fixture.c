/*
 * A fresh pool for each test. Tests run one after the other.
 */
#include "pool_fixture.h"

#include <stdlib.h>

#include <apr_general.h>

apr_pool_t *test_pool;

static void open_pool(void)
{
    apr_initialize();
    apr_pool_create(&test_pool, NULL);
}

static void close_pool(void)
{
    apr_pool_destroy(test_pool);
    test_pool = NULL;
    apr_terminate();
}

TCase *case_with_pool(Suite *suite, const char *name)
{
    TCase *test_case = tcase_create(name);

    tcase_add_checked_fixture(test_case, open_pool, close_pool);
    suite_add_tcase(suite, test_case);
    return test_case;
}

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
