/*
 * /v1/Services/{KS}/Sessions (twilio.com/docs/proxy/api/session and our additions): from
 * parameters to the rules of calls/, and back to JSON. Everything lives in the request's pool.
 */
#include <string.h>

#include <apr_strings.h>

#include "calls/participants.h"
#include "calls/transaction.h"
#include "http/proxy.h"
#include "http/proxy_json.h"
#include "http/proxy_list.h"
#include "http/reply.h"

typedef struct {
    const twv_proxy_t *proxy;
    twv_page_t page;
    twv_session_t *session;
    apr_array_header_t *sessions;
    const twv_error_t *error;
} work_t;

static apr_status_t not_found(work_t *work)
{
    work->error = twv_proxy_not_found(work->proxy);
    return TWV_STORE_REFUSED;
}

static json_t *row_json(const twv_proxy_t *proxy, const void *row)
{
    return twv_proxy_session_json(proxy, row);
}

static apr_status_t list_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    twv_service_t *service;
    apr_status_t rv = twv_service_find(store, p, work->proxy->context.policy->account_sid,
                                       work->proxy->ids[0], &service);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return service ? twv_session_list(store, p, service->sid, work->page.after,
                                      twv_page_limit(&work->page), &work->sessions)
                   : not_found(work);
}

int twv_proxy_list_sessions(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_page_read(proxy, TWV_PAGE_SIZE, &work.page);

    if (!error) {
        error = twv_consult(&proxy->context, list_work, &work, &work.error);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_page_reply_rows(proxy, &work.page, "sessions", work.sessions, row_json);
}

static apr_status_t fetch_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    apr_status_t rv =
        twv_session_find(store, p, work->proxy->ids[0], work->proxy->ids[1], &work->session);

    if (rv == APR_SUCCESS && (!work->session || strcmp(work->session->account_sid,
                                                       work->proxy->context.policy->account_sid))) {
        return not_found(work);
    }
    return rv;
}

int twv_proxy_fetch_session(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_consult(&proxy->context, fetch_work, &work, &work.error);

    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_session_json(proxy, work.session));
}

/* What creating and changing have in common; names have been checked. */
static twv_session_draft_t read_draft(twv_checks_t *checks, const twv_form_t *form)
{
    twv_session_draft_t draft = twv_session_draft_empty();

    draft.status = twv_form_get(form, "Status");
    draft.date_expiry = twv_form_get(form, "DateExpiry");
    draft.ttl = twv_read_int(checks, form, "Ttl", 0, TWV_TTL_MAX);
    draft.fail_on_conflict = twv_read_bool(checks, form, "FailOnParticipantConflict") > 0;
    draft.call_mode = twv_form_get(form, "CallMode");
    draft.pin = twv_form_get(form, "Pin");
    draft.pin_length =
        twv_read_int(checks, form, "PinLength", TWV_PIN_LENGTH_MIN, TWV_PIN_LENGTH_MAX);
    draft.call_time_limit =
        twv_read_clearable_int(checks, form, "CallTimeLimit", 1, TWV_CALL_TIME_LIMIT_MAX);
    draft.ring_timeout = twv_read_clearable_int(checks, form, "RingTimeout", TWV_RING_TIMEOUT_MIN,
                                                TWV_RING_TIMEOUT_MAX);
    draft.language = twv_form_get(form, "Language");
    return draft;
}

/* Each value of Participants is one JSON object. */
static void read_participants(twv_checks_t *checks, const twv_form_t *form,
                              twv_session_draft_t *draft)
{
    twv_participant_draft_t *participants =
        apr_pcalloc(checks->p, sizeof(*participants) * TWV_PARTICIPANTS_MAX);
    int i;

    draft->participants = participants;
    for (i = 0; i < twv_form_count(form) && !checks->error; i++) {
        twv_checks_t inner;

        if (strcmp(twv_form_name(form, i), "Participants") != 0) {
            continue;
        }
        if (draft->participant_count == TWV_PARTICIPANTS_MAX) {
            twv_checks_fail_with(checks, twv_error(checks->p, TWV_ERROR_TOO_MANY_PARTICIPANTS,
                                                   "A Session may have at most %d participants",
                                                   TWV_PARTICIPANTS_MAX));
            return;
        }
        inner = twv_checks_begin(
            checks->p, apr_psprintf(checks->p, "Participants[%d].", draft->participant_count));
        twv_participant_draft_parse(&inner, &participants[draft->participant_count++],
                                    twv_form_value(form, i));
        if (inner.error) {
            twv_checks_fail_with(checks, inner.error);
        }
    }
}

int twv_proxy_create_session(twv_proxy_t *proxy)
{
    static const char *const names[] = {"UniqueName",
                                        "DateExpiry",
                                        "Ttl",
                                        "Mode",
                                        "Status",
                                        "Participants",
                                        "FailOnParticipantConflict",
                                        "CallMode",
                                        "Pin",
                                        "PinLength",
                                        "CallTimeLimit",
                                        "RingTimeout",
                                        "Language",
                                        NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    twv_session_t *session = NULL;
    twv_session_draft_t draft;
    const twv_error_t *error;

    twv_check_names(&checks, proxy->form, names, "Participants");
    draft = read_draft(&checks, proxy->form);
    draft.unique_name = twv_form_get(proxy->form, "UniqueName");
    draft.mode = twv_form_get(proxy->form, "Mode");
    read_participants(&checks, proxy->form, &draft);
    error = checks.error;
    if (!error) {
        error = twv_sessions_create(&proxy->context, proxy->ids[0], &draft, &session);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_CREATED, twv_proxy_session_json(proxy, session));
}

int twv_proxy_update_session(twv_proxy_t *proxy)
{
    static const char *const names[] = {
        "DateExpiry",  "Ttl",      "Status",    "FailOnParticipantConflict",
        "CallMode",    "Pin",      "PinLength", "CallTimeLimit",
        "RingTimeout", "Language", NULL};
    twv_checks_t checks = twv_checks_begin(proxy->r->pool, "");
    twv_session_t *session = NULL;
    twv_session_draft_t draft;
    const twv_error_t *error;

    twv_check_names(&checks, proxy->form, names, NULL);
    draft = read_draft(&checks, proxy->form);
    error = checks.error;
    if (!error) {
        error =
            twv_sessions_update(&proxy->context, proxy->ids[0], proxy->ids[1], &draft, &session);
    }
    return error ? twv_proxy_refuse(proxy, error)
                 : twv_reply_json(proxy->r, HTTP_OK, twv_proxy_session_json(proxy, session));
}

static apr_status_t delete_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    work_t *work = baton;
    int found = 0;
    apr_status_t rv;

    work->error = NULL;
    rv = fetch_work(store, p, work);
    if (rv == APR_SUCCESS) {
        rv = twv_session_delete(store, p, work->proxy->ids[0], work->session->sid, &found);
    }
    return rv == APR_SUCCESS && !found ? not_found(work) : rv;
}

int twv_proxy_delete_session(twv_proxy_t *proxy)
{
    work_t work = {.proxy = proxy};
    const twv_error_t *error = twv_transact(&proxy->context, delete_work, &work, &work.error);

    return error ? twv_proxy_refuse(proxy, error) : twv_reply_nothing(proxy->r);
}
