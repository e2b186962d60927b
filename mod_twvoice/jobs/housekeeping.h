/* The recurring job of each account: what nobody asks for but time brings. */
#ifndef TWV_JOBS_HOUSEKEEPING_H
#define TWV_JOBS_HOUSEKEEPING_H

#include "calls/context.h"

#define TWV_JOB_HOUSEKEEPING "housekeeping"

/** Make sure that the account's job exists. @return APR_SUCCESS when it does */
apr_status_t twv_housekeeping_plan(const twv_context_t *context);

#endif
