/*
 * One job while it runs, and the kinds of jobs. A run has its own pool and belongs to the worker's
 * thread; it ends with exactly one of the twv_job_run_*() calls, which also frees it.
 */
#ifndef TWV_JOBS_JOB_RUN_H
#define TWV_JOBS_JOB_RUN_H

#include "httpd.h"

#include "calls/context.h"
#include "store/job.h"
#include "twilio/http_client.h"

typedef struct {
    apr_pool_t *p;
    server_rec *s;         /* for the log */
    twv_context_t context; /* of the account that the job belongs to; its pool is @a p */
    const twv_job_t *job;
    twv_http_batch_t *batch; /* for requests to other servers; the thread never waits for one */
    const volatile apr_uint32_t *stopping; /* set when the child ends: leave the rest for others */
} twv_job_run_t;

/** How often and how a kind of job is tried. */
typedef struct {
    const char *name;
    void (*start)(twv_job_run_t *run);
    int max_attempts; /* 0 = as often as needed */
} twv_job_kind_t;

extern const twv_job_kind_t twv_operator_callback_job;
extern const twv_job_kind_t twv_housekeeping_job;

/** The kind of this name, or NULL. */
const twv_job_kind_t *twv_job_kind_find(const char *name);

/** It is done: delete it. */
void twv_job_run_done(twv_job_run_t *run);

/** Once more at @a due_at, not as a failure: a recurring job, or one that was interrupted. */
void twv_job_run_again(twv_job_run_t *run, twv_ms_t due_at);

/** It failed and may succeed later: again after a growing, jittered delay, until its kind's
 *  attempts are used up. */
void twv_job_run_retry(twv_job_run_t *run, const char *reason);

/** It can never succeed: keep it as failed. */
void twv_job_run_fail(twv_job_run_t *run, const char *reason);

#endif
