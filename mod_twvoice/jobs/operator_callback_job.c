/*
 * The kind "operator-callback": tells CallbackUrl how an interaction is. Delivered at least once;
 * repetitions of one job carry the same I-Twilio-Idempotency-Token. Runs in the worker's thread.
 */
#include "jobs/job_run.h"

#include <apr_strings.h>

#include "calls/operator_callback.h"

/** With the delays of job_run.c this reaches over about three hours. */
#define MAX_ATTEMPTS 12

/** Answers that a repetition can change: the program is busy, restarting or slow. */
static int is_temporary(int status)
{
    return status == 0 || status == 408 || status == 429 || status >= 500;
}

static void done(void *baton, const twv_http_response_t *response)
{
    twv_job_run_t *run = baton;
    const char *reason;

    if (*run->stopping && !response->status) {
        twv_job_run_again(run, apr_time_now() / 1000);
        return;
    }
    if (response->status >= 200 && response->status <= 299) {
        twv_job_run_done(run);
        return;
    }
    reason = apr_pstrcat(run->p, "CallbackUrl: ", twv_operator_problem(run->p, response), NULL);
    if (is_temporary(response->status)) {
        twv_job_run_retry(run, reason);
    } else {
        twv_job_run_fail(run, reason);
    }
}

static void start(twv_job_run_t *run)
{
    twv_http_request_t *request = apr_palloc(run->p, sizeof(*request));

    if (!twv_operator_callback_request(run->p, run->job->payload, run->job->id,
                                       run->context.policy->auth_tokens[0], request)) {
        twv_job_run_fail(run, "its payload is not readable");
        return;
    }
    twv_http_batch_add(run->batch, run->p, request, done, run);
}

const twv_job_kind_t twv_operator_callback_job = {TWV_JOB_OPERATOR_CALLBACK, start, MAX_ATTEMPTS};
