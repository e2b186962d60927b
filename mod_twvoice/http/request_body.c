/*
 * Reads the body of a request, once and bounded. Called in the authorization phase or by a handler,
 * whichever needs it first, in the request's thread. The bytes belong to the pool that is passed.
 */
#include "http/request_body.h"

#include <string.h>

#include "apr_strings.h"
#include "apr_buckets.h"

#include "http_protocol.h"
#include "util_filter.h"

#define FIRST_SIZE 4096 /* most webhooks of Twilio fit */

typedef struct {
    char *bytes;
    apr_size_t length;
    apr_size_t size;
} buffer_t;

/* One byte more than the length is kept for the terminator. */
static void append(buffer_t *buffer, apr_pool_t *pool, const char *data, apr_size_t length)
{
    if (buffer->length + length >= buffer->size) {
        apr_size_t size = buffer->size ? buffer->size : FIRST_SIZE;
        char *bytes;

        while (size <= buffer->length + length) {
            size *= 2;
        }
        bytes = apr_palloc(pool, size);
        if (buffer->length > 0) {
            memcpy(bytes, buffer->bytes, buffer->length);
        }
        buffer->bytes = bytes;
        buffer->size = size;
    }
    memcpy(buffer->bytes + buffer->length, data, length);
    buffer->length += length;
}

static void refuse_size(twv_body_t *body, request_rec *r, apr_pool_t *pool, apr_off_t limit)
{
    body->status = HTTP_REQUEST_ENTITY_TOO_LARGE;
    body->problem = apr_psprintf(pool,
                                 "the body has more than %" APR_OFF_T_FMT
                                 " bytes, the limit that TwVoiceMaxBody sets here",
                                 limit);
    r->connection->keepalive = AP_CONN_CLOSE;
}

static void refuse_unreadable(twv_body_t *body, request_rec *r, apr_pool_t *pool, apr_status_t rv)
{
    char reason[120];

    body->status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
    body->problem = body->status == HTTP_REQUEST_TIME_OUT
                        ? "the body did not come in time (RequestReadTimeout, Timeout)"
                        : apr_psprintf(pool, "the body ended early or is malformed: %s",
                                       apr_strerror(rv, reason, sizeof(reason)));
    r->connection->keepalive = AP_CONN_CLOSE;
}

/* Content-Length when there is one, else -1; httpd has refused one that is not a number. */
static apr_off_t announced_length(const request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length;

    if (!header || apr_table_get(r->headers_in, "Transfer-Encoding") ||
        !ap_parse_strict_length(&length, header)) {
        return -1;
    }
    return length;
}

/* Move what a brigade holds into the buffer. */
static apr_status_t take(buffer_t *buffer, apr_pool_t *pool, apr_bucket_brigade *brigade,
                         int *is_whole)
{
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data;
        apr_size_t length;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(bucket)) {
            *is_whole = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        rv = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        append(buffer, pool, data, length);
    }
    return APR_SUCCESS;
}

void twv_body_read(twv_body_t *body, request_rec *r, apr_pool_t *pool, apr_off_t limit)
{
    apr_off_t announced = announced_length(r);
    apr_bucket_brigade *brigade;
    buffer_t buffer = {NULL, 0, 0};
    apr_status_t rv = APR_SUCCESS;

    if (announced > limit) {
        refuse_size(body, r, pool, limit);
        return;
    }
    if (announced > 0) {
        buffer.size = (apr_size_t)announced + 1;
        buffer.bytes = apr_palloc(pool, buffer.size);
    }
    brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (!body->is_whole && (apr_off_t)buffer.length <= limit) {
        rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ,
                            HUGE_STRING_LEN);
        if (rv == APR_SUCCESS) {
            rv = take(&buffer, pool, brigade, &body->is_whole);
        }
        apr_brigade_cleanup(brigade);
        if (rv != APR_SUCCESS) {
            break;
        }
    }
    apr_brigade_destroy(brigade);
    if (buffer.length > 0) {
        buffer.bytes[buffer.length] = '\0';
        body->bytes = buffer.bytes;
        body->length = buffer.length;
        body->is_taken = 1;
    }
    if (rv != APR_SUCCESS) {
        refuse_unreadable(body, r, pool, rv);
    } else if ((apr_off_t)buffer.length > limit) {
        refuse_size(body, r, pool, limit);
    }
}
