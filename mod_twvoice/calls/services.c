/*
 * Services: creating, changing, deleting (twilio.com/docs/proxy/api/service). Everything lives in
 * the context's pool and belongs to its thread.
 */
#include "calls/services.h"

#include <string.h>

#include <apr_uri.h>

#include "calls/parameters.h"
#include "calls/sessions.h"
#include "calls/transaction.h"
#include "twilio/sid.h"

typedef struct {
    const twv_context_t *context;
    const char *sid;
    const twv_service_draft_t *draft;
    twv_service_t *service;
    const twv_error_t *error;
} service_work_t;

static int port_of(const apr_uri_t *uri)
{
    return uri->port ? uri->port : apr_uri_port_of_scheme(uri->scheme);
}

/* A callback to ourselves would go round in circles. */
static int is_own_webhook(apr_pool_t *p, const twv_policy_t *policy, const char *url)
{
    apr_uri_t own, other;
    apr_size_t length;

    if (!policy->public_url || !policy->webhook_path ||
        apr_uri_parse(p, policy->public_url, &own) != APR_SUCCESS || !own.hostname ||
        apr_uri_parse(p, url, &other) != APR_SUCCESS || !other.hostname || !other.path) {
        return 0;
    }
    length = strlen(policy->webhook_path);
    return strcasecmp(own.hostname, other.hostname) == 0 && port_of(&own) == port_of(&other) &&
           strncmp(other.path, policy->webhook_path, length) == 0 &&
           (other.path[length] == '\0' || other.path[length] == '/');
}

static void check_callback(twv_checks_t *checks, const twv_policy_t *policy, const char *field,
                           const char *url)
{
    twv_check_url(checks, field, url);
    if (!checks->error && url && *url && is_own_webhook(checks->p, policy, url)) {
        twv_checks_fail(checks, field, "'%s' is a webhook of this server itself.",
                        twv_shown(checks->p, url));
    }
}

static const twv_error_t *check_draft(const twv_context_t *context,
                                      const twv_service_draft_t *draft, int is_new)
{
    static const char *const levels[] = {"area-code",          "overlay", "radius", "country",
                                         "extended-area-code", NULL};
    static const char *const behaviors[] = {"prefer-sticky", "avoid-sticky", NULL};
    twv_checks_t checks = twv_checks_begin(context->p, "");

    if (is_new ? !draft->unique_name || !*draft->unique_name
               : draft->unique_name && !*draft->unique_name) {
        twv_checks_fail(&checks, "UniqueName", "It is required.");
    }
    twv_check_text(&checks, "UniqueName", draft->unique_name, TWV_UNIQUE_NAME_MAX);
    if (twv_sid_is(draft->unique_name, "KS")) {
        twv_checks_fail(&checks, "UniqueName", "'%s' has the form of a SID.", draft->unique_name);
    }
    check_callback(&checks, context->policy, "CallbackUrl", draft->callback_url);
    check_callback(&checks, context->policy, "InterceptCallbackUrl", draft->intercept_callback_url);
    check_callback(&checks, context->policy, "OutOfSessionCallbackUrl",
                   draft->out_of_session_callback_url);
    twv_check_word(&checks, "GeoMatchLevel", draft->geo_match_level, levels);
    twv_check_word(&checks, "NumberSelectionBehavior", draft->number_selection_behavior, behaviors);
    twv_check_sid(&checks, "ChatInstanceSid", draft->chat_instance_sid, "IS");
    return checks.error;
}

/* Take over a text that is given; an empty one clears the field. */
static void take_text(const char **field, const char *given, const char *cleared)
{
    if (given) {
        *field = *given ? given : cleared;
    }
}

static void apply(twv_service_t *service, const twv_service_draft_t *draft)
{
    take_text(&service->unique_name, draft->unique_name, NULL);
    take_text(&service->chat_instance_sid, draft->chat_instance_sid, NULL);
    take_text(&service->callback_url, draft->callback_url, NULL);
    take_text(&service->intercept_callback_url, draft->intercept_callback_url, NULL);
    take_text(&service->out_of_session_callback_url, draft->out_of_session_callback_url, NULL);
    take_text(&service->geo_match_level, draft->geo_match_level, "country");
    take_text(&service->number_selection_behavior, draft->number_selection_behavior,
              "prefer-sticky");
    if (draft->default_ttl >= 0) {
        service->default_ttl = draft->default_ttl;
    }
}

static apr_status_t refuse(service_work_t *work, const twv_error_t *error)
{
    work->error = error;
    return TWV_STORE_REFUSED;
}

static apr_status_t not_found(service_work_t *work, apr_pool_t *p)
{
    return refuse(work, twv_error(p, TWV_ERROR_NOT_FOUND,
                                  "The requested resource /Services/%s was not found", work->sid));
}

static apr_status_t name_taken(service_work_t *work, apr_pool_t *p)
{
    return refuse(work, twv_error(p, TWV_ERROR_SERVICE_NAME_TAKEN,
                                  "Service UniqueName must be unique: '%s' is taken.",
                                  work->service->unique_name));
}

static apr_status_t create_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    service_work_t *work = baton;
    twv_service_t *service = apr_pcalloc(p, sizeof(*service));
    int taken = 0;
    apr_status_t rv;

    work->error = NULL;
    work->service = service;
    service->sid = twv_sid_create(p, "KS", work->context->now * 1000);
    service->account_sid = work->context->policy->account_sid;
    service->geo_match_level = "country";
    service->number_selection_behavior = "prefer-sticky";
    service->date_created = work->context->now;
    service->date_updated = work->context->now;
    apply(service, work->draft);
    rv = twv_service_insert(store, service, &taken);
    return rv == APR_SUCCESS && taken ? name_taken(work, p) : rv;
}

const twv_error_t *twv_services_create(const twv_context_t *context,
                                       const twv_service_draft_t *draft, twv_service_t **service)
{
    service_work_t work = {.context = context, .draft = draft};
    const twv_error_t *error = check_draft(context, draft, 1);

    if (!error) {
        error = twv_transact(context, create_work, &work, &work.error);
    }
    *service = error ? NULL : work.service;
    return error;
}

static apr_status_t update_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    service_work_t *work = baton;
    int taken = 0;
    apr_status_t rv;

    work->error = NULL;
    rv = twv_service_lock(store, p, work->context->policy->account_sid, work->sid, &work->service);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!work->service) {
        return not_found(work, p);
    }
    apply(work->service, work->draft);
    work->service->date_updated = work->context->now;
    rv = twv_service_update(store, work->service, &taken);
    return rv == APR_SUCCESS && taken ? name_taken(work, p) : rv;
}

const twv_error_t *twv_services_update(const twv_context_t *context, const char *sid,
                                       const twv_service_draft_t *draft, twv_service_t **service)
{
    service_work_t work = {.context = context, .sid = sid, .draft = draft};
    const twv_error_t *error = check_draft(context, draft, 0);

    if (!error) {
        error = twv_transact(context, update_work, &work, &work.error);
    }
    *service = error ? NULL : work.service;
    return error;
}

static apr_status_t delete_work(twv_store_t *store, apr_pool_t *p, void *baton)
{
    service_work_t *work = baton;
    int found = 0;
    apr_status_t rv;

    work->error = NULL;
    rv = twv_service_delete(store, work->context->policy->account_sid, work->sid, &found);
    return rv == APR_SUCCESS && !found ? not_found(work, p) : rv;
}

const twv_error_t *twv_services_delete(const twv_context_t *context, const char *sid)
{
    service_work_t work = {.context = context, .sid = sid};

    return twv_transact(context, delete_work, &work, &work.error);
}
