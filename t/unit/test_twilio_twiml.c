/*
 * The writer of TwiML: documents, escaping, calls out of order.
 */
#include "twilio/twiml.h"

#include <string.h>

#include <apr_strings.h>

#include "pool_fixture.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"

static void assert_document(twv_twiml_t *twiml, const char *expected)
{
    apr_size_t length;
    const char *document = twv_twiml_finish(twiml, &length);

    ck_assert_str_eq(document, apr_pstrcat(test_pool, DECLARATION, expected, NULL));
    ck_assert_uint_eq(length, strlen(document));
}

static void assert_text(const char *text, const char *expected)
{
    twv_twiml_t *twiml = twv_twiml_create(test_pool);

    twv_twiml_text(twiml, text);
    assert_document(twiml, apr_pstrcat(test_pool, "<Response>", expected, "</Response>", NULL));
}

START_TEST(an_empty_document_is_an_empty_response)
{
    assert_document(twv_twiml_create(test_pool), "<Response/>");
}
END_TEST

START_TEST(elements_nest_and_open_ones_are_closed_at_the_end)
{
    twv_twiml_t *twiml = twv_twiml_create(test_pool);

    twv_twiml_element(twiml, "Say", "もしもし");
    twv_twiml_open(twiml, "Dial");
    twv_twiml_attribute(twiml, "answerOnBridge", "true");
    twv_twiml_attribute(twiml, "callerId", NULL);
    twv_twiml_attribute_int(twiml, "timeLimit", 14400);
    twv_twiml_open(twiml, "Number");
    twv_twiml_text(twiml, "+819000000002");
    assert_document(twiml, "<Response><Say>もしもし</Say>"
                           "<Dial answerOnBridge=\"true\" timeLimit=\"14400\">"
                           "<Number>+819000000002</Number></Dial></Response>");
}
END_TEST

START_TEST(an_element_without_content_is_written_short)
{
    twv_twiml_t *twiml = twv_twiml_create(test_pool);

    twv_twiml_element(twiml, "Hangup", NULL);
    twv_twiml_open(twiml, "Reject");
    twv_twiml_attribute(twiml, "reason", "busy");
    twv_twiml_close(twiml);
    assert_document(twiml, "<Response><Hangup/><Reject reason=\"busy\"/></Response>");
}
END_TEST

START_TEST(text_is_escaped)
{
    assert_text("<Hangup/> & \"q\" 'a' ]]>", "&lt;Hangup/&gt; &amp; \"q\" 'a' ]]&gt;");
    assert_text("a\tb\nc\rd", "a\tb\nc&#13;d");
}
END_TEST

START_TEST(attributes_are_escaped_and_keep_their_white_space)
{
    twv_twiml_t *twiml = twv_twiml_create(test_pool);

    twv_twiml_open(twiml, "Gather");
    twv_twiml_attribute(twiml, "action", "https://a.example/x?a=1&b=\"2\"<>");
    twv_twiml_attribute(twiml, "hints", "a\tb\nc\rd");
    assert_document(twiml, "<Response><Gather action=\"https://a.example/x?a=1&amp;b=&quot;2&quot;"
                           "&lt;&gt;\" hints=\"a&#9;b&#10;c&#13;d\"/></Response>");
}
END_TEST

START_TEST(characters_that_xml_forbids_are_left_out)
{
    assert_text("a\x01\x08\x0B\x1F"
                "b\x7F",
                "ab\x7F");
    assert_text("a\xEF\xBF\xBE\xEF\xBF\xBF"
                "b",
                "ab");
    assert_text("\xEF\xBF\xBD", "\xEF\xBF\xBD");
}
END_TEST

START_TEST(what_is_not_utf8_becomes_a_replacement_character)
{
    assert_text("a\xFF"
                "b",
                "a\xEF\xBF\xBD"
                "b");
    assert_text("\xE8\x8A", "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("花\xF0\x9F\x93\x9E", "花📞");
}
END_TEST

START_TEST(calls_out_of_order_leave_the_document_well_formed)
{
    twv_twiml_t *twiml = twv_twiml_create(test_pool);

    twv_twiml_element(twiml, "Say", "a");
    twv_twiml_attribute(twiml, "voice", "alice");
    twv_twiml_close(twiml);
    twv_twiml_close(twiml);
    twv_twiml_open(twiml, "Hangup");
    twv_twiml_attribute(twiml, "x", "y");
    twv_twiml_text(twiml, "outside");
    assert_document(twiml, "<Response><Say>a</Say></Response>");
}
END_TEST

START_TEST(a_long_text_is_complete)
{
    apr_size_t length, count = 100000;
    char *text = apr_palloc(test_pool, count + 1);
    twv_twiml_t *twiml = twv_twiml_create(test_pool);

    memset(text, '&', count);
    text[count] = '\0';
    twv_twiml_element(twiml, "Say", text);
    twv_twiml_finish(twiml, &length);
    ck_assert_uint_eq(length, strlen(DECLARATION "<Response><Say></Say></Response>") + 5 * count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/twiml");
    TCase *test_case = case_with_pool(suite, "twiml");

    tcase_add_test(test_case, an_empty_document_is_an_empty_response);
    tcase_add_test(test_case, elements_nest_and_open_ones_are_closed_at_the_end);
    tcase_add_test(test_case, an_element_without_content_is_written_short);
    tcase_add_test(test_case, text_is_escaped);
    tcase_add_test(test_case, attributes_are_escaped_and_keep_their_white_space);
    tcase_add_test(test_case, characters_that_xml_forbids_are_left_out);
    tcase_add_test(test_case, what_is_not_utf8_becomes_a_replacement_character);
    tcase_add_test(test_case, calls_out_of_order_leave_the_document_well_formed);
    tcase_add_test(test_case, a_long_text_is_complete);
    return run_suite(suite);
}
