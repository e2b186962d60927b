/*
 * A client of ours and the server of http_server_fixture.h for each test.
 */
#ifndef HTTP_CLIENT_FIXTURE_H
#define HTTP_CLIENT_FIXTURE_H

#include "twilio/http_client.h"

#include "http_server_fixture.h"
#include "pool_fixture.h"

#define MOST_RESPONSE_BYTES 65536

extern http_server_t *test_server;
extern twv_http_client_t *test_client;

/** A test case with test_pool, test_server and test_client. */
TCase *case_with_server(Suite *suite, const char *name);

/** A GET to a path of the server, with generous time limits. */
twv_http_request_t request_to(const char *path);

#endif
