/*
 * Interactions of a session and messages sent to a participant
 * (twilio.com/docs/proxy/api/interaction, /docs/proxy/api/sending-messages). Everything lives in
 * the request's pool.
 */
#include <string.h>

#include "calls/parameters.h"
#include "calls/transaction.h"
#include "http/proxy.h"
#include "http/proxy_json.h"
#include "http/proxy_list.h"
#include "http/proxy_session.h"
#include "http/reply.h"

#define ERROR_DOWNSTREAM_REJECTED 80613

typedef struct {
    const twv_proxy_t *proxy;
    const char *sid; /* of the interaction */
    twv_page_t page;
    twv_participant_t *participant;
    twv_interaction_t *interaction;
    apr_array_header_t *interactions;
    const twv_error_t *error;
} work_t;

static apr_status_t not_found(work_t *work)
{
    work->error = twv_proxy_not_found(work->proxy);
    return TWV_STORE_REFUSED;
}

static json_t *interaction_row(const twv_proxy_t *proxy, const void *row)
{
    return twv_proxy_interaction_json(proxy, row);
}

static json_t *message_row(const twv_proxy_t *proxy, const void *row)
{
    return twv_proxy_message_json(proxy, row);
}

static apr_status_t list_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    apr_status_t rv = twv_proxy_require_session(work->proxy, store, p, &work->error);

    return rv == APR_SUCCESS
               ? twv_interaction_list(store, p, work->proxy->ids[1], NULL, work->page.after,
                                      twv_page_limit(&work->page), &work->interactions)
               : rv;
}

int twv_proxy_list_interactions(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_page_read(proxy, TWV_PAGE_SIZE, &work.page);

    if (!error) {
        error = twv_consult(&proxy->context, list_work, &work, &work.error);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_page_reply_rows(proxy, &work.page, "interactions", work.interactions,
                                       interaction_row);
}

static apr_status_t fetch_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    const twv_proxy_t *proxy = work->proxy;
    apr_status_t rv = twv_interaction_find(store, p, proxy->ids[1], work->sid, &work->interaction);

    work->error = NULL;
    if (rv == APR_SUCCESS &&
        (!work->interaction || strcmp(work->interaction->service_sid, proxy->ids[0]) != 0 ||
         strcmp(work->interaction->account_sid, proxy->context.policy->account_sid) != 0)) {
        return not_found(work);
    }
    return rv;
}

int twv_proxy_fetch_interaction(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy, .sid = proxy->ids[2]};
    const twv_error_t *error = twv_consult(&proxy->context, fetch_work, &work, &work.error);

    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK,
                                  twv_proxy_interaction_json(proxy, work.interaction));
}

static apr_status_t delete_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    int found = 0;
    apr_status_t rv = fetch_work(store, p, work);

    if (rv == APR_SUCCESS) {
        rv = twv_interaction_delete(store, work->proxy->ids[1], work->sid, &found);
    }
    return rv == APR_SUCCESS && !found ? not_found(work) : rv;
}

int twv_proxy_delete_interaction(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy, .sid = proxy->ids[2]};
    const twv_error_t *error = twv_transact(&proxy->context, delete_work, &work, &work.error);

    return error ? twv_proxy_refuse(proxy, error) : twv_reply_nothing(proxy->r);
}

static apr_status_t list_messages_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    apr_status_t rv =
        twv_proxy_require_participant(work->proxy, store, p, &work->participant, &work->error);

    return rv == APR_SUCCESS
               ? twv_interaction_list(store, p, work->proxy->ids[1], work->proxy->ids[2],
                                      work->page.after, twv_page_limit(&work->page),
                                      &work->interactions)
               : rv;
}

int twv_proxy_list_messages(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_page_read(proxy, TWV_PAGE_SIZE, &work.page);

    if (!error) {
        error = twv_consult(&proxy->context, list_messages_work, &work, &work.error);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_page_reply_rows(proxy, &work.page, "interactions", work.interactions,
                                       message_row);
}

int twv_proxy_fetch_message(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy, .sid = proxy->ids[3]};
    const twv_error_t *error = twv_consult(&proxy->context, fetch_work, &work, &work.error);
    const char *sent_to = error ? NULL : work.interaction->outbound_participant_sid;

    /* An interaction that somebody began, or that went to the other one, is not a message to him.
     */
    if (!error && (work.interaction->inbound_participant_sid || !sent_to ||
                   strcmp(sent_to, proxy->ids[2]) != 0)) {
        error = twv_proxy_not_found(proxy);
    }
    return error
               ? twv_proxy_refuse(proxy, error)
               : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_message_json(proxy, work.interaction));
}

static apr_status_t find_participant_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    apr_status_t rv =
        twv_proxy_require_participant(work->proxy, store, p, &work->participant, &work->error);

    return rv == APR_SUCCESS && work->participant->date_deleted ? not_found(work) : rv;
}

static const twv_error_t *check_message(const twv_proxy_t *proxy)
{
    static const char *const names[] = {"Body", "MediaUrl", NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    const char *body = twv_form_get(proxy->form, "Body");
    const char *media = twv_form_get(proxy->form, "MediaUrl");

    twv_check_names(&checks, proxy->form, names, "MediaUrl");
    if (!(body && *body) && !(media && *media)) {
        twv_checks_fail(&checks, "Body", "It or MediaUrl is required.");
    }
    twv_check_url(&checks, "MediaUrl", media);
    return checks.error;
}

int twv_proxy_create_message(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = check_message(proxy);

    if (!error) {
        error = twv_consult(&proxy->context, find_participant_work, &work, &work.error);
    }
    if (!error) {
        error = twv_error(proxy->r->pool, ERROR_DOWNSTREAM_REJECTED,
                          "Sending messages is not configured on this server.");
    }
    return twv_proxy_refuse(proxy, error);
}
