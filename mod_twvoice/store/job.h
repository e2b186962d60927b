/*
 * Work for later: rows of twv_job. A job is claimed by a lease: due_at moves to the end of the
 * lease, so that a claimer that dies gives it back without anybody noticing, and one index serves
 * both. Any process of any server may claim; exactly one gets it.
 */
#ifndef TWV_STORE_JOB_H
#define TWV_STORE_JOB_H

#include "store/database.h"

typedef struct {
    const char *id;
    const char *account_sid;
    const char *kind;
    const char *payload; /* JSON, the kind's own */
    twv_ms_t due_at;
    apr_int64_t attempts; /* claims so far, this one included */
    const char *lease_owner;
    twv_ms_t date_created;
} twv_job_t;

/** Add a job. The id is made by the caller (a time-ordered SID-like text). An id that exists is
 *  left alone (@a is_new 0), which makes recurring jobs with fixed ids possible. */
apr_status_t twv_job_insert(twv_store_t *store, const twv_job_t *job, int *is_new);

/**
 * When the account's earliest waiting job is due (a lease counts as waiting); 0 when there is none.
 * Claim only when this, asked with twv_database_read(), says that something is due: it reads one
 * index entry and takes no lock, while twv_database_write() on SQLite takes the only write lock in
 * any case.
 */
apr_status_t twv_job_next_due(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                              twv_ms_t *due_at);

/**
 * Claim jobs that are due, earliest first. Their due_at is when they were due.
 * @param owner names this claim: only it may finish, delay or fail these jobs
 * @param lease how long, in milliseconds, before somebody else may claim them
 * @param jobs array of twv_job_t *
 */
apr_status_t twv_job_claim(twv_store_t *store, apr_pool_t *p, const char *account_sid, twv_ms_t now,
                           const char *owner, apr_int64_t lease, int limit,
                           apr_array_header_t **jobs);

/** Done: delete it. @param held 0 when the lease was lost meanwhile */
apr_status_t twv_job_finish(twv_store_t *store, const char *id, const char *owner, int *held);

/** Try again at @a due_at. */
apr_status_t twv_job_delay(twv_store_t *store, const char *id, const char *owner, twv_ms_t due_at,
                           const char *reason, int *held);

/** Never again: keep it as failed with the reason. */
apr_status_t twv_job_fail(twv_store_t *store, const char *id, const char *owner, const char *reason,
                          int *held);

/** Delete failed jobs made before @a before. */
apr_status_t twv_job_purge(twv_store_t *store, twv_ms_t before, int limit, int *deleted);

#endif
