/*
 * Checks of what clients send: what passes, what is refused, and what the error says.
 */
#include "calls/parameters.h"

#include <string.h>

#include <apr_strings.h>

#include "pool_fixture.h"

static const char *message(const twv_checks_t *checks)
{
    return checks->error ? checks->error->message : "";
}

static int text_passes(const char *value, int most)
{
    twv_checks_t checks = twv_checks_begin(test_pool, "");

    twv_check_text(&checks, "Name", value, most);
    return checks.error == NULL;
}

static int url_passes(const char *value)
{
    twv_checks_t checks = twv_checks_begin(test_pool, "");

    twv_check_url(&checks, "Url", value);
    return checks.error == NULL;
}

static apr_int64_t read_int(const char *value, apr_int64_t least, apr_int64_t most)
{
    twv_checks_t checks = twv_checks_begin(test_pool, "");
    twv_form_t *form = twv_form_create(test_pool);

    twv_form_add(form, "Number", value);
    return twv_read_int(&checks, form, "Number", least, most);
}

START_TEST(the_first_error_stays)
{
    twv_checks_t checks = twv_checks_begin(test_pool, "Participants[1].");

    twv_checks_fail(&checks, "One", "First.");
    twv_checks_fail(&checks, "Two", "Second.");
    ck_assert_int_eq(checks.error->code, TWV_ERROR_PARAMETER);
    ck_assert_int_eq(checks.error->status, 400);
    ck_assert_str_eq(message(&checks), "'Participants[1].One' is invalid. First.");
}
END_TEST

START_TEST(text_is_counted_in_characters)
{
    ck_assert(text_passes(NULL, 0));
    ck_assert(text_passes("", 0));
    ck_assert(text_passes("名前", 2));
    ck_assert(!text_passes("名前", 1));
    ck_assert(text_passes("\xF0\x9F\x98\x80", 1));
}
END_TEST

START_TEST(text_has_no_control_characters_and_is_utf8)
{
    ck_assert(!text_passes("a\nb", 9));
    ck_assert(!text_passes("a\x7F", 9));
    ck_assert(!text_passes("\xC2\x85", 9));
    ck_assert(!text_passes("\xFF", 9));
    ck_assert(!text_passes("\xE5\x90", 9));
    ck_assert(!text_passes("\xED\xA0\x80", 9));
    ck_assert(text_passes("\xC2\xA0", 9));
}
END_TEST

START_TEST(urls_are_absolute_and_hold_no_password)
{
    ck_assert(url_passes("https://example.jp/a?b=c#d"));
    ck_assert(url_passes("HTTP://example.jp:8080"));
    ck_assert(url_passes("https://[::1]/"));
    ck_assert(!url_passes("example.jp/a"));
    ck_assert(!url_passes("//example.jp/a"));
    ck_assert(!url_passes("https:///a"));
    ck_assert(!url_passes("https://"));
    ck_assert(!url_passes("javascript:alert(1)"));
    ck_assert(!url_passes("https://user@example.jp/"));
    ck_assert(!url_passes("https://:secret@example.jp/"));
    ck_assert(!url_passes("https://example.jp\\@evil.example/"));
    ck_assert(!url_passes("https://example.jp/\r\nX: y"));
    ck_assert(!url_passes("https://\xE4\xBE\x8B.jp/"));
}
END_TEST

START_TEST(whole_numbers_are_digits_within_the_range)
{
    ck_assert_int_eq(read_int("0", 0, 9), 0);
    ck_assert_int_eq(read_int("2147483646", 0, 2147483646), 2147483646);
    ck_assert_int_eq(read_int("0009", 0, 9), 9);
    ck_assert_int_eq(read_int("10", 0, 9), -1);
    ck_assert_int_eq(read_int("4", 5, 9), -1);
    ck_assert_int_eq(read_int("", 0, 9), -1);
    ck_assert_int_eq(read_int("-1", 0, 9), -1);
    ck_assert_int_eq(read_int("+1", 0, 9), -1);
    ck_assert_int_eq(read_int(" 1", 0, 9), -1);
    ck_assert_int_eq(read_int("1.0", 0, 9), -1);
    ck_assert_int_eq(read_int("18446744073709551617", 0, 9), -1);
    ck_assert_int_eq(read_int(NULL, 0, 9), -1);
}
END_TEST

START_TEST(an_empty_number_can_mean_none)
{
    twv_checks_t checks = twv_checks_begin(test_pool, "");
    twv_form_t *form = twv_form_create(test_pool);

    twv_form_add(form, "Empty", "");
    ck_assert_int_eq(twv_read_clearable_int(&checks, form, "Empty", 5, 9), 0);
    ck_assert_int_eq(twv_read_clearable_int(&checks, form, "Missing", 5, 9), -1);
    ck_assert_ptr_null(checks.error);
    ck_assert_int_eq(twv_read_int(&checks, form, "Empty", 5, 9), -1);
    ck_assert_str_eq(message(&checks), "'Empty' is invalid. '' is not a whole number from 5 to 9.");
}
END_TEST

START_TEST(truth_is_written_in_any_case)
{
    twv_checks_t checks = twv_checks_begin(test_pool, "");
    twv_form_t *form = twv_form_create(test_pool);

    twv_form_add(form, "Python", "True");
    twv_form_add(form, "Node", "false");
    twv_form_add(form, "Other", "yes");
    ck_assert_int_eq(twv_read_bool(&checks, form, "Python"), 1);
    ck_assert_int_eq(twv_read_bool(&checks, form, "Node"), 0);
    ck_assert_int_eq(twv_read_bool(&checks, form, "Missing"), -1);
    ck_assert_ptr_null(checks.error);
    ck_assert_int_eq(twv_read_bool(&checks, form, "Other"), -1);
    ck_assert_ptr_nonnull(strstr(message(&checks), "'yes' is unknown; allowed: true, false."));
}
END_TEST

START_TEST(names_are_known_and_come_once)
{
    static const char *const names[] = {"One", "Many", NULL};
    twv_checks_t checks = twv_checks_begin(test_pool, "");
    twv_form_t *form = twv_form_create(test_pool);

    twv_form_add(form, "One", "1");
    twv_form_add(form, "Many", "1");
    twv_form_add(form, "Many", "2");
    twv_check_names(&checks, form, names, "Many");
    ck_assert_ptr_null(checks.error);
    twv_form_add(form, "One", "1");
    twv_check_names(&checks, form, names, "Many");
    ck_assert_int_eq(checks.error->code, TWV_ERROR_PARAMETER);
    checks.error = NULL;
    form = twv_form_create(test_pool);
    twv_form_add(form, "one", "1");
    twv_check_names(&checks, form, names, "Many");
    ck_assert_int_eq(checks.error->code, TWV_ERROR_UNKNOWN_PARAMETER);
    ck_assert_str_eq(message(&checks), "Unknown parameter 'one'. Allowed: One, Many.");
}
END_TEST

START_TEST(values_are_shown_shortened_and_harmless)
{
    char *longest = memset(apr_pcalloc(test_pool, 10001), 'x', 10000);

    ck_assert_str_eq(twv_shown(test_pool, ""), "");
    ck_assert_str_eq(twv_shown(test_pool, "a\x1B[2J\xFF"
                                          "\xC2\x9B"
                                          "名"),
                     "a?[2J??名");
    ck_assert_uint_lt(strlen(twv_shown(test_pool, longest)), 300);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calls/parameters");
    TCase *test_case = case_with_pool(suite, "parameters");

    tcase_add_test(test_case, the_first_error_stays);
    tcase_add_test(test_case, text_is_counted_in_characters);
    tcase_add_test(test_case, text_has_no_control_characters_and_is_utf8);
    tcase_add_test(test_case, urls_are_absolute_and_hold_no_password);
    tcase_add_test(test_case, whole_numbers_are_digits_within_the_range);
    tcase_add_test(test_case, an_empty_number_can_mean_none);
    tcase_add_test(test_case, truth_is_written_in_any_case);
    tcase_add_test(test_case, names_are_known_and_come_once);
    tcase_add_test(test_case, values_are_shown_shortened_and_harmless);
    return run_suite(suite);
}
