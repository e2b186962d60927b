/*
 * Counting how many active sessions use a proxy number (twv_number.in_use): only files of this
 * floor include this. Two participants of one session on one number count once. The session is
 * locked by the caller's transaction.
 */
#ifndef TWV_STORE_NUMBER_USE_H
#define TWV_STORE_NUMBER_USE_H

#include "store/database.h"

/** After a participant became active or inactive: @a difference is 1 or -1. */
apr_status_t twv_number_count_participant(twv_store_t *store, const char *account_sid,
                                          const char *session_sid, const char *participant_sid,
                                          const char *proxy_identifier, apr_int64_t difference);

/** For all of a session's participants, while they are active: @a difference is 1 or -1. */
apr_status_t twv_number_count_session(twv_store_t *store, const char *account_sid,
                                      const char *session_sid, apr_int64_t difference);

/** Before a service with its sessions goes away, for numbers of other services that they use. */
apr_status_t twv_number_release_service(twv_store_t *store, const char *account_sid,
                                        const char *service_sid);

#endif
