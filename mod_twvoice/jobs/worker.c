/*
 * The worker. mod_watchdog runs tick() in its own thread of one child of this server; when that
 * child dies another takes over. All state is of this process and used by that thread, but for
 * what the mutex guards, which the ending child's main thread shares: it must not destroy pools
 * (mod_dbd's among them) while a tick runs (mod_watchdog does not wait itself).
 */
#include "jobs/worker.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <apr_atomic.h>
#include <apr_optional.h>
#include <apr_strings.h>

#include "ap_mpm.h"
#include "http_core.h"
#include "mpm_common.h"
#include "mod_watchdog.h"

#include "config/config.h"
#include "config/log.h"
#include "http/database_link.h"
#include "jobs/housekeeping.h"
#include "jobs/job_run.h"
#include "twilio/sid.h"

/** How often the queue is looked at. */
#define INTERVAL apr_time_from_msec(200)

/** Jobs that run at the same time, and how long they are ours: longer than any of them takes. */
#define MOST_RUNNING 32
#define LEASE_MS 60000

/** Seconds that an ending child waits for the tick (the parent kills it after about nine). */
#define STOP_PATIENCE 5

/** One account of one database: each is served once, however many virtual hosts share it. */
typedef struct {
    server_rec *s;
    const twv_policy_t *policy;
    twv_database_t *database;
    int is_planned; /* its recurring job exists */
} account_t;

static struct {
    int is_busy;
    volatile apr_uint32_t stopping;
    apr_pool_t *pool; /* of the worker's thread, with its own allocator */
    apr_array_header_t *accounts;
    twv_http_batch_t *batch;
} worker;

/* Not in a pool: the watchdog's thread may call tick() until the process is gone, when every pool
 * of the child is gone already. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of is_busy, stopping and batch */
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;

static void add_account(server_rec *s)
{
    const twv_policy_t *policy = twv_config_policy(s);
    twv_database_t *database = twv_database_of(s);
    account_t account = {s, policy, database, 0};
    int i;

    if (!policy->account_sid || !policy->auth_token_count || !database) {
        return;
    }
    for (i = 0; i < worker.accounts->nelts; i++) {
        const account_t *known = &APR_ARRAY_IDX(worker.accounts, i, account_t);
        if (known->database == database &&
            strcmp(known->policy->account_sid, policy->account_sid) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(worker.accounts, account_t) = account;
}

static void start_worker(server_rec *s)
{
    apr_allocator_t *allocator;
    twv_http_batch_t *batch;

    /* A pool of this thread alone: pools are not thread-safe, not even through a parent's
     * allocator. */
    apr_allocator_create(&allocator);
    apr_pool_create_ex(&worker.pool, NULL, NULL, allocator);
    apr_allocator_owner_set(allocator, worker.pool);
    worker.accounts = apr_array_make(worker.pool, 1, sizeof(account_t));
    for (; s; s = s->next) {
        add_account(s);
    }
    batch =
        twv_http_batch_create(twv_http_client_create(worker.pool, NULL), worker.pool, MOST_RUNNING);
    pthread_mutex_lock(&mutex);
    worker.batch = batch;
    pthread_mutex_unlock(&mutex);
}

typedef struct {
    const account_t *account;
    int limit;
    int is_due;
    apr_array_header_t *jobs;
} claim_t;

static apr_status_t work_look(twv_store_t *store, apr_pool_t *p, void *baton)
{
    claim_t *claim = baton;
    twv_ms_t due_at;
    apr_status_t rv = twv_job_next_due(store, p, claim->account->policy->account_sid, &due_at);

    claim->is_due = due_at && due_at <= apr_time_now() / 1000;
    return rv;
}

/** Each claim has an owner of its own: a job that comes back to this process after its lease has
 *  ended is not taken for the one that still runs. */
static apr_status_t work_claim(twv_store_t *store, apr_pool_t *p, void *baton)
{
    claim_t *claim = baton;

    return twv_job_claim(store, p, claim->account->policy->account_sid, apr_time_now() / 1000,
                         twv_sid_create(p, "WK", apr_time_now()), LEASE_MS, claim->limit,
                         &claim->jobs);
}

/** Run one job in a pool of its own. */
static void start_run(const account_t *account, const twv_job_t *claimed)
{
    const twv_job_kind_t *kind = twv_job_kind_find(claimed->kind);
    apr_pool_t *p;
    twv_job_run_t *run;
    twv_job_t *job;

    apr_pool_create(&p, worker.pool);
    run = apr_pcalloc(p, sizeof(*run));
    job = apr_pmemdup(p, claimed, sizeof(*job));
    job->id = apr_pstrdup(p, claimed->id);
    job->kind = apr_pstrdup(p, claimed->kind);
    job->payload = apr_pstrdup(p, claimed->payload);
    job->lease_owner = apr_pstrdup(p, claimed->lease_owner);
    run->p = p;
    run->s = account->s;
    run->job = job;
    run->batch = worker.batch;
    run->stopping = &worker.stopping;
    run->context.p = p;
    run->context.policy = account->policy;
    run->context.database = account->database;
    run->context.now = apr_time_now() / 1000;
    if (kind) {
        kind->start(run);
    } else {
        twv_job_run_fail(run, "this version does not know its kind");
    }
}

static void plan(account_t *account, apr_pool_t *p)
{
    twv_context_t context = {.p = p,
                             .policy = account->policy,
                             .database = account->database,
                             .now = apr_time_now() / 1000};

    account->is_planned = twv_housekeeping_plan(&context) == APR_SUCCESS;
}

/** @return whether there may be more to claim at once */
static int claim_and_start(account_t *account, apr_pool_t *p)
{
    claim_t claim = {account, twv_http_batch_room(worker.batch), 0, NULL};
    int i;

    if (!account->is_planned) {
        plan(account, p);
    }
    if (claim.limit < 1 ||
        twv_database_read(account->database, p, work_look, &claim) != APR_SUCCESS ||
        !claim.is_due ||
        twv_database_write(account->database, p, work_claim, &claim) != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < claim.jobs->nelts; i++) {
        start_run(account, APR_ARRAY_IDX(claim.jobs, i, const twv_job_t *));
    }
    return claim.jobs->nelts == claim.limit;
}

/** Claim and run until the queue has nothing due and nothing is under way. A slow answer delays
 *  nobody: others are claimed meanwhile. */
static void run_queue(void)
{
    apr_pool_t *scratch;
    int i, more;

    apr_pool_create(&scratch, worker.pool);
    do {
        more = 0;
        for (i = 0; i < worker.accounts->nelts && !worker.stopping; i++) {
            more |= claim_and_start(&APR_ARRAY_IDX(worker.accounts, i, account_t), scratch);
            apr_pool_clear(scratch);
        }
        if (twv_http_batch_active(worker.batch)) {
            twv_http_batch_run(worker.batch, (int)apr_time_as_msec(INTERVAL));
        }
    } while (!worker.stopping && (more || twv_http_batch_active(worker.batch)));
    if (worker.stopping) {
        twv_http_batch_abort(worker.batch);
    }
    apr_pool_destroy(scratch);
}

/** @return whether the tick may start; end_tick() must follow then */
static int begin_tick(void)
{
    int may_start;

    pthread_mutex_lock(&mutex);
    may_start = !worker.stopping;
    worker.is_busy = may_start;
    pthread_mutex_unlock(&mutex);
    return may_start;
}

static void end_tick(void)
{
    pthread_mutex_lock(&mutex);
    worker.is_busy = 0;
    pthread_cond_broadcast(&idle);
    pthread_mutex_unlock(&mutex);
}

static apr_status_t tick(int state, void *data, apr_pool_t *p)
{
    (void)p;
    if (state != AP_WATCHDOG_STATE_RUNNING || !begin_tick()) {
        return APR_SUCCESS;
    }
    if (!worker.pool) {
        start_worker(data);
    }
    run_queue();
    end_tick();
    return APR_SUCCESS;
}

static void ask_to_stop(void)
{
    pthread_mutex_lock(&mutex);
    apr_atomic_set32(&worker.stopping, 1);
    if (worker.batch) {
        twv_http_batch_wake(worker.batch);
    }
    pthread_mutex_unlock(&mutex);
}

/** Before the child's pools go: wait until the tick is over. */
static apr_status_t stop_worker(void *baton)
{
    struct timespec deadline;

    ask_to_stop();
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_PATIENCE;
    pthread_mutex_lock(&mutex);
    while (worker.is_busy && pthread_cond_timedwait(&idle, &mutex, &deadline) == 0) {
        /* until the tick is over or patience is */
    }
    if (worker.is_busy) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, (server_rec *)baton,
                     TWV_LOG("TWV0603") "a job did not stop within %d s; its lease ends by itself",
                     STOP_PATIENCE);
    }
    pthread_mutex_unlock(&mutex);
    return APR_SUCCESS;
}

static void start_child(apr_pool_t *p, server_rec *s)
{
    memset(&worker, 0, sizeof(worker));
    apr_pool_pre_cleanup_register(p, s, stop_worker);
}

static void stopping_child(apr_pool_t *p, int graceful)
{
    (void)p;
    (void)graceful;
    ask_to_stop();
}

static int has_account(server_rec *s)
{
    for (; s; s = s->next) {
        if (twv_config_policy(s)->account_sid) {
            return 1;
        }
    }
    return 0;
}

static int start_watchdog(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) * get_instance;
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) * register_callback;
    ap_watchdog_t *watchdog;
    apr_status_t rv;

    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG || !has_account(s)) {
        return OK;
    }
    get_instance = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    register_callback = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    if (!get_instance || !register_callback) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     TWV_LOG("TWV0604") "mod_watchdog is required for jobs: add LoadModule "
                                        "watchdog_module");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    rv = get_instance(&watchdog, "_twvoice_", 0, 1, pconf);
    if (rv == APR_SUCCESS) {
        rv = register_callback(watchdog, INTERVAL, s, tick);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     TWV_LOG("TWV0605") "the watchdog for jobs cannot be set up");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

void twv_jobs_register_hooks(apr_pool_t *p)
{
    static const char *const WATCHDOG[] = {"mod_watchdog.c", NULL};

    (void)p;
    ap_hook_post_config(start_watchdog, NULL, WATCHDOG, APR_HOOK_MIDDLE);
    ap_hook_child_init(start_child, NULL, WATCHDOG, APR_HOOK_REALLY_FIRST);
    ap_hook_child_stopping(stopping_child, NULL, NULL, APR_HOOK_MIDDLE);
}
