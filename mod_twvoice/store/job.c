/*
 * Work for later: rows of twv_job. A claim is one UPDATE; on PostgreSQL claimers step over what
 * others are claiming. It moves due_at to the end of the lease and keeps the time before in
 * was_due_at, by which the claimed are put in order. Results live in the pool that is passed.
 */
#include "store/job.h"

#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

static const twv_statement_t insert = {
    "insert job",
    "INSERT INTO twv_job (id, account_sid, kind, payload, state, due_at, was_due_at, attempts,"
    " date_created) VALUES (%s, %s, %s, %s, 'waiting', %lld, %lld, 0, %lld)"
    " ON CONFLICT DO NOTHING",
    NULL};

static const twv_statement_t next_due = {
    "next due job",
    "SELECT due_at FROM twv_job WHERE account_sid = %s AND state = 'waiting'"
    " ORDER BY due_at LIMIT 1",
    NULL};

#define CLAIM(locking)                                                                             \
    "UPDATE twv_job SET due_at = %lld, was_due_at = due_at, attempts = attempts + 1,"              \
    " lease_owner = %s WHERE id IN (SELECT id FROM twv_job"                                        \
    " WHERE account_sid = %s AND state = 'waiting' AND due_at <= %lld ORDER BY due_at LIMIT "      \
    "%lld" locking ")"                                                                             \
    " RETURNING id, account_sid, kind, payload, was_due_at, attempts, lease_owner, date_created"

static const twv_statement_t claim = {"claim jobs", CLAIM(""), CLAIM(" FOR UPDATE SKIP LOCKED")};

static const twv_statement_t finish = {
    "finish job", "DELETE FROM twv_job WHERE id = %s AND lease_owner = %s AND state = 'waiting'",
    NULL};

static const twv_statement_t delay = {
    "delay job",
    "UPDATE twv_job SET due_at = %lld, reason = %s, lease_owner = NULL"
    " WHERE id = %s AND lease_owner = %s AND state = 'waiting'",
    NULL};

static const twv_statement_t fail = {
    "fail job",
    "UPDATE twv_job SET state = 'failed', reason = %s, lease_owner = NULL"
    " WHERE id = %s AND lease_owner = %s AND state = 'waiting'",
    NULL};

static const twv_statement_t purge = {
    "purge failed jobs",
    "DELETE FROM twv_job WHERE id IN (SELECT id FROM twv_job"
    " WHERE state = 'failed' AND date_created < %lld ORDER BY date_created LIMIT %lld)",
    NULL};

apr_status_t twv_job_insert(twv_store_t *store, const twv_job_t *job, int *is_new)
{
    return twv_execute(store, &insert,
                       TWV_ARGS(job->id, job->account_sid, job->kind, job->payload, &job->due_at,
                                &job->due_at, &job->date_created),
                       is_new);
}

apr_status_t twv_job_next_due(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              twv_ms_t *due_at)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, &next_due, TWV_ARGS(account_sid), &rows);

    *due_at = rv == APR_SUCCESS && twv_rows_next(rows) ? twv_rows_int(rows, 0) : 0;
    return rv;
}

static twv_job_t *read_job(twv_rows_t *rows, apr_pool_t *p)
{
    twv_job_t *job = apr_palloc(p, sizeof(*job));

    job->id = twv_rows_text(rows, 0);
    job->account_sid = twv_rows_text(rows, 1);
    job->kind = twv_rows_text(rows, 2);
    job->payload = twv_rows_text(rows, 3);
    job->due_at = twv_rows_int(rows, 4);
    job->attempts = twv_rows_int(rows, 5);
    job->lease_owner = twv_rows_text(rows, 6);
    job->date_created = twv_rows_int(rows, 7);
    return job;
}

static int compare_due(const void *a, const void *b)
{
    const twv_job_t *first = *(const twv_job_t *const *)a;
    const twv_job_t *second = *(const twv_job_t *const *)b;

    if (first->due_at != second->due_at) {
        return first->due_at < second->due_at ? -1 : 1;
    }
    return strcmp(first->id, second->id);
}

apr_status_t twv_job_claim(twv_store_t *store, apr_pool_t *p, const char *account_sid, twv_ms_t now,
                           const char *owner, apr_int64_t lease, int limit,
                           apr_array_header_t **jobs)
{
    twv_ms_t lease_end = now + lease;
    apr_int64_t count = limit;
    twv_rows_t *rows;
    apr_status_t rv =
        twv_query(store, p, &claim, TWV_ARGS(&lease_end, owner, account_sid, &now, &count), &rows);

    *jobs = apr_array_make(p, 4, sizeof(twv_job_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        APR_ARRAY_PUSH(*jobs, twv_job_t *) = read_job(rows, p);
    }
    /* RETURNING has no order. */
    qsort((*jobs)->elts, (size_t)(*jobs)->nelts, sizeof(twv_job_t *), compare_due);
    return rv;
}

apr_status_t twv_job_finish(twv_store_t *store, const char *id, const char *owner, int *held)
{
    return twv_execute(store, &finish, TWV_ARGS(id, owner), held);
}

apr_status_t twv_job_delay(twv_store_t *store, const char *id, const char *owner, twv_ms_t due_at,
                           const char *reason, int *held)
{
    return twv_execute(store, &delay, TWV_ARGS(&due_at, reason, id, owner), held);
}

apr_status_t twv_job_fail(twv_store_t *store, const char *id, const char *owner, const char *reason,
                          int *held)
{
    return twv_execute(store, &fail, TWV_ARGS(reason, id, owner), held);
}

apr_status_t twv_job_purge(twv_store_t *store, twv_ms_t before, int limit, int *deleted)
{
    apr_int64_t count = limit;

    return twv_execute(store, &purge, TWV_ARGS(&before, &count), deleted);
}
