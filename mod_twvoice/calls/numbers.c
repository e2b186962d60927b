/*
 * Proxy numbers of services: adding, reserving, removing (twilio.com/docs/proxy/api/phone-number).
 * Everything lives in the context's pool and belongs to its thread.
 */
#include "calls/numbers.h"

#include <string.h>

#include "calls/expiry.h"
#include "calls/parameters.h"
#include "store/service.h"

typedef struct {
    const twv_context_t *context;
    const char *service_sid;
    const char *sid;
    const char *phone_number;
    int is_reserved;
    twv_number_t *number;
    const twv_error_t *error;
} number_work_t;

static apr_status_t refuse(number_work_t *work, const twv_error_t *error)
{
    work->error = error;
    return TWV_STORE_REFUSED;
}

static apr_status_t not_found(number_work_t *work, apr_pool_t *p)
{
    return refuse(work, twv_error(p, TWV_ERROR_NOT_FOUND,
                                  "The requested resource /Services/%s/PhoneNumbers/%s was not "
                                  "found",
                                  work->service_sid, work->sid));
}

/* Locks the service, so that numbers added at the same time are counted one after the other. */
static apr_status_t lock_service(twv_store_t *store, apr_pool_t *p, number_work_t *work)
{
    twv_service_t *service;
    apr_status_t rv =
        twv_service_lock(store, p, work->context->policy->account_sid, work->service_sid, &service);

    if (rv == APR_SUCCESS && !service) {
        return refuse(work, twv_error(p, TWV_ERROR_NOT_FOUND,
                                      "The requested resource /Services/%s was not found",
                                      work->service_sid));
    }
    return rv;
}

/* Refuses when the service has no room for one more number of this kind. */
static apr_status_t check_room(twv_store_t *store, apr_pool_t *p, number_work_t *work)
{
    apr_int64_t reserved, unreserved;
    apr_status_t rv = twv_number_count(store, p, work->service_sid, &reserved, &unreserved);

    if (rv == APR_SUCCESS && (work->is_reserved ? reserved >= TWV_RESERVED_NUMBERS_MAX
                                                : unreserved >= TWV_UNRESERVED_NUMBERS_MAX)) {
        return refuse(work, twv_error(p, TWV_ERROR_POOL_SIZE,
                                      "A service may have at most %d reserved and %d unreserved "
                                      "numbers.",
                                      TWV_RESERVED_NUMBERS_MAX, TWV_UNRESERVED_NUMBERS_MAX));
    }
    return rv;
}

/* In which service the number is already. */
static apr_status_t taken(twv_store_t *store, apr_pool_t *p, number_work_t *work)
{
    const char *phone_number = work->phone_number;
    twv_number_t *other = NULL;
    apr_status_t rv = twv_number_find_by_phone(store, p, work->context->policy->account_sid,
                                               phone_number, &other);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (other && strcmp(other->service_sid, work->service_sid) == 0) {
        return refuse(work, twv_error(p, TWV_ERROR_NUMBER_IN_SERVICE,
                                      "PhoneNumber %s has already been added to Service %s",
                                      phone_number, work->service_sid));
    }
    return refuse(work,
                  twv_error(p, TWV_ERROR_NUMBER_IN_OTHER_SERVICE,
                            "PhoneNumber %s has already been added to another Service%s%s. "
                            "Remove it there first.",
                            phone_number, other ? ", " : "", other ? other->service_sid : ""));
}

static apr_status_t add_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    number_work_t *work = baton;
    twv_number_t *number = apr_pcalloc(p, sizeof(*number));
    int is_taken = 0;
    apr_status_t rv;

    work->error = NULL;
    work->number = number;
    number->sid = work->sid;
    number->account_sid = work->context->policy->account_sid;
    number->service_sid = work->service_sid;
    number->phone_number = work->phone_number;
    number->is_reserved = work->is_reserved;
    number->date_created = work->context->now;
    number->date_updated = work->context->now;
    rv = lock_service(store, p, work);
    if (rv == APR_SUCCESS) {
        rv = check_room(store, p, work);
    }
    if (rv == APR_SUCCESS) {
        rv = twv_number_insert(store, number, &is_taken);
    }
    return rv == APR_SUCCESS && is_taken ? taken(store, p, work) : rv;
}

/* The declared number that is meant. */
static const twv_error_t *find_owned(const twv_context_t *context, const char *sid,
                                     const char *phone_number, const twv_owned_number_t **owned)
{
    twv_checks_t checks = twv_checks_begin(context->p, "");

    if (!sid && !phone_number) {
        twv_checks_fail(&checks, "PhoneNumber", "It or Sid is required.");
    }
    twv_check_sid(&checks, "Sid", sid, "PN");
    twv_check_e164(&checks, "PhoneNumber", phone_number);
    if (checks.error) {
        return checks.error;
    }
    *owned = sid ? twv_policy_number_by_sid(context->policy, sid)
                 : twv_policy_number(context->policy, phone_number);
    if (!*owned) {
        return sid ? twv_error(context->p, TWV_ERROR_NUMBER_SID_NOT_FOUND,
                               "Phone Number Sid %s is not associated with your Account: no "
                               "TwVoiceNumber of this server has it.",
                               sid)
                   : twv_error(context->p, TWV_ERROR_NUMBER_NOT_OWNED,
                               "Proxy identifier %s is not owned by account: no TwVoiceNumber "
                               "declares it.",
                               phone_number);
    }
    if (phone_number && strcmp((*owned)->phone_number, phone_number) != 0) {
        twv_checks_fail(&checks, "PhoneNumber",
                        "'%s' is not the number of Sid %s; give one of the two.", phone_number,
                        sid);
    }
    return checks.error;
}

const twv_error_t *twv_numbers_add(const twv_context_t *context, const char *service_sid,
                                   const char *sid, const char *phone_number, int is_reserved,
                                   twv_number_t **number)
{
    number_work_t work = {
        .context = context, .service_sid = service_sid, .is_reserved = is_reserved};
    const twv_owned_number_t *owned = NULL;
    const twv_error_t *error = find_owned(context, sid, phone_number, &owned);

    if (!error) {
        work.sid = owned->sid;
        work.phone_number = owned->phone_number;
        error = twv_transact(context, add_work, &work, &work.error);
    }
    *number = error ? NULL : work.number;
    return error;
}

static apr_status_t update_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    number_work_t *work = baton;
    twv_number_t *number;
    int found = 0;
    apr_status_t rv;

    work->error = NULL;
    rv = lock_service(store, p, work);
    if (rv == APR_SUCCESS) {
        rv = twv_number_find(store, p, work->service_sid, work->sid, &number);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!number) {
        return not_found(work, p);
    }
    work->number = number;
    if (work->is_reserved < 0 || !work->is_reserved == !number->is_reserved) {
        return APR_SUCCESS;
    }
    rv = check_room(store, p, work);
    if (rv == APR_SUCCESS) {
        rv = twv_number_set_reserved(store, work->service_sid, work->sid, work->is_reserved,
                                     work->context->now, &found);
    }
    number->is_reserved = work->is_reserved;
    number->date_updated = work->context->now;
    return rv;
}

const twv_error_t *twv_numbers_update(const twv_context_t *context, const char *service_sid,
                                      const char *sid, int is_reserved, twv_number_t **number)
{
    number_work_t work = {
        .context = context, .service_sid = service_sid, .sid = sid, .is_reserved = is_reserved};
    const twv_error_t *error = twv_transact(context, update_work, &work, &work.error);

    *number = error ? NULL : work.number;
    return error;
}

static apr_status_t remove_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    number_work_t *work = baton;
    twv_number_t *number;
    int found = 0;
    apr_status_t rv;

    work->error = NULL;
    rv = lock_service(store, p, work);
    /* Writing the row locks it: a participant that is added now waits, or is counted below. */
    if (rv == APR_SUCCESS) {
        rv = twv_number_set_reserved(store, work->service_sid, work->sid, 1, work->context->now,
                                     &found);
    }
    if (rv == APR_SUCCESS) {
        rv = twv_number_find(store, p, work->service_sid, work->sid, &number);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!number) {
        return not_found(work, p);
    }
    if (number->in_use > 0) {
        return refuse(work, twv_error(p, TWV_ERROR_NUMBER_IN_USE,
                                      "Proxy number %s is in use by %" APR_INT64_T_FMT
                                      " active Session(s); close or delete them first.",
                                      number->phone_number, number->in_use));
    }
    return twv_number_delete(store, work->service_sid, work->sid, &found);
}

const twv_error_t *twv_numbers_remove(const twv_context_t *context, const char *service_sid,
                                      const char *sid)
{
    number_work_t work = {.context = context, .service_sid = service_sid, .sid = sid};

    return twv_transact_past_expired(context, remove_work, &work, &work.error);
}
