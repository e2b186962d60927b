/*
 * The one writer of answers. Each is sent by the request's thread in one brigade, so that httpd
 * adds Content-Length. Texts live in the request's pool.
 */
#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

#include "apr_buckets.h"
#include "apr_strings.h"

#include "http_protocol.h"
#include "util_filter.h"

#include "config/log.h"
#include "http/error_filter.h"
#include "http/error_json.h"

/* What is answered depends on the moment and may hold personal data: nobody is to keep it. */
static int send_answer(request_rec *r, int status, const char *type, apr_bucket *content)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);

    r->status = status;
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (content) {
        ap_set_content_type(r, type);
        APR_BRIGADE_INSERT_TAIL(brigade, content);
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    if (ap_pass_brigade(r->output_filters, brigade) != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      TWV_LOG("TWV0121") "the client left before the answer was sent");
    }
    return OK;
}

static apr_bucket *pool_bucket(request_rec *r, const char *text, apr_size_t length)
{
    return apr_bucket_pool_create(text, length, r->pool, r->connection->bucket_alloc);
}

int twv_reply_twiml(request_rec *r, twv_twiml_t *twiml)
{
    apr_size_t length;
    const char *text = twv_twiml_finish(twiml, &length);

    return send_answer(r, HTTP_OK, "text/xml; charset=utf-8", pool_bucket(r, text, length));
}

int twv_reply_json(request_rec *r, int status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    json_decref(json);
    if (!text) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      TWV_LOG("TWV0122") "an answer could not be written as JSON");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return send_answer(
        r, status, "application/json",
        apr_bucket_heap_create(text, strlen(text), free, r->connection->bucket_alloc));
}

int twv_reply_error(request_rec *r, const twv_error_t *error)
{
    return twv_reply_json(r, error->status, twv_error_json(error));
}

int twv_reply_nothing(request_rec *r)
{
    return send_answer(r, HTTP_NO_CONTENT, NULL, NULL);
}

int twv_reply_text(request_rec *r, int status, const char *text)
{
    return send_answer(r, status, "text/plain; charset=utf-8", pool_bucket(r, text, strlen(text)));
}

void twv_reply_register_hooks(apr_pool_t *p)
{
    (void)p;
    twv_error_filter_register();
}
