/*
 * Forms: strict parsing of bodies and queries, encoding.
 */
#include "twilio/form.h"

#include <string.h>

#include <apr_strings.h>

#include "pool_fixture.h"

static const twv_form_t *parsed(const char *text)
{
    twv_form_t *form = NULL;
    const char *reason = twv_form_parse(&form, test_pool, text, strlen(text));

    ck_assert_msg(reason == NULL, "\"%s\" was refused: %s", text, reason);
    return form;
}

static const char *refused(const char *text, apr_size_t length)
{
    twv_form_t *form = NULL;
    const char *reason = twv_form_parse(&form, test_pool, text, length);

    ck_assert_msg(reason != NULL, "\"%s\" was accepted", text);
    ck_assert_ptr_null(form);
    return reason;
}

static void assert_pair(const twv_form_t *form, int index, const char *name, const char *value)
{
    ck_assert_str_eq(twv_form_name(form, index), name);
    ck_assert_str_eq(twv_form_value(form, index), value);
}

START_TEST(pairs_keep_their_order_and_duplicates)
{
    const twv_form_t *form = parsed("b=2&a=1&b=3");

    ck_assert_int_eq(twv_form_count(form), 3);
    assert_pair(form, 0, "b", "2");
    assert_pair(form, 1, "a", "1");
    assert_pair(form, 2, "b", "3");
    ck_assert_str_eq(twv_form_get(form, "b"), "2");
}
END_TEST

START_TEST(names_are_case_sensitive)
{
    const twv_form_t *form = parsed("from=1&From=2");

    ck_assert_str_eq(twv_form_get(form, "From"), "2");
    ck_assert_ptr_null(twv_form_get(form, "FROM"));
}
END_TEST

START_TEST(a_plus_is_a_blank_and_an_escaped_plus_is_a_plus)
{
    const twv_form_t *form = parsed("From=%2B819000000001&FromCity=SAN+FRANCISCO");

    ck_assert_str_eq(twv_form_get(form, "From"), "+819000000001");
    ck_assert_str_eq(twv_form_get(form, "FromCity"), "SAN FRANCISCO");
}
END_TEST

START_TEST(an_escaped_separator_belongs_to_its_name_or_value)
{
    const twv_form_t *form = parsed("a%3Db=c&d=1%26e%3D2&f=%2b");

    ck_assert_int_eq(twv_form_count(form), 3);
    assert_pair(form, 0, "a=b", "c");
    assert_pair(form, 1, "d", "1&e=2");
    assert_pair(form, 2, "f", "+");
}
END_TEST

START_TEST(a_value_may_be_empty_missing_or_contain_an_equals_sign)
{
    const twv_form_t *form = parsed("ToCity=&bare&x=a=b=");

    ck_assert_int_eq(twv_form_count(form), 3);
    assert_pair(form, 0, "ToCity", "");
    assert_pair(form, 1, "bare", "");
    assert_pair(form, 2, "x", "a=b=");
}
END_TEST

START_TEST(empty_segments_are_skipped)
{
    ck_assert_int_eq(twv_form_count(parsed("")), 0);
    ck_assert_int_eq(twv_form_count(parsed("&&")), 0);
    ck_assert_int_eq(twv_form_count(parsed("&a=1&&b=2&")), 2);
}
END_TEST

START_TEST(values_are_utf8)
{
    ck_assert_str_eq(twv_form_get(parsed("Body=%E8%8A%B1%E5%AD%90"), "Body"), "花子");
    ck_assert_str_eq(twv_form_get(parsed("Body=花子"), "Body"), "花子");
    ck_assert_str_eq(twv_form_get(parsed("Body=%F0%9F%93%9E"), "Body"), "📞");
}
END_TEST

START_TEST(a_bad_escape_is_refused_with_its_position)
{
    ck_assert_ptr_nonnull(strstr(refused("a=1&b=%zz", 9), "byte 6: \"%zz\""));
    refused("a=%", 3);
    refused("a=%4", 4);
    refused("%4=1", 4);
    refused("a=%4&b=1", 8);
    refused("a=%+1", 5);
}
END_TEST

START_TEST(a_nul_is_refused_escaped_or_raw)
{
    ck_assert_ptr_nonnull(strstr(refused("a=b%00c", 7), "byte 3"));
    refused("a=b\0c", 5);
    refused("a\0=b", 4);
    refused("a%00=b", 6);
}
END_TEST

START_TEST(what_is_not_utf8_is_refused)
{
    static const char *const invalid[] = {
        "%80",          "%C0%80",       "%C1%BF", "%E0%80%80", "%ED%A0%80", "%F4%90%80%80",
        "%F0%80%80%80", "%F5%80%80%80", "%FF",    "%E8%8A",    "%E8A%8A",   "\xE8\x8A",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(invalid) / sizeof(*invalid); i++) {
        const char *value = apr_pstrcat(test_pool, "Body=", invalid[i], NULL);
        const char *name = apr_pstrcat(test_pool, invalid[i], "=1", NULL);

        ck_assert_ptr_nonnull(strstr(refused(value, strlen(value)), "UTF-8"));
        refused(name, strlen(name));
    }
}
END_TEST

START_TEST(an_empty_name_is_refused)
{
    ck_assert_ptr_nonnull(strstr(refused("a=1&=2", 6), "byte 4"));
}
END_TEST

START_TEST(the_largest_form_has_500_pairs)
{
    char text[2 * TWV_FORM_MAX_PAIRS + 2];
    twv_form_t *form;
    int i;

    for (i = 0; i <= TWV_FORM_MAX_PAIRS; i++) {
        memcpy(text + 2 * i, "a&", 2);
    }
    ck_assert_ptr_null(twv_form_parse(&form, test_pool, text, 2 * TWV_FORM_MAX_PAIRS - 1));
    ck_assert_int_eq(twv_form_count(form), TWV_FORM_MAX_PAIRS);
    ck_assert_ptr_nonnull(strstr(refused(text, 2 * TWV_FORM_MAX_PAIRS + 1), "500"));
}
END_TEST

START_TEST(the_text_need_not_be_terminated)
{
    twv_form_t *form;

    ck_assert_ptr_null(twv_form_parse(&form, test_pool, "a=12&b=3", 3));
    ck_assert_int_eq(twv_form_count(form), 1);
    ck_assert_str_eq(twv_form_get(form, "a"), "1");
}
END_TEST

START_TEST(encoding_escapes_everything_but_unreserved_characters)
{
    twv_form_t *form = twv_form_create(test_pool);

    twv_form_add(form, "v", "aZ09-._ ~*+&=%/花");
    twv_form_add(form, "empty", "");
    ck_assert_str_eq(twv_form_encode(test_pool, form),
                     "v=aZ09-._+%7E%2A%2B%26%3D%25%2F%E8%8A%B1&empty=");
}
END_TEST

START_TEST(a_form_is_encoded_in_its_order_and_without_null_values)
{
    twv_form_t *form = twv_form_create(test_pool);

    ck_assert_str_eq(twv_form_encode(test_pool, form), "");
    twv_form_add(form, "To", "+819000000002");
    twv_form_add(form, "From", NULL);
    twv_form_add(form, "StatusCallbackEvent", "ringing");
    twv_form_add(form, "StatusCallbackEvent", "answered");
    ck_assert_str_eq(twv_form_encode(test_pool, form),
                     "To=%2B819000000002&StatusCallbackEvent=ringing&StatusCallbackEvent=answered");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/form");
    TCase *test_case = case_with_pool(suite, "form");

    tcase_add_test(test_case, pairs_keep_their_order_and_duplicates);
    tcase_add_test(test_case, names_are_case_sensitive);
    tcase_add_test(test_case, a_plus_is_a_blank_and_an_escaped_plus_is_a_plus);
    tcase_add_test(test_case, an_escaped_separator_belongs_to_its_name_or_value);
    tcase_add_test(test_case, a_value_may_be_empty_missing_or_contain_an_equals_sign);
    tcase_add_test(test_case, empty_segments_are_skipped);
    tcase_add_test(test_case, values_are_utf8);
    tcase_add_test(test_case, a_bad_escape_is_refused_with_its_position);
    tcase_add_test(test_case, a_nul_is_refused_escaped_or_raw);
    tcase_add_test(test_case, what_is_not_utf8_is_refused);
    tcase_add_test(test_case, an_empty_name_is_refused);
    tcase_add_test(test_case, the_largest_form_has_500_pairs);
    tcase_add_test(test_case, the_text_need_not_be_terminated);
    tcase_add_test(test_case, encoding_escapes_everything_but_unreserved_characters);
    tcase_add_test(test_case, a_form_is_encoded_in_its_order_and_without_null_values);
    return run_suite(suite);
}
