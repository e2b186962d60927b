/* Proxy numbers of services: rows of twv_number. Results live in the pool that is passed. */
#ifndef TWV_STORE_NUMBER_H
#define TWV_STORE_NUMBER_H

#include "store/database.h"

typedef struct {
    const char *sid; /* PN... */
    const char *account_sid;
    const char *service_sid;
    const char *phone_number;
    apr_int64_t is_reserved;
    apr_int64_t in_use; /* active sessions that use it */
    twv_ms_t date_created;
    twv_ms_t date_updated;
} twv_number_t;

/** @param taken set when the number is in a service already; nothing was written then */
apr_status_t twv_number_insert(twv_store_t *store, const twv_number_t *number, int *taken);

apr_status_t twv_number_find(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                             const char *sid, twv_number_t **number);

/** The same by E.164 number, in whichever service of the account it is. */
apr_status_t twv_number_find_by_phone(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                      const char *phone_number, twv_number_t **number);

apr_status_t twv_number_set_reserved(twv_store_t *store, const char *service_sid, const char *sid,
                                     int is_reserved, twv_ms_t now, int *found);

apr_status_t twv_number_delete(twv_store_t *store, const char *service_sid, const char *sid,
                               int *found);

/** By SID, ascending; @param after as for services. Array of twv_number_t * */
apr_status_t twv_number_list(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                             const char *after, int limit, apr_array_header_t **numbers);

/** Reserved and unreserved numbers of a service. */
apr_status_t twv_number_count(twv_store_t *store, apr_pool_t *p, const char *service_sid,
                              apr_int64_t *reserved, apr_int64_t *unreserved);

#endif
