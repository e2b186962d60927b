/*
 * SIDs: their form, their order by age, those derived from a seed.
 */
#include "twilio/sid.h"

#include <string.h>

#include "pool_fixture.h"

static const char lower[] = "KC0123456789abcdef0123456789abcdef";

START_TEST(a_new_sid_has_prefix_time_and_lower_case_digits)
{
    const char *sid = twv_sid_create(test_pool, "KC", apr_time_from_msec(0x0123456789abULL));

    ck_assert_uint_eq(strlen(sid), TWV_SID_LENGTH);
    ck_assert(strncmp(sid, "KC0123456789ab", 14) == 0);
    ck_assert_uint_eq(strspn(sid + 2, "0123456789abcdef"), 32);
    ck_assert(twv_sid_is(sid, "KC"));
}
END_TEST

START_TEST(sids_sort_by_the_millisecond_they_were_made_in)
{
    const char *older = twv_sid_create(test_pool, "KC", apr_time_from_msec(1790000000255));
    const char *newer = twv_sid_create(test_pool, "KC", apr_time_from_msec(1790000000256));

    ck_assert_str_lt(older, newer);
}
END_TEST

START_TEST(two_sids_of_one_millisecond_differ)
{
    apr_time_t now = apr_time_from_msec(1790000000000);

    ck_assert_str_ne(twv_sid_create(test_pool, "KC", now), twv_sid_create(test_pool, "KC", now));
}
END_TEST

START_TEST(a_derived_sid_depends_on_nothing_but_its_seed)
{
    const char *sid = twv_sid_derive(test_pool, "PN", "+815000000000");

    ck_assert(twv_sid_is(sid, "PN"));
    ck_assert_str_eq(sid, twv_sid_derive(test_pool, "PN", "+815000000000"));
    ck_assert_str_ne(sid, twv_sid_derive(test_pool, "PN", "+815000000001"));
}
END_TEST

START_TEST(both_cases_of_digits_are_a_sid)
{
    ck_assert(twv_sid_is(lower, "KC"));
    ck_assert(twv_sid_is("KC0123456789ABCDEF0123456789ABCDEF", "KC"));
}
END_TEST

START_TEST(what_has_another_prefix_length_or_digit_is_no_sid)
{
    ck_assert(!twv_sid_is(NULL, "KC"));
    ck_assert(!twv_sid_is("", "KC"));
    ck_assert(!twv_sid_is("K", "KC"));
    ck_assert(!twv_sid_is(lower, "KP"));
    ck_assert(!twv_sid_is("kc0123456789abcdef0123456789abcdef", "KC"));
    ck_assert(!twv_sid_is("KC0123456789abcdef0123456789abcde", "KC"));
    ck_assert(!twv_sid_is("KC0123456789abcdef0123456789abcdef0", "KC"));
    ck_assert(!twv_sid_is("KC0123456789abcdef0123456789abcdeg", "KC"));
    ck_assert(!twv_sid_is("KC0123456789abcdef0123456789abcde\n", "KC"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/sid");
    TCase *test_case = case_with_pool(suite, "sid");

    tcase_add_test(test_case, a_new_sid_has_prefix_time_and_lower_case_digits);
    tcase_add_test(test_case, sids_sort_by_the_millisecond_they_were_made_in);
    tcase_add_test(test_case, two_sids_of_one_millisecond_differ);
    tcase_add_test(test_case, a_derived_sid_depends_on_nothing_but_its_seed);
    tcase_add_test(test_case, both_cases_of_digits_are_a_sid);
    tcase_add_test(test_case, what_has_another_prefix_length_or_digit_is_no_sid);
    return run_suite(suite);
}
