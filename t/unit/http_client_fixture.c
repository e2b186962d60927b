/*
 * A client of ours and the server of http_server_fixture.h for each test.
 */
#include "http_client_fixture.h"

#include <stdlib.h>

#include <apr_strings.h>

http_server_t *test_server;
twv_http_client_t *test_client;

static void start_server(void)
{
    /* The environment of whoever runs the tests must not lead requests elsewhere. */
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    test_server = http_server_start();
    test_client = twv_http_client_create(test_pool, NULL);
}

static void stop_server(void)
{
    http_server_stop(test_server);
}

TCase *case_with_server(Suite *suite, const char *name)
{
    TCase *test_case = case_with_pool(suite, name);

    tcase_add_checked_fixture(test_case, start_server, stop_server);
    tcase_set_timeout(test_case, 60);
    return test_case;
}

twv_http_request_t request_to(const char *path)
{
    twv_http_request_t request = {.method = "GET",
                                  .connect_timeout_ms = 5000,
                                  .timeout_ms = 10000,
                                  .max_response = MOST_RESPONSE_BYTES};

    request.url =
        apr_psprintf(test_pool, "http://127.0.0.1:%d%s", http_server_port(test_server), path);
    return request;
}
