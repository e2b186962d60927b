/*
 * Paths and methods of the API. The table is constant; results live in the request's pool.
 */
#include "http/proxy_routes.h"

#include <string.h>

#include <apr_strings.h>

#include "twilio/sid.h"

#define SEGMENTS_MAX 8

typedef struct {
    int method;
    const char *path; /* {KS} is a SID with that prefix, {KS|} such a SID or a unique name */
    twv_proxy_endpoint_fn *endpoint;
} route_t;

#define SERVICE "Services/{KS}"
#define SESSION SERVICE "/Sessions/{KC}"
#define PARTICIPANT SESSION "/Participants/{KP}"

/* Unique names may stand for SIDs in reads only (twilio.com/docs/proxy/api). */
static const route_t routes[] = {
    {M_GET, "Services", twv_proxy_list_services},
    {M_POST, "Services", twv_proxy_create_service},
    {M_POST, SERVICE, twv_proxy_update_service},
    {M_DELETE, SERVICE, twv_proxy_delete_service},
    {M_GET, "Services/{KS|}", twv_proxy_fetch_service},
    {M_GET, SERVICE "/Sessions", twv_proxy_list_sessions},
    {M_POST, SERVICE "/Sessions", twv_proxy_create_session},
    {M_POST, SESSION, twv_proxy_update_session},
    {M_DELETE, SESSION, twv_proxy_delete_session},
    {M_GET, SERVICE "/Sessions/{KC|}", twv_proxy_fetch_session},
    {M_GET, SESSION "/Participants", twv_proxy_list_participants},
    {M_POST, SESSION "/Participants", twv_proxy_create_participant},
    {M_GET, PARTICIPANT, twv_proxy_fetch_participant},
    {M_DELETE, PARTICIPANT, twv_proxy_delete_participant},
    {M_GET, PARTICIPANT "/MessageInteractions", twv_proxy_list_messages},
    {M_POST, PARTICIPANT "/MessageInteractions", twv_proxy_create_message},
    {M_GET, PARTICIPANT "/MessageInteractions/{KI}", twv_proxy_fetch_message},
    {M_GET, SESSION "/Interactions", twv_proxy_list_interactions},
    {M_GET, SESSION "/Interactions/{KI}", twv_proxy_fetch_interaction},
    {M_DELETE, SESSION "/Interactions/{KI}", twv_proxy_delete_interaction},
    {M_GET, SESSION "/Calls", twv_proxy_list_session_calls},
    {M_GET, SESSION "/Calls.csv", twv_proxy_export_session_calls},
    {M_GET, SERVICE "/PhoneNumbers", twv_proxy_list_numbers},
    {M_POST, SERVICE "/PhoneNumbers", twv_proxy_add_number},
    {M_GET, SERVICE "/PhoneNumbers/{PN}", twv_proxy_fetch_number},
    {M_POST, SERVICE "/PhoneNumbers/{PN}", twv_proxy_update_number},
    {M_DELETE, SERVICE "/PhoneNumbers/{PN}", twv_proxy_remove_number},
    {M_GET, "Calls", twv_proxy_list_calls},
    {M_GET, "Calls.csv", twv_proxy_export_calls},
    {M_GET, "Calls/{CA}", twv_proxy_fetch_call},
    {M_GET, "Calls/{CA}/Events", twv_proxy_list_events},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(*routes))

/* @return the number of segments, 0 when there are none, too many, or an empty one */
static int split(apr_pool_t *p, const char *path, char *segments[SEGMENTS_MAX])
{
    char *at = apr_pstrdup(p, path);
    int count = 0;

    while (at && *at == '/') {
        char *segment = at + 1;

        if (*segment == '\0' || *segment == '/' || count == SEGMENTS_MAX) {
            return 0;
        }
        *at = '\0'; /* ends the segment before */
        segments[count++] = segment;
        at = strchr(segment, '/');
    }
    return count;
}

/* Whether a segment is what this part of a route says. @param length of the part */
static int segment_matches(const char *part, apr_size_t length, const char *segment)
{
    char prefix[3];

    if (*part != '{') {
        return strlen(segment) == length && strncmp(part, segment, length) == 0;
    }
    memcpy(prefix, part + 1, 2);
    prefix[2] = '\0';
    return part[3] == '|' || twv_sid_is(segment, prefix);
}

/* Whether the route's path is this one; puts its variable parts into @a ids. */
static int path_matches(const char *route, char *const segments[], int count,
                        const char *ids[TWV_PROXY_IDS])
{
    int id = 0;
    int i;

    for (i = 0; i < count; i++) {
        apr_size_t length = strcspn(route, "/");

        if (length == 0 || !segment_matches(route, length, segments[i])) {
            return 0;
        }
        if (*route == '{') {
            ids[id++] = segments[i];
        }
        route += length;
        route += *route == '/';
    }
    return *route == '\0';
}

static const char *describe(apr_pool_t *p, apr_int64_t methods)
{
    const char *get = methods & (AP_METHOD_BIT << M_GET) ? "GET, HEAD, " : "";
    const char *post = methods & (AP_METHOD_BIT << M_POST) ? "POST, " : "";
    const char *delete = methods & (AP_METHOD_BIT << M_DELETE) ? "DELETE, " : "";

    return apr_pstrcat(p, get, post, delete, "OPTIONS", NULL);
}

int twv_proxy_route(twv_proxy_t *proxy, twv_route_match_t *match)
{
    char *segments[SEGMENTS_MAX];
    const char *ids[TWV_PROXY_IDS] = {NULL};
    int count = split(proxy->r->pool, proxy->path, segments);
    apr_int64_t methods = 0;
    apr_size_t i;

    match->endpoint = NULL;
    for (i = 0; count > 0 && i < ROUTE_COUNT; i++) {
        if (!path_matches(routes[i].path, segments, count, ids)) {
            continue;
        }
        methods |= AP_METHOD_BIT << routes[i].method;
        if (routes[i].method == proxy->r->method_number) {
            match->endpoint = routes[i].endpoint;
            memcpy(proxy->ids, ids, sizeof(proxy->ids));
        }
    }
    match->allow = describe(proxy->r->pool, methods);
    return methods != 0;
}
