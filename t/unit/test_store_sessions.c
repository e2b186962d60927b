/*
 * Services, numbers and sessions: what is unique, what depends on what, lists, time passing.
 */
#include "store/session.h"

#include <string.h>

#include <apr_strings.h>

#include "store_rows_fixture.h"

STORE_TEST(a_service_is_found_by_sid_and_name_in_its_account_only)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_service_t *found;

    OK(twv_service_find(store, p, ACCOUNT, service->sid, &found));
    ck_assert_str_eq(found->unique_name, service->unique_name);
    ck_assert_ptr_null(found->callback_url);
    OK(twv_service_find(store, p, ACCOUNT, service->unique_name, &found));
    ck_assert_str_eq(found->sid, service->sid);
    OK(twv_service_find(store, p, OTHER_ACCOUNT, service->sid, &found));
    ck_assert_ptr_null(found);
    OK(twv_service_find(store, p, OTHER_ACCOUNT, service->unique_name, &found));
    ck_assert_ptr_null(found);
    OK(twv_service_lock(store, p, OTHER_ACCOUNT, service->sid, &found));
    ck_assert_ptr_null(found);
    OK(twv_service_lock(store, p, ACCOUNT, service->sid, &found));
    ck_assert_ptr_nonnull(found);
    return APR_SUCCESS;
}

STORE_TEST(a_service_name_is_taken_once_in_an_account)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_service_t *second = make_service(store, p, ACCOUNT);
    twv_service_t twin = *service;
    int taken;

    twin.sid = sid_of(p, "KS", 900001);
    OK(twv_service_insert(store, &twin, &taken));
    ck_assert(taken);
    twin.account_sid = OTHER_ACCOUNT;
    OK(twv_service_insert(store, &twin, &taken));
    ck_assert(!taken);
    second->unique_name = service->unique_name;
    OK(twv_service_update(store, second, &taken));
    ck_assert(taken);
    service->callback_url = "https://example.com/callback";
    service->default_ttl = 60;
    OK(twv_service_update(store, service, &taken));
    ck_assert(!taken);
    OK(twv_service_find(store, p, ACCOUNT, service->sid, &service));
    ck_assert_str_eq(service->callback_url, "https://example.com/callback");
    ck_assert_int_eq(service->default_ttl, 60);
    return APR_SUCCESS;
}

STORE_TEST(services_are_listed_newest_first_page_by_page)
{
    const char *after = NULL;
    apr_array_header_t *page;
    int count = 0;

    for (int i = 0; i < 7; i++) {
        make_service(store, p, i == 3 ? OTHER_ACCOUNT : ACCOUNT);
    }
    do {
        OK(twv_service_list(store, p, ACCOUNT, after, 4, &page));
        for (int i = 0; i < page->nelts; i++, count++) {
            const twv_service_t *service = APR_ARRAY_IDX(page, i, twv_service_t *);

            ck_assert(!after || strcmp(service->sid, after) < 0);
            after = service->sid;
        }
    } while (page->nelts == 4);
    ck_assert_int_eq(count, 6);
    return APR_SUCCESS;
}

STORE_TEST(a_number_is_in_one_service_of_an_account)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_service_t *second = make_service(store, p, ACCOUNT);
    twv_service_t *foreign = make_service(store, p, OTHER_ACCOUNT);
    twv_number_t *number = make_number(store, p, service, PROXY_NUMBER);
    twv_number_t twin = *number;
    twv_number_t *found;
    int taken;
    int done;

    twin.service_sid = second->sid;
    OK(twv_number_insert(store, &twin, &taken));
    ck_assert(taken);
    twin.sid = sid_of(p, "PN", 900001);
    OK(twv_number_insert(store, &twin, &taken));
    ck_assert(taken);
    make_number(store, p, foreign, PROXY_NUMBER);
    OK(twv_number_find(store, p, second->sid, number->sid, &found));
    ck_assert_ptr_null(found);
    OK(twv_number_find(store, p, service->sid, number->sid, &found));
    ck_assert_str_eq(found->phone_number, PROXY_NUMBER);
    OK(twv_number_delete(store, second->sid, number->sid, &done));
    ck_assert(!done);
    OK(twv_number_delete(store, service->sid, number->sid, &done));
    ck_assert(done);
    OK(twv_number_insert(store, &twin, &taken));
    ck_assert(!taken);
    return APR_SUCCESS;
}

STORE_TEST(numbers_are_counted_reserved_and_listed)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_number_t *number = make_number(store, p, service, PROXY_NUMBER);
    apr_array_header_t *page;
    apr_int64_t reserved;
    apr_int64_t unreserved;
    int found;

    OK(twv_number_count(store, p, service->sid, &reserved, &unreserved));
    ck_assert(reserved == 0 && unreserved == 1);
    make_number(store, p, service, OTHER_PROXY_NUMBER);
    OK(twv_number_set_reserved(store, service->sid, number->sid, 1, NOW + 1, &found));
    ck_assert(found);
    OK(twv_number_set_reserved(store, service->sid, "PN0", 1, NOW + 1, &found));
    ck_assert(!found);
    OK(twv_number_count(store, p, service->sid, &reserved, &unreserved));
    ck_assert(reserved == 1 && unreserved == 1);
    OK(twv_number_list(store, p, service->sid, NULL, 1, &page));
    ck_assert_str_eq(APR_ARRAY_IDX(page, 0, twv_number_t *)->sid, number->sid);
    ck_assert_int_eq(APR_ARRAY_IDX(page, 0, twv_number_t *)->date_updated, NOW + 1);
    OK(twv_number_list(store, p, service->sid, number->sid, 5, &page));
    ck_assert_int_eq(page->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(page, 0, twv_number_t *)->phone_number, OTHER_PROXY_NUMBER);
    OK(twv_number_count(store, p, "KS0", &reserved, &unreserved));
    ck_assert(reserved == 0 && unreserved == 0);
    return APR_SUCCESS;
}

STORE_TEST(a_session_comes_back_as_it_was_written)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = new_session(p, service, "1234");
    twv_session_t *found;
    int name_taken;
    int pin_taken;

    session->unique_name = "order-1";
    session->ttl = 3600;
    session->expires_at = NOW + 3600000;
    session->language = "ja-JP";
    OK(twv_session_insert(store, session, &name_taken, &pin_taken));
    OK(twv_session_find(store, p, service->sid, "order-1", &found));
    ck_assert_str_eq(found->sid, session->sid);
    ck_assert_str_eq(found->pin, "1234");
    ck_assert_str_eq(found->language, "ja-JP");
    ck_assert_int_eq(found->ttl, 3600);
    ck_assert_int_eq(found->expires_at, NOW + 3600000);
    ck_assert_int_eq(found->date_ended, 0);
    ck_assert_ptr_null(found->closed_reason);
    OK(twv_session_find(store, p, "KS0", session->sid, &found));
    ck_assert_ptr_null(found);
    return APR_SUCCESS;
}

STORE_TEST(names_are_unique_in_a_service_and_pins_among_active_sessions_of_an_account)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_service_t *second = make_service(store, p, ACCOUNT);
    twv_service_t *foreign = make_service(store, p, OTHER_ACCOUNT);
    twv_session_t *first = new_session(p, service, "1234");
    twv_session_t *other = new_session(p, service, "9999");
    int name_taken;
    int pin_taken;

    first->unique_name = "order-1";
    other->unique_name = "order-1";
    OK(twv_session_insert(store, first, &name_taken, &pin_taken));
    ck_assert(!name_taken && !pin_taken);
    OK(twv_session_insert(store, other, &name_taken, &pin_taken));
    ck_assert(name_taken && !pin_taken);
    other = new_session(p, second, "1234");
    OK(twv_session_insert(store, other, &name_taken, &pin_taken));
    ck_assert(!name_taken && pin_taken);
    make_session(store, p, foreign, "1234");
    set_status(store, p, first, "closed");
    make_session(store, p, second, "1234");
    return APR_SUCCESS;
}

STORE_TEST(reopening_a_session_whose_pin_is_taken_is_refused_and_changes_nothing)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *first = make_session(store, p, service, "1234");
    twv_session_t changed;
    twv_session_t *was;
    int pin_taken;
    int conflict;

    set_status(store, p, first, "closed");
    make_session(store, p, service, "1234");
    OK(twv_session_lock(store, p, service->sid, first->sid, &was));
    changed = *was;
    changed.status = "in-progress";
    OK(twv_session_update(store, p, &changed, was, 0, &pin_taken, &conflict));
    ck_assert(pin_taken && !conflict);
    OK(twv_session_find(store, p, service->sid, first->sid, &was));
    ck_assert_str_eq(was->status, "closed");
    changed.pin = "5678";
    OK(twv_session_update(store, p, &changed, was, 0, &pin_taken, &conflict));
    ck_assert(!pin_taken && !conflict);
    OK(twv_session_find(store, p, service->sid, first->sid, &was));
    ck_assert_str_eq(was->status, "in-progress");
    ck_assert_str_eq(was->pin, "5678");
    return APR_SUCCESS;
}

STORE_TEST(an_interaction_starts_a_session_and_moves_its_end)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = new_session(p, service, NULL);
    twv_session_t *found;
    int changed;
    int name_taken;

    session->ttl = 60;
    session->expires_at = NOW + 60000;
    OK(twv_session_insert(store, session, &name_taken, &changed));
    OK(twv_session_touch(store, session->sid, NOW + 1000, &changed));
    ck_assert(changed);
    OK(twv_session_touch(store, session->sid, NOW + 5000, &changed));
    OK(twv_session_touch(store, session->sid, NOW + 3000, &changed));
    OK(twv_session_find(store, p, service->sid, session->sid, &found));
    ck_assert_str_eq(found->status, "in-progress");
    ck_assert_int_eq(found->date_started, NOW + 1000);
    ck_assert_int_eq(found->date_last_interaction, NOW + 5000);
    ck_assert_int_eq(found->expires_at, NOW + 65000);
    set_status(store, p, session, "closed");
    OK(twv_session_touch(store, session->sid, NOW + 9000, &changed));
    ck_assert(!changed);
    return APR_SUCCESS;
}

STORE_TEST(an_interaction_does_not_move_a_fixed_or_no_end)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *fixed = new_session(p, service, NULL);
    twv_session_t *endless = make_session(store, p, service, NULL);
    twv_session_t *found;
    int changed;
    int name_taken;

    fixed->ttl = 60;
    fixed->date_expiry = NOW + 10000;
    fixed->expires_at = NOW + 10000;
    OK(twv_session_insert(store, fixed, &name_taken, &changed));
    OK(twv_session_touch(store, fixed->sid, NOW + 9000, &changed));
    OK(twv_session_find(store, p, service->sid, fixed->sid, &found));
    ck_assert_int_eq(found->expires_at, NOW + 10000);
    OK(twv_session_touch(store, endless->sid, NOW + 9000, &changed));
    OK(twv_session_find(store, p, service->sid, endless->sid, &found));
    ck_assert_int_eq(found->expires_at, 0);
    return APR_SUCCESS;
}

STORE_TEST(sessions_expire_once_with_their_reason_and_release_their_numbers)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *by_ttl = new_session(p, service, NULL);
    twv_session_t *by_date = new_session(p, service, NULL);
    twv_session_t *found;
    apr_array_header_t *sids;
    int done;
    int name_taken;

    make_number(store, p, service, PROXY_NUMBER);
    by_ttl->ttl = 60;
    by_ttl->expires_at = NOW + 60000;
    by_date->date_expiry = NOW + 30000;
    by_date->expires_at = NOW + 30000;
    OK(twv_session_insert(store, by_ttl, &name_taken, &done));
    OK(twv_session_insert(store, by_date, &name_taken, &done));
    make_session(store, p, service, NULL);
    make_participant(store, p, by_ttl, HANAKO, PROXY_NUMBER);
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 1);
    OK(twv_session_expired(store, p, NOW + 29999, 10, &sids));
    ck_assert_int_eq(sids->nelts, 0);
    OK(twv_session_expired(store, p, NOW + 60000, 10, &sids));
    ck_assert_int_eq(sids->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(sids, 0, const char *), by_date->sid);
    OK(twv_session_expire(store, p, by_ttl->sid, NOW + 59999, &done));
    ck_assert(!done);
    OK(twv_session_expire(store, p, by_ttl->sid, NOW + 60001, &done));
    ck_assert(done);
    OK(twv_session_expire(store, p, by_ttl->sid, NOW + 60001, &done));
    ck_assert(!done);
    ck_assert_int_eq(uses_of(store, p, PROXY_NUMBER), 0);
    OK(twv_session_expire(store, p, by_date->sid, NOW + 60001, &done));
    OK(twv_session_find(store, p, service->sid, by_ttl->sid, &found));
    ck_assert_str_eq(found->status, "closed");
    ck_assert_str_eq(found->closed_reason, "ttl-expired");
    ck_assert_int_eq(found->date_ended, NOW + 60000);
    OK(twv_session_find(store, p, service->sid, by_date->sid, &found));
    ck_assert_str_eq(found->closed_reason, "date-expiry");
    return APR_SUCCESS;
}

/* Closed sessions with an interaction each. */
static void make_closed_sessions(twv_store_t *store, apr_pool_t *p, const twv_service_t *service,
                                 int count)
{
    for (int i = 0; i < count; i++) {
        twv_session_t *session = new_session(p, service, NULL);
        twv_interaction_t interaction = {.sid = sid_of(p, "KI", i),
                                         .account_sid = ACCOUNT,
                                         .service_sid = service->sid,
                                         .session_sid = session->sid,
                                         .type = "voice",
                                         .date_created = NOW,
                                         .date_updated = NOW};
        int taken;
        int exists;

        session->status = "closed";
        session->date_ended = NOW + i;
        OK(twv_session_insert(store, session, &taken, &exists));
        OK(twv_interaction_insert(store, &interaction, &exists));
        ck_assert(!exists);
    }
}

STORE_TEST(old_sessions_are_purged_oldest_first_with_what_belongs_to_them)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    apr_array_header_t *sessions;
    twv_interaction_t *interaction;
    int deleted;

    make_closed_sessions(store, p, service, 10);
    make_session(store, p, service, NULL);
    OK(twv_session_purge(store, OTHER_ACCOUNT, NOW + 5, 100, &deleted));
    ck_assert_int_eq(deleted, 0);
    OK(twv_session_purge(store, ACCOUNT, NOW + 5, 2, &deleted));
    ck_assert_int_eq(deleted, 2);
    OK(twv_interaction_find(store, p, NULL, sid_of(p, "KI", 1), &interaction));
    ck_assert_ptr_null(interaction);
    OK(twv_interaction_find(store, p, NULL, sid_of(p, "KI", 2), &interaction));
    ck_assert_ptr_nonnull(interaction);
    OK(twv_session_purge(store, ACCOUNT, NOW + 5, 100, &deleted));
    ck_assert_int_eq(deleted, 3);
    OK(twv_session_list(store, p, service->sid, NULL, 100, &sessions));
    ck_assert_int_eq(sessions->nelts, 6);
    return APR_SUCCESS;
}

STORE_TEST(deleting_a_service_deletes_all_of_it_and_releases_numbers_of_others)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_service_t *second = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_session(store, p, service, NULL);
    twv_session_t *staying = make_session(store, p, second, NULL);
    twv_participant_t *participant;
    twv_session_t *gone;
    int found;

    make_number(store, p, service, PROXY_NUMBER);
    make_number(store, p, second, OTHER_PROXY_NUMBER);
    participant = make_participant(store, p, session, HANAKO, OTHER_PROXY_NUMBER);
    make_participant(store, p, staying, TARO, OTHER_PROXY_NUMBER);
    ck_assert_int_eq(uses_of(store, p, OTHER_PROXY_NUMBER), 2);
    OK(twv_service_delete(store, OTHER_ACCOUNT, service->sid, &found));
    ck_assert(!found);
    OK(twv_service_delete(store, ACCOUNT, service->sid, &found));
    ck_assert(found);
    ck_assert_int_eq(uses_of(store, p, OTHER_PROXY_NUMBER), 1);
    OK(twv_session_find(store, p, service->sid, session->sid, &gone));
    ck_assert_ptr_null(gone);
    OK(twv_participant_find(store, p, session->sid, participant->sid, &participant));
    ck_assert_ptr_null(participant);
    make_number(store, p, second, PROXY_NUMBER);
    return APR_SUCCESS;
}

STORE_TEST(interactions_are_found_changed_and_listed)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_session(store, p, service, NULL);
    twv_interaction_t interaction = {.account_sid = ACCOUNT,
                                     .service_sid = service->sid,
                                     .session_sid = session->sid,
                                     .date_created = NOW,
                                     .date_updated = NOW};
    twv_interaction_t *found;
    apr_array_header_t *page;
    int exists;

    for (int i = 0; i < 6; i++) {
        interaction.sid = sid_of(p, "KI", i);
        interaction.type = i < 2 ? "voice" : "message";
        interaction.inbound_participant_sid = i < 3 ? "KP1" : NULL;
        interaction.inbound_resource_sid = i < 3 ? sid_of(p, "CA", i) : NULL;
        interaction.outbound_participant_sid = i < 5 ? "KP2" : "KP3";
        OK(twv_interaction_insert(store, &interaction, &exists));
        ck_assert(!exists);
    }
    OK(twv_interaction_insert(store, &interaction, &exists));
    ck_assert(exists);
    OK(twv_interaction_find_by_message(store, p, ACCOUNT, sid_of(p, "CA", 2), &found));
    ck_assert_str_eq(found->sid, sid_of(p, "KI", 2));
    OK(twv_interaction_find_by_message(store, p, OTHER_ACCOUNT, sid_of(p, "CA", 2), &found));
    ck_assert_ptr_null(found);
    OK(twv_interaction_find_by_message(store, p, ACCOUNT, sid_of(p, "CA", 1), &found));
    ck_assert_ptr_null(found); /* that is a call */
    OK(twv_interaction_lock(store, p, sid_of(p, "KI", 1), &found));
    found->outbound_resource_status = "completed";
    found->data = "{\"duration\":\"7\"}";
    OK(twv_interaction_update(store, found));
    OK(twv_interaction_find(store, p, session->sid, found->sid, &found));
    ck_assert_str_eq(found->outbound_resource_status, "completed");
    ck_assert_str_eq(found->inbound_resource_sid, sid_of(p, "CA", 1));
    OK(twv_interaction_find(store, p, "KC0", found->sid, &found));
    ck_assert_ptr_null(found);
    OK(twv_interaction_list(store, p, session->sid, NULL, NULL, 4, &page));
    ck_assert_int_eq(page->nelts, 4);
    ck_assert_str_eq(APR_ARRAY_IDX(page, 0, twv_interaction_t *)->sid, sid_of(p, "KI", 5));
    OK(twv_interaction_list(store, p, session->sid, NULL, sid_of(p, "KI", 2), 4, &page));
    ck_assert_int_eq(page->nelts, 2);
    OK(twv_interaction_list(store, p, session->sid, "KP2", NULL, 10, &page));
    ck_assert_int_eq(page->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(page, 0, twv_interaction_t *)->sid, sid_of(p, "KI", 4));
    OK(twv_interaction_delete(store, "KC0", sid_of(p, "KI", 4), &exists));
    ck_assert(!exists);
    OK(twv_interaction_delete(store, session->sid, sid_of(p, "KI", 4), &exists));
    ck_assert(exists);
    return APR_SUCCESS;
}

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, a_service_is_found_by_sid_and_name_in_its_account_only);
    tcase_add_test(test_case, a_service_name_is_taken_once_in_an_account);
    tcase_add_test(test_case, services_are_listed_newest_first_page_by_page);
    tcase_add_test(test_case, a_number_is_in_one_service_of_an_account);
    tcase_add_test(test_case, numbers_are_counted_reserved_and_listed);
    tcase_add_test(test_case, a_session_comes_back_as_it_was_written);
    tcase_add_test(test_case,
                   names_are_unique_in_a_service_and_pins_among_active_sessions_of_an_account);
    tcase_add_test(test_case,
                   reopening_a_session_whose_pin_is_taken_is_refused_and_changes_nothing);
    tcase_add_test(test_case, an_interaction_starts_a_session_and_moves_its_end);
    tcase_add_test(test_case, an_interaction_does_not_move_a_fixed_or_no_end);
    tcase_add_test(test_case, sessions_expire_once_with_their_reason_and_release_their_numbers);
    tcase_add_test(test_case, old_sessions_are_purged_oldest_first_with_what_belongs_to_them);
    tcase_add_test(test_case, deleting_a_service_deletes_all_of_it_and_releases_numbers_of_others);
    tcase_add_test(test_case, interactions_are_found_changed_and_listed);
}

int main(void)
{
    Suite *suite = suite_create("store/sessions");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
