/* Works of many threads at once: on SQLite they share transactions; each is kept or undone by
 * itself. */
#include "store/event.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include "store_rows_fixture.h"

#define THREADS 16
#define ROUNDS 25

typedef struct {
    int thread;
    int round;
    enum { KEEP, REFUSE, BREAK } end;
} writing_t;

/* How often a work did not end as it should have. */
static volatile apr_uint32_t wrong;

static apr_status_t write_event(twv_store_t *store, apr_pool_t *p, void *baton)
{
    const writing_t *writing = baton;
    twv_event_t event = {.call_sid = sid_of(p, "CA", writing->thread),
                         .key = apr_itoa(p, writing->round),
                         .account_sid = ACCOUNT,
                         .kind = writing->end == BREAK ? NULL : "test",
                         .at = NOW,
                         .detail = "{}"};
    int is_new;
    apr_status_t rv = twv_event_insert(store, &event, &is_new);

    return rv == APR_SUCCESS && writing->end == REFUSE ? TWV_STORE_REFUSED : rv;
}

static void write_round(int thread, int round, int end, apr_status_t expected)
{
    writing_t writing = {thread, round, end};
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    if (twv_database_write(test_database, p, write_event, &writing) != expected) {
        apr_atomic_inc32(&wrong);
    }
    apr_pool_destroy(p);
}

/* The last thread's works are all refused, some of the others', too. */
static int is_refused(int thread, int round)
{
    return thread == THREADS - 1 || (thread + round) % 5 == 0;
}

static void write_and_refuse(int thread, __attribute__((unused)) apr_pool_t *p,
                             __attribute__((unused)) void *baton)
{
    for (int round = 0; round < ROUNDS; round++) {
        int refused = is_refused(thread, round);

        write_round(thread, round, refused ? REFUSE : KEEP,
                    refused ? TWV_STORE_REFUSED : APR_SUCCESS);
    }
}

static void write_and_break(int thread, __attribute__((unused)) apr_pool_t *p,
                            __attribute__((unused)) void *baton)
{
    for (int round = 0; round < ROUNDS; round++) {
        write_round(thread, round, thread == 0 ? BREAK : KEEP,
                    thread == 0 ? TWV_STORE_DOWN : APR_SUCCESS);
    }
}

START_TEST(refused_works_are_undone_and_the_others_kept)
{
    apr_int64_t expected = 0;

    wrong = 0;
    in_threads(THREADS, write_and_refuse, NULL);
    ck_assert_uint_eq(wrong, 0);
    for (int thread = 0; thread < THREADS; thread++) {
        for (int round = 0; round < ROUNDS; round++) {
            expected += !is_refused(thread, round);
        }
    }
    ck_assert_int_eq(store_sql_number("SELECT COUNT(*) FROM twv_event"), expected);
}
END_TEST

START_TEST(a_work_that_fails_takes_nobody_with_it)
{
    wrong = 0;
    in_threads(4, write_and_break, NULL);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_int_eq(store_sql_number("SELECT COUNT(*) FROM twv_event"), 3 * ROUNDS);
    ck_assert_int_eq(store_logged("TWV0203"), ROUNDS);
}
END_TEST

START_TEST(without_a_database_everybody_in_the_queue_is_told)
{
    store_write(write_event, &(writing_t){0, 0, KEEP});
    store_fail_opening(1);
    wrong = 0;
    in_threads(THREADS, write_and_break, NULL);
    /* Nobody was written: thread 0 expects the failure, all others do not. */
    ck_assert_uint_eq(wrong, (THREADS - 1) * ROUNDS);
    ck_assert_int_gt(store_logged("TWV0201"), 0);
    store_fail_opening(0);
    ck_assert_int_eq(store_sql_number("SELECT COUNT(*) FROM twv_event"), 1);
}
END_TEST

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, refused_works_are_undone_and_the_others_kept);
    tcase_add_test(test_case, a_work_that_fails_takes_nobody_with_it);
    tcase_add_test(test_case, without_a_database_everybody_in_the_queue_is_told);
}

int main(void)
{
    Suite *suite = suite_create("store/group");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
