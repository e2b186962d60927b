/*
 * /v1/Services/{KS}/PhoneNumbers (twilio.com/docs/proxy/api/phone-number). Everything lives in the
 * request's pool.
 */
#include <string.h>

#include "calls/numbers.h"
#include "calls/parameters.h"
#include "calls/transaction.h"
#include "http/proxy.h"
#include "http/proxy_json.h"
#include "http/proxy_list.h"
#include "http/reply.h"
#include "store/service.h"

typedef struct {
    const twv_proxy_t *proxy;
    twv_page_t page;
    twv_number_t *number;
    apr_array_header_t *numbers;
    const twv_error_t *error;
} read_t;

static apr_status_t not_found(read_t *read)
{
    read->error = twv_proxy_not_found(read->proxy);
    return TWV_STORE_REFUSED;
}

static json_t *row_json(const twv_proxy_t *proxy, const void *row)
{
    return twv_proxy_number_json(proxy, row);
}

static apr_status_t list_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    read_t *read = baton;
    twv_service_t *service;
    apr_status_t rv = twv_service_find(store, p, read->proxy->context.policy->account_sid,
                                       read->proxy->ids[0], &service);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return service ? twv_number_list(store, p, service->sid, read->page.after,
                                     twv_page_limit(&read->page), &read->numbers)
                   : not_found(read);
}

int twv_proxy_list_numbers(twv_proxy_t *proxy)
{
    read_t read = {.proxy = proxy};
    const twv_error_t *error = twv_page_read(proxy, TWV_PAGE_SIZE, &read.page);

    if (!error) {
        error = twv_consult(&proxy->context, list_work, &read, &read.error);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_page_reply_rows(proxy, &read.page, "phone_numbers", read.numbers, row_json);
}

static apr_status_t fetch_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    read_t *read = baton;
    apr_status_t rv =
        twv_number_find(store, p, read->proxy->ids[0], read->proxy->ids[1], &read->number);

    if (rv == APR_SUCCESS && (!read->number || strcmp(read->number->account_sid,
                                                      read->proxy->context.policy->account_sid))) {
        return not_found(read);
    }
    return rv;
}

int twv_proxy_fetch_number(twv_proxy_t *proxy)
{
    read_t read = {.proxy = proxy};
    const twv_error_t *error = twv_consult(&proxy->context, fetch_work, &read, &read.error);

    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_number_json(proxy, read.number));
}

/* An empty value is one not given. */
static const char *given(const twv_proxy_t *proxy, const char *name)
{
    const char *value = twv_form_get(proxy->form, name);

    return value && *value ? value : NULL;
}

int twv_proxy_add_number(twv_proxy_t *proxy)
{
    static const char *const names[] = {"Sid", "PhoneNumber", "IsReserved", NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    twv_number_t *number = NULL;
    const twv_error_t *error;
    int is_reserved;

    twv_check_names(&checks, proxy->form, names, NULL);
    is_reserved = twv_read_bool(&checks, proxy->form, "IsReserved") > 0;
    error = checks.error;
    if (!error) {
        error = twv_numbers_add(&proxy->context, proxy->ids[0], given(proxy, "Sid"),
                                given(proxy, "PhoneNumber"), is_reserved, &number);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_CREATED, twv_proxy_number_json(proxy, number));
}

int twv_proxy_update_number(twv_proxy_t *proxy)
{
    static const char *const names[] = {"IsReserved", NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    twv_number_t *number = NULL;
    const twv_error_t *error;
    int is_reserved;

    twv_check_names(&checks, proxy->form, names, NULL);
    is_reserved = twv_read_bool(&checks, proxy->form, "IsReserved");
    error = checks.error;
    if (!error) {
        error =
            twv_numbers_update(&proxy->context, proxy->ids[0], proxy->ids[1], is_reserved, &number);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_number_json(proxy, number));
}

int twv_proxy_remove_number(twv_proxy_t *proxy)
{
    const twv_error_t *error = twv_numbers_remove(&proxy->context, proxy->ids[0], proxy->ids[1]);

    return error ? twv_proxy_refuse(proxy, error) : twv_reply_nothing(proxy->r);
}
