/*
 * The HTTP server of the tests: one thread accepts, one serves each connection.
 */
#include "http_server_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_CONNECTIONS 128
#define MOST_REQUEST 65536
#define LONG_ANSWER_CHUNKS 1000

typedef struct {
    pthread_t thread;
    int socket;
    char request[MOST_REQUEST + 1];
    size_t length; /* of what was read */
} connection_t;

struct http_server_t {
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t mutex;
    connection_t *connections[MOST_CONNECTIONS];
    int count;
};

static int send_bytes(connection_t *connection, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(connection->socket, bytes, count, MSG_NOSIGNAL);

        if (sent <= 0) {
            return 0;
        }
        bytes += sent;
        count -= (size_t)sent;
    }
    return 1;
}

static int send_text(connection_t *connection, const char *text)
{
    return send_bytes(connection, text, strlen(text));
}

static size_t declared_length(const char *request)
{
    const char *header = strcasestr(request, "\r\nContent-Length:");

    return header ? strtoul(header + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* Length of one whole request at the start of the buffer; 0 when the client has gone. */
static size_t read_request(connection_t *connection)
{
    for (;;) {
        const char *end;
        ssize_t count;

        connection->request[connection->length] = '\0';
        end = strstr(connection->request, "\r\n\r\n");
        if (end) {
            size_t whole =
                (size_t)(end + 4 - connection->request) + declared_length(connection->request);

            if (whole <= connection->length) {
                return whole;
            }
        }
        count = recv(connection->socket, connection->request + connection->length,
                     MOST_REQUEST - connection->length, 0);
        if (count <= 0) {
            return 0;
        }
        connection->length += (size_t)count;
    }
}

static int answer(connection_t *connection, const char *status, const char *headers,
                  const char *body, size_t length)
{
    char head[512];

    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers,
             length);
    return send_text(connection, head) && send_bytes(connection, body, length);
}

static int answer_long(connection_t *connection)
{
    char chunk[1000];
    int i;

    memset(chunk, 'x', sizeof(chunk));
    if (!send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) {
        return 0;
    }
    for (i = 0; i < LONG_ANSWER_CHUNKS; i++) {
        if (!send_text(connection, "3e8\r\n") || !send_bytes(connection, chunk, sizeof(chunk)) ||
            !send_text(connection, "\r\n")) {
            return 0;
        }
    }
    return send_text(connection, "0\r\n\r\n");
}

static void answer_headers(connection_t *connection)
{
    int more = send_text(connection, "HTTP/1.1 200 OK\r\n");

    while (more) {
        more = send_text(connection, "X-Endless: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
    }
}

static int asks_for(const connection_t *connection, const char *path)
{
    const char *target = strchr(connection->request, ' ');
    size_t length = strlen(path);

    return target && strncmp(target + 1, path, length) == 0 && target[1 + length] == ' ';
}

/* Returns 0 when the connection is to be closed. */
static int serve(connection_t *connection, size_t length)
{
    if (asks_for(connection, "/hello")) {
        return answer(connection, "200 OK", "Content-Type: text/plain\r\n", "hello", 5);
    }
    if (asks_for(connection, "/echo")) {
        return answer(connection, "200 OK", "", connection->request, length);
    }
    if (asks_for(connection, "/json")) {
        return answer(connection, "200 OK", "Content-Type: Application/JSON; charset=utf-8\r\n",
                      "{}", 2);
    }
    if (asks_for(connection, "/empty")) {
        return send_text(connection, "HTTP/1.1 204 No Content\r\n\r\n");
    }
    if (asks_for(connection, "/busy")) {
        return answer(connection, "503 Busy", "Retry-After: 7\r\n", "busy", 4);
    }
    if (asks_for(connection, "/redirect")) {
        return answer(connection, "302 Found", "Location: /hello\r\n", "", 0);
    }
    if (asks_for(connection, "/long")) {
        return answer_long(connection);
    }
    if (asks_for(connection, "/headers")) {
        answer_headers(connection);
        return 0;
    }
    if (asks_for(connection, "/silent")) {
        char ignored;

        return recv(connection->socket, &ignored, 1, 0) > 0;
    }
    return 0;
}

static void *run_connection(void *data)
{
    connection_t *connection = data;
    size_t length;

    while ((length = read_request(connection)) > 0 && serve(connection, length)) {
        connection->length -= length;
        memmove(connection->request, connection->request + length, connection->length);
    }
    shutdown(connection->socket, SHUT_RDWR);
    return NULL;
}

static int add_connection(http_server_t *server, int accepted)
{
    connection_t *connection = calloc(1, sizeof(*connection));

    connection->socket = accepted;
    pthread_mutex_lock(&server->mutex);
    server->connections[server->count++] = connection;
    pthread_mutex_unlock(&server->mutex);
    return pthread_create(&connection->thread, NULL, run_connection, connection);
}

static void *run_listener(void *data)
{
    http_server_t *server = data;

    while (server->count < MOST_CONNECTIONS) {
        int accepted = accept(server->listener, NULL, NULL);

        if (accepted < 0 || add_connection(server, accepted) != 0) {
            break;
        }
    }
    return NULL;
}

http_server_t *http_server_start(void)
{
    http_server_t *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server->listener, 64) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0) {
        abort();
    }
    server->port = ntohs(address.sin_port);
    pthread_mutex_init(&server->mutex, NULL);
    pthread_create(&server->thread, NULL, run_listener, server);
    return server;
}

int http_server_port(const http_server_t *server)
{
    return server->port;
}

int http_server_connections(http_server_t *server)
{
    int count;

    pthread_mutex_lock(&server->mutex);
    count = server->count;
    pthread_mutex_unlock(&server->mutex);
    return count;
}

void http_server_stop(http_server_t *server)
{
    int i;

    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    for (i = 0; i < server->count; i++) {
        connection_t *connection = server->connections[i];

        shutdown(connection->socket, SHUT_RDWR);
        pthread_join(connection->thread, NULL);
        close(connection->socket);
        free(connection);
    }
    pthread_mutex_destroy(&server->mutex);
    free(server);
}
