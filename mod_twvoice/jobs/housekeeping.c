/*
 * The kind "housekeeping": closes sessions whose time is over and erases what is older than
 * TwVoiceRetention, in small transactions so that calls never wait for it. One job per account with
 * a fixed id, run by whichever server claims it. Runs in the worker's thread.
 */
#include "jobs/housekeeping.h"

#include <string.h>

#include <apr_strings.h>

#include "jobs/job_run.h"
#include "store/call.h"
#include "store/session.h"

/** Between two runs. Sessions past their time take no calls before they are closed. */
#define INTERVAL_MS 10000

/** Rows of one transaction, and transactions of one run for each kind of row. */
#define BATCH 200
#define MOST_BATCHES 50

/** Failed jobs are kept this long for the operator to look at. */
#define FAILED_JOBS_KEPT_MS (30 * 86400 * (apr_int64_t)1000)

typedef struct {
    const twv_context_t *context;
    twv_ms_t before; /* rows older than this go */
    int count;       /* rows dealt with */
} batch_t;

static const char *id_of(const twv_context_t *context)
{
    return apr_pstrcat(context->p, "housekeeping-", context->policy->account_sid, NULL);
}

static apr_status_t work_plan(twv_store_t *store, apr_pool_t *p, void *baton)
{
    const twv_context_t *context = baton;
    twv_job_t job = {.id = id_of(context),
                     .account_sid = context->policy->account_sid,
                     .kind = TWV_JOB_HOUSEKEEPING,
                     .due_at = context->now,
                     .date_created = context->now};
    int is_new;

    (void)p;
    return twv_job_insert(store, &job, &is_new);
}

apr_status_t twv_housekeeping_plan(const twv_context_t *context)
{
    return twv_database_write(context->database, context->p, work_plan, (void *)context);
}

static apr_status_t work_expire(twv_store_t *store, apr_pool_t *p, void *baton)
{
    batch_t *batch = baton;
    apr_array_header_t *sids;
    apr_status_t rv;
    int i, closed;

    batch->count = 0;
    rv = twv_session_expired(store, p, batch->context->now, BATCH, &sids);
    for (i = 0; rv == APR_SUCCESS && i < sids->nelts; i++) {
        rv = twv_session_expire(store, p, APR_ARRAY_IDX(sids, i, const char *), batch->context->now,
                                &closed);
        batch->count++;
    }
    return rv;
}

static apr_status_t work_purge_sessions(twv_store_t *store, apr_pool_t *p, void *baton)
{
    batch_t *batch = baton;

    (void)p;
    return twv_session_purge(store, batch->context->policy->account_sid, batch->before, BATCH,
                             &batch->count);
}

static apr_status_t work_purge_calls(twv_store_t *store, apr_pool_t *p, void *baton)
{
    batch_t *batch = baton;

    (void)p;
    return twv_call_purge(store, batch->context->policy->account_sid, batch->before, BATCH,
                          &batch->count);
}

static apr_status_t work_purge_jobs(twv_store_t *store, apr_pool_t *p, void *baton)
{
    batch_t *batch = baton;

    (void)p;
    return twv_job_purge(store, batch->before, BATCH, &batch->count);
}

/** Batch after batch until nothing is left, the run has done its share or the child ends. */
static void repeat(const twv_job_run_t *run, twv_store_work_fn *work, twv_ms_t before)
{
    batch_t batch = {&run->context, before, 0};
    apr_pool_t *scratch;
    apr_status_t rv;
    int round;

    apr_pool_create(&scratch, run->p);
    for (round = 0; round < MOST_BATCHES && !*run->stopping; round++) {
        rv = twv_database_write(run->context.database, scratch, work, &batch);
        apr_pool_clear(scratch);
        if (rv != APR_SUCCESS || batch.count < BATCH) {
            break;
        }
    }
    apr_pool_destroy(scratch);
}

static void start(twv_job_run_t *run)
{
    apr_int64_t retention = run->context.policy->retention_ms;
    twv_ms_t now = run->context.now;

    repeat(run, work_expire, now);
    if (retention) {
        repeat(run, work_purge_sessions, now - retention);
        repeat(run, work_purge_calls, now - retention);
    }
    repeat(run, work_purge_jobs, now - FAILED_JOBS_KEPT_MS);
    twv_job_run_again(run, now + INTERVAL_MS);
}

const twv_job_kind_t twv_housekeeping_job = {TWV_JOB_HOUSEKEEPING, start, 0};
