/*
 * What httpd itself answers (401, 403, 404, ...) where the Proxy API is mounted becomes JSON, since
 * Twilio's clients read nothing else. An operator's own ErrorDocument stays. The filter lives as
 * long as its request and runs in its thread.
 */
#include "http/error_filter.h"

#include <string.h>

#include "apr_buckets.h"
#include "apr_strings.h"

#include "httpd.h"
#include "http_core.h"
#include "http_protocol.h"
#include "mod_core.h"
#include "util_filter.h"

#include "config/config.h"
#include "http/error_json.h"

#define FILTER_NAME "TWVOICE_JSON_ERROR"

static const twv_error_t table[] = {
    {HTTP_UNAUTHORIZED, TWV_ERROR_AUTHENTICATE, "Authenticate"},
    {HTTP_FORBIDDEN, TWV_ERROR_FORBIDDEN, "Access denied"},
    {HTTP_NOT_FOUND, TWV_ERROR_NOT_FOUND, "The requested resource was not found"},
    {HTTP_METHOD_NOT_ALLOWED, TWV_ERROR_METHOD, "Method not allowed"},
    {HTTP_REQUEST_ENTITY_TOO_LARGE, TWV_ERROR_TOO_LARGE, "Request entity too large"},
    {HTTP_UNSUPPORTED_MEDIA_TYPE, TWV_ERROR_MEDIA_TYPE, "Unsupported media type"},
    {HTTP_TOO_MANY_REQUESTS, TWV_ERROR_TOO_MANY_REQUESTS, "Too many requests"},
    {HTTP_INTERNAL_SERVER_ERROR, TWV_ERROR_INTERNAL, "Internal server error"},
    {HTTP_SERVICE_UNAVAILABLE, TWV_ERROR_UNAVAILABLE, "Service unavailable"},
};

json_t *twv_error_json(const twv_error_t *error)
{
    char more_info[64];

    apr_snprintf(more_info, sizeof(more_info), "https://www.twilio.com/docs/errors/%d",
                 error->code);
    return json_pack("{s:i, s:s, s:s, s:i}", "code", error->code, "message", error->message,
                     "more_info", more_info, "status", error->status);
}

/* Twilio numbers general errors 20000 + HTTP status; the reason phrase serves as message. */
static twv_error_t error_for(int status)
{
    twv_error_t error = {status, 20000 + status, ap_get_status_line(status) + 4};
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (table[i].status == status) {
            return table[i];
        }
    }
    return error;
}

/* Throws away the page that httpd wrote and sends JSON once, when the page has ended. */
static apr_status_t replace_page(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *r = f->r;
    apr_bucket *bucket, *next;

    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = next) {
        next = APR_BUCKET_NEXT(bucket);
        if (APR_BUCKET_IS_EOS(bucket)) {
            twv_error_t error = error_for(r->status);
            json_t *json = twv_error_json(&error);
            char *text = json_dumps(json, JSON_COMPACT);

            json_decref(json);
            ap_set_content_type(r, "application/json");
            apr_table_setn(r->headers_out, "Cache-Control", "no-store");
            apr_table_unset(r->headers_out, "Content-Length");
            APR_BUCKET_INSERT_BEFORE(bucket, apr_bucket_heap_create(text, strlen(text), free,
                                                                    r->connection->bucket_alloc));
            ap_remove_output_filter(f);
            return ap_pass_brigade(f->next, brigade);
        }
        apr_bucket_delete(bucket);
    }
    return APR_SUCCESS;
}

static void insert_filter(request_rec *r)
{
    if (!ap_is_HTTP_ERROR(r->status) || strcmp(twv_config_handler(r), "twvoice-proxy") != 0 ||
        ap_response_code_string(r, ap_index_of_response(r->status))) {
        return;
    }
    ap_add_output_filter(FILTER_NAME, NULL, r, r->connection);
}

void twv_error_filter_register(void)
{
    ap_register_output_filter(FILTER_NAME, replace_page, NULL, AP_FTYPE_RESOURCE);
    ap_hook_insert_error_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
}
