/*
 * X-Twilio-Signature: the vectors of Twilio's own libraries (data/signature_vectors.json, with
 * their sources), spellings of URLs, bodies, tokens.
 */
#include "twilio/signature.h"

#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "pool_fixture.h"

#ifndef TWV_TEST_DATA
#define TWV_TEST_DATA "t/unit/data"
#endif

static const char token[] = "12345";

static void add_values(twv_form_t *form, const char *name, const json_t *value)
{
    const json_t *item;
    apr_size_t i;

    if (json_is_string(value)) {
        twv_form_add(form, name, json_string_value(value));
    }
    json_array_foreach(value, i, item)
    {
        twv_form_add(form, name, json_string_value(item));
    }
}

static void check_vector(json_t *vector, int number)
{
    const char *vector_token = json_string_value(json_object_get(vector, "token"));
    twv_signed_request_t request = {0};
    twv_form_t *form = twv_form_create(test_pool);
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(vector, "params"), name, value)
    {
        add_values(form, name, value);
    }
    request.url = json_string_value(json_object_get(vector, "url"));
    request.signature = json_string_value(json_object_get(vector, "signature"));
    request.body = json_string_value(json_object_get(vector, "body"));
    request.body_length = request.body ? strlen(request.body) : 0;
    request.form = request.body ? NULL : form;
    ck_assert_msg(twv_signature_verify(test_pool, &request, &vector_token, 1) ==
                      json_is_true(json_object_get(vector, "valid")),
                  "vector %d (%s, %s) has another outcome", number, request.url,
                  json_string_value(json_object_get(vector, "source")));
}

START_TEST(every_vector_of_the_official_libraries_has_its_outcome)
{
    json_error_t error;
    json_t *vectors = json_load_file(TWV_TEST_DATA "/signature_vectors.json", 0, &error);
    json_t *vector;
    apr_size_t i;

    ck_assert_msg(vectors != NULL, "%s: %s", error.source, error.text);
    ck_assert_uint_ge(json_array_size(vectors), 30);
    json_array_foreach(vectors, i, vector)
    {
        check_vector(vector, (int)i);
    }
    json_decref(vectors);
}
END_TEST

static const twv_form_t *form_of(const char *text)
{
    twv_form_t *form = NULL;

    ck_assert_ptr_null(twv_form_parse(&form, test_pool, text, strlen(text)));
    return form;
}

/* Whether what was signed as @a signed_url is accepted when it arrives as @a url. */
static int accepts(const char *url, const char *signed_url)
{
    const twv_form_t *form = form_of("From=%2B819000000001&CallSid=CA0");
    twv_signed_request_t request = {.url = url, .form = form};
    const char *tokens[] = {token};

    request.signature = twv_signature_create(test_pool, token, signed_url, form);
    return twv_signature_verify(test_pool, &request, tokens, 1);
}

static const struct {
    const char *url;
    const char *signed_url;
    int is_accepted;
} spellings[] = {
    {"https://a.example/x?y=1", "https://a.example/x?y=1", 1},
    {"https://a.example/x?y=1", "https://a.example:443/x?y=1", 1},
    {"https://a.example:443/x?y=1", "https://a.example/x?y=1", 1},
    {"http://a.example/x", "http://a.example:80/x", 1},
    {"http://a.example:80/x", "http://a.example/x", 1},
    {"HTTPS://a.example/x", "HTTPS://a.example:443/x", 1},
    {"https://a.example:8443/x", "https://a.example/x", 1},
    {"https://a.example", "https://a.example:443", 1},
    {"https://a.example?x=1", "https://a.example:443?x=1", 1},
    {"https://u:p@a.example/x", "https://u:p@a.example:443/x", 1},
    {"https://u:p@a.example:443/x", "https://u:p@a.example/x", 1},
    {"https://u:p@a.example:8443/x", "https://u:p@a.example/x", 1},
    {"https://u@p:q@a.example/x", "https://u@p:q@a.example:443/x", 1},
    {"https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x", 1},
    {"https://[2001:db8::1]:443/x", "https://[2001:db8::1]/x", 1},
    {"https://u:p@[2001:db8::1]:443/x", "https://u:p@[2001:db8::1]/x", 1},
    {"https://a.example/x:9@y", "https://a.example:443/x:9@y", 1},
    {"https://a.example/x?to=b:80@c", "https://a.example:443/x?to=b:80@c", 1},
    {"https://a.example/x", "http://a.example/x", 0},
    {"https://a.example/x", "https://a.example:80/x", 0},
    {"https://a.example/x", "https://a.example:8443/x", 0},
    {"https://a.example:8443/x", "https://a.example:443/x", 0},
    {"https://u:p@a.example/x", "https://u@a.example/x", 0},
    {"https://u:p@a.example/x", "https://a.example/x", 0},
    {"https://a.example/x", "https://a.example/X", 0},
    {"https://a.example/x", "https://a.example/x/", 0},
    {"https://[2001:db8::1]/x", "https://[2001:db8:/x", 0},
    {"wss://a.example/x", "wss://a.example/x", 1},
    {"", "", 1},
};

START_TEST(a_url_is_accepted_in_the_spellings_that_twilio_signs)
{
    ck_assert_int_eq(accepts(spellings[_i].url, spellings[_i].signed_url),
                     spellings[_i].is_accepted);
}
END_TEST

START_TEST(a_signature_is_made_as_published)
{
    const twv_form_t *form =
        form_of("To=%2B18005551212&From=%2B14158675309&Digits=1234&Caller=%2B14158675309&"
                "CallSid=CA1234567890ABCDE");

    ck_assert_str_eq(
        twv_signature_create(test_pool, token, "https://mycompany.com/myapp.php?foo=1&bar=2", form),
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}
END_TEST

static int is_signed_alike(const char *left, const char *right)
{
    const char *url = "https://a.example/";

    return strcmp(twv_signature_create(test_pool, token, url, form_of(left)),
                  twv_signature_create(test_pool, token, url, form_of(right))) == 0;
}

START_TEST(order_and_repetition_of_parameters_do_not_count)
{
    ck_assert(is_signed_alike("a=1&b=2", "b=2&a=1"));
    ck_assert(is_signed_alike("a=2&a=1", "a=1&a=2&a=2&a=1"));
    ck_assert(!is_signed_alike("a=1", "a=1&a=2"));
    ck_assert(!is_signed_alike("a=1", "A=1"));
    ck_assert(is_signed_alike("a=&b=", "b&a"));
    ck_assert(!is_signed_alike("a=", ""));
}
END_TEST

START_TEST(each_token_of_a_rotation_verifies)
{
    twv_signed_request_t request = {.url = "https://a.example/"};
    const char *both[] = {"new", "old"};
    const char *newest[] = {"new"};

    request.signature = twv_signature_create(test_pool, "old", request.url, NULL);
    ck_assert(twv_signature_verify(test_pool, &request, both, 2));
    ck_assert(!twv_signature_verify(test_pool, &request, newest, 1));
    ck_assert(!twv_signature_verify(test_pool, &request, both, 0));
}
END_TEST

START_TEST(an_empty_token_verifies_nothing)
{
    twv_signed_request_t request = {.url = "https://a.example/"};
    const char *tokens[] = {"", NULL, token};

    request.signature = twv_signature_create(test_pool, "", request.url, NULL);
    ck_assert(!twv_signature_verify(test_pool, &request, tokens, 3));
}
END_TEST

START_TEST(only_the_exact_signature_is_accepted)
{
    twv_signed_request_t request = {.url = "https://a.example/"};
    const char *tokens[] = {token};
    const char *right = twv_signature_create(test_pool, token, request.url, NULL);
    const char *wrong[] = {
        NULL,
        "",
        "=",
        apr_pstrmemdup(test_pool, right, 27),
        apr_pstrcat(test_pool, right, "=", NULL),
        apr_pstrcat(test_pool, " ", right, NULL),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    };
    apr_size_t i;

    request.signature = right;
    ck_assert(twv_signature_verify(test_pool, &request, tokens, 1));
    for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        request.signature = wrong[i];
        ck_assert(!twv_signature_verify(test_pool, &request, tokens, 1));
    }
    for (i = 0; i < 28; i++) {
        char *changed = apr_pstrdup(test_pool, right);

        changed[i] ^= 1;
        request.signature = changed;
        ck_assert(!twv_signature_verify(test_pool, &request, tokens, 1));
    }
}
END_TEST

static const char json_body[] = "{\"message\": \"a post body\"}";
static const char json_hash[] = "8d90d640c6ba47d595ac56203d7f5c6b511be80fdf44a2055acca75a119b9fd2";

/* Signed correctly; the outcome depends on body, parameters and the hash in the query. */
static int accepts_body(const char *query, const char *body, const twv_form_t *form)
{
    twv_signed_request_t request = {.form = form, .body = body};
    const char *tokens[] = {token};

    request.url = apr_pstrcat(test_pool, "https://a.example/x", query, NULL);
    request.body_length = body ? strlen(body) : 0;
    request.signature = twv_signature_create(test_pool, token, request.url, form);
    return twv_signature_verify(test_pool, &request, tokens, 1);
}

START_TEST(a_body_that_is_no_form_is_bound_by_its_hash_in_the_query)
{
    const char *alone = apr_pstrcat(test_pool, "?bodySHA256=", json_hash, NULL);
    const char *among = apr_pstrcat(test_pool, "?a=1&bodySHA256=", json_hash, "&b=2", NULL);
    const char *longer = apr_pstrcat(test_pool, alone, "0", NULL);
    const char *other_name = apr_pstrcat(test_pool, "?xbodySHA256=", json_hash, NULL);

    ck_assert(accepts_body(alone, json_body, NULL));
    ck_assert(accepts_body(among, json_body, NULL));
    ck_assert(!accepts_body(alone, "{}", NULL));
    ck_assert(!accepts_body(alone, "", NULL));
    ck_assert(!accepts_body(longer, json_body, NULL));
    ck_assert(!accepts_body(other_name, json_body, NULL));
    ck_assert(!accepts_body("?bodySHA256=", json_body, NULL));
    ck_assert(!accepts_body("?bodySHA256", json_body, NULL));
    ck_assert(!accepts_body("", json_body, NULL));
}
END_TEST

START_TEST(a_signed_body_cannot_be_dropped)
{
    const char *query = apr_pstrcat(test_pool, "?bodySHA256=", json_hash, NULL);

    ck_assert(!accepts_body(query, NULL, NULL));
    ck_assert(!accepts_body(query, NULL, twv_form_create(test_pool)));
    ck_assert(accepts_body(query, NULL, form_of("From=x")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/signature");
    TCase *test_case = case_with_pool(suite, "signature");

    tcase_add_test(test_case, every_vector_of_the_official_libraries_has_its_outcome);
    tcase_add_loop_test(test_case, a_url_is_accepted_in_the_spellings_that_twilio_signs, 0,
                        sizeof(spellings) / sizeof(*spellings));
    tcase_add_test(test_case, a_signature_is_made_as_published);
    tcase_add_test(test_case, order_and_repetition_of_parameters_do_not_count);
    tcase_add_test(test_case, each_token_of_a_rotation_verifies);
    tcase_add_test(test_case, an_empty_token_verifies_nothing);
    tcase_add_test(test_case, only_the_exact_signature_is_accepted);
    tcase_add_test(test_case, a_body_that_is_no_form_is_bound_by_its_hash_in_the_query);
    tcase_add_test(test_case, a_signed_body_cannot_be_dropped);
    return run_suite(suite);
}
