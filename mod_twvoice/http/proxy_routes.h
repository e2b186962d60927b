/* Paths and methods of the API. Constant tables; any thread. */
#ifndef TWV_HTTP_PROXY_ROUTES_H
#define TWV_HTTP_PROXY_ROUTES_H

#include "http/proxy.h"

typedef struct {
    twv_proxy_endpoint_fn *endpoint; /* NULL: the path is there, the method is not */
    const char *allow;               /* methods of the path, as in the header Allow */
} twv_route_match_t;

/** Find who answers the request; fills proxy->ids. @return 0 when there is no such path */
int twv_proxy_route(twv_proxy_t *proxy, twv_route_match_t *match);

#endif
