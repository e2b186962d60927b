/*
 * The URL of a request as Twilio and other clients see it, which need not be what this server sees:
 * there may be a TLS terminator, a proxy or a rewriting rule in between. Reentrant.
 */
#include "http/public_url.h"

#include <string.h>

#include "apr_strings.h"

#include "http_core.h"
#include "http_protocol.h"

#include "config/config.h"
#include "http/request.h"

/* RFC 9112 3.2: origin form, or absolute form as clients send it to proxies. */
const char *twv_public_target(const request_rec *initial)
{
    const char *target = initial->unparsed_uri ? initial->unparsed_uri : "/";
    const char *authority;

    if (*target == '/') {
        return target;
    }
    authority = strstr(target, "://");
    if (!authority) {
        return target;
    }
    target = authority + 3 + strcspn(authority + 3, "/?");
    return *target == '/' ? target : apr_pstrcat(initial->pool, "/", target, NULL);
}

const char *twv_public_query(const request_rec *initial)
{
    const char *question_mark = strchr(twv_public_target(initial), '?');

    return question_mark ? question_mark + 1 : "";
}

static const char *join_host(request_rec *r, const char *name, apr_port_t port)
{
    const char *open = strchr(name, ':') ? "[" : "";
    const char *close = *open ? "]" : "";

    return port ? apr_psprintf(r->pool, "%s%s%s:%u", open, name, close, port)
                : apr_pstrcat(r->pool, open, name, close, NULL);
}

/* The port is left out unless the client named it: that is the URL it was given. */
const char *twv_public_host(request_rec *initial)
{
    apr_port_t port;

    if (initial->hostname) {
        port = initial->parsed_uri.port_str ? initial->parsed_uri.port : 0;
        return join_host(initial, initial->hostname, port);
    }
    port = ap_get_server_port(initial);
    return join_host(initial, ap_get_server_name(initial),
                     ap_is_default_port(port, initial) ? 0 : port);
}

const char *twv_request_public_base(request_rec *r)
{
    const char *configured = twv_config_policy(r->server)->public_url;
    request_rec *initial;

    if (configured) {
        return configured;
    }
    initial = twv_request_of(r)->initial;
    return apr_pstrcat(r->pool, ap_http_scheme(initial), "://", twv_public_host(initial), NULL);
}
