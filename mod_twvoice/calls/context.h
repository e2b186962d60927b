/*
 * What every decision needs: the operator's policy, the database, the time and a pool. Made for
 * one request or one job; belongs to its thread.
 */
#ifndef TWV_CALLS_CONTEXT_H
#define TWV_CALLS_CONTEXT_H

#include "calls/policy.h"
#include "store/database.h"
#include "twilio/error.h"
#include "twilio/http_client.h"

typedef struct {
    apr_pool_t *p;
    const twv_policy_t *policy;
    twv_database_t *database;  /* NULL when the host has none: everything answers "unavailable" */
    twv_http_client_t *client; /* for questions to the operator's program; NULL in jobs */
    twv_ms_t now;
} twv_context_t;

#endif
