/*
 * Requests to other servers, one at a time: what is sent, what is read, limits, failures.
 */
#include "twilio/http_client.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "http_client_fixture.h"

static twv_http_response_t perform(const twv_http_request_t *request)
{
    twv_http_response_t response;

    memset(&response, 0xA5, sizeof(response));
    twv_http_perform(test_client, test_pool, request, &response);
    return response;
}

static twv_http_response_t get(const char *path)
{
    twv_http_request_t request = request_to(path);

    return perform(&request);
}

static void assert_failed(const twv_http_response_t *response, const char *word)
{
    ck_assert_int_eq(response->status, 0);
    ck_assert_ptr_nonnull(response->error);
    ck_assert_msg(strstr(response->error, word) != NULL, "\"%s\" lacks \"%s\"", response->error,
                  word);
    ck_assert_str_eq(response->body, "");
    ck_assert_uint_eq(response->length, 0);
    ck_assert_str_eq(response->content_type, "");
    ck_assert_int_eq(response->retry_after, 0);
}

START_TEST(an_answer_is_read)
{
    twv_http_response_t response = get("/hello");

    ck_assert_ptr_null(response.error);
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.body, "hello");
    ck_assert_uint_eq(response.length, 5);
    ck_assert_str_eq(response.content_type, "text/plain");
    ck_assert_int_eq(response.retry_after, 0);
}
END_TEST

START_TEST(the_content_type_is_in_lower_case_and_without_parameters)
{
    ck_assert_str_eq(get("/json").content_type, "application/json");
}
END_TEST

START_TEST(an_answer_without_body_is_an_answer)
{
    twv_http_response_t response = get("/empty");

    ck_assert_int_eq(response.status, 204);
    ck_assert_ptr_null(response.error);
    ck_assert_str_eq(response.body, "");
    ck_assert_str_eq(response.content_type, "");
}
END_TEST

START_TEST(an_error_status_is_an_answer_and_tells_when_to_retry)
{
    twv_http_response_t response = get("/busy");

    ck_assert_int_eq(response.status, 503);
    ck_assert_ptr_null(response.error);
    ck_assert_int_eq(response.retry_after, 7);
    ck_assert_str_eq(response.body, "busy");
}
END_TEST

START_TEST(a_redirect_is_not_followed)
{
    ck_assert_int_eq(get("/redirect").status, 302);
}
END_TEST

START_TEST(method_headers_credentials_and_body_are_sent)
{
    static const char *const headers[] = {"X-Number: +819000000001", "I-Key: 7", NULL};
    twv_http_request_t request = request_to("/echo");
    twv_http_response_t response;

    request.method = "POST";
    request.body = "From=%2B815000000000";
    request.content_type = "application/x-www-form-urlencoded";
    request.headers = headers;
    request.user = "AC0";
    request.password = "secret";
    response = perform(&request);
    ck_assert_int_eq(response.status, 200);
    ck_assert(strncmp(response.body, "POST /echo HTTP/1.1\r\n", 21) == 0);
    ck_assert_ptr_nonnull(strstr(response.body, "\r\nX-Number: +819000000001\r\n"));
    ck_assert_ptr_nonnull(strstr(response.body, "\r\nI-Key: 7\r\n"));
    ck_assert_ptr_nonnull(strstr(response.body, "\r\nUser-Agent: mod_twvoice\r\n"));
    ck_assert_ptr_nonnull(strstr(response.body, "\r\nAuthorization: Basic QUMwOnNlY3JldA==\r\n"));
    ck_assert_ptr_nonnull(
        strstr(response.body, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    ck_assert_ptr_null(strstr(response.body, "\r\nExpect:"));
    ck_assert_ptr_nonnull(strstr(response.body, "\r\n\r\nFrom=%2B815000000000"));
}
END_TEST

START_TEST(a_large_body_is_sent_without_waiting_for_leave)
{
    twv_http_request_t request = request_to("/echo");
    char *body = apr_palloc(test_pool, 30001);
    twv_http_response_t response;

    memset(body, 'x', 30000);
    body[30000] = '\0';
    request.method = "POST";
    request.body = body;
    response = perform(&request);
    ck_assert_ptr_null(strstr(response.body, "Expect"));
    ck_assert_uint_gt(response.length, 30000);
}
END_TEST

START_TEST(nothing_of_a_request_is_left_for_the_next)
{
    static const char *const headers[] = {"X-Private: 1", NULL};
    twv_http_request_t request = request_to("/echo");
    twv_http_response_t response;

    request.method = "POST";
    request.body = "a=1";
    request.headers = headers;
    request.user = "AC0";
    request.password = "secret";
    perform(&request);
    response = get("/echo");
    ck_assert(strncmp(response.body, "GET /echo ", 10) == 0);
    ck_assert_ptr_null(strstr(response.body, "X-Private"));
    ck_assert_ptr_null(strstr(response.body, "Authorization"));
    ck_assert_ptr_null(strstr(response.body, "a=1"));
    ck_assert_int_eq(http_server_connections(test_server), 1);
}
END_TEST

START_TEST(delete_and_an_empty_post_are_sent_as_such)
{
    twv_http_request_t request = request_to("/echo");

    request.method = "DELETE";
    ck_assert(strncmp(perform(&request).body, "DELETE /echo ", 13) == 0);
    request.method = "POST";
    ck_assert_ptr_nonnull(strstr(perform(&request).body, "\r\nContent-Length: 0\r\n"));
}
END_TEST

START_TEST(a_connection_is_used_again_but_not_after_a_failure)
{
    get("/hello");
    get("/busy");
    ck_assert_int_eq(http_server_connections(test_server), 1);
    ck_assert_ptr_nonnull(get("/close").error);
    get("/hello");
    ck_assert_int_ge(http_server_connections(test_server), 2);
}
END_TEST

START_TEST(an_answer_longer_than_allowed_is_a_failure)
{
    twv_http_request_t request = request_to("/hello");
    twv_http_response_t response = get("/long");

    assert_failed(&response, "65536");
    request.max_response = 4;
    response = perform(&request);
    assert_failed(&response, "longer than allowed");
    request.max_response = 5;
    ck_assert_int_eq(perform(&request).status, 200);
}
END_TEST

START_TEST(a_long_answer_within_the_limit_is_complete)
{
    twv_http_request_t request = request_to("/long");
    twv_http_response_t response;

    request.max_response = 1000000;
    response = perform(&request);
    ck_assert_int_eq(response.status, 200);
    ck_assert_uint_eq(response.length, 1000000);
    ck_assert_uint_eq(strspn(response.body, "x"), 1000000);
}
END_TEST

START_TEST(headers_without_end_are_a_failure)
{
    twv_http_response_t response = get("/headers");

    assert_failed(&response, "longer than allowed");
}
END_TEST

START_TEST(a_silent_server_is_given_up_in_time)
{
    twv_http_request_t request = request_to("/silent");
    apr_time_t start = apr_time_now();
    twv_http_response_t response;

    request.timeout_ms = 100;
    response = perform(&request);
    assert_failed(&response, "timed out");
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(5));
}
END_TEST

static sem_t resolver_may_return;

/* In place of the C library's: the name "stuck.invalid" is looked up for ten seconds or until
 * the test says so. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **result)
{
    static int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (strcmp(node, "stuck.invalid") == 0) {
        struct timespec deadline;

        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 10;
        sem_timedwait(&resolver_may_return, &deadline);
        return EAI_AGAIN;
    }
    if (!original) {
        *(void **)&original = dlsym(RTLD_NEXT, "getaddrinfo");
    }
    return original(node, service, hints, result);
}

START_TEST(a_stuck_resolver_is_given_up_in_time)
{
    twv_http_request_t request = request_to("/hello");
    apr_time_t start = apr_time_now();
    twv_http_response_t response;

    sem_init(&resolver_may_return, 0, 0);
    request.url = "http://stuck.invalid/";
    request.timeout_ms = 100;
    response = perform(&request);
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(5));
    assert_failed(&response, "timed out");
    sem_post(&resolver_may_return);
}
END_TEST

START_TEST(a_closed_connection_and_a_refused_one_are_failures)
{
    twv_http_request_t request = request_to("/hello");
    twv_http_response_t response = get("/close");

    assert_failed(&response, "");
    request.url = "http://127.0.0.1:1/";
    response = perform(&request);
    assert_failed(&response, "connect");
}
END_TEST

START_TEST(other_protocols_are_refused)
{
    twv_http_request_t request = request_to("/hello");
    twv_http_response_t response;

    request.url = "file:///etc/passwd";
    response = perform(&request);
    assert_failed(&response, "");
    request.url = "ftp://127.0.0.1/";
    response = perform(&request);
    assert_failed(&response, "");
    request.url = "";
    response = perform(&request);
    assert_failed(&response, "");
}
END_TEST

START_TEST(line_ends_are_refused_and_nothing_is_sent)
{
    static const char *const headers[] = {"A: 1", "B: 2\r\nC: 3", NULL};
    twv_http_request_t request = request_to("/hello");
    twv_http_response_t response;

    request.headers = headers;
    response = perform(&request);
    assert_failed(&response, "header line 2");
    request = request_to("/hello HTTP/1.1\r\nX: y");
    response = perform(&request);
    assert_failed(&response, "URL");
    request = request_to("/hello");
    request.content_type = "text/plain\nX: y";
    response = perform(&request);
    assert_failed(&response, "content type");
    request = request_to("/hello");
    request.method = "GET / HTTP/1.1\r\nX:";
    response = perform(&request);
    assert_failed(&response, "method");
    ck_assert_int_eq(http_server_connections(test_server), 0);
}
END_TEST

START_TEST(a_failure_names_no_credentials)
{
    static const char *const urls[] = {
        "http://user:hunter2@127.0.0.1:1/",
        "http://user:hunter2/x@127.0.0.1/",
        "http://user:hunter2@[bad/",
        "hunter2://user:hunter2@127.0.0.1/",
    };
    twv_http_request_t request = request_to("/hello");
    apr_size_t i;

    request.user = "AC0";
    request.password = "hunter2";
    for (i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        twv_http_response_t response;

        request.url = urls[i];
        response = perform(&request);
        assert_failed(&response, "");
        ck_assert_ptr_null(strstr(response.error, "hunter2"));
    }
}
END_TEST

START_TEST(a_ca_file_that_cannot_be_read_fails_the_request)
{
    twv_http_request_t request = request_to("/hello");
    twv_http_response_t response;

    request.url = apr_psprintf(test_pool, "https://127.0.0.1:%d/", http_server_port(test_server));
    test_client = twv_http_client_create(test_pool, "/nonexistent/roots.pem");
    response = perform(&request);
    assert_failed(&response, "");
}
END_TEST

#define THREADS 8
#define REQUESTS_PER_THREAD 25

/* Returns the number of answers. */
static void *ask_often(void *data)
{
    const twv_http_request_t *request = data;
    apr_pool_t *p;
    intptr_t answers = 0;
    int i;

    apr_pool_create_unmanaged_ex(&p, NULL, NULL);
    for (i = 0; i < REQUESTS_PER_THREAD; i++) {
        twv_http_response_t response;

        twv_http_perform(test_client, p, request, &response);
        answers += response.status == 200;
    }
    apr_pool_destroy(p);
    return (void *)answers;
}

START_TEST(many_threads_share_a_client)
{
    twv_http_request_t request = request_to("/hello");
    pthread_t threads[THREADS];
    int i;

    for (i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, &request), 0);
    }
    for (i = 0; i < THREADS; i++) {
        void *answers;

        ck_assert_int_eq(pthread_join(threads[i], &answers), 0);
        ck_assert_int_eq((intptr_t)answers, REQUESTS_PER_THREAD);
    }
    ck_assert_int_le(http_server_connections(test_server), THREADS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twilio/http_client");
    TCase *test_case = case_with_server(suite, "one request");

    tcase_add_test(test_case, an_answer_is_read);
    tcase_add_test(test_case, the_content_type_is_in_lower_case_and_without_parameters);
    tcase_add_test(test_case, an_answer_without_body_is_an_answer);
    tcase_add_test(test_case, an_error_status_is_an_answer_and_tells_when_to_retry);
    tcase_add_test(test_case, a_redirect_is_not_followed);
    tcase_add_test(test_case, method_headers_credentials_and_body_are_sent);
    tcase_add_test(test_case, a_large_body_is_sent_without_waiting_for_leave);
    tcase_add_test(test_case, nothing_of_a_request_is_left_for_the_next);
    tcase_add_test(test_case, delete_and_an_empty_post_are_sent_as_such);
    tcase_add_test(test_case, a_connection_is_used_again_but_not_after_a_failure);
    tcase_add_test(test_case, an_answer_longer_than_allowed_is_a_failure);
    tcase_add_test(test_case, a_long_answer_within_the_limit_is_complete);
    tcase_add_test(test_case, headers_without_end_are_a_failure);
    tcase_add_test(test_case, a_silent_server_is_given_up_in_time);
    tcase_add_test(test_case, a_stuck_resolver_is_given_up_in_time);
    tcase_add_test(test_case, a_closed_connection_and_a_refused_one_are_failures);
    tcase_add_test(test_case, other_protocols_are_refused);
    tcase_add_test(test_case, line_ends_are_refused_and_nothing_is_sent);
    tcase_add_test(test_case, a_failure_names_no_credentials);
    tcase_add_test(test_case, a_ca_file_that_cannot_be_read_fails_the_request);
    tcase_add_test(test_case, many_threads_share_a_client);
    return run_suite(suite);
}
