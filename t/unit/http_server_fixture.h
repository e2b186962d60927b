/*
 * A small HTTP server in threads of the test program, on a port of 127.0.0.1 that the system
 * chooses. What it answers depends on the path:
 *
 *   /hello    200, text "hello"
 *   /echo     200, the request as it came, headers and body
 *   /json     200, Content-Type with capitals and a parameter
 *   /empty    204
 *   /busy     503, Retry-After: 7
 *   /redirect 302 to /hello
 *   /long     200, 1 000 000 bytes in chunks
 *   /headers  200, header lines without end
 *   /close    closes the connection without an answer
 *   /silent   no answer until the client goes
 */
#ifndef HTTP_SERVER_FIXTURE_H
#define HTTP_SERVER_FIXTURE_H

typedef struct http_server_t http_server_t;

/** Start listening. */
http_server_t *http_server_start(void);

int http_server_port(const http_server_t *server);

/** How many connections were accepted so far. */
int http_server_connections(http_server_t *server);

/** Close all connections, wait for the threads, free. */
void http_server_stop(http_server_t *server);

#endif
