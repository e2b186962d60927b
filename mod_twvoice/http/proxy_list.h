/*
 * Lists: which page is wanted, and the answer with Twilio's meta object. Pages are found by the
 * key of the last row before them, never by an offset; the PageToken carries that key, those of
 * some pages before (to go back) and a checksum over the list's path.
 */
#ifndef TWV_HTTP_PROXY_LIST_H
#define TWV_HTTP_PROXY_LIST_H

#include <jansson.h>

#include "http/proxy.h"

typedef struct {
    int size;            /* rows of a page, 1 to 1000 */
    int number;          /* from 0 */
    const char *after;   /* key of the last row of the page before, NULL on the first page */
    const char *earlier; /* the keys before that one, "" or each with a line feed before it */
    const char *token;   /* as it came, NULL on the first page */
    const char *filters; /* encoded "Name=value&..." for the URLs of meta, "" for none */
} twv_page_t;

/** Rows of a page when PageSize is not given. */
#define TWV_PAGE_SIZE 50

/** Most rows of a page. */
#define TWV_PAGE_SIZE_MAX 1000

/** How many rows to ask the store for: one more than is shown tells whether there is more. */
int twv_page_limit(const twv_page_t *page);

/**
 * Which page is wanted (PageSize, Page, PageToken).
 * @param default_size rows of a page when PageSize is not given
 */
const twv_error_t *twv_page_read(const twv_proxy_t *proxy, int default_size, twv_page_t *page);

/** URL of the page after this one. @param last key of the last row of this page */
const char *twv_page_next_url(const twv_proxy_t *proxy, const twv_page_t *page, const char *last);

/**
 * Send a page.
 * @param name of the array, e.g. "sessions"
 * @param rows array, taken over
 * @param last key of the last row when there are more after it, else NULL
 */
int twv_page_reply(const twv_proxy_t *proxy, const twv_page_t *page, const char *name, json_t *rows,
                   const char *last);

/** A row as JSON. */
typedef json_t *twv_row_json_fn(const twv_proxy_t *proxy, const void *row);

/** Send a page of rows whose key is their "sid". @param rows array of pointers to rows */
int twv_page_reply_rows(const twv_proxy_t *proxy, const twv_page_t *page, const char *name,
                        const apr_array_header_t *rows, twv_row_json_fn *to_json);

#endif
