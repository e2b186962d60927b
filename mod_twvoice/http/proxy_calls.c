/*
 * Legs: /v1/Calls, /v1/Services/{KS}/Sessions/{KC}/Calls, the same as CSV, and the timeline of a
 * leg. Everything lives in the request's pool.
 */
#include <string.h>

#include <apr_strings.h>

#include "calls/parameters.h"
#include "calls/transaction.h"
#include "http/call_csv.h"
#include "http/proxy.h"
#include "http/proxy_json.h"
#include "http/proxy_list.h"
#include "http/proxy_session.h"
#include "http/reply.h"

#define PARTY_MAX 255
#define DAY_MS (APR_INT64_C(24) * 60 * 60 * 1000)

typedef struct {
    const twv_proxy_t *proxy;
    twv_page_t page;
    twv_call_filter_t filter;
    twv_call_t *call;
    twv_ms_t after_at; /* of events */
    const char *after_key;
    apr_array_header_t *rows;
    const twv_error_t *error;
} work_t;

/* An empty value is one not given. */
static const char *given(const twv_proxy_t *proxy, const char *name)
{
    const char *value = twv_form_get(proxy->form, name);

    return value && *value ? value : NULL;
}

/* @return 0 when it is not given or wrong */
static twv_ms_t read_time(const twv_proxy_t *proxy, twv_checks_t *checks, const char *name)
{
    const char *value = given(proxy, name);
    twv_ms_t time = value ? twv_timestamp_parse_iso8601(value) : 0;

    if (value && !time) {
        twv_checks_fail(checks, name,
                        "'%s' is not an ISO 8601 date or time such as 2030-01-31 or "
                        "2030-01-31T09:30:00Z.",
                        twv_shown(checks->p, value));
    }
    return time;
}

/* As in Twilio's list of calls: StartTime is that day (or second), StartTime> and StartTime< mean
 * "at or after" and "at or before" (twilio.com/docs/voice/api/call-resource). */
static void read_times(const twv_proxy_t *proxy, twv_checks_t *checks, twv_call_filter_t *filter)
{
    twv_ms_t at = read_time(proxy, checks, "StartTime");
    twv_ms_t from = read_time(proxy, checks, "StartTime>");
    twv_ms_t to = read_time(proxy, checks, "StartTime<");

    filter->start_from = from;
    filter->start_before = to ? to + 1000 : 0;
    if (at) {
        filter->start_from = at > from ? at : from;
        at += strlen(given(proxy, "StartTime")) == sizeof("YYYY-MM-DD") - 1 ? DAY_MS : 1000;
        filter->start_before =
            filter->start_before && filter->start_before < at ? filter->start_before : at;
    }
}

/* The filters as the URLs of meta repeat them. */
static const char *encode_filters(const twv_proxy_t *proxy)
{
    static const char *const names[] = {"From",       "To",         "Status", "StartTime",
                                        "StartTime>", "StartTime<", NULL};
    twv_form_t *form = twv_form_create(proxy->r->pool);
    int i;

    for (i = 0; names[i]; i++) {
        twv_form_add(form, names[i], given(proxy, names[i]));
    }
    return twv_form_count(form)
               ? apr_pstrcat(proxy->r->pool, twv_form_encode(proxy->r->pool, form), "&", NULL)
               : "";
}

/* A key is a time in milliseconds, a blank, and what tells rows of the same time apart. */
static const char *make_key(apr_pool_t *p, twv_ms_t time, const char *rest)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT " %s", time, rest);
}

static void open_key(const twv_page_t *page, twv_ms_t *time, const char **rest)
{
    const char *blank = page->after ? strchr(page->after, ' ') : NULL;

    *time = blank ? apr_atoi64(page->after) : 0;
    *rest = blank ? blank + 1 : NULL;
}

static const twv_error_t *read_list(const twv_proxy_t *proxy, int default_size, work_t *work)
{
    static const char *const statuses[] = {"queued",    "initiated", "ringing", "in-progress",
                                           "completed", "busy",      "failed",  "no-answer",
                                           "canceled",  NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    twv_call_filter_t *filter = &work->filter;
    const twv_error_t *error = twv_page_read(proxy, default_size, &work->page);

    if (error) {
        return error;
    }
    filter->account_sid = proxy->context.policy->account_sid;
    filter->from_number = given(proxy, "From");
    filter->to_number = given(proxy, "To");
    filter->status = given(proxy, "Status");
    twv_check_text(&checks, "From", filter->from_number, PARTY_MAX);
    twv_check_text(&checks, "To", filter->to_number, PARTY_MAX);
    twv_check_word(&checks, "Status", filter->status, statuses);
    read_times(proxy, &checks, filter);
    open_key(&work->page, &filter->after_date, &filter->after_sid);
    work->page.filters = encode_filters(proxy);
    return checks.error;
}

static apr_status_t list_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;

    if (work->filter.session_sid) {
        apr_status_t rv = twv_proxy_require_session(work->proxy, store, p, &work->error);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return twv_call_list(store, p, &work->filter, twv_page_limit(&work->page), &work->rows);
}

/* Key of the last row that is shown when there are more, else NULL. */
static const char *last_call_key(const work_t *work)
{
    const twv_call_t *last;

    if (work->rows->nelts <= work->page.size) {
        return NULL;
    }
    last = APR_ARRAY_IDX(work->rows, work->page.size - 1, twv_call_t *);
    return make_key(work->proxy->r->pool, last->date_created, last->sid);
}

static int list_calls(twv_proxy_t *proxy, const char *session_sid)
{
    work_t work = {.proxy = proxy, .filter = {.session_sid = session_sid}};
    const twv_error_t *error = read_list(proxy, TWV_PAGE_SIZE, &work);
    json_t *rows;
    int i;

    if (!error) {
        error = twv_consult(&proxy->context, list_work, &work, &work.error);
    }
    if (error) {
        return twv_proxy_refuse(proxy, error);
    }
    rows = json_array();
    for (i = 0; i < work.rows->nelts && i < work.page.size; i++) {
        json_array_append_new(
            rows, twv_proxy_call_json(proxy, APR_ARRAY_IDX(work.rows, i, twv_call_t *)));
    }
    return twv_page_reply(proxy, &work.page, "calls", rows, last_call_key(&work));
}

int twv_proxy_list_calls(twv_proxy_t *proxy)
{
    return list_calls(proxy, NULL);
}

int twv_proxy_list_session_calls(twv_proxy_t *proxy)
{
    return list_calls(proxy, proxy->ids[1]);
}

/* A spreadsheet wants everything: the largest page unless PageSize is given, and the next one in
 * the header Link (RFC 8288). */
static int export_calls(twv_proxy_t *proxy, const char *session_sid)
{
    work_t work = {.proxy = proxy, .filter = {.session_sid = session_sid}};
    const twv_error_t *error = read_list(proxy, TWV_PAGE_SIZE_MAX, &work);
    const char *last;

    if (!error) {
        error = twv_consult(&proxy->context, list_work, &work, &work.error);
    }
    if (error) {
        return twv_proxy_refuse(proxy, error);
    }
    last = last_call_key(&work);
    if (last) {
        apr_table_setn(proxy->r->headers_out, "Link",
                       apr_pstrcat(proxy->r->pool, "<", twv_page_next_url(proxy, &work.page, last),
                                   ">; rel=\"next\"", NULL));
        work.rows->nelts = work.page.size;
    }
    return twv_call_csv_reply(proxy->r, work.rows);
}

int twv_proxy_export_calls(twv_proxy_t *proxy)
{
    return export_calls(proxy, NULL);
}

int twv_proxy_export_session_calls(twv_proxy_t *proxy)
{
    return export_calls(proxy, proxy->ids[1]);
}

static apr_status_t fetch_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    const twv_proxy_t *proxy = work->proxy;
    apr_status_t rv =
        twv_call_find(store, p, proxy->context.policy->account_sid, proxy->ids[0], &work->call);

    if (rv == APR_SUCCESS && !work->call) {
        work->error = twv_proxy_not_found(proxy);
        return TWV_STORE_REFUSED;
    }
    return rv;
}

int twv_proxy_fetch_call(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_consult(&proxy->context, fetch_work, &work, &work.error);

    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_call_json(proxy, work.call));
}

static apr_status_t list_events_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    apr_status_t rv = fetch_work(store, p, work);

    return rv == APR_SUCCESS ? twv_event_list(store, p, work->proxy->context.policy->account_sid,
                                              work->call->sid, work->after_at, work->after_key,
                                              twv_page_limit(&work->page), &work->rows)
                             : rv;
}

int twv_proxy_list_events(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_page_read(proxy, TWV_PAGE_SIZE, &work.page);
    const twv_event_t *event = NULL;
    json_t *rows;
    int i;

    open_key(&work.page, &work.after_at, &work.after_key);
    if (!error) {
        error = twv_consult(&proxy->context, list_events_work, &work, &work.error);
    }
    if (error) {
        return twv_proxy_refuse(proxy, error);
    }
    rows = json_array();
    for (i = 0; i < work.rows->nelts && i < work.page.size; i++) {
        event = APR_ARRAY_IDX(work.rows, i, twv_event_t *);
        json_array_append_new(rows, twv_proxy_event_json(proxy, event));
    }
    return twv_page_reply(
        proxy, &work.page, "events", rows,
        work.rows->nelts > work.page.size ? make_key(proxy->r->pool, event->at, event->key) : NULL);
}
