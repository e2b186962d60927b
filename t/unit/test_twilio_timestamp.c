/*
 * Times: writing, strict parsing, independence of the process' time zone and locale.
 */
#include "twilio/timestamp.h"

#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include "pool_fixture.h"

static const struct {
    const char *text;
    twv_ms_t time;
} iso8601[] = {
    {"2026-11-20T09:30:00Z", 1795167000000},
    {"2026-11-20 09:30:00", 1795167000000},
    {"2026-11-20T09:30", 1795167000000},
    {"2026-11-20T18:30:00+09:00", 1795167000000},
    {"2026-11-20T18:30:00+0900", 1795167000000},
    {"2026-11-20T00:30:00-09:00", 1795167000000},
    {"2026-11-20T18:30+09:00", 1795167000000},
    {"2026-11-20T09:30:00.5Z", 1795167000500},
    {"2026-11-20T09:30:00.123999999Z", 1795167000123},
    {"2026-11-20", 1795132800000},
    {"2024-02-29T00:00:00Z", 1709164800000},
    {"2000-02-29", 951782400000},
    {"1971-01-01", 31536000000},
    {"9999-12-31T23:59:59Z", 253402300799000},
};

START_TEST(iso8601_is_parsed)
{
    ck_assert_int_eq(twv_timestamp_parse_iso8601(iso8601[_i].text), iso8601[_i].time);
}
END_TEST

static const char *const bad_iso8601[] = {
    "",
    "now",
    "2026",
    "2026-11",
    "2026-11-2",
    "26-11-20",
    " 2026-11-20",
    "2026-11-20 ",
    "2026-11-20T",
    "2026-11-20T09",
    "2026-11-20T0930",
    "2026-11-20t09:30:00z",
    "2026-11-20T09:30:",
    "2026-11-20T09:30:00.",
    "2026-11-20T09:30:00.Z",
    "2026-11-20T09:30.5Z",
    "2026-11-20T09:30:00ZZ",
    "2026-11-20T09:30:00 Z",
    "2026-11-20T09:30:00+09",
    "2026-11-20T09:30:00+9:00",
    "2026-11-20T09:30:00+24:00",
    "2026-11-20T09:30:00+09:60",
    "2026-11-20T24:00:00Z",
    "2026-11-20T23:60:00Z",
    "2026-11-20T23:59:60Z",
    "2026-00-20",
    "2026-13-20",
    "2026-11-00",
    "2026-11-31",
    "2026-02-29",
    "2100-02-29",
    "1970-12-31",
    "0000-00-00",
    "-026-11-20",
    "+026-11-20",
    "9999-12-31T23:59:59-09:00",
    "２０２６-11-20",
};

START_TEST(what_is_not_iso8601_is_refused)
{
    ck_assert_int_eq(twv_timestamp_parse_iso8601(bad_iso8601[_i]), 0);
}
END_TEST

START_TEST(iso8601_is_written_with_whole_seconds)
{
    ck_assert_str_eq(twv_timestamp_iso8601(test_pool, 1795167000999), "2026-11-20T09:30:00Z");
    ck_assert_str_eq(twv_timestamp_iso8601(test_pool, 1), "1970-01-01T00:00:00Z");
    ck_assert_str_eq(twv_timestamp_iso8601(test_pool, 253402300799999), "9999-12-31T23:59:59Z");
    ck_assert_ptr_null(twv_timestamp_iso8601(test_pool, 0));
    ck_assert_ptr_null(twv_timestamp_iso8601(test_pool, -1));
    ck_assert_ptr_null(twv_timestamp_iso8601(test_pool, 253402300800000));
}
END_TEST

START_TEST(every_day_survives_the_way_through_text)
{
    twv_ms_t day = 86400000;
    twv_ms_t time;

    for (time = 365 * day; time < 253402300800000; time += 7 * day + 3661000) {
        const char *text = twv_timestamp_iso8601(test_pool, time);

        ck_assert_int_eq(twv_timestamp_parse_iso8601(text), time);
    }
}
END_TEST

START_TEST(rfc2822_is_parsed)
{
    ck_assert_int_eq(twv_timestamp_parse_rfc2822("Fri, 13 Mar 2026 22:42:54 +0000"), 1773441774000);
    ck_assert_int_eq(twv_timestamp_parse_rfc2822("Sat, 14 Mar 2026 07:42:54 +0900"), 1773441774000);
    ck_assert_int_eq(twv_timestamp_parse_rfc2822("Fri, 13 Mar 2026 22:42:54 GMT"), 1773441774000);
    ck_assert_int_eq(twv_timestamp_parse_rfc2822("13 Mar 2026 22:42:54 -0000"), 1773441774000);
    ck_assert_int_eq(twv_timestamp_parse_rfc2822("Sun, 1 Mar 2026 00:00:00 +0000"), 1772323200000);
    ck_assert_int_eq(twv_timestamp_parse_rfc2822("Sun, 01 Mar 2026 00:00 +0000"), 1772323200000);
}
END_TEST

static const char *const bad_rfc2822[] = {
    "",
    "Fri",
    "Thu, 13 Mar 2026 22:42:54 +0000",
    "Fri, 13 Mar 2026 22:42:54",
    "Fri, 13 Mar 2026 22:42:54 ",
    "Fri, 13 Mar 2026 22:42:54 +00:00",
    "Fri, 13 Mar 2026 22:42:54 JST",
    "Fri, 13 Mar 2026 22:42:54 +0000 ",
    "Fri, 13 Mar 2026 22:42:54 GMT+1",
    "Fri,13 Mar 2026 22:42:54 +0000",
    "Fri 13 Mar 2026 22:42:54 +0000",
    "fri, 13 Mar 2026 22:42:54 +0000",
    "Fri, 13 mar 2026 22:42:54 +0000",
    "Fri, 13 March 2026 22:42:54 +0000",
    "Fri, 13 Mar 26 22:42:54 +0000",
    "Fri, 32 Mar 2026 22:42:54 +0000",
    "Fri, 13 Mar 2026 25:42:54 +0000",
    "30 Feb 2026 22:42:54 +0000",
};

START_TEST(what_is_not_rfc2822_is_refused)
{
    ck_assert_int_eq(twv_timestamp_parse_rfc2822(bad_rfc2822[_i]), 0);
}
END_TEST

START_TEST(null_is_no_time)
{
    ck_assert_int_eq(twv_timestamp_parse_iso8601(NULL), 0);
    ck_assert_int_eq(twv_timestamp_parse_rfc2822(NULL), 0);
}
END_TEST

START_TEST(time_zone_and_locale_have_no_say)
{
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    setlocale(LC_ALL, "ja_JP.UTF-8");
    ck_assert_int_eq(twv_timestamp_parse_iso8601("2026-11-20T09:30:00"), 1795167000000);
    ck_assert_str_eq(twv_timestamp_iso8601(test_pool, 1795167000000), "2026-11-20T09:30:00Z");
    ck_assert_int_eq(twv_timestamp_parse_rfc2822("Fri, 13 Mar 2026 22:42:54 +0000"), 1773441774000);
    setlocale(LC_ALL, "C");
    unsetenv("TZ");
    tzset();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/timestamp");
    TCase *test_case = case_with_pool(suite, "timestamp");

    tcase_add_loop_test(test_case, iso8601_is_parsed, 0, sizeof(iso8601) / sizeof(*iso8601));
    tcase_add_loop_test(test_case, what_is_not_iso8601_is_refused, 0,
                        sizeof(bad_iso8601) / sizeof(*bad_iso8601));
    tcase_add_test(test_case, iso8601_is_written_with_whole_seconds);
    tcase_add_test(test_case, every_day_survives_the_way_through_text);
    tcase_add_test(test_case, rfc2822_is_parsed);
    tcase_add_loop_test(test_case, what_is_not_rfc2822_is_refused, 0,
                        sizeof(bad_rfc2822) / sizeof(*bad_rfc2822));
    tcase_add_test(test_case, null_is_no_time);
    tcase_add_test(test_case, time_zone_and_locale_have_no_say);
    return run_suite(suite);
}
