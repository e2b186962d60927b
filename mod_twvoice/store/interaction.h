/* Interactions: rows of twv_interaction. Results live in the pool that is passed. */
#ifndef TWV_STORE_INTERACTION_H
#define TWV_STORE_INTERACTION_H

#include "store/database.h"

typedef struct {
    const char *sid;
    const char *account_sid;
    const char *service_sid;
    const char *session_sid;
    const char *type; /* voice, message */
    const char *data; /* JSON text or NULL */
    const char *inbound_participant_sid;
    const char *inbound_resource_sid; /* CA... or SM... */
    const char *inbound_resource_status;
    const char *outbound_participant_sid;
    const char *outbound_resource_sid;
    const char *outbound_resource_status;
    twv_ms_t date_created;
    twv_ms_t date_updated;
} twv_interaction_t;

/** @param exists set when there is one with this SID; nothing was written then */
apr_status_t twv_interaction_insert(twv_store_t *store, const twv_interaction_t *interaction,
                                    int *exists);

/** @param session_sid NULL: in whichever session */
apr_status_t twv_interaction_find(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *sid, twv_interaction_t **interaction);

/** The interaction whose inbound side is this message, or NULL. */
apr_status_t twv_interaction_find_by_message(twv_store_t *store, apr_pool_t *p,
                                             const char *account_sid, const char *resource_sid,
                                             twv_interaction_t **interaction);

/** By SID; keeps others from changing it until the end of the transaction. */
apr_status_t twv_interaction_lock(twv_store_t *store, apr_pool_t *p, const char *sid,
                                  twv_interaction_t **interaction);

/** Write data, both resources and statuses, date_updated. */
apr_status_t twv_interaction_update(twv_store_t *store, const twv_interaction_t *interaction);

apr_status_t twv_interaction_delete(twv_store_t *store, const char *session_sid, const char *sid,
                                    int *found);

/** Newest first. @param outbound_participant_sid NULL, or only messages sent to this participant
 *  through the API (those without an inbound side). Array of twv_interaction_t * */
apr_status_t twv_interaction_list(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *outbound_participant_sid, const char *after,
                                  int limit, apr_array_header_t **interactions);

#endif
