/*
 * The record of a request: made on first use, kept with the initial request and its pool, filled by
 * the request's thread. Bodies are read in the authorization phase where one of our handlers will
 * answer or a signature is required, so that whoever answers finds them here or in the replay.
 */
#include "http/request.h"

#include <string.h>

#include "apr_strings.h"

#include "http_config.h"
#include "http_protocol.h"
#include "http_request.h"

#include "config/config.h"
#include "config/log.h"
#include "http/public_url.h"
#include "http/request_body.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

typedef struct {
    twv_request_t shown; /* first: callers know only this */
    twv_body_t body;
    int is_read;
} record_t;

static request_rec *initial_of(request_rec *r)
{
    while (r->main || r->prev) {
        r = r->main ? r->main : r->prev;
    }
    return r;
}

/* Whether the media type before any parameter is a form's. */
static int has_form_type(const request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    apr_size_t length = sizeof(FORM_TYPE) - 1;

    if (!type || strncasecmp(type, FORM_TYPE, length) != 0) {
        return 0;
    }
    type += length;
    return *type == '\0' || *type == ';' || *type == ' ' || *type == '\t';
}

static record_t *record_of(request_rec *r)
{
    request_rec *initial = initial_of(r);
    record_t *record = ap_get_module_config(initial->request_config, &twvoice_module);

    if (!record) {
        record = apr_pcalloc(initial->pool, sizeof(*record));
        record->body.bytes = "";
        record->shown.initial = initial;
        record->shown.body = "";
        record->shown.is_form = initial->method_number != M_GET && has_form_type(initial);
        ap_set_module_config(initial->request_config, &twvoice_module, record);
    }
    return record;
}

static void parse(twv_request_t *request)
{
    const char *query = twv_public_query(request->initial);
    const char *text = request->is_form ? request->body : query;
    apr_size_t length = request->is_form ? request->length : strlen(query);
    twv_form_t *form;
    const char *reason = twv_form_parse(&form, request->initial->pool, text, length);

    if (reason) {
        request->status = HTTP_BAD_REQUEST;
        request->problem = apr_psprintf(request->initial->pool, "the %s cannot be read: %s",
                                        request->is_form ? "form" : "query", reason);
        return;
    }
    request->form = form;
}

twv_request_t *twv_request_of(request_rec *r)
{
    return &record_of(r)->shown;
}

const twv_body_t *twv_request_body(request_rec *r)
{
    return &record_of(r)->body;
}

twv_request_t *twv_request_read(request_rec *r, apr_off_t limit)
{
    record_t *record = record_of(r);
    twv_request_t *request = &record->shown;

    if (record->is_read) {
        return request;
    }
    record->is_read = 1;
    /* A sub-request has no input of its own; the request behind it may be an internal redirect. */
    while (r->main) {
        r = r->main;
    }
    twv_body_read(&record->body, r, request->initial->pool, limit);
    request->body = record->body.bytes;
    request->length = record->body.length;
    request->status = record->body.status;
    request->problem = record->body.problem;
    if (request->status == 0) {
        parse(request);
    }
    return request;
}

/* With these handlers a body that is too long, late or malformed is answered as that, not as an
 * access that was denied, which is all that an authorization provider can say. */
static int check_body(request_rec *r)
{
    const char *handler = twv_config_handler(r);
    twv_request_t *request;

    if (strcmp(handler, "twvoice-webhook") != 0 && strcmp(handler, "twiml") != 0) {
        return DECLINED;
    }
    request = twv_request_read(r, twv_config_max_body(r));
    if (request->status == 0) {
        return DECLINED;
    }
    if (request->status != AP_FILTER_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWV_LOG("TWV0105") "%d for %s: %s",
                      request->status, r->uri, request->problem);
    }
    return request->status;
}

static void insert_replay(request_rec *r)
{
    record_t *record;

    if (r->main) {
        return;
    }
    record = ap_get_module_config(initial_of(r)->request_config, &twvoice_module);
    if (record && record->body.is_taken) {
        twv_replay_insert(r, &record->body);
    }
}

void twv_request_register_hooks(apr_pool_t *p)
{
    (void)p;
    twv_replay_register_filter();
    ap_hook_check_access(check_body, NULL, NULL, APR_HOOK_LAST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_insert_filter(insert_replay, NULL, NULL, APR_HOOK_FIRST);
}
