/*
 * /v1/Services/{KS}/Sessions/{KC}/Participants (twilio.com/docs/proxy/api/participant).
 * Everything lives in the request's pool.
 */
#include <string.h>

#include "calls/participants.h"
#include "calls/transaction.h"
#include "http/proxy.h"
#include "http/proxy_json.h"
#include "http/proxy_list.h"
#include "http/proxy_session.h"
#include "http/reply.h"

typedef struct {
    const twv_proxy_t *proxy;
    twv_page_t page;
    twv_participant_t *participant;
    apr_array_header_t *participants;
    const twv_error_t *error;
} work_t;

static json_t *row_json(const twv_proxy_t *proxy, const void *row)
{
    return twv_proxy_participant_json(proxy, row);
}

static apr_status_t list_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    apr_status_t rv = twv_proxy_require_session(work->proxy, store, p, &work->error);

    return rv == APR_SUCCESS
               ? twv_participant_list(store, p, work->proxy->ids[1], work->page.after,
                                      twv_page_limit(&work->page), &work->participants)
               : rv;
}

int twv_proxy_list_participants(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_page_read(proxy, TWV_PAGE_SIZE, &work.page);

    if (!error) {
        error = twv_consult(&proxy->context, list_work, &work, &work.error);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_page_reply_rows(proxy, &work.page, "participants", work.participants,
                                       row_json);
}

static apr_status_t fetch_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;

    work->error = NULL;
    return twv_proxy_require_participant(work->proxy, store, p, &work->participant, &work->error);
}

int twv_proxy_fetch_participant(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_consult(&proxy->context, fetch_work, &work, &work.error);

    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK,
                                  twv_proxy_participant_json(proxy, work.participant));
}

int twv_proxy_create_participant(twv_proxy_t *proxy)
{
    static const char *const names[] = {"Identifier",
                                        "FriendlyName",
                                        "ProxyIdentifier",
                                        "ProxyIdentifierSid",
                                        "FailOnParticipantConflict",
                                        NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    twv_participant_t *participant = NULL;
    twv_participant_draft_t draft;
    const twv_error_t *error;
    int fail_on_conflict;

    twv_check_names(&checks, proxy->form, names, NULL);
    twv_participant_draft_read(&draft, proxy->form);
    fail_on_conflict = twv_read_bool(&checks, proxy->form, "FailOnParticipantConflict") > 0;
    error = checks.error;
    if (!error) {
        error = twv_sessions_add_participant(&proxy->context, proxy->ids[0], proxy->ids[1], &draft,
                                             fail_on_conflict, &participant);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_CREATED,
                                  twv_proxy_participant_json(proxy, participant));
}

static apr_status_t delete_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    int found = 0;
    apr_status_t rv = fetch_work(store, p, work);

    if (rv == APR_SUCCESS) {
        rv = twv_participant_delete(store, p, work->proxy->ids[1], work->proxy->ids[2],
                                    work->proxy->context.now, &found);
    }
    if (rv == APR_SUCCESS && !found) {
        work->error = twv_proxy_not_found(work->proxy);
        return TWV_STORE_REFUSED;
    }
    return rv;
}

/* 204: what every client takes for a success. */
int twv_proxy_delete_participant(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_transact(&proxy->context, delete_work, &work, &work.error);

    return error ? twv_proxy_refuse(proxy, error) : twv_reply_nothing(proxy->r);
}
