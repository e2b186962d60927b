/*
 * Sessions: creating and changing them by Proxy's rules (twilio.com/docs/proxy/api/session). Each
 * public function that takes a context is one transaction; what it returns lives in the context's
 * pool and belongs to its thread.
 */
#include "calls/sessions.h"

#include <string.h>

#include <apr_strings.h>

#include "calls/expiry.h"
#include "calls/participants.h"
#include "calls/session_draft.h"
#include "twilio/sid.h"

/* How many random PINs are tried. With 4 digits and half of them taken, all fail once in 10^9. */
#define PIN_TRIES 30

twv_ms_t twv_session_expires_at(const twv_session_t *session)
{
    twv_ms_t start = session->date_last_interaction > session->date_created
                         ? session->date_last_interaction
                         : session->date_created;

    if (session->date_expiry) {
        return session->date_expiry;
    }
    return session->ttl > 0 ? start + session->ttl * 1000 : 0;
}

static int is_open(const twv_session_t *session)
{
    return strcmp(session->status, "open") == 0 || strcmp(session->status, "in-progress") == 0;
}

int twv_session_is_active(const twv_session_t *session, twv_ms_t now)
{
    return is_open(session) && !(session->expires_at && session->expires_at <= now);
}

const twv_session_t *twv_session_as_of(apr_pool_t *p, const twv_session_t *session, twv_ms_t now)
{
    twv_session_t *closed;

    if (!is_open(session) || twv_session_is_active(session, now)) {
        return session;
    }
    closed = apr_pmemdup(p, session, sizeof(*session));
    closed->status = "closed";
    closed->closed_reason = session->date_expiry ? "date-expiry" : "ttl-expired";
    closed->date_ended = session->expires_at;
    return closed;
}

/* NULL for NULL and "": the store knows no empty text. */
static const char *text_or_null(const char *text)
{
    return text && *text ? text : NULL;
}

/* Take over what a draft gives. */
static void apply(twv_session_t *session, const twv_session_draft_t *draft)
{
    if (draft->date_expiry) {
        session->date_expiry = twv_timestamp_parse_iso8601(draft->date_expiry);
    }
    if (draft->ttl >= 0) {
        session->ttl = draft->ttl;
    }
    if (text_or_null(draft->call_mode)) {
        session->call_mode = draft->call_mode;
    }
    if (draft->pin) {
        session->pin = text_or_null(draft->pin);
    }
    if (draft->call_time_limit >= 0) {
        session->call_time_limit = draft->call_time_limit;
    }
    if (draft->ring_timeout >= 0) {
        session->ring_timeout = draft->ring_timeout;
    }
    if (draft->language) {
        session->language = text_or_null(draft->language);
    }
}

static int is_exclusive(const twv_context_t *context, int fail_on_conflict)
{
    return fail_on_conflict > 0 || context->policy->participant_conflict == TWV_CONFLICT_REJECT;
}

static const twv_error_t *pin_taken_error(apr_pool_t *p, const twv_session_draft_t *draft)
{
    return draft->pin_length > 0
               ? twv_error(p, TWV_ERROR_PARAMETER,
                           "'PinLength' is invalid. No free PIN of %d digits was found; give a "
                           "greater length.",
                           (int)draft->pin_length)
               : twv_error(p, TWV_ERROR_PARAMETER,
                           "'Pin' is invalid. Another active session has this PIN.");
}

typedef struct {
    const twv_context_t *context;
    const char *service_sid;
    const char *session_sid;
    const twv_session_draft_t *draft;
    twv_session_t *session;
    const twv_error_t *error;
} session_work_t;

static apr_status_t refuse(session_work_t *work, const twv_error_t *error)
{
    work->error = error;
    return TWV_STORE_REFUSED;
}

static apr_status_t not_found(session_work_t *work, apr_pool_t *p)
{
    return refuse(work, twv_error(p, TWV_ERROR_NOT_FOUND,
                                  work->session_sid
                                      ? "The requested resource /Services/%s/Sessions/%s was not "
                                        "found"
                                      : "The requested resource /Services/%s was not found",
                                  work->service_sid, work->session_sid));
}

static twv_session_t *new_session(apr_pool_t *p, const session_work_t *work,
                                  const twv_service_t *service)
{
    const twv_session_draft_t *draft = work->draft;
    twv_session_t *session = apr_pcalloc(p, sizeof(*session));

    session->sid = twv_sid_create(p, "KC", work->context->now * 1000);
    session->account_sid = service->account_sid;
    session->service_sid = service->sid;
    session->unique_name = text_or_null(draft->unique_name);
    session->status = text_or_null(draft->status) ? draft->status : "open";
    session->mode = text_or_null(draft->mode) ? draft->mode : "voice-and-message";
    session->call_mode = "dial";
    session->ttl = service->default_ttl;
    session->date_created = work->context->now;
    session->date_updated = work->context->now;
    apply(session, draft);
    if (strcmp(session->status, "in-progress") == 0) {
        session->date_started = work->context->now;
    }
    session->expires_at = twv_session_expires_at(session);
    return session;
}

static apr_status_t insert_session(twv_store_t *store, apr_pool_t *p, session_work_t *work,
                                   twv_session_t *session)
{
    int name_taken = 0, pin_taken = 0, tries = 0;
    apr_status_t rv;

    do {
        if (work->draft->pin_length > 0) {
            session->pin = twv_random_pin(p, (int)work->draft->pin_length);
            if (!session->pin) {
                return APR_EGENERAL;
            }
        }
        rv = twv_session_insert(store, session, &name_taken, &pin_taken);
    } while (rv == APR_SUCCESS && pin_taken && !name_taken && work->draft->pin_length > 0 &&
             ++tries < PIN_TRIES);
    if (rv == APR_SUCCESS && name_taken) {
        return refuse(work, twv_error(p, TWV_ERROR_SESSION_NAME_TAKEN,
                                      "Session UniqueName must be unique: '%s' is taken in service "
                                      "%s.",
                                      session->unique_name, work->service_sid));
    }
    if (rv == APR_SUCCESS && pin_taken) {
        return refuse(work, pin_taken_error(p, work->draft));
    }
    return rv;
}

static apr_status_t create_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    session_work_t *work = baton;
    const twv_session_draft_t *draft = work->draft;
    twv_participant_place_t place = {.context = work->context};
    apr_array_header_t *added =
        apr_array_make(p, TWV_PARTICIPANTS_MAX, sizeof(twv_participant_t *));
    twv_participant_t *participant;
    twv_service_t *service;
    apr_status_t rv;
    int i;

    work->error = NULL;
    rv =
        twv_service_find(store, p, work->context->policy->account_sid, work->service_sid, &service);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!service) {
        return not_found(work, p);
    }
    work->session = new_session(p, work, service);
    rv = insert_session(store, p, work, work->session);
    place.service = service;
    place.session = work->session;
    place.exclusive = is_exclusive(work->context, draft->fail_on_conflict);
    for (i = 0; rv == APR_SUCCESS && i < draft->participant_count; i++) {
        rv = twv_participant_add(store, p, &place, &draft->participants[i], added, &participant);
    }
    if (rv == TWV_STORE_REFUSED && !work->error) {
        work->error = place.error;
    }
    return rv;
}

static const twv_error_t *check_participants(const twv_context_t *context,
                                             const twv_session_draft_t *draft)
{
    const twv_error_t *error = NULL;
    int i;

    if (draft->participant_count > TWV_PARTICIPANTS_MAX) {
        return twv_error(context->p, TWV_ERROR_TOO_MANY_PARTICIPANTS,
                         "A Session may have at most %d participants", TWV_PARTICIPANTS_MAX);
    }
    for (i = 0; !error && i < draft->participant_count; i++) {
        error = twv_participant_draft_check(
            context, apr_psprintf(context->p, "Participants[%d].", i), &draft->participants[i]);
    }
    return error;
}

const twv_error_t *twv_sessions_create(const twv_context_t *context, const char *service_sid,
                                       const twv_session_draft_t *draft, twv_session_t **session)
{
    session_work_t work = {.context = context, .service_sid = service_sid, .draft = draft};
    const twv_error_t *error = twv_session_draft_check(context, draft);

    if (!error) {
        error = check_participants(context, draft);
    }
    if (!error && text_or_null(draft->status) && strcmp(draft->status, "open") != 0 &&
        strcmp(draft->status, "in-progress") != 0) {
        error = twv_error(context->p, TWV_ERROR_SESSION_STATUS,
                          "Session status '%s' is not supported here; a new session is open or "
                          "in-progress.",
                          draft->status);
    }
    if (!error) {
        error = twv_transact_past_expired(context, create_work, &work, &work.error);
    }
    *session = error ? NULL : work.session;
    return error;
}

/* Back to life: only by Status=in-progress (twilio.com/docs/proxy/api/session). */
static const twv_error_t *reopen(apr_pool_t *p, const session_work_t *work, twv_session_t *session)
{
    const char *status = text_or_null(work->draft->status);

    if (!status || strcmp(status, "closed") == 0) {
        return twv_error(p, TWV_ERROR_SESSION_CLOSED,
                         "Session is closed and cannot be updated. Status=in-progress opens it "
                         "again.");
    }
    if (strcmp(status, "in-progress") != 0) {
        return twv_error(p, TWV_ERROR_SESSION_STATUS,
                         "Session status change not supported: from closed to '%s'. Allowed is "
                         "in-progress.",
                         status);
    }
    session->status = "in-progress";
    session->closed_reason = NULL;
    session->date_ended = 0;
    if (session->date_expiry && session->date_expiry <= work->context->now) {
        return twv_error(p, TWV_ERROR_PARAMETER,
                         "'DateExpiry' is invalid. The session's own, %s, is in the past; give "
                         "another one, or an empty one, to open the session again.",
                         twv_timestamp_iso8601(p, session->date_expiry));
    }
    /* Its time to live begins anew, else it would be over at once. */
    session->expires_at = session->date_expiry ? session->date_expiry
                          : session->ttl       ? work->context->now + session->ttl * 1000
                                               : 0;
    return NULL;
}

static const twv_error_t *change_status(apr_pool_t *p, const session_work_t *work,
                                        twv_session_t *session)
{
    const char *status = text_or_null(work->draft->status);

    if (work->draft->ttl >= 0 || work->draft->date_expiry) {
        session->expires_at = twv_session_expires_at(session);
    }
    if (!status || strcmp(status, session->status) == 0) {
        return NULL;
    }
    if (strcmp(status, "closed") == 0) {
        session->status = "closed";
        session->closed_reason = "api";
        session->date_ended = work->context->now;
        return NULL;
    }
    if (strcmp(status, "in-progress") == 0) {
        session->status = "in-progress";
        return NULL;
    }
    return twv_error(p, TWV_ERROR_SESSION_STATUS,
                     "Session status change not supported: from %s to '%s'. Allowed: %s.",
                     session->status, status,
                     strcmp(session->status, "open") == 0 ? "in-progress, closed" : "closed");
}

static apr_status_t store_changes(twv_store_t *store, apr_pool_t *p, session_work_t *work,
                                  const twv_session_t *was, int is_reopened)
{
    twv_session_t *session = work->session;
    int exclusive = is_reopened && is_exclusive(work->context, work->draft->fail_on_conflict);
    int pin_taken = 0, conflict = 0, tries = 0;
    apr_status_t rv;

    do {
        if (work->draft->pin_length > 0) {
            session->pin = twv_random_pin(p, (int)work->draft->pin_length);
            if (!session->pin) {
                return APR_EGENERAL;
            }
        }
        rv = twv_session_update(store, p, session, was, exclusive, &pin_taken, &conflict);
    } while (rv == APR_SUCCESS && pin_taken && work->draft->pin_length > 0 && ++tries < PIN_TRIES);
    if (rv == APR_SUCCESS && conflict) {
        return refuse(work, twv_error(p, TWV_ERROR_PROXY_IN_USE,
                                      "Proxy identifier already in use with requested identifier: "
                                      "a participant of this session is in another active Session "
                                      "with the same proxy identifier."));
    }
    if (rv == APR_SUCCESS && pin_taken) {
        return refuse(work, pin_taken_error(p, work->draft));
    }
    return rv;
}

static apr_status_t update_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    session_work_t *work = baton;
    const twv_error_t *error;
    twv_session_t *was;
    int is_reopened;
    apr_status_t rv;

    work->error = NULL;
    rv = twv_session_lock(store, p, work->service_sid, work->session_sid, &was);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!was || strcmp(was->account_sid, work->context->policy->account_sid) != 0) {
        return not_found(work, p);
    }
    is_reopened = !twv_session_is_active(was, work->context->now);
    work->session = apr_pmemdup(p, was, sizeof(*was));
    apply(work->session, work->draft);
    work->session->date_updated = work->context->now;
    error = is_reopened ? reopen(p, work, work->session) : change_status(p, work, work->session);
    if (error) {
        return refuse(work, error);
    }
    if (strcmp(work->session->status, "in-progress") == 0 && !work->session->date_started) {
        work->session->date_started = work->context->now;
    }
    return store_changes(store, p, work, was, is_reopened);
}

const twv_error_t *twv_sessions_update(const twv_context_t *context, const char *service_sid,
                                       const char *session_sid, const twv_session_draft_t *draft,
                                       twv_session_t **session)
{
    session_work_t work = {
        .context = context, .service_sid = service_sid, .session_sid = session_sid, .draft = draft};
    const twv_error_t *error = twv_session_draft_check(context, draft);

    if (!error) {
        error = twv_transact_past_expired(context, update_work, &work, &work.error);
    }
    *session = error ? NULL : work.session;
    return error;
}

typedef struct {
    session_work_t base;
    const twv_participant_draft_t *draft;
    int fail_on_conflict;
    twv_participant_t *participant;
} participant_work_t;

static apr_status_t add_participant_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    participant_work_t *work = baton;
    const twv_context_t *context = work->base.context;
    twv_participant_place_t place = {.context = context,
                                     .exclusive = is_exclusive(context, work->fail_on_conflict)};
    apr_array_header_t *others;
    twv_service_t *service;
    twv_session_t *session;
    apr_status_t rv;

    work->base.error = NULL;
    rv = twv_session_lock(store, p, work->base.service_sid, work->base.session_sid, &session);
    if (rv == APR_SUCCESS) {
        rv = twv_service_find(store, p, context->policy->account_sid, work->base.service_sid,
                              &service);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!session || !service) {
        return not_found(&work->base, p);
    }
    if (!twv_session_is_active(session, context->now)) {
        return refuse(&work->base, twv_error(p, TWV_ERROR_SESSION_CLOSED,
                                             "Session is closed and cannot be updated"));
    }
    rv = twv_participant_of_session(store, p, session->sid, &others);
    place.service = service;
    place.session = session;
    if (rv == APR_SUCCESS) {
        rv = twv_participant_add(store, p, &place, work->draft, others, &work->participant);
    }
    if (rv == TWV_STORE_REFUSED) {
        work->base.error = place.error;
    }
    return rv;
}

const twv_error_t *twv_sessions_add_participant(const twv_context_t *context,
                                                const char *service_sid, const char *session_sid,
                                                const twv_participant_draft_t *draft,
                                                int fail_on_conflict,
                                                twv_participant_t **participant)
{
    participant_work_t work = {
        .base = {.context = context, .service_sid = service_sid, .session_sid = session_sid},
        .draft = draft,
        .fail_on_conflict = fail_on_conflict};
    const twv_error_t *error = twv_participant_draft_check(context, "", draft);

    if (!error) {
        error = twv_transact_past_expired(context, add_participant_work, &work, &work.base.error);
    }
    *participant = error ? NULL : work.participant;
    return error;
}
