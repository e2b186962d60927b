/*
 * The worker: one thread of one child process of this server (mod_watchdog) that claims due jobs
 * and runs them. Other servers on the same database do the same; a lease decides who runs what.
 */
#ifndef TWV_JOBS_WORKER_H
#define TWV_JOBS_WORKER_H

#include "httpd.h"

/** Hooks: post_config (the watchdog), child_init and child_stopping (a bounded end). */
void twv_jobs_register_hooks(apr_pool_t *p);

#endif
