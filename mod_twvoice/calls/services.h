/*
 * The rules of services: names, URLs, words. Each function that takes a context is one
 * transaction; results live in the context's pool.
 */
#ifndef TWV_CALLS_SERVICES_H
#define TWV_CALLS_SERVICES_H

#include "calls/context.h"
#include "store/service.h"

/** A service to be, or changes to one. NULL text and negative numbers = not given; an empty text
 *  clears the field. */
typedef struct {
    const char *unique_name;
    const char *chat_instance_sid;
    const char *callback_url;
    const char *intercept_callback_url;
    const char *out_of_session_callback_url;
    const char *geo_match_level;
    const char *number_selection_behavior;
    apr_int64_t default_ttl; /* 0 .. TWV_TTL_MAX, checked by who reads it */
} twv_service_draft_t;

const twv_error_t *twv_services_create(const twv_context_t *context,
                                       const twv_service_draft_t *draft, twv_service_t **service);

const twv_error_t *twv_services_update(const twv_context_t *context, const char *sid,
                                       const twv_service_draft_t *draft, twv_service_t **service);

/** With everything that belongs to it. */
const twv_error_t *twv_services_delete(const twv_context_t *context, const char *sid);

#endif
