/* Who is found for a caller, a PIN, a call that comes too late. */
#include "store/route.h"

#include <string.h>

#include <apr_strings.h>

#include "store_rows_fixture.h"

static apr_array_header_t *routes_of(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                     const char *identifier, const char *proxy_identifier)
{
    apr_array_header_t *routes;

    OK(twv_route_find(store, p, account_sid, identifier, proxy_identifier, &routes));
    return routes;
}

static twv_session_t *make_pair(twv_store_t *store, apr_pool_t *p, const twv_service_t *service,
                                const char *pin)
{
    twv_session_t *session = make_session(store, p, service, pin);

    make_participant(store, p, session, HANAKO, PROXY_NUMBER);
    make_participant(store, p, session, TARO, OTHER_PROXY_NUMBER);
    return session;
}

STORE_TEST(a_route_shows_the_session_from_the_callers_side)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_pair(store, p, service, "1234");
    apr_array_header_t *routes = routes_of(store, p, ACCOUNT, HANAKO, PROXY_NUMBER);
    const twv_route_t *route;

    ck_assert_int_eq(routes->nelts, 1);
    route = APR_ARRAY_IDX(routes, 0, twv_route_t *);
    ck_assert_str_eq(route->session.sid, session->sid);
    ck_assert_str_eq(route->session.pin, "1234");
    ck_assert_str_eq(route->service.sid, service->sid);
    ck_assert_str_eq(route->service.unique_name, service->unique_name);
    ck_assert_str_eq(route->caller.identifier, HANAKO);
    ck_assert_str_eq(route->partner.identifier, TARO);
    ck_assert_str_eq(route->partner.proxy_identifier, OTHER_PROXY_NUMBER);
    routes = routes_of(store, p, ACCOUNT, TARO, OTHER_PROXY_NUMBER);
    ck_assert_int_eq(routes->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(routes, 0, twv_route_t *)->partner.identifier, HANAKO);
    return APR_SUCCESS;
}

STORE_TEST(only_the_pair_in_an_active_session_of_the_account_is_a_route)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_pair(store, p, service, NULL);
    twv_participant_t *jiro = make_participant(store, p, session, JIRO, PROXY_NUMBER);
    int done;

    ck_assert_int_eq(routes_of(store, p, ACCOUNT, HANAKO, OTHER_PROXY_NUMBER)->nelts, 0);
    ck_assert_int_eq(routes_of(store, p, OTHER_ACCOUNT, HANAKO, PROXY_NUMBER)->nelts, 0);
    ck_assert_int_eq(routes_of(store, p, ACCOUNT, JIRO, PROXY_NUMBER)->nelts, 1);
    OK(twv_participant_delete(store, p, session->sid, jiro->sid, NOW, &done));
    ck_assert_int_eq(routes_of(store, p, ACCOUNT, JIRO, PROXY_NUMBER)->nelts, 0);
    set_status(store, p, session, "closed");
    ck_assert_int_eq(routes_of(store, p, ACCOUNT, HANAKO, PROXY_NUMBER)->nelts, 0);
    set_status(store, p, session, "in-progress");
    ck_assert_int_eq(routes_of(store, p, ACCOUNT, HANAKO, PROXY_NUMBER)->nelts, 1);
    ck_assert_int_eq(routes_of(store, p, ACCOUNT, JIRO, PROXY_NUMBER)->nelts, 0);
    return APR_SUCCESS;
}

STORE_TEST(routes_come_with_the_latest_contact_first_then_the_newest_session)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *sessions[4];
    apr_array_header_t *routes;
    static const int expected[] = {0, 2, 3, 1};
    int changed;

    for (int i = 0; i < 4; i++) {
        sessions[i] = make_pair(store, p, service, NULL);
    }
    OK(twv_session_touch(store, sessions[2]->sid, NOW + 10, &changed));
    OK(twv_session_touch(store, sessions[0]->sid, NOW + 20, &changed));
    routes = routes_of(store, p, ACCOUNT, HANAKO, PROXY_NUMBER);
    ck_assert_int_eq(routes->nelts, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(APR_ARRAY_IDX(routes, i, twv_route_t *)->session.sid,
                         sessions[expected[i]]->sid);
    }
    return APR_SUCCESS;
}

STORE_TEST(routes_are_bounded_and_have_no_partner_when_there_is_none)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    apr_array_header_t *routes;

    for (int i = 0; i < TWV_ROUTE_LIMIT + 1; i++) {
        make_participant(store, p, make_session(store, p, service, NULL), HANAKO, PROXY_NUMBER);
    }
    routes = routes_of(store, p, ACCOUNT, HANAKO, PROXY_NUMBER);
    ck_assert_int_eq(routes->nelts, TWV_ROUTE_LIMIT);
    ck_assert_ptr_null(APR_ARRAY_IDX(routes, 0, twv_route_t *)->partner.sid);
    return APR_SUCCESS;
}

STORE_TEST(of_several_partners_the_first_is_meant)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_pair(store, p, service, NULL);
    apr_array_header_t *routes;

    make_participant(store, p, session, JIRO, PROXY_NUMBER);
    routes = routes_of(store, p, ACCOUNT, JIRO, PROXY_NUMBER);
    ck_assert_int_eq(routes->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(routes, 0, twv_route_t *)->partner.identifier, HANAKO);
    return APR_SUCCESS;
}

STORE_TEST(a_pin_leads_to_the_first_participant_on_the_number)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session;
    twv_route_t *route;
    int has_pin;

    make_pair(store, p, service, NULL);
    OK(twv_route_number_has_pin(store, p, ACCOUNT, PROXY_NUMBER, &has_pin));
    ck_assert(!has_pin);
    session = make_pair(store, p, service, "1234");
    make_participant(store, p, session, JIRO, PROXY_NUMBER);
    OK(twv_route_number_has_pin(store, p, ACCOUNT, PROXY_NUMBER, &has_pin));
    ck_assert(has_pin);
    OK(twv_route_number_has_pin(store, p, OTHER_ACCOUNT, PROXY_NUMBER, &has_pin));
    ck_assert(!has_pin);
    OK(twv_route_find_by_pin(store, p, ACCOUNT, PROXY_NUMBER, "1234", &route));
    ck_assert_str_eq(route->session.sid, session->sid);
    ck_assert_str_eq(route->partner.identifier, HANAKO);
    ck_assert_ptr_null(route->caller.sid);
    OK(twv_route_find_by_pin(store, p, ACCOUNT, OTHER_PROXY_NUMBER, "1234", &route));
    ck_assert_str_eq(route->partner.identifier, TARO);
    OK(twv_route_find_by_pin(store, p, ACCOUNT, PROXY_NUMBER, "4321", &route));
    ck_assert_ptr_null(route);
    OK(twv_route_find_by_pin(store, p, OTHER_ACCOUNT, PROXY_NUMBER, "1234", &route));
    ck_assert_ptr_null(route);
    set_status(store, p, session, "closed");
    OK(twv_route_find_by_pin(store, p, ACCOUNT, PROXY_NUMBER, "1234", &route));
    ck_assert_ptr_null(route);
    OK(twv_route_number_has_pin(store, p, ACCOUNT, PROXY_NUMBER, &has_pin));
    ck_assert(!has_pin);
    return APR_SUCCESS;
}

STORE_TEST(participants_follow_a_changed_pin)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = make_pair(store, p, service, "1234");
    twv_session_t *was;
    twv_session_t changed;
    twv_route_t *route;
    int pin_taken;
    int conflict;

    OK(twv_session_lock(store, p, service->sid, session->sid, &was));
    changed = *was;
    changed.pin = "5678";
    OK(twv_session_update(store, p, &changed, was, 0, &pin_taken, &conflict));
    OK(twv_route_find_by_pin(store, p, ACCOUNT, PROXY_NUMBER, "1234", &route));
    ck_assert_ptr_null(route);
    OK(twv_route_find_by_pin(store, p, ACCOUNT, PROXY_NUMBER, "5678", &route));
    ck_assert_ptr_nonnull(route);
    return APR_SUCCESS;
}

STORE_TEST(the_previous_session_of_a_pair_is_the_one_that_ended_last)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *sessions[3];
    twv_route_t *route;

    for (int i = 0; i < 3; i++) {
        twv_session_t *was;
        twv_session_t changed;
        int pin_taken;
        int conflict;

        sessions[i] = make_pair(store, p, service, NULL);
        OK(twv_session_lock(store, p, service->sid, sessions[i]->sid, &was));
        changed = *was;
        changed.status = i < 2 ? "closed" : "open";
        changed.date_ended = i < 2 ? NOW - i : 0;
        OK(twv_session_update(store, p, &changed, was, 0, &pin_taken, &conflict));
    }
    OK(twv_route_find_previous(store, p, ACCOUNT, HANAKO, PROXY_NUMBER, &route));
    ck_assert_str_eq(route->session.sid, sessions[0]->sid);
    ck_assert_str_eq(route->partner.identifier, TARO);
    OK(twv_route_find_previous(store, p, OTHER_ACCOUNT, HANAKO, PROXY_NUMBER, &route));
    ck_assert_ptr_null(route);
    OK(twv_route_find_previous(store, p, ACCOUNT, JIRO, PROXY_NUMBER, &route));
    ck_assert_ptr_null(route);
    return APR_SUCCESS;
}

STORE_TEST(a_session_past_its_time_is_a_previous_one)
{
    twv_service_t *service = make_service(store, p, ACCOUNT);
    twv_session_t *session = new_session(p, service, NULL);
    twv_route_t *route;
    int name_taken;
    int pin_taken;

    session->expires_at = 1000;
    OK(twv_session_insert(store, session, &name_taken, &pin_taken));
    make_participant(store, p, session, HANAKO, PROXY_NUMBER);
    make_participant(store, p, make_session(store, p, service, NULL), HANAKO, PROXY_NUMBER);
    OK(twv_route_find_previous(store, p, ACCOUNT, HANAKO, PROXY_NUMBER, &route));
    ck_assert_ptr_nonnull(route);
    ck_assert_str_eq(route->session.sid, session->sid);
    return APR_SUCCESS;
}

static void add_tests(TCase *test_case)
{
    tcase_add_test(test_case, a_route_shows_the_session_from_the_callers_side);
    tcase_add_test(test_case, only_the_pair_in_an_active_session_of_the_account_is_a_route);
    tcase_add_test(test_case, routes_come_with_the_latest_contact_first_then_the_newest_session);
    tcase_add_test(test_case, routes_are_bounded_and_have_no_partner_when_there_is_none);
    tcase_add_test(test_case, of_several_partners_the_first_is_meant);
    tcase_add_test(test_case, a_pin_leads_to_the_first_participant_on_the_number);
    tcase_add_test(test_case, participants_follow_a_changed_pin);
    tcase_add_test(test_case, the_previous_session_of_a_pair_is_the_one_that_ended_last);
    tcase_add_test(test_case, a_session_past_its_time_is_a_previous_one);
}

int main(void)
{
    Suite *suite = suite_create("store/routes");

    add_store_cases(suite, add_tests);
    return run_suite(suite);
}
