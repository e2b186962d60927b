/*
 * Gives a body that was read for the signature to whoever answers the request: a proxied back end,
 * PHP, CGI, a handler of ours after an internal redirect. What exceeded the limit and was not read
 * still comes from the connection behind it. One filter instance for each request_rec, used by its
 * thread, in its pool.
 */
#include "http/request_body.h"

#include "apr_strings.h"
#include "apr_buckets.h"

#include "util_filter.h"

#define FILTER_NAME "TWVOICE_REPLAY"

/* Nearer to the connection than every filter that decodes content (AP_FTYPE_CONTENT_SET), since
 * what was read had not been through them. */
#define FILTER_TYPE ((ap_filter_type)(AP_FTYPE_CONTENT_SET + 5))

typedef struct {
    const twv_body_t *body;
    apr_bucket_brigade *left; /* what was not given yet */
} replay_t;

static replay_t *start(ap_filter_t *f)
{
    replay_t *replay = f->ctx;
    apr_bucket_alloc_t *alloc = f->c->bucket_alloc;

    if (!replay->left) {
        replay->left = apr_brigade_create(f->r->pool, alloc);
        APR_BRIGADE_INSERT_TAIL(
            replay->left,
            apr_bucket_immortal_create(replay->body->bytes, replay->body->length, alloc));
        if (replay->body->is_whole) {
            APR_BRIGADE_INSERT_TAIL(replay->left, apr_bucket_eos_create(alloc));
        }
    }
    return replay;
}

/* Move the buckets before @a end, and an EOS when it comes next. */
static void move_until(apr_bucket_brigade *from, apr_bucket_brigade *to, const apr_bucket *end)
{
    while (!APR_BRIGADE_EMPTY(from)) {
        apr_bucket *first = APR_BRIGADE_FIRST(from);

        if (first == end && !APR_BUCKET_IS_EOS(first)) {
            return;
        }
        APR_BUCKET_REMOVE(first);
        APR_BRIGADE_INSERT_TAIL(to, first);
    }
}

static apr_status_t give_bytes(replay_t *replay, apr_bucket_brigade *to, apr_off_t count)
{
    apr_bucket *end;
    apr_status_t rv = apr_brigade_partition(replay->left, count, &end);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return rv;
    }
    move_until(replay->left, to, end);
    return APR_SUCCESS;
}

/* The same without using them up, for who wants to look ahead. */
static apr_status_t show_bytes(replay_t *replay, apr_bucket_brigade *to, apr_off_t count)
{
    apr_bucket *end, *bucket;
    apr_status_t rv = apr_brigade_partition(replay->left, count, &end);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return rv;
    }
    for (bucket = APR_BRIGADE_FIRST(replay->left);
         bucket != end && bucket != APR_BRIGADE_SENTINEL(replay->left);
         bucket = APR_BUCKET_NEXT(bucket)) {
        apr_bucket *copy;

        rv = apr_bucket_copy(bucket, &copy);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        APR_BRIGADE_INSERT_TAIL(to, copy);
    }
    return APR_SUCCESS;
}

static apr_status_t replay_body(ap_filter_t *f, apr_bucket_brigade *to, ap_input_mode_t mode,
                                apr_read_type_e block, apr_off_t count)
{
    replay_t *replay = start(f);

    if (APR_BRIGADE_EMPTY(replay->left)) {
        if (!replay->body->is_whole) {
            ap_filter_t *next = f->next;

            ap_remove_input_filter(f);
            return ap_get_brigade(next, to, mode, block, count);
        }
        APR_BRIGADE_INSERT_TAIL(to, apr_bucket_eos_create(f->c->bucket_alloc));
        return APR_SUCCESS;
    }
    switch (mode) {
    case AP_MODE_READBYTES:
        return give_bytes(replay, to, count);
    case AP_MODE_SPECULATIVE:
        return show_bytes(replay, to, count);
    case AP_MODE_GETLINE:
        return apr_brigade_split_line(to, replay->left, block, HUGE_STRING_LEN);
    case AP_MODE_EXHAUSTIVE:
        APR_BRIGADE_CONCAT(to, replay->left);
        return APR_SUCCESS;
    default:
        return ap_get_brigade(f->next, to, mode, block, count);
    }
}

void twv_replay_register_filter(void)
{
    ap_register_input_filter(FILTER_NAME, replay_body, NULL, FILTER_TYPE);
}

void twv_replay_insert(request_rec *r, const twv_body_t *body)
{
    replay_t *replay = apr_pcalloc(r->pool, sizeof(*replay));

    replay->body = body;
    ap_add_input_filter(FILTER_NAME, replay, r, r->connection);
    if (body->is_whole) {
        apr_table_unset(r->headers_in, "Transfer-Encoding");
        apr_table_setn(r->headers_in, "Content-Length",
                       apr_psprintf(r->pool, "%" APR_SIZE_T_FMT, body->length));
    }
    /* The client was told to go on when the body was read. */
    apr_table_unset(r->headers_in, "Expect");
}
