/*
 * Units of work: from the store's statuses to Twilio's errors. Keeps nothing; errors live in the
 * context's pool.
 */
#include "calls/transaction.h"

static const twv_error_t *outcome(const twv_context_t *context, apr_status_t rv,
                                  const twv_error_t *const *error)
{
    if (rv == APR_SUCCESS) {
        return NULL;
    }
    if (rv == TWV_STORE_REFUSED && *error) {
        return *error;
    }
    return twv_error(context->p, TWV_ERROR_UNAVAILABLE,
                     "The database of this server cannot be used now; nothing was changed. Try "
                     "again later.");
}

const twv_error_t *twv_transact(const twv_context_t *context, twv_store_work_fn *work, void *baton,
                                const twv_error_t *const *error)
{
    return outcome(context,
                   context->database
                       ? twv_database_write(context->database, context->p, work, baton)
                       : TWV_STORE_DOWN,
                   error);
}

const twv_error_t *twv_consult(const twv_context_t *context, twv_store_work_fn *work, void *baton,
                               const twv_error_t *const *error)
{
    return outcome(context,
                   context->database ? twv_database_read(context->database, context->p, work, baton)
                                     : TWV_STORE_DOWN,
                   error);
}
