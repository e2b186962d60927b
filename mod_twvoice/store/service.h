/* Services: rows of twv_service. Structures and strings live in the pool that is passed. */
#ifndef TWV_STORE_SERVICE_H
#define TWV_STORE_SERVICE_H

#include "store/database.h"

typedef struct {
    const char *sid;
    const char *account_sid;
    const char *unique_name;
    const char *chat_instance_sid;
    const char *callback_url;
    const char *intercept_callback_url;
    const char *out_of_session_callback_url;
    const char *geo_match_level;
    const char *number_selection_behavior;
    apr_int64_t default_ttl; /* seconds, 0 = sessions do not expire */
    twv_ms_t date_created;
    twv_ms_t date_updated;
} twv_service_t;

/** @param taken set when the unique name is taken in this account; nothing was written then */
apr_status_t twv_service_insert(twv_store_t *store, const twv_service_t *service, int *taken);

/** Write every field of an existing service but its creation. @param taken as above */
apr_status_t twv_service_update(twv_store_t *store, const twv_service_t *service, int *taken);

/** By SID or unique name within an account. @param service set to NULL when there is none */
apr_status_t twv_service_find(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              const char *sid_or_name, twv_service_t **service);

/** By SID, and keep others from changing it until the end of the transaction. */
apr_status_t twv_service_lock(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              const char *sid, twv_service_t **service);

/** Deletes its numbers, sessions, participants and interactions too. @param found whether it was */
apr_status_t twv_service_delete(twv_store_t *store, const char *account_sid, const char *sid,
                                int *found);

/**
 * Newest first.
 * @param after SID of the last row of the previous page, NULL for the first page
 * @param services set to an array of twv_service_t *
 */
apr_status_t twv_service_list(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              const char *after, int limit, apr_array_header_t **services);

#endif
