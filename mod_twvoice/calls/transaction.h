/*
 * Units of work as the decisions of this floor do them: the store's statuses become Twilio's
 * errors. Belongs to the thread of its context.
 */
#ifndef TWV_CALLS_TRANSACTION_H
#define TWV_CALLS_TRANSACTION_H

#include "calls/context.h"

/**
 * Do work in one transaction.
 * @param error where the work puts the error with which it returns TWV_STORE_REFUSED
 * @return NULL, that error, or TWV_ERROR_UNAVAILABLE when the database cannot be used
 */
const twv_error_t *twv_transact(const twv_context_t *context, twv_store_work_fn *work, void *baton,
                                const twv_error_t *const *error);

/** The same for work that only reads. */
const twv_error_t *twv_consult(const twv_context_t *context, twv_store_work_fn *work, void *baton,
                               const twv_error_t *const *error);

#endif
