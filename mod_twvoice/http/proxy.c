/*
 * The handler "twvoice-proxy": where the API is mounted, who may use it from a browser, which
 * function answers. Constant tables; everything else lives in the request's pool.
 */
#include "http/proxy.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "http_config.h"
#include "http_protocol.h"
#include "http_request.h"

#include "calls/parameters.h"
#include "config/config.h"
#include "config/log.h"
#include "http/database_link.h"
#include "http/proxy_routes.h"
#include "http/reply.h"
#include "http/request.h"
#include "twilio/utf8.h"

/* Largest body; the longest useful one, a service with three URLs, has 40 KiB. */
#define BODY_MAX 65536

const twv_error_t *twv_proxy_not_found(const twv_proxy_t *proxy)
{
    return twv_error(proxy->r->pool, TWV_ERROR_NOT_FOUND, "The requested resource %s was not found",
                     twv_shown(proxy->r->pool, proxy->path));
}

int twv_proxy_refuse(const twv_proxy_t *proxy, const twv_error_t *error)
{
    /* Without the message, which may hold a telephone number. */
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, proxy->r,
                  TWV_LOG("TWV0501") "%s %s refused: %d, code %d %s", proxy->r->method, proxy->path,
                  error->status, error->code, twv_error_title(error->code));
    return twv_reply_error(proxy->r, error);
}

/*
 * The path of the API within the URL: what follows the first "/v1" that stands before one of its
 * lists. @return NULL when there is none
 */
static const char *find_api(const char *uri)
{
    static const char version[] = "/v1";
    const char *at = uri;

    while ((at = strstr(at, version)) != NULL) {
        const char *path = at + sizeof(version) - 1;

        if (strncmp(path, "/Services", 9) == 0 || strncmp(path, "/Calls", 6) == 0) {
            return path;
        }
        at = path;
    }
    return NULL;
}

static void fill(twv_proxy_t *proxy, request_rec *r)
{
    const char *path = find_api(r->uri);
    const char *mount;

    memset(proxy, 0, sizeof(*proxy));
    proxy->r = r;
    proxy->context.p = r->pool;
    proxy->context.policy = twv_config_policy(r->server);
    proxy->context.database = twv_database_of(r->server);
    proxy->context.now = apr_time_now() / 1000;
    proxy->path = path ? path : r->uri;
    mount = path ? apr_pstrmemdup(r->pool, r->uri, (apr_size_t)(path - r->uri)) : "";
    proxy->base = apr_pstrcat(r->pool, twv_request_public_base(r),
                              ap_os_escape_path(r->pool, mount, 1), NULL);
}

/* Whether two origins (scheme, host, port) are the same. */
static int is_same_origin(apr_pool_t *p, const char *origin, const char *base)
{
    apr_uri_t a, b;

    if (apr_uri_parse(p, origin, &a) != APR_SUCCESS || !a.scheme || !a.hostname ||
        apr_uri_parse(p, base, &b) != APR_SUCCESS || !b.scheme || !b.hostname) {
        return 0;
    }
    return strcasecmp(a.scheme, b.scheme) == 0 && strcasecmp(a.hostname, b.hostname) == 0 &&
           (a.port ? a.port : apr_uri_port_of_scheme(a.scheme)) ==
               (b.port ? b.port : apr_uri_port_of_scheme(b.scheme));
}

/*
 * A browser sends the password that it knows with requests of any page: only pages of this server
 * may change something. Programs send neither header.
 */
static const twv_error_t *check_browser(request_rec *r)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");

    if (r->method_number == M_GET || r->method_number == M_OPTIONS) {
        return NULL;
    }
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return twv_error(r->pool, TWV_ERROR_FORBIDDEN,
                         "This request comes from a page of another site (Sec-Fetch-Site: %s).",
                         twv_shown(r->pool, site));
    }
    if (origin && !is_same_origin(r->pool, origin, twv_request_public_base(r))) {
        return twv_error(r->pool, TWV_ERROR_FORBIDDEN,
                         "This request comes from a page of another origin, %s; allowed is %s.",
                         twv_shown(r->pool, origin), twv_request_public_base(r));
    }
    return NULL;
}

static const twv_error_t *no_account(request_rec *r)
{
    return twv_error(r->pool, TWV_ERROR_UNAVAILABLE,
                     "This virtual host has no account (TwVoiceAccountSid).");
}

/* An error of the request itself, with the status that reading it gave. */
static const twv_error_t *request_error(request_rec *r, const twv_request_t *request)
{
    const char *problem = request->problem ? request->problem : "The request cannot be read.";
    twv_error_t *error;

    if (request->status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return twv_error(r->pool, TWV_ERROR_TOO_LARGE, "%s", problem);
    }
    if (request->status == HTTP_UNSUPPORTED_MEDIA_TYPE) {
        return twv_error(r->pool, TWV_ERROR_MEDIA_TYPE, "%s", problem);
    }
    error = apr_pmemdup(r->pool, twv_error(r->pool, TWV_ERROR_PARAMETER, "%s", problem),
                        sizeof(*error));
    error->status = request->status;
    return error;
}

/* Read the parameters of a POST from its body, of other requests from the query. */
static const twv_error_t *read_form(twv_proxy_t *proxy, const twv_request_t *request)
{
    request_rec *r = proxy->r;

    if (request->status) {
        return request_error(r, request);
    }
    proxy->form = request->form;
    if (r->method_number == M_POST && !request->is_form) {
        if (request->length > 0) {
            const char *type = apr_table_get(r->headers_in, "Content-Type");

            return twv_error(r->pool, TWV_ERROR_MEDIA_TYPE,
                             "Content-Type '%s' is not supported; allowed is "
                             "application/x-www-form-urlencoded.",
                             type ? twv_shown(r->pool, type) : "");
        }
        proxy->form = twv_form_create(r->pool);
    }
    return NULL;
}

static int answer_options(request_rec *r, const char *allow)
{
    apr_table_setn(r->headers_out, "Allow", allow);
    return twv_reply_nothing(r);
}

static int answer_wrong_method(const twv_proxy_t *proxy, const char *allow)
{
    request_rec *r = proxy->r;

    apr_table_setn(r->headers_out, "Allow", allow);
    return twv_proxy_refuse(proxy, twv_error(r->pool, TWV_ERROR_METHOD,
                                             "Method %s is not allowed here. Allowed: %s.",
                                             twv_shown(r->pool, r->method), allow));
}

/* What is not can be nobody's name, and the database does not take it. */
static int is_utf8(const char *text)
{
    apr_size_t length = strlen(text);

    return twv_utf8_invalid_at(text, length) == length;
}

/* The configuration decides who may use the API; forgetting to ask anybody who he is must not open
 * it to all. */
static const twv_error_t *check_user(request_rec *r)
{
    if (r->user || twv_config_accepts_unsigned(r)) {
        return NULL;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  TWV_LOG("TWV0502") "nobody was asked for credentials at %s: add AuthType Basic, "
                                     "AuthBasicProvider twvoice and Require valid-user to its "
                                     "Location, or TwVoiceUnsigned on to serve everybody",
                  r->uri);
    return twv_error(r->pool, TWV_ERROR_FORBIDDEN,
                     "This server does not ask for credentials here, so it does not answer. Its "
                     "operator finds the reason in the error log");
}

static int handle(request_rec *r)
{
    const twv_request_t *request;
    const twv_error_t *error;
    twv_proxy_t proxy;
    twv_route_match_t match;

    if (!r->handler || strcmp(r->handler, "twvoice-proxy") != 0) {
        return DECLINED;
    }
    fill(&proxy, r);
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    if (!find_api(r->uri) || !is_utf8(r->uri) || !twv_proxy_route(&proxy, &match)) {
        return twv_proxy_refuse(&proxy, twv_proxy_not_found(&proxy));
    }
    if (r->method_number == M_OPTIONS) {
        return answer_options(r, match.allow);
    }
    if (!match.endpoint) {
        return answer_wrong_method(&proxy, match.allow);
    }
    error = proxy.context.policy->account_sid ? check_user(r) : no_account(r);
    if (!error) {
        error = check_browser(r);
    }
    if (error) {
        return twv_proxy_refuse(&proxy, error);
    }
    request = twv_request_read(r, BODY_MAX);
    if (request->status == AP_FILTER_ERROR) {
        return AP_FILTER_ERROR;
    }
    error = read_form(&proxy, request);
    if (error) {
        if (error->status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
            r->connection->keepalive = AP_CONN_CLOSE;
        }
        return twv_proxy_refuse(&proxy, error);
    }
    return match.endpoint(&proxy);
}

void twv_proxy_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}
