/*
 * Legs as comma-separated values (RFC 4180), built in one brigade by the request's thread.
 */
#include "http/call_csv.h"

#include <string.h>

#include <apr_buckets.h>
#include <apr_strings.h>

#include "http_protocol.h"
#include "util_filter.h"

#include "store/call.h"

static const char header[] =
    "sid,parent_call_sid,service_sid,session_sid,interaction_sid,participant_sid,from,to,"
    "direction,status,start_time,answer_time,end_time,duration,price,price_unit,"
    "estimated_price" CRLF;

/* What a spreadsheet would compute. A telephone number in E.164 form is only a number to it. */
static int looks_like_formula(const char *text)
{
    if (*text == '+' && text[1] != '\0' && strspn(text + 1, "0123456789") == strlen(text + 1)) {
        return 0;
    }
    return *text != '\0' && strchr("=+-@\t\r", *text) != NULL;
}

static void put(apr_bucket_brigade *brigade, const char *text, const char *separator)
{
    const char *c;

    if (text && !looks_like_formula(text) && !strpbrk(text, "\",\r\n")) {
        apr_brigade_puts(brigade, NULL, NULL, text);
    } else if (text) {
        apr_brigade_puts(brigade, NULL, NULL, looks_like_formula(text) ? "\"'" : "\"");
        for (c = text; *c; c++) {
            apr_brigade_write(brigade, NULL, NULL, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
        }
        apr_brigade_putc(brigade, NULL, NULL, '"');
    }
    apr_brigade_puts(brigade, NULL, NULL, separator);
}

static void put_call(apr_pool_t *p, apr_bucket_brigade *brigade, const twv_call_t *call)
{
    put(brigade, call->sid, ",");
    put(brigade, call->parent_call_sid, ",");
    put(brigade, call->service_sid, ",");
    put(brigade, call->session_sid, ",");
    put(brigade, call->interaction_sid, ",");
    put(brigade, call->participant_sid, ",");
    put(brigade, call->from_number, ",");
    put(brigade, call->to_number, ",");
    put(brigade, call->direction, ",");
    put(brigade, call->status, ",");
    put(brigade, twv_timestamp_iso8601(p, twv_call_start_time(call)), ",");
    put(brigade, twv_timestamp_iso8601(p, twv_call_answer_time(call)), ",");
    put(brigade, twv_timestamp_iso8601(p, twv_call_end_time(call)), ",");
    put(brigade, call->duration < 0 ? NULL : apr_ltoa(p, (long)call->duration), ",");
    put(brigade, NULL, ",");
    put(brigade, NULL, ",");
    put(brigade, NULL, CRLF);
}

int twv_call_csv_reply(request_rec *r, const apr_array_header_t *calls)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);
    int i;

    ap_set_content_type(r, "text/csv; charset=utf-8; header=present");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "Content-Disposition", "attachment; filename=\"calls.csv\"");
    apr_brigade_puts(brigade, NULL, NULL, header);
    for (i = 0; i < calls->nelts; i++) {
        put_call(r->pool, brigade, APR_ARRAY_IDX(calls, i, twv_call_t *));
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    ap_pass_brigade(r->output_filters, brigade);
    return OK;
}
