/*
 * The schema: a numbered list of statements, run one by one in one transaction, under BEGIN
 * IMMEDIATE on SQLite and an advisory lock on PostgreSQL, so that any number of processes may come
 * first at the same time. Everything is constant. A version that was published is never edited:
 * what changes comes as a new version.
 *
 * Types are TEXT and BIGINT only; times are milliseconds since 1970 (UTC), NULL when not set.
 * SIDs, event keys and the like are compared as they are; lists run along (date, sid) or sid.
 */
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/connection.h"

/* On SQLite a table whose rows are small, or come in the order of their key, is its own index: one
 * page less to write for each row. */
#define CREATE_SESSION                                                                             \
    "CREATE TABLE twv_session (sid TEXT NOT NULL PRIMARY KEY, account_sid TEXT NOT NULL,"          \
    " service_sid TEXT NOT NULL REFERENCES twv_service (sid) ON DELETE CASCADE,"                   \
    " unique_name TEXT, status TEXT NOT NULL, closed_reason TEXT, mode TEXT NOT NULL,"             \
    " ttl BIGINT NOT NULL, date_started BIGINT, date_ended BIGINT, date_last_interaction BIGINT,"  \
    " date_expiry BIGINT, expires_at BIGINT, date_created BIGINT NOT NULL,"                        \
    " date_updated BIGINT NOT NULL, call_mode TEXT, pin TEXT, call_time_limit BIGINT NOT NULL,"    \
    " ring_timeout BIGINT NOT NULL, language TEXT, UNIQUE (service_sid, unique_name))"

#define CREATE_INTERACTION                                                                         \
    "CREATE TABLE twv_interaction (sid TEXT NOT NULL PRIMARY KEY, account_sid TEXT NOT NULL,"      \
    " service_sid TEXT NOT NULL,"                                                                  \
    " session_sid TEXT NOT NULL REFERENCES twv_session (sid) ON DELETE CASCADE,"                   \
    " type TEXT NOT NULL, data TEXT, inbound_participant_sid TEXT, inbound_resource_sid TEXT,"     \
    " inbound_resource_status TEXT, outbound_participant_sid TEXT, outbound_resource_sid TEXT,"    \
    " outbound_resource_status TEXT, date_created BIGINT NOT NULL, date_updated BIGINT NOT NULL)"

#define CREATE_EVENT                                                                               \
    "CREATE TABLE twv_event (call_sid TEXT NOT NULL, event_key TEXT NOT NULL,"                     \
    " account_sid TEXT NOT NULL, session_sid TEXT, kind TEXT NOT NULL, at BIGINT NOT NULL,"        \
    " detail TEXT, PRIMARY KEY (call_sid, event_key))"

/* twv_participant.active, pin and exclusive_key repeat what follows from the session, so that a
 * call is routed by one index and two exclusive pairs cannot be active at once.
 * twv_call.status_rank orders status (call.c). twv_job.was_due_at: see job.c. */
static const twv_statement_t version_1[] = {
    {"create twv_service",
     "CREATE TABLE twv_service (sid TEXT NOT NULL PRIMARY KEY, account_sid TEXT NOT NULL,"
     " unique_name TEXT NOT NULL, chat_instance_sid TEXT, callback_url TEXT,"
     " intercept_callback_url TEXT, out_of_session_callback_url TEXT, geo_match_level TEXT,"
     " number_selection_behavior TEXT, default_ttl BIGINT NOT NULL, date_created BIGINT NOT NULL,"
     " date_updated BIGINT NOT NULL, UNIQUE (account_sid, unique_name))",
     NULL},
    {"index twv_service_list", "CREATE INDEX twv_service_list ON twv_service (account_sid, sid)",
     NULL},

    {"create twv_number",
     "CREATE TABLE twv_number (sid TEXT NOT NULL, account_sid TEXT NOT NULL,"
     " service_sid TEXT NOT NULL REFERENCES twv_service (sid) ON DELETE CASCADE,"
     " phone_number TEXT NOT NULL, is_reserved BIGINT NOT NULL, in_use BIGINT NOT NULL,"
     " date_created BIGINT NOT NULL, date_updated BIGINT NOT NULL,"
     " PRIMARY KEY (account_sid, sid), UNIQUE (account_sid, phone_number))",
     NULL},
    {"index twv_number_list", "CREATE INDEX twv_number_list ON twv_number (service_sid, sid)",
     NULL},

    {"create twv_session", CREATE_SESSION " WITHOUT ROWID", CREATE_SESSION},
    {"index twv_session_list", "CREATE INDEX twv_session_list ON twv_session (service_sid, sid)",
     NULL},
    {"index twv_session_pin",
     "CREATE UNIQUE INDEX twv_session_pin ON twv_session (account_sid, pin)"
     " WHERE pin IS NOT NULL AND status IN ('open', 'in-progress')",
     NULL},
    {"index twv_session_expiry",
     "CREATE INDEX twv_session_expiry ON twv_session (expires_at)"
     " WHERE expires_at IS NOT NULL AND status IN ('open', 'in-progress')",
     NULL},
    {"index twv_session_ended",
     "CREATE INDEX twv_session_ended ON twv_session (account_sid, date_ended)"
     " WHERE status = 'closed'",
     NULL},

    {"create twv_participant",
     "CREATE TABLE twv_participant (sid TEXT NOT NULL PRIMARY KEY, account_sid TEXT NOT NULL,"
     " service_sid TEXT NOT NULL,"
     " session_sid TEXT NOT NULL REFERENCES twv_session (sid) ON DELETE CASCADE,"
     " identifier TEXT NOT NULL, friendly_name TEXT, proxy_identifier TEXT,"
     " proxy_identifier_sid TEXT, date_deleted BIGINT, date_created BIGINT NOT NULL,"
     " date_updated BIGINT NOT NULL, active BIGINT NOT NULL, pin TEXT, exclusive_key TEXT UNIQUE,"
     " UNIQUE (session_sid, identifier))",
     NULL},
    {"index twv_participant_route",
     "CREATE INDEX twv_participant_route ON twv_participant"
     " (identifier, active, proxy_identifier, session_sid)",
     NULL},
    {"index twv_participant_on_number",
     "CREATE INDEX twv_participant_on_number ON twv_participant (proxy_identifier, pin)"
     " WHERE active = 1",
     NULL},
    {"index twv_participant_last",
     "CREATE INDEX twv_participant_last ON twv_participant (service_sid, identifier, sid)", NULL},

    {"create twv_interaction", CREATE_INTERACTION " WITHOUT ROWID", CREATE_INTERACTION},
    {"index twv_interaction_list",
     "CREATE INDEX twv_interaction_list ON twv_interaction (session_sid, sid)", NULL},
    {"index twv_interaction_inbound",
     "CREATE INDEX twv_interaction_inbound ON twv_interaction (inbound_resource_sid)"
     " WHERE inbound_resource_sid IS NOT NULL AND type = 'message'",
     NULL},
    {"index twv_interaction_sent",
     "CREATE INDEX twv_interaction_sent ON twv_interaction (outbound_participant_sid, sid)"
     " WHERE inbound_resource_sid IS NULL AND inbound_participant_sid IS NULL",
     NULL},

    {"create twv_call",
     "CREATE TABLE twv_call (sid TEXT NOT NULL PRIMARY KEY, account_sid TEXT NOT NULL,"
     " parent_call_sid TEXT, service_sid TEXT, session_sid TEXT, interaction_sid TEXT,"
     " participant_sid TEXT, from_number TEXT, to_number TEXT, direction TEXT, status TEXT,"
     " initiated_at BIGINT, ringing_at BIGINT, answered_at BIGINT, ended_at BIGINT,"
     " observed_end_at BIGINT, duration BIGINT, pin_failures BIGINT NOT NULL,"
     " date_created BIGINT NOT NULL, status_rank BIGINT NOT NULL)",
     NULL},
    {"index twv_call_account",
     "CREATE INDEX twv_call_account ON twv_call (account_sid, date_created, sid)", NULL},
    {"index twv_call_session",
     "CREATE INDEX twv_call_session ON twv_call (session_sid, date_created, sid)"
     " WHERE session_sid IS NOT NULL",
     NULL},
    {"index twv_call_from",
     "CREATE INDEX twv_call_from ON twv_call (account_sid, from_number, date_created, sid)", NULL},
    {"index twv_call_to",
     "CREATE INDEX twv_call_to ON twv_call (account_sid, to_number, date_created, sid)", NULL},
    {"index twv_call_live",
     "CREATE INDEX twv_call_live ON twv_call (account_sid, date_created, sid)"
     " WHERE status_rank < 5",
     NULL},

    {"create twv_event", CREATE_EVENT " WITHOUT ROWID", CREATE_EVENT},
    {"index twv_event_message",
     "CREATE INDEX twv_event_message ON twv_event (account_sid, at)"
     " WHERE substr(call_sid, 1, 2) <> 'CA'",
     NULL},

    {"create twv_job",
     "CREATE TABLE twv_job (id TEXT NOT NULL PRIMARY KEY, account_sid TEXT, kind TEXT NOT NULL,"
     " payload TEXT, state TEXT NOT NULL, due_at BIGINT NOT NULL, was_due_at BIGINT NOT NULL,"
     " attempts BIGINT NOT NULL, lease_owner TEXT, reason TEXT, date_created BIGINT NOT NULL)",
     NULL},
    {"index twv_job_due",
     "CREATE INDEX twv_job_due ON twv_job (account_sid, due_at) WHERE state = 'waiting'", NULL},
    {"index twv_job_failed",
     "CREATE INDEX twv_job_failed ON twv_job (date_created) WHERE state = 'failed'", NULL},
};

static const twv_schema_version_t published_versions[] = {
    {version_1, sizeof(version_1) / sizeof(version_1[0])},
};

#define VERSION_COUNT ((int)(sizeof(published_versions) / sizeof(published_versions[0])))

int twv_schema_version(void)
{
    return VERSION_COUNT;
}

/* 0 when there are no tables yet. Asks the catalogue first: a failing SELECT would be an error line
 * in PostgreSQL's log. Not to_regclass(), which does not see what another session made while this
 * one waited for the lock. */
static apr_status_t read_version(twv_store_t *store, int *version)
{
    const char *value;
    apr_status_t rv;

    *version = 0;
    rv = twv_connection_read(store, "cannot look for the tables",
                             store->connection->is_postgresql
                                 ? "SELECT 1 FROM pg_catalog.pg_tables WHERE tablename = 'twv_meta'"
                                   " AND schemaname = ANY (current_schemas(false))"
                                 : "SELECT 1 FROM sqlite_master"
                                   " WHERE type = 'table' AND name = 'twv_meta'",
                             &value);
    if (rv != APR_SUCCESS || !value) {
        return rv;
    }
    rv = twv_connection_read(store, "cannot read the schema's version",
                             "SELECT value FROM twv_meta WHERE name = 'schema_version'", &value);
    if (rv == APR_SUCCESS && value) {
        *version = atoi(value);
    }
    return rv;
}

static apr_status_t refuse_newer(twv_store_t *store, int found, int known)
{
    const twv_database_source_t *source = &store->database->source;
    char text[200];

    if (!atomic_exchange(&store->database->newer_schema_is_logged, 1)) {
        snprintf(text, sizeof(text),
                 "the database has schema version %d, this module knows versions up to %d: "
                 "install the newer module on this server too, or use another database",
                 found, known);
        source->log(source->baton, 1, "TWV0207", text);
    }
    return TWV_STORE_DOWN;
}

static apr_status_t write_version(twv_store_t *store, int version)
{
    char sql[160];

    snprintf(sql, sizeof(sql),
             "INSERT INTO twv_meta (name, value) VALUES ('schema_version', '%d')"
             " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
             version);
    return twv_connection_run(store, "cannot write the schema's version", sql);
}

/* Inside of the transaction. */
static apr_status_t upgrade(twv_store_t *store, const twv_schema_version_t *versions, int from,
                            int to)
{
    apr_status_t rv = APR_SUCCESS;

    if (from == 0) {
        rv = twv_connection_run(store, "create twv_meta",
                                "CREATE TABLE IF NOT EXISTS twv_meta"
                                " (name TEXT NOT NULL PRIMARY KEY, value TEXT)");
    }
    for (int v = from; v < to && rv == APR_SUCCESS; v++) {
        for (int i = 0; i < versions[v].count && rv == APR_SUCCESS; i++) {
            const twv_statement_t *statement = &versions[v].statements[i];
            const char *sql = store->connection->is_postgresql && statement->postgresql
                                  ? statement->postgresql
                                  : statement->sql;

            rv = twv_connection_run(store, statement->name, sql);
        }
    }
    return rv == APR_SUCCESS ? write_version(store, to) : rv;
}

/* A migration may take longer than a request's statements may. */
static apr_status_t wait_for_others(twv_store_t *store)
{
    if (!store->connection->is_postgresql) {
        return APR_SUCCESS;
    }
    return twv_connection_run(store, "cannot wait for another server's migration",
                              "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 10000;"
                              " SELECT pg_advisory_xact_lock(hashtextextended('twv_schema', 0))");
}

static apr_status_t migrate(twv_store_t *store, const twv_schema_version_t *versions, int count)
{
    int version = 0;
    apr_status_t rv = twv_connection_begin(store);

    if (rv == APR_SUCCESS) {
        rv = wait_for_others(store);
    }
    if (rv == APR_SUCCESS) {
        rv = read_version(store, &version);
    }
    if (rv == APR_SUCCESS && version < count) {
        rv = upgrade(store, versions, version, count);
    }
    if (rv == APR_SUCCESS) {
        rv = twv_connection_run(store, "cannot commit the schema", "COMMIT");
    }
    if (rv == APR_SUCCESS) {
        store->connection->in_transaction = 0;
        return version > count ? refuse_newer(store, version, count) : APR_SUCCESS;
    }
    store->failure_id = "TWV0206";
    twv_connection_rollback(store);
    return rv;
}

apr_status_t twv_schema_migrate(twv_store_t *store, const twv_schema_version_t *versions, int count)
{
    int version;
    int had_lock = store->has_lock;
    apr_status_t rv = read_version(store, &version);

    if (rv != APR_SUCCESS || version == count) {
        return rv;
    }
    if (version > count) {
        return refuse_newer(store, version, count);
    }
    if (!had_lock) {
        rv = twv_connection_lock(store);
    }
    if (rv == APR_SUCCESS) {
        rv = migrate(store, versions, count);
    }
    if (!had_lock) {
        twv_connection_unlock(store);
    }
    return rv;
}

apr_status_t twv_schema_ensure(twv_store_t *store)
{
    apr_status_t rv = twv_schema_migrate(store, published_versions, VERSION_COUNT);

    if (rv == APR_SUCCESS) {
        atomic_store(&store->database->schema_is_current, 1);
        atomic_store(&store->database->newer_schema_is_logged, 0);
    }
    return rv;
}
