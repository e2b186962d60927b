/*
 * Many requests at once: every one is told once, none holds up the others, stop and wake.
 */
#include "twilio/http_client.h"

#include <pthread.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "http_client_fixture.h"

typedef struct {
    twv_http_batch_t *batch;
    int answered;
    int failed;
    const char *last_error;
    const twv_http_request_t *then; /* added by the first that is done */
} outcome_t;

static void note(void *baton, const twv_http_response_t *response)
{
    outcome_t *outcome = baton;

    if (response->status == 200) {
        outcome->answered++;
    } else {
        outcome->failed++;
        outcome->last_error = apr_pstrdup(test_pool, response->error);
    }
    if (outcome->then) {
        const twv_http_request_t *then = outcome->then;

        outcome->then = NULL;
        twv_http_batch_add(outcome->batch, test_pool, then, note, outcome);
    }
}

static void run_until_done(twv_http_batch_t *batch)
{
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(20);

    while (twv_http_batch_active(batch) > 0 && apr_time_now() < deadline) {
        twv_http_batch_run(batch, 1000);
    }
    ck_assert_int_eq(twv_http_batch_active(batch), 0);
}

START_TEST(a_batch_answers_each_request_once)
{
    outcome_t outcome = {0};
    twv_http_batch_t *batch = twv_http_batch_create(test_client, test_pool, 20);
    twv_http_request_t hello = request_to("/hello");
    twv_http_request_t closing = request_to("/close");
    int i;

    ck_assert_int_eq(twv_http_batch_room(batch), 20);
    for (i = 0; i < 10; i++) {
        twv_http_batch_add(batch, test_pool, &hello, note, &outcome);
        twv_http_batch_add(batch, test_pool, &closing, note, &outcome);
    }
    ck_assert_int_eq(twv_http_batch_room(batch), 0);
    ck_assert_int_eq(twv_http_batch_active(batch), 20);
    ck_assert_int_eq(outcome.answered + outcome.failed, 0);
    run_until_done(batch);
    ck_assert_int_eq(outcome.answered, 10);
    ck_assert_int_eq(outcome.failed, 10);
    ck_assert_int_eq(twv_http_batch_room(batch), 20);
}
END_TEST

START_TEST(a_slow_server_of_a_batch_does_not_hold_up_the_others)
{
    outcome_t slow = {0}, fast = {0};
    twv_http_batch_t *batch = twv_http_batch_create(test_client, test_pool, 8);
    twv_http_request_t silent = request_to("/silent");
    twv_http_request_t hello = request_to("/hello");
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(8);

    twv_http_batch_add(batch, test_pool, &silent, note, &slow);
    twv_http_batch_add(batch, test_pool, &hello, note, &fast);
    while (fast.answered == 0 && apr_time_now() < deadline) {
        twv_http_batch_run(batch, 1000);
    }
    ck_assert_int_eq(fast.answered, 1);
    ck_assert_int_eq(slow.failed, 0);
    twv_http_batch_abort(batch);
    ck_assert_int_eq(slow.failed, 1);
    ck_assert_str_eq(slow.last_error, "stopped");
    ck_assert_int_eq(twv_http_batch_active(batch), 0);
}
END_TEST

START_TEST(a_done_function_may_add_requests)
{
    twv_http_request_t hello = request_to("/hello");
    twv_http_request_t refused = request_to("/hello there");
    twv_http_batch_t *batch = twv_http_batch_create(test_client, test_pool, 2);
    outcome_t outcome = {.batch = batch, .then = &refused};

    twv_http_batch_add(batch, test_pool, &hello, note, &outcome);
    run_until_done(batch);
    ck_assert_int_eq(outcome.answered, 1);
    ck_assert_int_eq(outcome.failed, 1);
    outcome.then = &hello;
    twv_http_batch_add(batch, test_pool, &refused, note, &outcome);
    run_until_done(batch);
    ck_assert_int_eq(outcome.answered, 2);
    ck_assert_int_eq(outcome.failed, 2);
}
END_TEST

START_TEST(a_batch_that_is_forgotten_is_cleaned_up)
{
    outcome_t outcome = {0};
    twv_http_batch_t *batch = twv_http_batch_create(test_client, test_pool, 2);
    twv_http_request_t silent = request_to("/silent");
    apr_pool_t *p;

    apr_pool_create(&p, test_pool);
    twv_http_batch_add(batch, p, &silent, note, &outcome);
    twv_http_batch_run(batch, 10);
    ck_assert_int_eq(twv_http_batch_active(batch), 1);
}
END_TEST

static void *wake(void *batch)
{
    twv_http_batch_wake(batch);
    return NULL;
}

START_TEST(a_waiting_batch_can_be_woken)
{
    twv_http_batch_t *batch = twv_http_batch_create(test_client, test_pool, 2);
    apr_time_t start = apr_time_now();
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, wake, batch), 0);
    twv_http_batch_run(batch, 30000);
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(20));
    pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/http_batch");
    TCase *test_case = case_with_server(suite, "batch");

    tcase_add_test(test_case, a_batch_answers_each_request_once);
    tcase_add_test(test_case, a_slow_server_of_a_batch_does_not_hold_up_the_others);
    tcase_add_test(test_case, a_done_function_may_add_requests);
    tcase_add_test(test_case, a_batch_that_is_forgotten_is_cleaned_up);
    tcase_add_test(test_case, a_waiting_batch_can_be_woken);
    return run_suite(suite);
}
