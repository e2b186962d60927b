/*
 * Telephone numbers: form, country, nearness, refused ones, masking. Most are made up.
 */
#include "twilio/e164.h"

#include <string.h>

#include <apr_strings.h>

#include "pool_fixture.h"
#include "twilio/e164_tables.h"

START_TEST(e164_is_plus_and_seven_to_fifteen_digits)
{
    ck_assert(twv_e164_is_valid("+819000000001"));
    ck_assert(twv_e164_is_valid("+1234567"));
    ck_assert(twv_e164_is_valid("+123456789012345"));
    ck_assert(!twv_e164_is_valid("+123456"));
    ck_assert(!twv_e164_is_valid("+1234567890123456"));
    ck_assert(!twv_e164_is_valid("819000000001"));
    ck_assert(!twv_e164_is_valid("+019000000001"));
    ck_assert(!twv_e164_is_valid("+81 90 0000 0001"));
    ck_assert(!twv_e164_is_valid("+819000000001\n"));
    ck_assert(!twv_e164_is_valid("++819000000001"));
    ck_assert(!twv_e164_is_valid("anonymous"));
    ck_assert(!twv_e164_is_valid("+"));
    ck_assert(!twv_e164_is_valid(""));
    ck_assert(!twv_e164_is_valid(NULL));
}
END_TEST

static const struct {
    const char *number;
    const char *calling_code;
    const char *country;
} countries[] = {
    {"+819000000001", "81", "JP"},   {"+12125550100", "1", "US"},   {"+16045550100", "1", "CA"},
    {"+18765550100", "1", "JM"},     {"+17875550100", "1", "PR"},   {"+18095550100", "1", "DO"},
    {"+12465550100", "1", "BB"},     {"+18005550100", "1", "US"},   {"+442070000000", "44", "GB"},
    {"+441481000000", "44", "GG"},   {"+447797000000", "44", "JE"}, {"+441624000000", "44", "IM"},
    {"+74950000000", "7", "RU"},     {"+77000000000", "7", "KZ"},   {"+4930000000", "49", "DE"},
    {"+33100000000", "33", "FR"},    {"+61200000000", "61", "AU"},  {"+85200000000", "852", "HK"},
    {"+886200000000", "886", "TW"},  {"+390669800000", "39", "VA"}, {"+390600000000", "39", "IT"},
    {"+3584000000000", "358", "FI"}, {"+870000000000", "870", ""},  {"+979000000000", "979", ""},
    {"+8816000000000", "881", ""},   {"+2110000000", "211", "SS"},  {"+998000000000", "998", "UZ"},
    {"+2100000000000", NULL, ""},    {"+9990000000000", NULL, ""},  {"anonymous", NULL, ""},
};

START_TEST(a_number_tells_its_country)
{
    const char *code = twv_e164_calling_code(test_pool, countries[_i].number);

    ck_assert_pstr_eq(code, countries[_i].calling_code);
    ck_assert_str_eq(twv_e164_iso_country(countries[_i].number), countries[_i].country);
}
END_TEST

static int matches(const char *candidate, const char *number, twv_geo_level_t level)
{
    int outcome = twv_e164_geo_matches(candidate, number, level);

    ck_assert_int_eq(outcome, twv_e164_geo_matches(number, candidate, level));
    return outcome;
}

static const char manhattan[] = "+12125550100";
static const char manhattan_overlay[] = "+16465550100";
static const char newark[] = "+19735550100";
static const char los_angeles[] = "+12135550100";
static const char toll_free[] = "+18005550100";

START_TEST(at_country_level_the_calling_code_decides)
{
    ck_assert(matches(manhattan, los_angeles, TWV_GEO_COUNTRY));
    ck_assert(matches(manhattan, "+18765550100", TWV_GEO_COUNTRY));
    ck_assert(matches(manhattan, toll_free, TWV_GEO_COUNTRY));
    ck_assert(matches("+442070000000", "+441481000000", TWV_GEO_COUNTRY));
    ck_assert(!matches(manhattan, "+819000000001", TWV_GEO_COUNTRY));
    ck_assert(!matches("+819000000001", "anonymous", TWV_GEO_COUNTRY));
    ck_assert(!matches("+2100000000000", "+2100000000001", TWV_GEO_COUNTRY));
}
END_TEST

START_TEST(finer_levels_mean_more_in_north_america_only)
{
    ck_assert(matches("+815000000000", "+819000000001", TWV_GEO_AREA_CODE));
    ck_assert(matches("+815000000000", "+819000000001", TWV_GEO_RADIUS));
}
END_TEST

START_TEST(area_code_level_wants_the_same_code)
{
    ck_assert(matches(manhattan, "+12125550199", TWV_GEO_AREA_CODE));
    ck_assert(!matches(manhattan, manhattan_overlay, TWV_GEO_AREA_CODE));
    ck_assert(matches(toll_free, "+18005550101", TWV_GEO_AREA_CODE));
}
END_TEST

START_TEST(overlay_levels_take_codes_of_the_same_area)
{
    twv_geo_level_t level;

    for (level = TWV_GEO_EXTENDED_AREA_CODE; level <= TWV_GEO_OVERLAY; level++) {
        ck_assert(matches(manhattan, manhattan_overlay, level));
        ck_assert(matches("+14155550100", "+16285550100", level));
        ck_assert(matches("+14165550100", "+16475550100", level));
        ck_assert(!matches(manhattan, newark, level));
        ck_assert(!matches(toll_free, "+18885550100", level));
    }
}
END_TEST

START_TEST(the_table_of_area_codes_is_sorted_and_its_overlays_exist)
{
    char digits[] = "1nnn";
    int found = 0;
    int code;

    for (code = 200; code <= 999; code++) {
        const twv_area_code_t *area, *oldest;

        memcpy(digits + 1, apr_itoa(test_pool, code), 3);
        area = twv_e164_find_area_code(digits);
        if (!area) {
            continue;
        }
        found++;
        memcpy(digits + 1, apr_itoa(test_pool, area->overlay), 3);
        oldest = twv_e164_find_area_code(digits);
        ck_assert_int_eq(area->code, code);
        ck_assert_ptr_nonnull(oldest);
        ck_assert_int_eq(oldest->overlay, area->overlay);
        ck_assert_str_eq(oldest->country, area->country);
        ck_assert_str_eq(oldest->region, area->region);
    }
    ck_assert_int_ge(found, 455);
}
END_TEST

START_TEST(radius_level_takes_codes_of_the_neighbourhood)
{
    ck_assert(matches(manhattan, manhattan_overlay, TWV_GEO_RADIUS));
    ck_assert(matches(manhattan, newark, TWV_GEO_RADIUS));
    ck_assert(matches("+14155550100", "+16505550100", TWV_GEO_RADIUS));
    ck_assert(!matches(manhattan, los_angeles, TWV_GEO_RADIUS));
    ck_assert(!matches("+14155550100", "+19165550100", TWV_GEO_RADIUS));
    ck_assert(!matches(manhattan, toll_free, TWV_GEO_RADIUS));
}
END_TEST

static const char *const refused[] = {
    "+81110",
    "+81119",
    "+81118",
    "+44999",
    "+44112",
    "+1911",
    "+1411",
    "+49110",
    "+49112",
    "+3317",
    "+33112",
    "+61000",
    "+61112",
    "+",
    "+0",
    "+81 90",
    "+8190abc",
    "+81570000000",
    "+81990000000",
    "+81180000000",
    "+810570000000",
    "+812040000000",
    "+81910000000",
    "+19005550100",
    "+12129765501",
    "+12125551212",
    "+121255501",
    "+19115550100",
    "+449000000000",
    "+449800000000",
    "+448710000000",
    "+447000000000",
    "+44118000",
    "+33899000000",
    "+33820000000",
    "+49900000000",
    "+491370000000",
    "+4911800000",
    "+49116117",
    "+491800000000",
    "+61190000000",
    "+611223000",
    "+979000000000",
    "+870000000000",
    "+881600000000",
    "+882100000000",
    "+883100000000",
    "+808000000000",
    "+878100000000",
    "+393",
    "+39899000000",
    "+3531520000000",
};

START_TEST(emergency_short_premium_and_satellite_numbers_are_refused)
{
    ck_assert_msg(twv_e164_is_refused(refused[_i]), "%s is not refused", refused[_i]);
}
END_TEST

static const char *const callable[] = {
    "+819000000001", "+818000000001", "+817000000001",  "+815000000000", "+81300000000",
    "+81120000000",  "+81184000000",  "+12125550100",   "+18765550100",  "+18005550100",
    "+442070000000", "+441180000000", "+447700000000",  "+448000000000", "+33100000000",
    "+33600000000",  "+4930000000",   "+4915100000000", "+61200000000",  "+61400000000",
    "+61130000000",  "+35315200000",  "+390600000000",  "+85200000000",  "+29020000",
};

START_TEST(ordinary_numbers_are_not_refused)
{
    ck_assert_msg(!twv_e164_is_refused(callable[_i]), "%s is refused", callable[_i]);
}
END_TEST

START_TEST(what_is_no_number_is_not_refused_as_one)
{
    ck_assert(!twv_e164_is_refused(NULL));
    ck_assert(!twv_e164_is_refused(""));
    ck_assert(!twv_e164_is_refused("client:hanako"));
}
END_TEST

START_TEST(the_middle_of_a_number_is_masked)
{
    ck_assert_str_eq(twv_e164_mask(test_pool, "+819012345001"), "+8190*****001");
    ck_assert_str_eq(twv_e164_mask(test_pool, "09000000001"), "0900****001");
    ck_assert_str_eq(twv_e164_mask(test_pool, "+266696687"), "+26*****87");
    ck_assert_str_eq(twv_e164_mask(test_pool, "+12345"), "+12***");
    ck_assert_str_eq(twv_e164_mask(test_pool, "+81110"), "+81***");
    ck_assert_str_eq(twv_e164_mask(test_pool, "1234"), "1234");
    ck_assert_str_eq(twv_e164_mask(test_pool, "sip:+819012345001@a.example"),
                     "sip:+8190*****001@a.example");
    ck_assert_str_eq(twv_e164_mask(test_pool, "anonymous"), "anonymous");
    ck_assert_str_eq(twv_e164_mask(test_pool, "client:hanako"), "client:hanako");
    ck_assert_str_eq(twv_e164_mask(test_pool, ""), "");
    ck_assert_str_eq(twv_e164_mask(test_pool, NULL), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/e164");
    TCase *test_case = case_with_pool(suite, "e164");

    tcase_add_test(test_case, e164_is_plus_and_seven_to_fifteen_digits);
    tcase_add_loop_test(test_case, a_number_tells_its_country, 0,
                        sizeof(countries) / sizeof(*countries));
    tcase_add_test(test_case, at_country_level_the_calling_code_decides);
    tcase_add_test(test_case, finer_levels_mean_more_in_north_america_only);
    tcase_add_test(test_case, area_code_level_wants_the_same_code);
    tcase_add_test(test_case, overlay_levels_take_codes_of_the_same_area);
    tcase_add_test(test_case, the_table_of_area_codes_is_sorted_and_its_overlays_exist);
    tcase_add_test(test_case, radius_level_takes_codes_of_the_neighbourhood);
    tcase_add_loop_test(test_case, emergency_short_premium_and_satellite_numbers_are_refused, 0,
                        sizeof(refused) / sizeof(*refused));
    tcase_add_loop_test(test_case, ordinary_numbers_are_not_refused, 0,
                        sizeof(callable) / sizeof(*callable));
    tcase_add_test(test_case, what_is_no_number_is_not_refused_as_one);
    tcase_add_test(test_case, the_middle_of_a_number_is_masked);
    return run_suite(suite);
}
