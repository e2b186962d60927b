/*
 * Requests from us to the operator's program, as Proxy makes them: CallbackUrl (later, by a job),
 * InterceptCallbackUrl (now, two seconds at most). Signed with the account's auth token. Results
 * live in the context's pool.
 */
#ifndef TWV_CALLS_OPERATOR_CALLBACK_H
#define TWV_CALLS_OPERATOR_CALLBACK_H

#include "calls/context.h"
#include "store/interaction.h"
#include "store/service.h"
#include "store/session.h"
#include "twilio/form.h"

/** Kind of the jobs that twv_operator_notify() adds. */
#define TWV_JOB_OPERATOR_CALLBACK "operator-callback"

/** How long an answer is waited for while a person is on the line. */
#define TWV_OPERATOR_PATIENCE_MS 2000

/**
 * Add a job that tells CallbackUrl how the interaction is now; part of the unit of work that
 * changed it. Without a CallbackUrl nothing happens.
 */
apr_status_t twv_operator_notify(twv_store_t *store, apr_pool_t *p, const twv_context_t *context,
                                 const twv_service_t *service,
                                 const twv_interaction_t *interaction);

/**
 * Ask InterceptCallbackUrl before an interaction is connected (twilio.com/docs/proxy/api/webhooks).
 * @param interaction its inbound half
 * @param media the message's parameters, for NumMedia and MediaUrlN, or NULL
 * @param remark set to what went wrong (error 80908), for the log; else left alone
 * @return 0 when the answer was 403; everything else, also none, lets it pass
 */
int twv_operator_allows(const twv_context_t *context, const twv_service_t *service,
                        const twv_interaction_t *interaction, const twv_form_t *media,
                        const char **remark);

/** Why an answer is none, in words. */
const char *twv_operator_problem(apr_pool_t *p, const twv_http_response_t *response);

/** A signed form POST that waits for the answer. */
void twv_operator_ask(const twv_context_t *context, const char *url, const twv_form_t *form,
                      twv_http_response_t *response);

/**
 * The request of a job's payload.
 * @param token auth token to sign with
 * @param request filled in; strings in @a p
 * @return non-zero when the payload is one of ours
 */
int twv_operator_callback_request(apr_pool_t *p, const char *payload, const char *job_id,
                                  const char *token, twv_http_request_t *request);

#endif
