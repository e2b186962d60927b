/* What can be said of a session's draft without the database. For sessions.c. */
#ifndef TWV_CALLS_SESSION_DRAFT_H
#define TWV_CALLS_SESSION_DRAFT_H

#include "calls/sessions.h"

/** The first thing that is wrong, or NULL. Its participants are not looked at. */
const twv_error_t *twv_session_draft_check(const twv_context_t *context,
                                           const twv_session_draft_t *draft);

/** A PIN of @a length digits from the system's random source; NULL when that fails. */
const char *twv_random_pin(apr_pool_t *p, int length);

#endif
