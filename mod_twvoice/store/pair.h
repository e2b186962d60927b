/*
 * Pairs of an identifier and a proxy number, which may have to be unique among the active sessions
 * of an account: only files of this floor include this. SQLite has one writer; on PostgreSQL
 * whoever makes a pair active holds the pair's advisory lock to the end of his transaction,
 * exclusive or not, so that each sees the other. Locks of several pairs may deadlock: the unit is
 * tried again.
 */
#ifndef TWV_STORE_PAIR_H
#define TWV_STORE_PAIR_H

#include "store/database.h"

/** "account|identifier|proxy identifier", as in twv_participant.exclusive_key. */
const char *twv_pair_key(apr_pool_t *p, const char *account_sid, const char *identifier,
                         const char *proxy_identifier);

/** Lock one pair. */
apr_status_t twv_pair_lock(twv_store_t *store, apr_pool_t *p, const char *key);

/** Lock the pairs of all participants of a session. */
apr_status_t twv_pair_lock_session(twv_store_t *store, apr_pool_t *p, const char *session_sid);

/** Whether a pair is active now. */
apr_status_t twv_pair_find_conflict(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                    const char *identifier, const char *proxy_identifier,
                                    int *conflict);

/** Whether a pair of this closed session is active in another one. */
apr_status_t twv_pair_find_session_conflict(twv_store_t *store, apr_pool_t *p,
                                            const char *session_sid, int *conflict);

#endif
