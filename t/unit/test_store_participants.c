/*
 * Participants: pairs that must not be active twice, use of numbers, and who is found for a call.
 */
#include "store/participant.h"

#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "store/route.h"
#include "store_rows_fixture.h"

static twv_participant_insert_t insert(twv_store_t *store, apr_pool_t *p,
                                       const twv_session_t *session, const char *identifier,
                                       const char *proxy_identifier, int exclusive)
{
    twv_participant_insert_t outcome;

    OK(twv_participant_insert(store, p, new_participant(p, session, identifier, proxy_identifier),
                              session->pin, exclusive, &outcome));
    return outcome;
}

STORE_TEST(an_identifier_is_in_a_session_once_also_after_it_was_deleted)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_session(store, p, service, NULL);
    twv_participant_t *hanako = make_participant(store, p, session, HANAKO, PROXY_NUMBER);
    twv_participant_t *found;
    apr_array_header_t *participants;
    int done;

    ck_assert_int_eq(insert(store, p, session, HANAKO, OTHER_PROXY_NUMBER, 0),
                     TWV_PARTICIPANT_DUPLICATE);
    OK(twv_participant_delete(store, p, session->sid, hanako->sid, NOW + 1, &done));
    ck_assert(done);
    OK(twv_participant_delete(store, p, session->sid, hanako->sid, NOW + 2, &done));
    ck_assert(!done);
    ck_assert_int_eq(insert(store, p, session, HANAKO, PROXY_NUMBER, 0), TWV_PARTICIPANT_DUPLICATE);
    OK(twv_participant_find(store, p, session->sid, hanako->sid, &found));
    ck_assert_int_eq(found->date_deleted, NOW + 1);
    OK(twv_participant_of_session(store, p, session->sid, &participants));
    ck_assert_int_eq(participants->nelts, 0);
    return APR_SUCCESS;
}

STORE_TEST(participants_are_listed_oldest_first_for_decisions_and_newest_first_in_pages)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_session(store, p, service, NULL);
    apr_array_header_t *participants;

    make_participant(store, p, session, HANAKO, PROXY_NUMBER);
    make_participant(store, p, session, TARO, PROXY_NUMBER);
    OK(twv_participant_of_session(store, p, session->sid, &participants));
    ck_assert_int_eq(participants->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(participants, 0, twv_participant_t *)->identifier, HANAKO);
    OK(twv_participant_list(store, p, session->sid, NULL, 1, &participants));
    ck_assert_int_eq(participants->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(participants, 0, twv_participant_t *)->identifier, TARO);
    OK(twv_participant_list(store, p, session->sid,
                            APR_ARRAY_IDX(participants, 0, twv_participant_t *)->sid, 9,
                            &participants));
    ck_assert_int_eq(participants->nelts, 1);
    return APR_SUCCESS;
}

STORE_TEST(an_exclusive_pair_is_refused_while_it_is_active_anywhere_in_the_account)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_service_t *foreign = make_service(store, p, OTHER_ACCOUNT);
    twv_session_t *first = make_session(store, p, service, NULL);
    twv_session_t *second = make_session(store, p, service, NULL);
    twv_session_t *third = make_session(store, p, service, NULL);
    twv_session_t *elsewhere = make_session(store, p, foreign, NULL);

    ck_assert_int_eq(insert(store, p, first, HANAKO, PROXY_NUMBER, 0), TWV_PARTICIPANT_INSERTED);
    ck_assert_int_eq(insert(store, p, second, HANAKO, PROXY_NUMBER, 1), TWV_PARTICIPANT_CONFLICT);
    ck_assert_int_eq(insert(store, p, second, HANAKO, OTHER_PROXY_NUMBER, 1),
                     TWV_PARTICIPANT_INSERTED);
    ck_assert_int_eq(insert(store, p, third, HANAKO, OTHER_PROXY_NUMBER, 1),
                     TWV_PARTICIPANT_CONFLICT);
    ck_assert_int_eq(insert(store, p, elsewhere, HANAKO, PROXY_NUMBER, 1),
                     TWV_PARTICIPANT_INSERTED);
    set_status(store, p, first, "closed");
    ck_assert_int_eq(insert(store, p, third, HANAKO, PROXY_NUMBER, 1), TWV_PARTICIPANT_INSERTED);
    return APR_SUCCESS;
}

STORE_TEST(an_exclusive_session_is_not_reopened_while_its_pair_is_active_elsewhere)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *first = make_session(store, p, service, NULL);
    twv_session_t *second = make_session(store, p, service, NULL);
    twv_session_t *was;
    twv_session_t changed;
    int pin_taken;
    int conflict;

    ck_assert_int_eq(insert(store, p, first, HANAKO, PROXY_NUMBER, 1), TWV_PARTICIPANT_INSERTED);
    set_status(store, p, first, "closed");
    ck_assert_int_eq(insert(store, p, second, HANAKO, PROXY_NUMBER, 1), TWV_PARTICIPANT_INSERTED);
    OK(twv_session_lock(store, p, service->sid, first->sid, &was));
    changed = *was;
    changed.status = "in-progress";
    OK(twv_session_update(store, p, &changed, was, 1, &pin_taken, &conflict));
    ck_assert(conflict);
    OK(twv_session_find(store, p, service->sid, first->sid, &was));
    ck_assert_str_eq(was->status, "closed");
    set_status(store, p, second, "closed");
    OK(twv_session_update(store, p, &changed, was, 1, &pin_taken, &conflict));
    ck_assert(!conflict);
    ck_assert_int_eq(
        insert(store, p, make_session(store, p, service, NULL), HANAKO, PROXY_NUMBER, 1),
        TWV_PARTICIPANT_CONFLICT);
    return APR_SUCCESS;
}

/* A session with one participant, made at the same time by many. */
typedef struct {
    const twv_session_t *sessions[8];
    int exclusive[8];
    apr_uint32_t outcomes[3];
    apr_uint32_t failures;
    apr_uint32_t first_has_inserted;
} race_t;

typedef struct {
    race_t *race;
    int number;
    int waits; /* keep the transaction open for a while */
} runner_t;

static apr_status_t insert_hanako(twv_store_t *store, apr_pool_t *p, void *baton)
{
    runner_t *runner = baton;
    const twv_session_t *session = runner->race->sessions[runner->number];
    twv_session_t *locked;
    twv_participant_insert_t outcome;
    apr_status_t rv = twv_session_lock(store, p, session->service_sid, session->sid, &locked);

    if (rv == APR_SUCCESS) {
        rv = twv_participant_insert(store, p, new_participant(p, session, HANAKO, PROXY_NUMBER),
                                    NULL, runner->race->exclusive[runner->number], &outcome);
    }
    if (rv == APR_SUCCESS) {
        apr_atomic_inc32(&runner->race->outcomes[outcome]);
    }
    if (runner->waits) {
        apr_atomic_set32(&runner->race->first_has_inserted, 1);
        apr_sleep(apr_time_from_msec(150));
    }
    return rv;
}

static void insert_in_thread(int number, apr_pool_t *p, void *baton)
{
    runner_t runner = {baton, number, 0};

    if (twv_database_write(test_database, p, insert_hanako, &runner) != APR_SUCCESS) {
        apr_atomic_inc32(&runner.race->failures);
    }
}

static apr_status_t make_race(twv_store_t *store, apr_pool_t *p, void *baton)
{
    race_t *race = baton;
    twv_service_t *service = make_service(store, p, ACCOUNT);

    for (int i = 0; i < 8; i++) {
        race->sessions[i] = make_session(store, p, service, NULL);
    }
    return APR_SUCCESS;
}

START_TEST(of_exclusive_pairs_inserted_at_once_one_is_kept)
{
    for (int round = 0; round < 5; round++) {
        race_t race = {.exclusive = {1, 1, 1, 1, 1, 1, 1, 1}};

        store_write(make_race, &race);
        in_threads(8, insert_in_thread, &race);
        ck_assert_int_eq(race.failures, 0);
        ck_assert_int_eq(race.outcomes[TWV_PARTICIPANT_INSERTED], 1);
        ck_assert_int_eq(race.outcomes[TWV_PARTICIPANT_CONFLICT], 7);
        store_sql("DELETE FROM twv_participant");
    }
}
END_TEST

/* Thread 0 inserts without exclusiveness and is slow to commit; thread 1 starts after its insert.
 */
static void insert_one_after_the_other(int number, apr_pool_t *p, void *baton)
{
    race_t *race = baton;
    runner_t runner = {race, number, number == 0};

    while (number == 1 && !apr_atomic_read32(&race->first_has_inserted)) {
        apr_sleep(1000);
    }
    if (twv_database_write(test_database, p, insert_hanako, &runner) != APR_SUCCESS) {
        apr_atomic_inc32(&race->failures);
    }
}

START_TEST(an_exclusive_pair_waits_for_one_that_is_not_committed_yet)
{
    race_t race = {.exclusive = {0, 1}};

    store_write(make_race, &race);
    in_threads(2, insert_one_after_the_other, &race);
    ck_assert_int_eq(race.failures, 0);
    ck_assert_int_eq(race.outcomes[TWV_PARTICIPANT_INSERTED], 1);
    ck_assert_int_eq(race.outcomes[TWV_PARTICIPANT_CONFLICT], 1);
}
END_TEST

STORE_TEST(a_number_counts_its_active_sessions)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *first = make_session(store, p, service, NULL);
    twv_session_t *second = make_session(store, p, service, NULL);
    twv_participant_t *hanako;
    twv_participant_t *taro;
    twv_number_t *number;
    int done;

    make_number(store, p, service, PROXY_NUMBER);
    number = make_number(store, p, service, OTHER_PROXY_NUMBER);
    hanako = make_participant(store, p, first, HANAKO, PROXY_NUMBER);
    taro = make_participant(store, p, first, TARO, PROXY_NUMBER);
    make_participant(store, p, second, HANAKO, PROXY_NUMBER);
    make_participant(store, p, second, TARO, OTHER_PROXY_NUMBER);
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 2);
    ck_assert_int_eq(uses_of(store, p, OTHER_PROXY_NUMBER), 1);
    OK(twv_participant_delete(store, p, first->sid, hanako->sid, NOW, &done));
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 2);
    OK(twv_participant_delete(store, p, first->sid, taro->sid, NOW, &done));
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 1);
    set_status(store, p, second, "closed");
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 0);
    ck_assert_int_eq(uses_of(store, p, OTHER_PROXY_NUMBER), 0);
    set_status(store, p, second, "in-progress");
    set_status(store, p, second, "in-progress");
    set_status(store, p, first, "closed");
    set_status(store, p, first, "open");
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 1);
    ck_assert_int_eq(uses_of(store, p, OTHER_PROXY_NUMBER), 1);
    OK(twv_number_delete(store, service->sid, number->sid, &done));
    make_number(store, p, service, OTHER_PROXY_NUMBER);
    ck_assert_int_eq(uses_of(store, p, OTHER_PROXY_NUMBER), 1);
    OK(twv_session_delete(store, p, service->sid, second->sid, &done));
    ck_assert(done);
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 0);
    ck_assert_int_eq(uses_of(store, p, OTHER_PROXY_NUMBER), 0);
    OK(twv_session_delete(store, p, service->sid, second->sid, &done));
    ck_assert(!done);
    return APR_SUCCESS;
}

STORE_TEST(paired_and_last_numbers_are_those_of_the_identifier)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *first = make_session(store, p, service, NULL);
    twv_session_t *second = make_session(store, p, service, NULL);
    apr_array_header_t *numbers;
    const char *number;

    make_participant(store, p, first, HANAKO, PROXY_NUMBER);
    make_participant(store, p, second, HANAKO, OTHER_PROXY_NUMBER);
    OK(twv_participant_paired_numbers(store, p, ACCOUNT, HANAKO, &numbers));
    ck_assert_int_eq(numbers->nelts, 2);
    OK(twv_participant_paired_numbers(store, p, OTHER_ACCOUNT, HANAKO, &numbers));
    ck_assert_int_eq(numbers->nelts, 0);
    set_status(store, p, second, "closed");
    OK(twv_participant_paired_numbers(store, p, ACCOUNT, HANAKO, &numbers));
    ck_assert_int_eq(numbers->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(numbers, 0, const char *), PROXY_NUMBER);
    OK(twv_participant_last_number(store, p, service->sid, HANAKO, &number));
    ck_assert_str_eq(number, OTHER_PROXY_NUMBER);
    OK(twv_participant_last_number(store, p, service->sid, TARO, &number));
    ck_assert_ptr_null(number);
    return APR_SUCCESS;
}

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, an_identifier_is_in_a_session_once_also_after_it_was_deleted);
    tcase_add_test(test_case,
                   participants_are_listed_oldest_first_for_decisions_and_newest_first_in_pages);
    tcase_add_test(test_case,
                   an_exclusive_pair_is_refused_while_it_is_active_anywhere_in_the_account);
    tcase_add_test(test_case,
                   an_exclusive_session_is_not_reopened_while_its_pair_is_active_elsewhere);
    tcase_add_test(test_case, of_exclusive_pairs_inserted_at_once_one_is_kept);
    tcase_add_test(test_case, an_exclusive_pair_waits_for_one_that_is_not_committed_yet);
    tcase_add_test(test_case, a_number_counts_its_active_sessions);
    tcase_add_test(test_case, paired_and_last_numbers_are_those_of_the_identifier);
}

int main(void)
{
    Suite *suite = suite_create("store/participants");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
