/*
 * /v1/Services (twilio.com/docs/proxy/api/service): from parameters to the rules of calls/, and
 * back to JSON. Everything lives in the request's pool.
 */
#include "calls/parameters.h"
#include "calls/services.h"
#include "calls/sessions.h"
#include "calls/transaction.h"
#include "http/proxy.h"
#include "http/proxy_json.h"
#include "http/proxy_list.h"
#include "http/reply.h"

typedef struct {
    const twv_proxy_t *proxy;
    twv_page_t page;
    twv_service_t *service;
    apr_array_header_t *services;
    const twv_error_t *error;
} read_t;

static json_t *row_json(const twv_proxy_t *proxy, const void *row)
{
    return twv_proxy_service_json(proxy, row);
}

static apr_status_t list_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    read_t *read = baton;

    return twv_service_list(store, p, read->proxy->context.policy->account_sid, read->page.after,
                            twv_page_limit(&read->page), &read->services);
}

int twv_proxy_list_services(twv_proxy_t *proxy)
{
    read_t read = {.proxy = proxy};
    const twv_error_t *error = twv_page_read(proxy, TWV_PAGE_SIZE, &read.page);

    if (!error) {
        error = twv_consult(&proxy->context, list_work, &read, &read.error);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_page_reply_rows(proxy, &read.page, "services", read.services, row_json);
}

static apr_status_t fetch_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    read_t *read = baton;
    apr_status_t rv = twv_service_find(store, p, read->proxy->context.policy->account_sid,
                                       read->proxy->ids[0], &read->service);

    if (rv == APR_SUCCESS && !read->service) {
        read->error = twv_proxy_not_found(read->proxy);
        return TWV_STORE_REFUSED;
    }
    return rv;
}

int twv_proxy_fetch_service(twv_proxy_t *proxy)
{
    read_t read = {.proxy = proxy};
    const twv_error_t *error = twv_consult(&proxy->context, fetch_work, &read, &read.error);

    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_service_json(proxy, read.service));
}

static const twv_error_t *read_draft(const twv_proxy_t *proxy, twv_service_draft_t *draft)
{
    static const char *const names[] = {"UniqueName",
                                        "DefaultTtl",
                                        "CallbackUrl",
                                        "InterceptCallbackUrl",
                                        "OutOfSessionCallbackUrl",
                                        "GeoMatchLevel",
                                        "NumberSelectionBehavior",
                                        "ChatInstanceSid",
                                        NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    const twv_form_t *form = proxy->form;

    twv_check_names(&checks, form, names, NULL);
    draft->unique_name = twv_form_get(form, "UniqueName");
    draft->chat_instance_sid = twv_form_get(form, "ChatInstanceSid");
    draft->callback_url = twv_form_get(form, "CallbackUrl");
    draft->intercept_callback_url = twv_form_get(form, "InterceptCallbackUrl");
    draft->out_of_session_callback_url = twv_form_get(form, "OutOfSessionCallbackUrl");
    draft->geo_match_level = twv_form_get(form, "GeoMatchLevel");
    draft->number_selection_behavior = twv_form_get(form, "NumberSelectionBehavior");
    draft->default_ttl = twv_read_clearable_int(&checks, form, "DefaultTtl", 0, TWV_TTL_MAX);
    return checks.error;
}

int twv_proxy_create_service(twv_proxy_t *proxy)
{
    twv_service_t *service = NULL;
    twv_service_draft_t draft;
    const twv_error_t *error = read_draft(proxy, &draft);

    if (!error) {
        error = twv_services_create(&proxy->context, &draft, &service);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_CREATED, twv_proxy_service_json(proxy, service));
}

int twv_proxy_update_service(twv_proxy_t *proxy)
{
    twv_service_t *service = NULL;
    twv_service_draft_t draft;
    const twv_error_t *error = read_draft(proxy, &draft);

    if (!error) {
        error = twv_services_update(&proxy->context, proxy->ids[0], &draft, &service);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_service_json(proxy, service));
}

int twv_proxy_delete_service(twv_proxy_t *proxy)
{
    const twv_error_t *error = twv_services_delete(&proxy->context, proxy->ids[0]);

    return error ? twv_proxy_refuse(proxy, error) : twv_reply_nothing(proxy->r);
}
