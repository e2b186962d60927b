/* Work for later: each job is claimed by one, comes back when its lease ends, ends once. */
#include "store/job.h"

#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "store_rows_fixture.h"

static void make_job(twv_store_t *store, apr_pool_t *p, int number, twv_ms_t due_at)
{
    twv_job_t job = {.id = sid_of(p, "JB", number),
                     .account_sid = ACCOUNT,
                     .kind = "test",
                     .payload = "{\"n\":1}",
                     .due_at = due_at,
                     .date_created = NOW + number};
    int is_new;

    OK(twv_job_insert(store, &job, &is_new));
    ck_assert(is_new);
    OK(twv_job_insert(store, &job, &is_new));
    ck_assert(!is_new);
}

static apr_array_header_t *claim(twv_store_t *store, apr_pool_t *p, twv_ms_t now, const char *owner,
                                 int limit)
{
    apr_array_header_t *jobs;

    OK(twv_job_claim(store, p, ACCOUNT, now, owner, 60000, limit, &jobs));
    return jobs;
}

STORE_TEST(due_jobs_are_claimed_earliest_first_and_once)
{
    apr_array_header_t *jobs;
    const twv_job_t *job;

    for (int i = 0; i < 5; i++) {
        make_job(store, p, i, NOW - 10 * i);
    }
    make_job(store, p, 5, NOW + 1);
    jobs = claim(store, p, NOW, "one", 3);
    ck_assert_int_eq(jobs->nelts, 3);
    job = APR_ARRAY_IDX(jobs, 0, twv_job_t *);
    ck_assert_str_eq(job->id, sid_of(p, "JB", 4));
    ck_assert_str_eq(job->payload, "{\"n\":1}");
    ck_assert_str_eq(job->lease_owner, "one");
    ck_assert_int_eq(job->due_at, NOW - 40);
    ck_assert_int_eq(job->attempts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(jobs, 2, twv_job_t *)->id, sid_of(p, "JB", 2));
    ck_assert_int_eq(claim(store, p, NOW, "two", 10)->nelts, 2);
    ck_assert_int_eq(claim(store, p, NOW, "three", 10)->nelts, 0);
    return APR_SUCCESS;
}

STORE_TEST(the_next_job_is_known_without_a_claim)
{
    twv_ms_t due_at;

    OK(twv_job_next_due(store, p, ACCOUNT, &due_at));
    ck_assert_int_eq(due_at, 0);
    make_job(store, p, 1, NOW + 7);
    make_job(store, p, 2, NOW + 5);
    OK(twv_job_next_due(store, p, ACCOUNT, &due_at));
    ck_assert_int_eq(due_at, NOW + 5);
    claim(store, p, NOW + 10, "one", 10);
    OK(twv_job_next_due(store, p, ACCOUNT, &due_at));
    ck_assert_int_eq(due_at, NOW + 60010);
    return APR_SUCCESS;
}

STORE_TEST(a_job_comes_back_after_its_lease_and_its_old_owner_has_lost_it)
{
    apr_array_header_t *jobs;
    const char *id = sid_of(p, "JB", 1);
    int held;

    make_job(store, p, 1, NOW);
    claim(store, p, NOW, "one", 1);
    ck_assert_int_eq(claim(store, p, NOW + 59999, "two", 1)->nelts, 0);
    jobs = claim(store, p, NOW + 60000, "two", 1);
    ck_assert_int_eq(jobs->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(jobs, 0, twv_job_t *)->attempts, 2);
    OK(twv_job_finish(store, id, "one", &held));
    ck_assert(!held);
    OK(twv_job_delay(store, id, "one", NOW, "late", &held));
    ck_assert(!held);
    OK(twv_job_fail(store, id, "one", "late", &held));
    ck_assert(!held);
    OK(twv_job_finish(store, id, "two", &held));
    ck_assert(held);
    OK(twv_job_finish(store, id, "two", &held));
    ck_assert(!held);
    return APR_SUCCESS;
}

STORE_TEST(a_delayed_job_is_due_again_and_a_failed_one_never)
{
    const char *id = sid_of(p, "JB", 1);
    int held;
    int deleted;

    make_job(store, p, 1, NOW);
    claim(store, p, NOW, "one", 1);
    OK(twv_job_delay(store, id, "one", NOW + 100, "busy", &held));
    ck_assert(held);
    ck_assert_int_eq(claim(store, p, NOW + 99, "one", 1)->nelts, 0);
    ck_assert_int_eq(claim(store, p, NOW + 100, "one", 1)->nelts, 1);
    OK(twv_job_fail(store, id, "one", "gone", &held));
    ck_assert(held);
    ck_assert_int_eq(claim(store, p, NOW + 1000000, "one", 1)->nelts, 0);
    OK(twv_job_purge(store, NOW + 1, 10, &deleted));
    ck_assert_int_eq(deleted, 0);
    OK(twv_job_purge(store, NOW + 2, 10, &deleted));
    ck_assert_int_eq(deleted, 1);
    return APR_SUCCESS;
}

STORE_TEST(jobs_of_another_account_are_left_to_its_own_servers)
{
    apr_array_header_t *jobs;
    twv_ms_t due_at;

    make_job(store, p, 1, NOW);
    OK(twv_job_next_due(store, p, OTHER_ACCOUNT, &due_at));
    ck_assert_int_eq(due_at, 0);
    OK(twv_job_claim(store, p, OTHER_ACCOUNT, NOW, "one", 60000, 10, &jobs));
    ck_assert_int_eq(jobs->nelts, 0);
    return APR_SUCCESS;
}

#define JOB_COUNT 100

typedef struct {
    apr_uint32_t claims[JOB_COUNT];
    apr_uint32_t failures;
} tally_t;

typedef struct {
    const char *owner;
    apr_array_header_t *jobs;
} claimer_t;

static apr_status_t make_jobs(twv_store_t *store, apr_pool_t *p,
                              __attribute__((unused)) void *baton)
{
    for (int i = 0; i < JOB_COUNT; i++) {
        make_job(store, p, i, NOW - i);
    }
    return APR_SUCCESS;
}

static apr_status_t claim_some(twv_store_t *store, apr_pool_t *p, void *baton)
{
    claimer_t *claimer = baton;

    return twv_job_claim(store, p, ACCOUNT, NOW, claimer->owner, 60000, 7, &claimer->jobs);
}

static void claim_until_empty(int number, apr_pool_t *p, void *baton)
{
    claimer_t claimer = {apr_psprintf(p, "claimer-%d", number), NULL};
    tally_t *tally = baton;

    do {
        if (twv_database_write(test_database, p, claim_some, &claimer) != APR_SUCCESS) {
            apr_atomic_inc32(&tally->failures);
            return;
        }
        for (int i = 0; i < claimer.jobs->nelts; i++) {
            const char *id = APR_ARRAY_IDX(claimer.jobs, i, twv_job_t *)->id;

            apr_atomic_inc32(&tally->claims[apr_atoi64(id + 2)]);
        }
    } while (claimer.jobs->nelts > 0);
}

START_TEST(claimers_at_the_same_time_get_each_job_once)
{
    tally_t tally = {{0}, 0};

    store_write(make_jobs, NULL);
    in_threads(4, claim_until_empty, &tally);
    ck_assert_int_eq(tally.failures, 0);
    for (int i = 0; i < JOB_COUNT; i++) {
        ck_assert_int_eq(tally.claims[i], 1);
    }
}
END_TEST

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, due_jobs_are_claimed_earliest_first_and_once);
    tcase_add_test(test_case, the_next_job_is_known_without_a_claim);
    tcase_add_test(test_case, a_job_comes_back_after_its_lease_and_its_old_owner_has_lost_it);
    tcase_add_test(test_case, a_delayed_job_is_due_again_and_a_failed_one_never);
    tcase_add_test(test_case, jobs_of_another_account_are_left_to_its_own_servers);
    tcase_add_test(test_case, claimers_at_the_same_time_get_each_job_once);
}

int main(void)
{
    Suite *suite = suite_create("store/jobs");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
