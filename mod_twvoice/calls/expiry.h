/*
 * Sessions whose time is over, but that the housekeeping has not closed yet: they must not stand in
 * the way of new ones.
 */
#ifndef TWV_CALLS_EXPIRY_H
#define TWV_CALLS_EXPIRY_H

#include "calls/transaction.h"

/**
 * Like twv_transact(). When the work is refused because of something that an active session holds
 * (a pair, a number, a PIN), sessions whose time is over are closed and the work is done again.
 */
const twv_error_t *twv_transact_past_expired(const twv_context_t *context, twv_store_work_fn *work,
                                             void *baton, const twv_error_t *const *error);

#endif
