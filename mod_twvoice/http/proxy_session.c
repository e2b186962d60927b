/* What stands under a session's path. Results live in the pool of the unit of work. */
#include "http/proxy_session.h"

#include <string.h>

#include "store/session.h"

apr_status_t twv_proxy_require_session(const twv_proxy_t *proxy, twv_store_t *store, apr_pool_t *p,
                                       const twv_error_t **error)
{
    twv_session_t *session;
    apr_status_t rv = twv_session_find(store, p, proxy->ids[0], proxy->ids[1], &session);

    if (rv == APR_SUCCESS &&
        (!session || strcmp(session->account_sid, proxy->context.policy->account_sid) != 0)) {
        *error = twv_proxy_not_found(proxy);
        return TWV_STORE_REFUSED;
    }
    return rv;
}

apr_status_t twv_proxy_require_participant(const twv_proxy_t *proxy, twv_store_t *store,
                                           apr_pool_t *p, twv_participant_t **participant,
                                           const twv_error_t **error)
{
    apr_status_t rv = twv_participant_find(store, p, proxy->ids[1], proxy->ids[2], participant);

    if (rv == APR_SUCCESS &&
        (!*participant || strcmp((*participant)->service_sid, proxy->ids[0]) != 0 ||
         strcmp((*participant)->account_sid, proxy->context.policy->account_sid) != 0)) {
        *error = twv_proxy_not_found(proxy);
        return TWV_STORE_REFUSED;
    }
    return rv;
}
