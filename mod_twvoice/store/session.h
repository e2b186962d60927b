/*
 * Sessions: rows of twv_session. Structures and strings live in the pool that is passed.
 * "Active" is status open or in-progress; a session whose expires_at has passed but that nobody
 * closed yet is still active here, callers compare expires_at themselves.
 */
#ifndef TWV_STORE_SESSION_H
#define TWV_STORE_SESSION_H

#include "store/database.h"

typedef struct {
    const char *sid;
    const char *account_sid;
    const char *service_sid;
    const char *unique_name;
    const char *status;
    const char *closed_reason;
    const char *mode; /* message-only, voice-only, voice-and-message */
    apr_int64_t ttl;  /* seconds */
    twv_ms_t date_started;
    twv_ms_t date_ended;
    twv_ms_t date_last_interaction;
    twv_ms_t date_expiry; /* as given */
    twv_ms_t expires_at;  /* what date_expiry, ttl and the last interaction amount to; 0 = never */
    twv_ms_t date_created;
    twv_ms_t date_updated;
    const char *call_mode; /* dial */
    const char *pin;
    apr_int64_t call_time_limit; /* seconds, 0 = none */
    apr_int64_t ring_timeout;    /* seconds, 0 = Twilio's own */
    const char *language;        /* NULL = the server's */
} twv_session_t;

/** @param name_taken the unique name is taken in this service
 *  @param pin_taken another active session of the account has this PIN; nothing was written */
apr_status_t twv_session_insert(twv_store_t *store, const twv_session_t *session, int *name_taken,
                                int *pin_taken);

/**
 * Write every field that can change, and bring what depends on it in line: whether its
 * participants route calls, their PIN, and the use counters of the numbers.
 * @param session as it shall be; must have been locked by twv_session_lock() in this transaction
 * @param was the session as twv_session_lock() returned it
 * @param pin_taken as above
 * @param exclusive whether, when it becomes active again, its participants' pairs must be free of
 *        other active sessions: then @a conflict is set when one is not, and nothing was written
 */
apr_status_t twv_session_update(twv_store_t *store, apr_pool_t *p, const twv_session_t *session,
                                const twv_session_t *was, int exclusive, int *pin_taken,
                                int *conflict);

/** By SID or unique name within a service. @param session set to NULL when there is none */
apr_status_t twv_session_find(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              const char *sid_or_name, twv_session_t **session);

/** By SID; keeps others from changing it until the end of the transaction. */
apr_status_t twv_session_lock(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              const char *sid, twv_session_t **session);

/** With participants and interactions; releases the numbers. */
apr_status_t twv_session_delete(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                                const char *sid, int *found);

/** Newest first. Array of twv_session_t * */
apr_status_t twv_session_list(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              const char *after, int limit, apr_array_header_t **sessions);

/**
 * Note an interaction: in-progress, date_started once, date_last_interaction, expires_at.
 * Changes nothing when the session is not active any more (@a changed 0).
 */
apr_status_t twv_session_touch(twv_store_t *store, const char *sid, twv_ms_t now, int *changed);

/** SIDs (const char *) of active sessions whose time is over, oldest first. */
apr_status_t twv_session_expired(twv_store_t *store, apr_pool_t *p, twv_ms_t now, int limit,
                                 apr_array_header_t **sids);

/** Close one whose time is over (checked again): closed_reason is "date-expiry" or "ttl-expired",
 *  date_ended is when its time was over. */
apr_status_t twv_session_expire(twv_store_t *store, apr_pool_t *p, const char *sid, twv_ms_t now,
                                int *closed);

/** Delete sessions (with participants and interactions) closed before @a before. @param deleted
 * count */
apr_status_t twv_session_purge(twv_store_t *store, const char *account_sid, twv_ms_t before,
                               int limit, int *deleted);

#endif
