/*
 * Requests from us to the operator's program. No state; strings live in the pools that are passed.
 */
#include "calls/operator_callback.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "store/job.h"
#include "twilio/sid.h"
#include "twilio/signature.h"

/** Enough for a TwiML document, which Twilio limits to 64 kB (error 11750). */
#define MAX_RESPONSE 65536

/** What a job may wait; nobody is on the line. */
#define JOB_TIMEOUT_MS 10000

/** "voice" in REST is "Voice" in callbacks. */
static const char *type_of(const twv_interaction_t *interaction)
{
    return strcmp(interaction->type, "voice") == 0 ? "Voice" : "Message";
}

static const char *resource_type_of(const twv_interaction_t *interaction)
{
    return strcmp(interaction->type, "voice") == 0 ? "Call" : "Message";
}

static const char *resource_url(apr_pool_t *p, const twv_interaction_t *interaction,
                                const char *resource_sid)
{
    return apr_pstrcat(p, "https://api.twilio.com/2010-04-01/Accounts/", interaction->account_sid,
                       "/", resource_type_of(interaction), "s/", resource_sid, ".json", NULL);
}

/** One side of the interaction: @a side is "inbound" or "outbound". */
static void add_side(apr_pool_t *p, twv_form_t *form, const twv_interaction_t *interaction,
                     const char *side, const char *participant_sid, const char *resource_sid,
                     const char *status)
{
    if (!participant_sid && !resource_sid) {
        return;
    }
    twv_form_add(form, apr_pstrcat(p, side, "ParticipantSid", NULL), participant_sid);
    if (!resource_sid) {
        return;
    }
    twv_form_add(form, apr_pstrcat(p, side, "ResourceSid", NULL), resource_sid);
    twv_form_add(form, apr_pstrcat(p, side, "ResourceStatus", NULL), status);
    twv_form_add(form, apr_pstrcat(p, side, "ResourceType", NULL), resource_type_of(interaction));
    twv_form_add(form, apr_pstrcat(p, side, "ResourceUrl", NULL),
                 resource_url(p, interaction, resource_sid));
}

static twv_form_t *form_of(apr_pool_t *p, const twv_interaction_t *interaction)
{
    twv_form_t *form = twv_form_create(p);

    twv_form_add(form, "interactionSid", interaction->sid);
    twv_form_add(form, "interactionAccountSid", interaction->account_sid);
    twv_form_add(form, "interactionServiceSid", interaction->service_sid);
    twv_form_add(form, "interactionSessionSid", interaction->session_sid);
    twv_form_add(form, "interactionType", type_of(interaction));
    twv_form_add(form, "interactionData", interaction->data);
    twv_form_add(form, "interactionDateCreated",
                 twv_timestamp_iso8601(p, interaction->date_created));
    twv_form_add(form, "interactionDateUpdated",
                 twv_timestamp_iso8601(p, interaction->date_updated));
    add_side(p, form, interaction, "inbound", interaction->inbound_participant_sid,
             interaction->inbound_resource_sid, interaction->inbound_resource_status);
    add_side(p, form, interaction, "outbound", interaction->outbound_participant_sid,
             interaction->outbound_resource_sid, interaction->outbound_resource_status);
    return form;
}

static const char *payload_of(apr_pool_t *p, const char *url, const twv_form_t *form)
{
    json_t *payload = json_pack("{s:s, s:s}", "url", url, "body", twv_form_encode(p, form));
    char *text = json_dumps(payload, JSON_COMPACT);
    const char *copy = apr_pstrdup(p, text);

    free(text);
    json_decref(payload);
    return copy;
}

apr_status_t twv_operator_notify(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                                 const twv_service_t *service, const twv_interaction_t *interaction)
{
    twv_job_t job;
    int is_new;

    if (!service->callback_url) {
        return APR_SUCCESS;
    }
    memset(&job, 0, sizeof(job));
    job.id = twv_sid_create(p, "JB", apr_time_now());
    job.account_sid = interaction->account_sid;
    job.kind = TWV_JOB_OPERATOR_CALLBACK;
    job.payload = payload_of(p, service->callback_url, form_of(p, interaction));
    job.due_at = context->now;
    job.date_created = context->now;
    return twv_job_insert(store, &job, &is_new);
}

/** The headers of a signed form POST. @param token_id the same for repetitions of one request */
static const char *const *signed_headers(apr_pool_t *p, const char *token, const char *url,
                                         const twv_form_t *form, const char *token_id)
{
    const char **headers = apr_pcalloc(p, 3 * sizeof(*headers));

    headers[0] =
        apr_pstrcat(p, "X-Twilio-Signature: ", twv_signature_create(p, token, url, form), NULL);
    headers[1] = apr_pstrcat(p, "I-Twilio-Idempotency-Token: ", token_id, NULL);
    return headers;
}

static void fill_request(apr_pool_t *p, const char *url, const twv_form_t *form, const char *token,
                         const char *token_id, int timeout_ms, twv_http_request_t *request)
{
    memset(request, 0, sizeof(*request));
    request->method = "POST";
    request->url = url;
    request->body = twv_form_encode(p, form);
    request->content_type = "application/x-www-form-urlencoded";
    request->headers = signed_headers(p, token, url, form, token_id);
    request->connect_timeout_ms = timeout_ms;
    request->timeout_ms = timeout_ms;
    request->max_response = MAX_RESPONSE;
}

void twv_operator_ask(const twv_context_t *context, const char *url, const twv_form_t *form,
                      twv_http_response_t *response)
{
    twv_http_request_t request;

    fill_request(context->p, url, form, context->policy->auth_tokens[0],
                 twv_sid_create(context->p, "RQ", apr_time_now()), TWV_OPERATOR_PATIENCE_MS,
                 &request);
    twv_http_perform(context->client, context->p, &request, response);
}

const char *twv_operator_problem(apr_pool_t *p, const twv_http_response_t *response)
{
    return response->status ? apr_psprintf(p, "it answered HTTP %d", response->status)
                            : response->error;
}

/** MMS: interactionNumMedia and the media's URLs. */
static void add_media(twv_form_t *form, const twv_form_t *media)
{
    int i;

    twv_form_add(form, "interactionNumMedia", twv_form_get(media, "NumMedia"));
    for (i = 0; i < twv_form_count(media); i++) {
        if (strncmp(twv_form_name(media, i), "MediaUrl", 8) == 0) {
            twv_form_add(form, twv_form_name(media, i), twv_form_value(media, i));
        }
    }
}

int twv_operator_allows(const twv_context_t *context, const twv_service_t *service,
                        const twv_interaction_t *interaction, const twv_form_t *media,
                        const char **remark)
{
    twv_form_t *form = form_of(context->p, interaction);
    twv_http_response_t response;

    if (media) {
        add_media(form, media);
    }
    twv_operator_ask(context, service->intercept_callback_url, form, &response);
    if (response.status != 403 && (response.status < 200 || response.status > 299)) {
        *remark = apr_psprintf(context->p,
                               "InterceptCallbackUrl of service %s: %s (%d); it went on as if "
                               "allowed",
                               service->sid, twv_operator_problem(context->p, &response),
                               TWV_ERROR_CALLBACK);
    }
    return response.status != 403;
}

int twv_operator_callback_request(apr_pool_t *p, const char *payload, const char *job_id,
                                  const char *token, twv_http_request_t *request)
{
    json_t *json = payload ? json_loads(payload, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *url = json_string_value(json_object_get(json, "url"));
    const char *body = json_string_value(json_object_get(json, "body"));
    twv_form_t *form = NULL;

    if (url && body && twv_form_parse(&form, p, body, strlen(body)) == NULL) {
        fill_request(p, apr_pstrdup(p, url), form, token, job_id, JOB_TIMEOUT_MS, request);
    }
    json_decref(json);
    return form != NULL;
}
