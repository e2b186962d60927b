/*
 * Legs and their events: reports merge to the same row in every order, lists, retention.
 */
#include "store/call.h"

#include <string.h>

#include <apr_strings.h>

#include "store/event.h"
#include "store_rows_fixture.h"

static twv_call_t *merge(twv_store_t *store, apr_pool_t *p, const twv_call_t *report)
{
    twv_call_t *merged;

    OK(twv_call_merge(store, p, report, &merged));
    ck_assert_ptr_nonnull(merged);
    return merged;
}

static const char *text_of(const char *text)
{
    return text ? text : "-";
}

static const char *describe(apr_pool_t *p, const twv_call_t *c)
{
    return apr_psprintf(
        p,
        "%s %s %s %s %s %s %s %s %s %s %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT
        " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT
        " %" APR_INT64_T_FMT,
        text_of(c->account_sid), text_of(c->parent_call_sid), text_of(c->service_sid),
        text_of(c->session_sid), text_of(c->interaction_sid), text_of(c->participant_sid),
        text_of(c->from_number), text_of(c->to_number), text_of(c->direction), text_of(c->status),
        c->initiated_at, c->ringing_at, c->answered_at, c->ended_at, c->observed_end_at,
        c->duration, c->pin_failures, c->date_created);
}

STORE_TEST(a_new_leg_is_what_was_reported)
{
    twv_call_t *report = new_call(p, 1);
    twv_call_t *found;

    report->from_number = HANAKO;
    report->to_number = PROXY_NUMBER;
    report->status = "ringing";
    report->ringing_at = NOW + 1;
    ck_assert_str_eq(describe(p, merge(store, p, report)), describe(p, report));
    OK(twv_call_find(store, p, ACCOUNT, report->sid, &found));
    ck_assert_str_eq(describe(p, found), describe(p, report));
    OK(twv_call_find(store, p, OTHER_ACCOUNT, report->sid, &found));
    ck_assert_ptr_null(found);
    return APR_SUCCESS;
}

STORE_TEST(a_repeated_report_changes_nothing)
{
    twv_call_t *report = new_call(p, 1);

    report->status = "ringing";
    merge(store, p, report);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(describe(p, merge(store, p, report)), describe(p, report));
    }
    return APR_SUCCESS;
}

STORE_TEST(a_late_report_does_not_turn_a_leg_back)
{
    twv_call_t *report = new_call(p, 1);
    twv_call_t *merged;

    report->status = "completed";
    report->ended_at = NOW + 60000;
    report->duration = 55;
    merge(store, p, report);
    report = new_call(p, 1);
    report->status = "in-progress";
    report->answered_at = NOW + 5000;
    merged = merge(store, p, report);
    ck_assert_str_eq(merged->status, "completed");
    ck_assert_int_eq(merged->answered_at, NOW + 5000);
    ck_assert_int_eq(merged->ended_at, NOW + 60000);
    ck_assert_int_eq(merged->duration, 55);
    return APR_SUCCESS;
}

/* Five reports of a leg, with what Twilio would never send: two ends. */
#define REPORT_COUNT 5

static void make_reports(apr_pool_t *p, int number, twv_call_t **reports)
{
    for (int i = 0; i < REPORT_COUNT; i++) {
        reports[i] = new_call(p, number);
    }
    reports[0]->status = "initiated";
    reports[0]->initiated_at = NOW;
    reports[0]->from_number = HANAKO;
    reports[1]->status = "ringing";
    reports[1]->ringing_at = NOW + 1000;
    reports[1]->session_sid = sid_of(p, "KC", 7);
    reports[2]->answered_at = NOW + 2000;
    reports[2]->session_sid = sid_of(p, "KC", 7);
    reports[2]->interaction_sid = sid_of(p, "KI", 1);
    reports[3]->status = "completed";
    reports[3]->ended_at = NOW + 9000;
    reports[3]->duration = 7;
    reports[4]->status = "busy";
    reports[4]->ringing_at = NOW + 1500;
    reports[4]->observed_end_at = NOW + 8000;
    reports[4]->duration = 0;
    reports[4]->parent_call_sid = sid_of(p, "CA", 999);
}

static void permute(int number, int *order)
{
    int left[REPORT_COUNT] = {0, 1, 2, 3, 4};

    for (int i = 0; i < REPORT_COUNT; i++) {
        int base = REPORT_COUNT - i;
        int at = number % base;

        number /= base;
        order[i] = left[at];
        memmove(left + at, left + at + 1, sizeof(int) * (size_t)(base - at - 1));
    }
}

STORE_TEST(reports_merge_to_the_same_leg_in_every_order)
{
    const char *expected = NULL;

    for (int n = 0; n < 120; n++) {
        twv_call_t *reports[REPORT_COUNT];
        twv_call_t *merged = NULL;
        int order[REPORT_COUNT];

        make_reports(p, 1000 + n, reports);
        permute(n, order);
        for (int i = 0; i < REPORT_COUNT; i++) {
            merged = merge(store, p, reports[order[i]]);
            merged = merge(store, p, reports[order[i / 2]]);
        }
        if (!expected) {
            expected = describe(p, merged);
        }
        ck_assert_str_eq(describe(p, merged), expected);
        ck_assert_str_eq(merged->status, "completed");
        ck_assert_int_eq(merged->date_created, NOW);
        ck_assert_int_eq(merged->ringing_at, NOW + 1000);
    }
    return APR_SUCCESS;
}

STORE_TEST(a_leg_of_another_account_is_neither_changed_nor_shown)
{
    twv_call_t *report = new_call(p, 1);
    twv_call_t *merged;

    report->status = "ringing";
    merge(store, p, report);
    report->account_sid = OTHER_ACCOUNT;
    report->status = "completed";
    ck_assert_int_eq(twv_call_merge(store, p, report, &merged), TWV_STORE_REFUSED);
    ck_assert_ptr_null(merged);
    OK(twv_call_find(store, p, ACCOUNT, report->sid, &merged));
    ck_assert_str_eq(merged->status, "ringing");
    return APR_SUCCESS;
}

START_TEST(some_statuses_are_final)
{
    ck_assert(twv_call_status_is_final("canceled"));
    ck_assert(twv_call_status_is_final("completed"));
    ck_assert(!twv_call_status_is_final("in-progress"));
    ck_assert(!twv_call_status_is_final(NULL));
}
END_TEST

START_TEST(times_follow_from_what_was_reported)
{
    twv_call_t call = {.date_created = 1000, .duration = -1, .status = "ringing"};

    ck_assert_int_eq(twv_call_start_time(&call), 1000);
    ck_assert_int_eq(twv_call_answer_time(&call), 0);
    ck_assert_int_eq(twv_call_end_time(&call), 0);
    call.ringing_at = 900;
    ck_assert_int_eq(twv_call_start_time(&call), 900);
    call.initiated_at = 800;
    ck_assert_int_eq(twv_call_start_time(&call), 800);
    call.status = "completed";
    call.observed_end_at = 70000;
    ck_assert_int_eq(twv_call_end_time(&call), 70000);
    call.answered_at = 10000;
    call.duration = 50;
    ck_assert_int_eq(twv_call_end_time(&call), 60000);
    call.ended_at = 61000;
    ck_assert_int_eq(twv_call_end_time(&call), 61000);
    call.answered_at = 0;
    ck_assert_int_eq(twv_call_answer_time(&call), 11000);
    call.duration = 0;
    ck_assert_int_eq(twv_call_answer_time(&call), 0);
}
END_TEST

STORE_TEST(wrong_pins_are_counted_by_caller_and_time)
{
    apr_int64_t count;

    for (int i = 0; i < 3; i++) {
        twv_call_t *report = new_call(p, i);

        report->from_number = i < 2 ? HANAKO : TARO;
        report->date_created = NOW + i;
        merge(store, p, report);
        OK(twv_call_add_pin_failure(store, report->sid));
        OK(twv_call_add_pin_failure(store, report->sid));
        ck_assert_int_eq(merge(store, p, report)->pin_failures, 2);
    }
    OK(twv_call_count_pin_failures(store, p, ACCOUNT, HANAKO, NOW, &count));
    ck_assert_int_eq(count, 4);
    OK(twv_call_count_pin_failures(store, p, ACCOUNT, HANAKO, NOW + 1, &count));
    ck_assert_int_eq(count, 2);
    OK(twv_call_count_pin_failures(store, p, OTHER_ACCOUNT, HANAKO, NOW, &count));
    ck_assert_int_eq(count, 0);
    return APR_SUCCESS;
}

/* 30 legs, two of each millisecond, by turns of two callers, sessions and statuses. */
static void make_calls(twv_store_t *store, apr_pool_t *p)
{
    for (int i = 0; i < 30; i++) {
        twv_call_t *report = new_call(p, i);

        report->date_created = NOW + i / 2;
        report->from_number = i % 2 ? HANAKO : TARO;
        report->to_number = i % 3 ? PROXY_NUMBER : OTHER_PROXY_NUMBER;
        report->session_sid = sid_of(p, "KC", i % 5);
        report->status = i % 10 == 0 ? "ringing" : "completed";
        if (i == 29) {
            report->account_sid = OTHER_ACCOUNT;
        }
        merge(store, p, report);
    }
}

static int count_pages(twv_store_t *store, apr_pool_t *p, twv_call_filter_t filter, int limit)
{
    const char *previous = NULL;
    twv_ms_t date = 0;
    int count = 0;

    for (;;) {
        apr_array_header_t *calls;

        OK(twv_call_list(store, p, &filter, limit, &calls));
        if (calls->nelts == 0) {
            return count;
        }
        ck_assert_int_le(calls->nelts, limit);
        for (int i = 0; i < calls->nelts; i++) {
            const twv_call_t *call = APR_ARRAY_IDX(calls, i, twv_call_t *);

            ck_assert(!previous || call->date_created < date ||
                      (call->date_created == date && strcmp(call->sid, previous) < 0));
            ck_assert_str_eq(call->account_sid, ACCOUNT);
            previous = call->sid;
            date = call->date_created;
            count++;
        }
        filter.after_sid = previous;
        filter.after_date = date;
    }
}

STORE_TEST(lists_show_every_leg_once_newest_first_by_any_filter)
{
    make_calls(store, p);
    for (int limit = 1; limit < 40; limit += 6) {
        twv_call_filter_t filter = {.account_sid = ACCOUNT};

        ck_assert_int_eq(count_pages(store, p, filter, limit), 29);
        filter.start_from = NOW + 5;
        ck_assert_int_eq(count_pages(store, p, filter, limit), 19);
        filter.start_before = NOW + 10;
        ck_assert_int_eq(count_pages(store, p, filter, limit), 10);
        filter.from_number = HANAKO;
        ck_assert_int_eq(count_pages(store, p, filter, limit), 5);
        filter = (twv_call_filter_t){.account_sid = ACCOUNT, .from_number = TARO};
        ck_assert_int_eq(count_pages(store, p, filter, limit), 15);
        filter = (twv_call_filter_t){.account_sid = ACCOUNT, .to_number = OTHER_PROXY_NUMBER};
        ck_assert_int_eq(count_pages(store, p, filter, limit), 10);
        filter.from_number = TARO;
        ck_assert_int_eq(count_pages(store, p, filter, limit), 5);
        filter = (twv_call_filter_t){.account_sid = ACCOUNT, .session_sid = sid_of(p, "KC", 3)};
        ck_assert_int_eq(count_pages(store, p, filter, limit), 6);
        filter.status = "ringing";
        ck_assert_int_eq(count_pages(store, p, filter, limit), 0);
        filter = (twv_call_filter_t){.account_sid = ACCOUNT, .status = "ringing"};
        ck_assert_int_eq(count_pages(store, p, filter, limit), 3);
        filter.status = "completed";
        ck_assert_int_eq(count_pages(store, p, filter, limit), 26);
    }
    return APR_SUCCESS;
}

STORE_TEST(events_are_kept_once_and_listed_in_order_of_time)
{
    apr_array_header_t *events;
    const twv_event_t *last;
    twv_event_t event = {
        .call_sid = sid_of(p, "CA", 1), .account_sid = ACCOUNT, .kind = "status", .detail = "{}"};
    int is_new;

    for (int i = 0; i < 9; i++) {
        event.key = apr_psprintf(p, "status:%d", i);
        event.at = NOW - i / 2;
        OK(twv_event_insert(store, &event, &is_new));
        ck_assert(is_new);
        OK(twv_event_insert(store, &event, &is_new));
        ck_assert(!is_new);
    }
    OK(twv_event_list(store, p, ACCOUNT, event.call_sid, 0, NULL, 5, &events));
    ck_assert_int_eq(events->nelts, 5);
    ck_assert_str_eq(APR_ARRAY_IDX(events, 0, twv_event_t *)->key, "status:8");
    ck_assert_str_eq(APR_ARRAY_IDX(events, 1, twv_event_t *)->key, "status:6");
    last = APR_ARRAY_IDX(events, 4, twv_event_t *);
    ck_assert_str_eq(last->key, "status:5");
    ck_assert_str_eq(last->detail, "{}");
    ck_assert_ptr_null(last->session_sid);
    OK(twv_event_list(store, p, ACCOUNT, event.call_sid, last->at, last->key, 5, &events));
    ck_assert_int_eq(events->nelts, 4);
    ck_assert_str_eq(APR_ARRAY_IDX(events, 3, twv_event_t *)->key, "status:1");
    OK(twv_event_list(store, p, OTHER_ACCOUNT, event.call_sid, 0, NULL, 5, &events));
    ck_assert_int_eq(events->nelts, 0);
    return APR_SUCCESS;
}

STORE_TEST(old_legs_are_purged_with_their_events_oldest_first)
{
    twv_call_filter_t filter = {.account_sid = ACCOUNT};
    apr_array_header_t *events;
    int deleted;
    int is_new;

    make_calls(store, p);
    for (int i = 0; i < 30; i++) {
        twv_event_t event = {.call_sid = sid_of(p, i < 20 ? "CA" : "SM", i),
                             .key = "k",
                             .account_sid = ACCOUNT,
                             .kind = "voice",
                             .at = NOW + i};

        OK(twv_event_insert(store, &event, &is_new));
    }
    OK(twv_call_purge(store, ACCOUNT, NOW + 5, 4, &deleted));
    ck_assert_int_eq(deleted, 4);
    OK(twv_event_list(store, p, ACCOUNT, sid_of(p, "CA", 3), 0, NULL, 5, &events));
    ck_assert_int_eq(events->nelts, 0);
    OK(twv_event_list(store, p, ACCOUNT, sid_of(p, "CA", 4), 0, NULL, 5, &events));
    ck_assert_int_eq(events->nelts, 1);
    OK(twv_call_purge(store, ACCOUNT, NOW + 5, 100, &deleted));
    ck_assert_int_eq(deleted, 6);
    ck_assert_int_eq(count_pages(store, p, filter, 100), 19);
    OK(twv_call_purge(store, ACCOUNT, NOW + 25, 0, &deleted));
    OK(twv_event_list(store, p, ACCOUNT, sid_of(p, "SM", 24), 0, NULL, 5, &events));
    ck_assert_int_eq(events->nelts, 0);
    OK(twv_event_list(store, p, ACCOUNT, sid_of(p, "SM", 25), 0, NULL, 5, &events));
    ck_assert_int_eq(events->nelts, 1);
    return APR_SUCCESS;
}

static apr_status_t merge_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    twv_call_t *merged;

    return twv_call_merge(store, p, baton, &merged);
}

static void report_in_thread(int number, apr_pool_t *p, void *baton)
{
    for (int i = 0; i < 10; i++) {
        twv_call_t *reports[REPORT_COUNT];

        make_reports(p, i, reports);
        if (twv_database_write(test_database, p, merge_work, reports[number]) != APR_SUCCESS) {
            ++*(int *)baton;
        }
    }
}

START_TEST(reports_may_come_at_the_same_time)
{
    int failures = 0;

    in_threads(REPORT_COUNT, report_in_thread, &failures);
    ck_assert_int_eq(failures, 0);
    ck_assert_int_eq(store_sql_number("SELECT count(*) FROM twv_call WHERE status = 'completed'"
                                      " AND duration = 7 AND status_rank = 9"
                                      " AND parent_call_sid IS NOT NULL"),
                     10);
}
END_TEST

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, a_new_leg_is_what_was_reported);
    tcase_add_test(test_case, a_repeated_report_changes_nothing);
    tcase_add_test(test_case, a_late_report_does_not_turn_a_leg_back);
    tcase_add_test(test_case, reports_merge_to_the_same_leg_in_every_order);
    tcase_add_test(test_case, a_leg_of_another_account_is_neither_changed_nor_shown);
    tcase_add_test(test_case, some_statuses_are_final);
    tcase_add_test(test_case, times_follow_from_what_was_reported);
    tcase_add_test(test_case, wrong_pins_are_counted_by_caller_and_time);
    tcase_add_test(test_case, lists_show_every_leg_once_newest_first_by_any_filter);
    tcase_add_test(test_case, events_are_kept_once_and_listed_in_order_of_time);
    tcase_add_test(test_case, old_legs_are_purged_with_their_events_oldest_first);
    tcase_add_test(test_case, reports_may_come_at_the_same_time);
}

int main(void)
{
    Suite *suite = suite_create("store/calls");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
