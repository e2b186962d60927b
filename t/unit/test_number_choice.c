/*
 * The choice of a proxy number: its conditions, each with its error, and its preferences.
 */
#include "calls/number_choice.h"

#include <string.h>

#include <apr_strings.h>

#include "pool_fixture.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static const twv_number_wish_t for_voice = {.identifier = "+819000000001", .needs_voice = 1};

/* The chosen number, or the code of the error as text. */
static const char *choose(const twv_number_wish_t *wish, const twv_number_candidate_t *candidates,
                          int count)
{
    int chosen = -1;
    const twv_error_t *error = twv_number_choose(test_pool, wish, candidates, count, &chosen);

    return error ? apr_itoa(test_pool, error->code) : candidates[chosen].phone_number;
}

START_TEST(a_service_without_numbers_has_none)
{
    ck_assert_str_eq(choose(&for_voice, NULL, 0), "80205");
}
END_TEST

START_TEST(reserved_numbers_are_left_alone)
{
    twv_number_candidate_t numbers[] = {
        {.phone_number = "+815000000001", .voice = 1, .is_reserved = 1},
        {.phone_number = "+815000000002", .voice = 1, .in_use = 9}};

    ck_assert_str_eq(choose(&for_voice, numbers, 1), "80207");
    ck_assert_str_eq(choose(&for_voice, numbers, 2), "+815000000002");
}
END_TEST

START_TEST(the_mode_decides_about_capabilities)
{
    twv_number_candidate_t numbers[] = {{.phone_number = "+815000000001", .sms = 1},
                                        {.phone_number = "+815000000002", .voice = 1}};
    twv_number_wish_t both = for_voice;
    twv_number_wish_t message = for_voice;
    const twv_error_t *error;
    int chosen;

    both.needs_sms = 1;
    message.needs_sms = 1;
    message.needs_voice = 0;
    ck_assert_str_eq(choose(&for_voice, numbers, 1), "80201");
    ck_assert_str_eq(choose(&for_voice, numbers, 2), "+815000000002");
    ck_assert_str_eq(choose(&message, numbers, 2), "+815000000001");
    ck_assert_str_eq(choose(&message, &numbers[1], 1), "80202");
    error = twv_number_choose(test_pool, &both, numbers, 2, &chosen);
    ck_assert_int_eq(error->code, TWV_ERROR_NO_MESSAGE_PROXY);
    ck_assert_ptr_nonnull(strstr(error->message, "Mode=voice-only"));
}
END_TEST

START_TEST(the_country_must_be_that_of_the_person)
{
    twv_number_candidate_t american = {.phone_number = "+12025550100", .voice = 1};
    const twv_error_t *error;
    int chosen;

    error = twv_number_choose(test_pool, &for_voice, &american, 1, &chosen);
    ck_assert_int_eq(error->code, TWV_ERROR_NO_PROXY_FOR_COUNTRY);
    ck_assert_ptr_nonnull(strstr(error->message, "+81 (JP)"));
}
END_TEST

START_TEST(a_finer_match_counts_in_north_america_only)
{
    twv_number_candidate_t numbers[] = {{.phone_number = "+12125550100", .voice = 1},
                                        {.phone_number = "+815000000001", .voice = 1}};
    twv_number_wish_t wish = {.identifier = "+12025550199",
                              .needs_voice = 1,
                              .geo_level = twv_geo_level_from_word("area-code")};

    ck_assert_str_eq(choose(&wish, numbers, COUNT(numbers)), "80206");
    wish.geo_level = twv_geo_level_from_word("country");
    ck_assert_str_eq(choose(&wish, numbers, COUNT(numbers)), "+12125550100");
    wish.geo_level = twv_geo_level_from_word("area-code");
    wish.identifier = "+819000000001";
    ck_assert_str_eq(choose(&wish, numbers, COUNT(numbers)), "+815000000001");
}
END_TEST

START_TEST(a_pair_is_not_made_twice_unless_it_may_be_shared)
{
    twv_number_candidate_t numbers[] = {
        {.phone_number = "+815000000001", .voice = 1, .is_paired = 1},
        {.phone_number = "+815000000002", .voice = 1, .in_use = 100}};
    twv_number_wish_t sharing = for_voice;

    sharing.may_share = 1;
    ck_assert_str_eq(choose(&for_voice, numbers, 1), "80208");
    ck_assert_str_eq(choose(&sharing, numbers, 1), "+815000000001");
    ck_assert_str_eq(choose(&for_voice, numbers, 2), "+815000000002");
    ck_assert_str_eq(choose(&sharing, numbers, 2), "+815000000002");
}
END_TEST

START_TEST(the_number_had_before_is_preferred_or_avoided)
{
    twv_number_candidate_t numbers[] = {{.phone_number = "+815000000001", .voice = 1},
                                        {.phone_number = "+815000000002", .voice = 1, .in_use = 7}};
    twv_number_wish_t wish = for_voice;

    wish.last_number = "+815000000002";
    ck_assert_str_eq(choose(&wish, numbers, 2), "+815000000002");
    wish.avoids_last = 1;
    ck_assert_str_eq(choose(&wish, numbers, 2), "+815000000001");
    wish.last_number = "+815000000001";
    ck_assert_str_eq(choose(&wish, numbers, 2), "+815000000002");
    ck_assert_str_eq(choose(&wish, numbers, 1), "+815000000001");
}
END_TEST

START_TEST(load_is_spread_and_ties_go_to_the_first)
{
    twv_number_candidate_t numbers[] = {{.phone_number = "+815000000001", .voice = 1, .in_use = 2},
                                        {.phone_number = "+815000000002", .voice = 1, .in_use = 1},
                                        {.phone_number = "+815000000003", .voice = 1, .in_use = 1}};

    ck_assert_str_eq(choose(&for_voice, numbers, COUNT(numbers)), "+815000000002");
}
END_TEST

START_TEST(a_named_number_only_needs_the_capabilities)
{
    twv_number_candidate_t number = {
        .phone_number = "+12025550100", .voice = 1, .is_reserved = 1, .is_paired = 1};
    twv_number_wish_t wish = for_voice;

    ck_assert_ptr_null(twv_number_lacks(test_pool, &wish, &number));
    wish.needs_sms = 1;
    ck_assert_int_eq(twv_number_lacks(test_pool, &wish, &number)->code, TWV_ERROR_NO_MESSAGE_PROXY);
    number.voice = 0;
    ck_assert_int_eq(twv_number_lacks(test_pool, &wish, &number)->code, TWV_ERROR_NO_VOICE_PROXY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calls/number_choice");
    TCase *test_case = case_with_pool(suite, "number_choice");

    tcase_add_test(test_case, a_service_without_numbers_has_none);
    tcase_add_test(test_case, reserved_numbers_are_left_alone);
    tcase_add_test(test_case, the_mode_decides_about_capabilities);
    tcase_add_test(test_case, the_country_must_be_that_of_the_person);
    tcase_add_test(test_case, a_finer_match_counts_in_north_america_only);
    tcase_add_test(test_case, a_pair_is_not_made_twice_unless_it_may_be_shared);
    tcase_add_test(test_case, the_number_had_before_is_preferred_or_avoided);
    tcase_add_test(test_case, load_is_spread_and_ties_go_to_the_first);
    tcase_add_test(test_case, a_named_number_only_needs_the_capabilities);
    return run_suite(suite);
}
