/* See store_rows_fixture.h. Numbers of SIDs rise through one program, so that rows sort by age. */
#include "store_rows_fixture.h"

#include <stdatomic.h>

#include <apr_strings.h>

static atomic_int last_number;

const char *sid_of(apr_pool_t *p, const char *prefix, int number)
{
    return apr_psprintf(p, "%s%032d", prefix, number);
}

static const char *next_sid(apr_pool_t *p, const char *prefix)
{
    return sid_of(p, prefix, ++last_number);
}

twv_service_t *make_service(twv_store_t *store, apr_pool_t *p, const char *account_sid)
{
    twv_service_t *service = apr_pcalloc(p, sizeof(*service));
    int taken;

    service->sid = next_sid(p, "KS");
    service->account_sid = account_sid;
    service->unique_name = apr_pstrcat(p, "name-", service->sid, NULL);
    service->date_created = NOW;
    service->date_updated = NOW;
    OK(twv_service_insert(store, service, &taken));
    ck_assert(!taken);
    return service;
}

twv_number_t *make_number(twv_store_t *store, apr_pool_t *p, const twv_service_t *service,
                          const char *phone_number)
{
    twv_number_t *number = apr_pcalloc(p, sizeof(*number));
    int taken;

    number->sid = next_sid(p, "PN");
    number->account_sid = service->account_sid;
    number->service_sid = service->sid;
    number->phone_number = phone_number;
    number->date_created = NOW;
    number->date_updated = NOW;
    OK(twv_number_insert(store, number, &taken));
    ck_assert(!taken);
    return number;
}

twv_session_t *new_session(apr_pool_t *p, const twv_service_t *service, const char *pin)
{
    twv_session_t *session = apr_pcalloc(p, sizeof(*session));

    session->sid = next_sid(p, "KC");
    session->account_sid = service->account_sid;
    session->service_sid = service->sid;
    session->status = "open";
    session->mode = "voice-and-message";
    session->date_created = NOW;
    session->date_updated = NOW;
    session->call_mode = "dial";
    session->pin = pin;
    return session;
}

twv_session_t *make_session(twv_store_t *store, apr_pool_t *p, const twv_service_t *service,
                            const char *pin)
{
    twv_session_t *session = new_session(p, service, pin);
    int name_taken;
    int pin_taken;

    OK(twv_session_insert(store, session, &name_taken, &pin_taken));
    ck_assert(!name_taken && !pin_taken);
    return session;
}

twv_participant_t *new_participant(apr_pool_t *p, const twv_session_t *session,
                                   const char *identifier, const char *proxy_identifier)
{
    twv_participant_t *participant = apr_pcalloc(p, sizeof(*participant));

    participant->sid = next_sid(p, "KP");
    participant->account_sid = session->account_sid;
    participant->service_sid = session->service_sid;
    participant->session_sid = session->sid;
    participant->identifier = identifier;
    participant->proxy_identifier = proxy_identifier;
    participant->date_created = NOW;
    participant->date_updated = NOW;
    return participant;
}

twv_participant_t *make_participant(twv_store_t *store, apr_pool_t *p, const twv_session_t *session,
                                    const char *identifier, const char *proxy_identifier)
{
    twv_participant_t *participant = new_participant(p, session, identifier, proxy_identifier);
    twv_participant_insert_t outcome;

    OK(twv_participant_insert(store, p, participant, session->pin, 0, &outcome));
    ck_assert_int_eq(outcome, TWV_PARTICIPANT_INSERTED);
    return participant;
}

void set_status(twv_store_t *store, apr_pool_t *p, const twv_session_t *session, const char *status)
{
    twv_session_t *was;
    twv_session_t changed;
    int pin_taken;
    int conflict;

    OK(twv_session_lock(store, p, session->service_sid, session->sid, &was));
    ck_assert_ptr_nonnull(was);
    changed = *was;
    changed.status = status;
    OK(twv_session_update(store, p, &changed, was, 0, &pin_taken, &conflict));
    ck_assert(!pin_taken && !conflict);
}

apr_int64_t uses_of(twv_store_t *store, apr_pool_t *p, const char *phone_number)
{
    twv_number_t *number;

    OK(twv_number_find_by_phone(store, p, ACCOUNT, phone_number, &number));
    ck_assert_ptr_nonnull(number);
    return number->in_use;
}

twv_call_t *new_call(apr_pool_t *p, int number)
{
    twv_call_t *call = apr_pcalloc(p, sizeof(*call));

    call->sid = sid_of(p, "CA", number);
    call->account_sid = ACCOUNT;
    call->duration = -1;
    call->date_created = NOW;
    return call;
}
