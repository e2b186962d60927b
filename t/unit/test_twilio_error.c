/*
 * Errors: statuses and titles of codes.
 */
#include "twilio/error.h"

#include "pool_fixture.h"

static const struct {
    int code;
    int status;
} statuses[] = {
    {20001, 400}, {20003, 401}, {20004, 405}, {20006, 403}, {20404, 404}, {20409, 409},
    {20413, 413}, {20415, 415}, {20429, 429}, {20500, 500}, {20503, 503}, {80101, 400},
    {80103, 400}, {80207, 400}, {80301, 400}, {80404, 400}, {80501, 503}, {80603, 400},
    {80609, 400}, {80623, 409}, {80701, 400}, {80913, 400}, {80999, 400},
};

START_TEST(each_code_has_its_status)
{
    const twv_error_t *error = twv_error(test_pool, statuses[_i].code, "x");

    ck_assert_int_eq(error->code, statuses[_i].code);
    ck_assert_int_eq(error->status, statuses[_i].status);
}
END_TEST

START_TEST(the_message_is_formatted)
{
    const twv_error_t *error =
        twv_error(test_pool, TWV_ERROR_NOT_FOUND, "Session %s has %d %%", "KC0", 2);

    ck_assert_str_eq(error->message, "Session KC0 has 2 %");
}
END_TEST

START_TEST(titles_are_those_of_the_dictionary)
{
    ck_assert_str_eq(twv_error_title(80623), "Duplicate Participant Request");
    ck_assert_str_eq(twv_error_title(80101), "Number Already Added to Another Service");
    ck_assert_str_eq(twv_error_title(80913), "Out-Of-Session Callback Error");
    ck_assert_str_eq(twv_error_title(20001), "Unknown parameters");
    ck_assert_str_eq(twv_error_title(12345), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/error");
    TCase *test_case = case_with_pool(suite, "error");

    tcase_add_loop_test(test_case, each_code_has_its_status, 0,
                        sizeof(statuses) / sizeof(*statuses));
    tcase_add_test(test_case, the_message_is_formatted);
    tcase_add_test(test_case, titles_are_those_of_the_dictionary);
    return run_suite(suite);
}
