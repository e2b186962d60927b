/* Participants: rows of twv_participant. Results live in the pool that is passed. */
#ifndef TWV_STORE_PARTICIPANT_H
#define TWV_STORE_PARTICIPANT_H

#include "store/database.h"

typedef struct {
    const char *sid;
    const char *account_sid;
    const char *service_sid;
    const char *session_sid;
    const char *identifier;
    const char *friendly_name;
    const char *proxy_identifier;
    const char *proxy_identifier_sid;
    twv_ms_t date_deleted;
    twv_ms_t date_created;
    twv_ms_t date_updated;
} twv_participant_t;

/** Why an insert did not happen. */
typedef enum {
    TWV_PARTICIPANT_INSERTED,
    TWV_PARTICIPANT_DUPLICATE, /* the identifier is or was in this session */
    TWV_PARTICIPANT_CONFLICT   /* the pair is in another active session */
} twv_participant_insert_t;

/**
 * Add to an active session that this transaction has locked (twv_session_lock) or just inserted;
 * takes over the session's PIN and counts the use of the number.
 * @param exclusive refuse when (identifier, proxy_identifier) is in another active session, also
 *        against a request that runs at the same time
 */
apr_status_t twv_participant_insert(twv_store_t *store, apr_pool_t *p,
                                    const twv_participant_t *participant, const char *session_pin,
                                    int exclusive, twv_participant_insert_t *outcome);

/** Also one that was deleted (date_deleted set). NULL when there is none. */
apr_status_t twv_participant_find(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *sid, twv_participant_t **participant);

/** Those of a session, oldest first, not the deleted. Array of twv_participant_t * */
apr_status_t twv_participant_of_session(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                        apr_array_header_t **participants);

/** A page, newest first, not the deleted. */
apr_status_t twv_participant_list(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *after, int limit, apr_array_header_t **participants);

/** Soft delete: stops routing, releases the number. @param found 0 when none or deleted before */
apr_status_t twv_participant_delete(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                    const char *sid, twv_ms_t now, int *found);

/** Proxy numbers (const char *) that pair with this identifier in active sessions. */
apr_status_t twv_participant_paired_numbers(twv_store_t *store, apr_pool_t *p,
                                            const char *account_sid, const char *identifier,
                                            apr_array_header_t **numbers);

/** The number this identifier had last in this service (also in closed sessions), or NULL. */
apr_status_t twv_participant_last_number(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                                         const char *identifier, const char **number);

#endif
