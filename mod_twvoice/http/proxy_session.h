/*
 * What stands under a session's path needs that session, or one of its participants, to be there
 * and of this account. For use within units of work.
 */
#ifndef TWV_HTTP_PROXY_SESSION_H
#define TWV_HTTP_PROXY_SESSION_H

#include "http/proxy.h"
#include "store/participant.h"

/**
 * @return APR_SUCCESS, a database failure, or TWV_STORE_REFUSED with @a error set to 404 when the
 *         service and session in the path (ids 0 and 1) are not there
 */
apr_status_t twv_proxy_require_session(const twv_proxy_t *proxy, twv_store_t *store, apr_pool_t *p,
                                       const twv_error_t **error);

/** The same for the participant (id 2), also a deleted one. */
apr_status_t twv_proxy_require_participant(const twv_proxy_t *proxy, twv_store_t *store,
                                           apr_pool_t *p, twv_participant_t **participant,
                                           const twv_error_t **error);

#endif
