/*
 * How a job ends. Each end is one unit of work; a lost lease is no error: somebody else runs the
 * job then. Everything runs in the worker's thread and frees the run's pool.
 */
#include "jobs/job_run.h"

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "config/log.h"

/** Delay after the first failure, and the longest one, in milliseconds. */
#define FIRST_DELAY 5000
#define LONGEST_DELAY (3600 * 1000)

typedef struct {
    const twv_job_t *job;
    enum { FINISH, DELAY, FAIL } end;
    twv_ms_t due_at;
    const char *reason;
} ending_t;

const twv_job_kind_t *twv_job_kind_find(const char *name)
{
    static const twv_job_kind_t *const KINDS[] = {&twv_operator_callback_job,
                                                  &twv_housekeeping_job};
    apr_size_t i;

    for (i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (strcmp(KINDS[i]->name, name) == 0) {
            return KINDS[i];
        }
    }
    return NULL;
}

static apr_status_t work_end(twv_store_t *store, apr_pool_t *p, void *baton)
{
    const ending_t *ending = baton;
    const twv_job_t *job = ending->job;
    int held;

    (void)p;
    switch (ending->end) {
    case FINISH:
        return twv_job_finish(store, job->id, job->lease_owner, &held);
    case DELAY:
        return twv_job_delay(store, job->id, job->lease_owner, ending->due_at, ending->reason,
                             &held);
    default:
        return twv_job_fail(store, job->id, job->lease_owner, ending->reason, &held);
    }
}

/** When the database is down the lease ends by itself and the job comes back. */
static void end_run(twv_job_run_t *run, ending_t ending)
{
    ending.job = run->job;
    twv_database_write(run->context.database, run->p, work_end, &ending);
    apr_pool_destroy(run->p);
}

void twv_job_run_done(twv_job_run_t *run)
{
    end_run(run, (ending_t){.end = FINISH});
}

void twv_job_run_again(twv_job_run_t *run, twv_ms_t due_at)
{
    end_run(run, (ending_t){.end = DELAY, .due_at = due_at});
}

void twv_job_run_fail(twv_job_run_t *run, const char *reason)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, run->s,
                 TWV_LOG("TWV0602") "job %s (%s) failed for good after %" APR_INT64_T_FMT
                                    " attempt(s): %s. It stays in twv_job with state 'failed'",
                 run->job->id, run->job->kind, run->job->attempts, reason);
    end_run(run, (ending_t){.end = FAIL, .reason = reason});
}

/** Doubles with each attempt; up to a quarter is added by chance, so that the jobs of one outage do
 *  not come back together. */
static apr_int64_t delay_after(apr_int64_t attempts)
{
    apr_int64_t delay = FIRST_DELAY;
    unsigned char chance[2] = {0, 0};

    while (--attempts > 0 && delay < LONGEST_DELAY) {
        delay *= 2;
    }
    if (delay > LONGEST_DELAY) {
        delay = LONGEST_DELAY;
    }
    apr_generate_random_bytes(chance, sizeof(chance));
    return delay + delay * (chance[0] * 256 + chance[1]) / (4 * 65536);
}

void twv_job_run_retry(twv_job_run_t *run, const char *reason)
{
    const twv_job_kind_t *kind = twv_job_kind_find(run->job->kind);
    apr_int64_t delay = delay_after(run->job->attempts);

    if (kind->max_attempts && run->job->attempts >= kind->max_attempts) {
        twv_job_run_fail(run, reason);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, run->s,
                 TWV_LOG("TWV0601") "job %s (%s), attempt %" APR_INT64_T_FMT
                                    ": %s. Next attempt in %" APR_INT64_T_FMT " s",
                 run->job->id, run->job->kind, run->job->attempts, reason, delay / 1000);
    end_run(run,
            (ending_t){.end = DELAY, .due_at = apr_time_now() / 1000 + delay, .reason = reason});
}
