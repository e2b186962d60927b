/*
 * Pages of lists (twilio.com/docs/usage/twilios-response). Everything lives in the request's pool.
 */
#include "http/proxy_list.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "calls/parameters.h"
#include "http/reply.h"
#include "twilio/utf8.h"

#define PAGE_NUMBER_MAX 1000000000
#define CHECKSUM_LENGTH 12 /* of 40 hexadecimal digits */
#define TOKEN_MAX 1000

/* How many pages one can go back from a page; each costs about 50 bytes of token. */
#define EARLIER_MAX 3

int twv_page_limit(const twv_page_t *page)
{
    return page->size + 1;
}

/* Not a secret: it only tells a token of this list from others and from damaged ones. */
static const char *checksum(const twv_proxy_t *proxy, const char *keys)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    char hex[2 * APR_SHA1_DIGESTSIZE + 1];
    apr_sha1_ctx_t sha1;

    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, proxy->path, (unsigned)strlen(proxy->path) + 1);
    apr_sha1_update(&sha1, keys, (unsigned)strlen(keys));
    apr_sha1_final(digest, &sha1);
    apr_encode_base16_binary(hex, digest, sizeof(digest), APR_ENCODE_LOWER, NULL);
    return apr_pstrndup(proxy->r->pool, hex, CHECKSUM_LENGTH);
}

static const char *make_token(const twv_proxy_t *proxy, const char *keys)
{
    return apr_pstrcat(proxy->r->pool, checksum(proxy, keys),
                       apr_pencode_base64(proxy->r->pool, keys, APR_ENCODE_STRING,
                                          APR_ENCODE_BASE64URL | APR_ENCODE_NOPADDING, NULL),
                       NULL);
}

/* The keys in a token, or NULL when it is not one of this list. */
static const char *open_token(const twv_proxy_t *proxy, const char *token)
{
    const char *keys;
    apr_size_t length;

    if (strlen(token) <= CHECKSUM_LENGTH || strlen(token) > TOKEN_MAX) {
        return NULL;
    }
    keys = apr_pdecode_base64(proxy->r->pool, token + CHECKSUM_LENGTH, APR_ENCODE_STRING,
                              APR_ENCODE_BASE64URL, &length);
    /* Who knows the checksum may have made this token: the database takes UTF-8 only. */
    if (!keys || strlen(keys) != length || twv_utf8_invalid_at(keys, length) < length ||
        strncmp(checksum(proxy, keys), token, CHECKSUM_LENGTH) != 0) {
        return NULL;
    }
    return keys;
}

static void read_token(const twv_proxy_t *proxy, twv_checks_t *checks, twv_page_t *page)
{
    const char *keys = open_token(proxy, page->token);
    const char *end;

    if (!keys) {
        twv_checks_fail(checks, "PageToken", "'%s' is not of this list; follow next_page_url.",
                        twv_shown(checks->p, page->token));
        return;
    }
    end = strchr(keys, '\n');
    page->after = end ? apr_pstrmemdup(checks->p, keys, (apr_size_t)(end - keys)) : keys;
    page->earlier = end ? end : "";
}

const twv_error_t *twv_page_read(const twv_proxy_t *proxy, int default_size, twv_page_t *page)
{
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    apr_int64_t size = twv_read_int(&checks, proxy->form, "PageSize", 1, TWV_PAGE_SIZE_MAX);
    apr_int64_t number = twv_read_int(&checks, proxy->form, "Page", 0, PAGE_NUMBER_MAX);

    *page = (twv_page_t){.size = size > 0 ? (int)size : default_size, .earlier = "", .filters = ""};
    page->token = twv_form_get(proxy->form, "PageToken");
    if (page->token && *page->token) {
        page->number = number < 0 ? 1 : (int)number;
        read_token(proxy, &checks, page);
    } else {
        page->token = NULL;
        if (number > 0) {
            twv_checks_fail(&checks, "Page",
                            "'%d' needs the PageToken that leads there; follow next_page_url.",
                            (int)number);
        }
    }
    return checks.error;
}

static const char *page_url(const twv_proxy_t *proxy, const twv_page_t *page, int number,
                            const char *token)
{
    return apr_psprintf(proxy->r->pool, "%s%s?%sPageSize=%d&Page=%d%s%s", proxy->base, proxy->path,
                        page->filters, page->size, number, token ? "&PageToken=" : "",
                        token ? token : "");
}

/* The keys before @a keys, without those that are too far back. */
static const char *shorten(apr_pool_t *p, const char *keys)
{
    const char *at = keys;
    int count = 0;

    while ((at = strchr(at, '\n')) && ++count <= EARLIER_MAX) {
        at++;
    }
    return at ? apr_pstrmemdup(p, keys, (apr_size_t)(at - keys)) : keys;
}

const char *twv_page_next_url(const twv_proxy_t *proxy, const twv_page_t *page, const char *last)
{
    apr_pool_t *p = proxy->r->pool;
    const char *keys =
        page->after ? apr_pstrcat(p, last, "\n", page->after, page->earlier, NULL) : last;

    return page_url(proxy, page, page->number + 1, make_token(proxy, shorten(p, keys)));
}

/* NULL on the first page, and where the token does not reach back so far. */
static const char *previous_url(const twv_proxy_t *proxy, const twv_page_t *page)
{
    if (page->number == 1) {
        return page_url(proxy, page, 0, NULL);
    }
    if (page->number < 1 || !*page->earlier) {
        return NULL;
    }
    return page_url(proxy, page, page->number - 1, make_token(proxy, page->earlier + 1));
}

int twv_page_reply(const twv_proxy_t *proxy, const twv_page_t *page, const char *name, json_t *rows,
                   const char *last)
{
    const char *previous = previous_url(proxy, page);
    json_t *meta = json_object();
    json_t *reply = json_object();

    json_object_set_new(meta, "page", json_integer(page->number));
    json_object_set_new(meta, "page_size", json_integer(page->size));
    json_object_set_new(meta, "first_page_url", json_string(page_url(proxy, page, 0, NULL)));
    json_object_set_new(meta, "previous_page_url", previous ? json_string(previous) : json_null());
    json_object_set_new(meta, "url", json_string(page_url(proxy, page, page->number, page->token)));
    json_object_set_new(meta, "next_page_url",
                        last ? json_string(twv_page_next_url(proxy, page, last)) : json_null());
    json_object_set_new(meta, "key", json_string(name));
    json_object_set_new(reply, name, rows);
    json_object_set_new(reply, "meta", meta);
    return twv_reply_json(proxy->r, HTTP_OK, reply);
}

int twv_page_reply_rows(const twv_proxy_t *proxy, const twv_page_t *page, const char *name,
                        const apr_array_header_t *rows, twv_row_json_fn *to_json)
{
    json_t *array = json_array();
    const char *last = NULL;
    int i;

    for (i = 0; i < rows->nelts && i < page->size; i++) {
        json_t *row = to_json(proxy, APR_ARRAY_IDX(rows, i, const void *));

        last = json_string_value(json_object_get(row, "sid"));
        json_array_append_new(array, row);
    }
    return twv_page_reply(proxy, page, name, array, rows->nelts > page->size ? last : NULL);
}
