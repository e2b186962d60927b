/* Sessions whose time is over and that are in the way. Keeps nothing; any thread. */
#include "calls/expiry.h"

#include "store/session.h"

/* Most that one request closes; housekeeping does the rest. */
#define SWEEP_MAX 200

typedef struct {
    const twv_context_t *context;
    int closed;
} sweep_t;

static apr_status_t sweep_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    sweep_t *sweep = baton;
    apr_array_header_t *sids;
    apr_status_t rv = twv_session_expired(store, p, sweep->context->now, SWEEP_MAX, &sids);
    int i;

    sweep->closed = 0;
    for (i = 0; rv == APR_SUCCESS && i < sids->nelts; i++) {
        int closed;

        rv = twv_session_expire(store, p, APR_ARRAY_IDX(sids, i, const char *), sweep->context->now,
                                &closed);
        sweep->closed += closed;
    }
    return rv;
}

static int may_be_held(const twv_error_t *error)
{
    switch (error->code) {
    case TWV_ERROR_NO_UNUSED_PROXY:
    case TWV_ERROR_PROXY_IN_USE:
    case TWV_ERROR_PARTICIPANT_CONFLICT:
    case TWV_ERROR_NUMBER_IN_USE:
    case TWV_ERROR_PARAMETER: /* a PIN that is taken */
        return 1;
    default:
        return 0;
    }
}

const twv_error_t *twv_transact_past_expired(const twv_context_t *context, twv_store_work_fn *work,
                                             void *baton, const twv_error_t *const *error)
{
    const twv_error_t *first = twv_transact(context, work, baton, error);
    const twv_error_t *none = NULL;
    sweep_t sweep = {.context = context};

    if (!first || !may_be_held(first) || twv_transact(context, sweep_work, &sweep, &none) ||
        sweep.closed == 0) {
        return first;
    }
    return twv_transact(context, work, baton, error);
}
