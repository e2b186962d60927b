/*
 * One exchange: the request is checked and told to libcurl, the answer is collected within its
 * limit. Text of the answer ends up in the caller's pool; one thread at a time.
 */
#include "twilio/http_transfer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define USER_AGENT "mod_twvoice"

/* When the request names none: no request may wait for ever. */
#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_TIMEOUT_MS 15000

#define FIRST_BODY_SIZE 4096
#define MOST_HEADER_BYTES 65536

static apr_size_t collect_body(char *bytes, apr_size_t one, apr_size_t count, void *data)
{
    twv_http_transfer_t *transfer = data;
    apr_size_t needed;

    (void)one; /* documented to be 1 */
    if (count > transfer->request->max_response - transfer->length) {
        transfer->is_too_long = 1;
        return 0;
    }
    needed = transfer->length + count + 1;
    if (needed > transfer->size) {
        apr_size_t size = transfer->size ? transfer->size : FIRST_BODY_SIZE;
        char *larger;

        while (size < needed) {
            size *= 2;
        }
        larger = realloc(transfer->body, size);
        if (!larger) {
            return 0;
        }
        transfer->body = larger;
        transfer->size = size;
    }
    memcpy(transfer->body + transfer->length, bytes, count);
    transfer->length += count;
    return count;
}

static apr_size_t count_header(char *bytes, apr_size_t one, apr_size_t count, void *data)
{
    twv_http_transfer_t *transfer = data;

    (void)bytes;
    (void)one;
    transfer->header_bytes += count;
    if (transfer->header_bytes > MOST_HEADER_BYTES) {
        transfer->is_too_long = 1;
        return 0;
    }
    return count;
}

static int has_line_end(const char *text)
{
    return strpbrk(text, "\r\n") != NULL;
}

/* A URL with a blank or a control character would end the request line early. */
static int has_blank_or_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= 0x20 || *text == 0x7F) {
            return 1;
        }
    }
    return 0;
}

static int is_method(const char *text)
{
    return *text && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

/* Why the request must not be sent, or NULL. Values are left out: they may be secrets. */
static const char *check_request(apr_pool_t *p, const twv_http_request_t *request)
{
    int i;

    if (!request->method || !is_method(request->method)) {
        return "the method is not one; allowed are capital letters";
    }
    if (!request->url || has_blank_or_control(request->url)) {
        return "the URL has a blank or a control character";
    }
    if (request->content_type && has_line_end(request->content_type)) {
        return "the content type has a line end";
    }
    for (i = 0; request->headers && request->headers[i]; i++) {
        if (has_line_end(request->headers[i])) {
            return apr_psprintf(p, "header line %d has a line end", i + 1);
        }
    }
    return NULL;
}

/* Returns 0 when memory has run out. */
static int add_header(twv_http_transfer_t *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    if (longer) {
        transfer->headers = longer;
    }
    return longer != NULL;
}

static int set_headers(twv_http_transfer_t *transfer)
{
    const twv_http_request_t *request = transfer->request;
    /* An empty Expect: keeps libcurl from waiting for 100 Continue before it sends the body. */
    int complete = add_header(transfer, "Expect:");
    int i;

    if (request->content_type) {
        complete = complete &&
                   add_header(transfer, apr_pstrcat(transfer->pool,
                                                    "Content-Type: ", request->content_type, NULL));
    }
    for (i = 0; request->headers && request->headers[i]; i++) {
        complete = complete && add_header(transfer, request->headers[i]);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return complete;
}

static void set_method(CURL *easy, const twv_http_request_t *request)
{
    int is_post = strcmp(request->method, "POST") == 0;

    if (request->body || is_post) {
        const char *body = request->body ? request->body : "";

        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    }
    if (!is_post) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static void set_limits(CURL *easy, const twv_http_request_t *request)
{
    long connect_timeout =
        request->connect_timeout_ms > 0 ? request->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
    long timeout = request->timeout_ms > 0 ? request->timeout_ms : DEFAULT_TIMEOUT_MS;

    /* Time-outs by SIGALRM would jump out of another thread. */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Or else a time-out would wait for the resolver, which knows of no limit. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
}

static void set_trust(CURL *easy, const char *ca_file)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
}

static void set_credentials(CURL *easy, const twv_http_request_t *request)
{
    if (request->user) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password ? request->password : "");
    }
}

static void set_receivers(twv_http_transfer_t *transfer)
{
    CURL *easy = transfer->easy;

    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

twv_http_transfer_t *twv_http_transfer_create(twv_http_client_t *client, apr_pool_t *p,
                                              const twv_http_request_t *request)
{
    twv_http_transfer_t *transfer = apr_pcalloc(p, sizeof(*transfer));

    APR_RING_ELEM_INIT(transfer, link);
    transfer->pool = p;
    transfer->request = request;
    transfer->refusal = check_request(p, request);
    if (transfer->refusal) {
        return transfer;
    }
    transfer->easy = twv_http_client_acquire(client);
    if (!transfer->easy || curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url) ||
        !set_headers(transfer)) {
        transfer->refusal = "out of memory";
        return transfer;
    }
    curl_easy_setopt(transfer->easy, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(transfer->easy, CURLOPT_ACCEPT_ENCODING, "");
    set_method(transfer->easy, request);
    set_limits(transfer->easy, request);
    set_trust(transfer->easy, twv_http_client_ca_file(client));
    set_credentials(transfer->easy, request);
    set_receivers(transfer);
    return transfer;
}

/* Lower case, without parameters. */
static const char *media_type(apr_pool_t *p, const char *header)
{
    char *type = header ? apr_pstrmemdup(p, header, strcspn(header, "; \t")) : apr_pstrdup(p, "");
    char *c;

    for (c = type; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return type;
}

static void read_answer(twv_http_transfer_t *transfer, twv_http_response_t *response)
{
    char *content_type = NULL;
    curl_off_t retry_after = 0;
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
    response->status = (int)status;
    response->content_type = media_type(transfer->pool, content_type);
    response->retry_after = retry_after > INT_MAX ? INT_MAX : (int)retry_after;
    if (transfer->length > 0) {
        response->body = apr_pstrmemdup(transfer->pool, transfer->body, transfer->length);
        response->length = transfer->length;
    }
}

/* libcurl's own words name host and port; of a URL with credentials they could name these, when it
 * is written wrongly. */
static const char *describe_failure(const twv_http_transfer_t *transfer, CURLcode code)
{
    if (transfer->is_too_long) {
        return apr_psprintf(transfer->pool,
                            "the answer is longer than allowed (%" APR_SIZE_T_FMT
                            " bytes, headers %d)",
                            transfer->request->max_response, MOST_HEADER_BYTES);
    }
    if (transfer->error[0] && !strchr(transfer->request->url, '@')) {
        return apr_pstrdup(transfer->pool, transfer->error);
    }
    return apr_pstrdup(transfer->pool, curl_easy_strerror(code));
}

static void clear_response(twv_http_response_t *response)
{
    memset(response, 0, sizeof(*response));
    response->content_type = "";
    response->body = "";
}

static void give_back(twv_http_client_t *client, twv_http_transfer_t *transfer, int failed)
{
    twv_http_client_release(client, transfer->easy, failed);
    curl_slist_free_all(transfer->headers);
    free(transfer->body);
    transfer->easy = NULL;
    transfer->headers = NULL;
    transfer->body = NULL;
}

void twv_http_transfer_finish(twv_http_client_t *client, twv_http_transfer_t *transfer,
                              CURLcode code, twv_http_response_t *response)
{
    clear_response(response);
    if (code == CURLE_OK) {
        read_answer(transfer, response);
    } else {
        response->error = describe_failure(transfer, code);
    }
    give_back(client, transfer, code != CURLE_OK);
}

void twv_http_transfer_fail(twv_http_client_t *client, twv_http_transfer_t *transfer,
                            const char *reason, twv_http_response_t *response)
{
    clear_response(response);
    response->error = reason;
    give_back(client, transfer, 1);
}
