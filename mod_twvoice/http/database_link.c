/*
 * Connects the store with mod_dbd. The optional functions and the write lock are found when the
 * server starts; the database objects are made in each child before it serves and never change
 * afterwards, so request threads and the watchdog's thread read them without a lock.
 */
#include "http/database_link.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "apr_hash.h"
#include "apr_optional.h"
#include "apr_strings.h"
#include "apr_time.h"

#include "ap_mpm.h"
#include "http_config.h"
#include "http_core.h"
#include "mod_dbd.h"

#include "config/config.h"
#include "config/log.h"
#include "http/write_lock.h"

/* After this long a failed connection is not tried once more. */
#define QUICK_FAILURE apr_time_from_msec(300)

/* Set by the parent in post_config, before any child exists. */
static APR_OPTIONAL_FN_TYPE(ap_dbd_open) * dbd_open;
static APR_OPTIONAL_FN_TYPE(ap_dbd_close) * dbd_close;

/* Set in child_init: server_rec * to twv_database_t *. */
static apr_hash_t *databases;

/* Whether this MPM ends a child from inside a signal handler, in the middle of a request (prefork).
 */
static int ends_by_signal;

/* What this thread has borrowed (connection, write lock), and its signals as they were before. */
static __thread int borrowed;
static __thread sigset_t signals_before;

/* A child that ended with a connection lent out would abort (apr_reslist insists on having all of
 * them back) and keep the write lock from its other thread: where a signal would end it at once,
 * it waits until everything is given back. */
static void hold_signals(void)
{
    sigset_t ending;

    if (ends_by_signal && borrowed++ == 0) {
        sigemptyset(&ending);
        sigaddset(&ending, SIGTERM);
        sigaddset(&ending, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &ending, &signals_before);
    }
}

static void release_signals(void)
{
    if (ends_by_signal && --borrowed == 0) {
        pthread_sigmask(SIG_SETMASK, &signals_before, NULL);
    }
}

/* A pooled connection that turns out to be dead is dropped by mod_dbd, which then returns NULL; the
 * next one may live. A server that does not answer costs connect_timeout only once. */
static apr_status_t open_connection(void *baton, apr_pool_t *p, twv_link_t *link)
{
    server_rec *s = baton;
    apr_time_t start = apr_time_now();
    ap_dbd_t *connection;

    hold_signals();
    connection = dbd_open(p, s);
    if (!connection && apr_time_now() - start < QUICK_FAILURE) {
        connection = dbd_open(p, s);
    }
    if (!connection) {
        release_signals();
        return APR_EGENERAL;
    }
    link->driver = connection->driver;
    link->handle = connection->handle;
    link->pool = connection->pool;
    link->reference = connection;
    return APR_SUCCESS;
}

static void close_connection(void *baton, apr_pool_t *p, twv_link_t *link)
{
    (void)p;
    dbd_close(baton, link->reference);
    release_signals();
}

static apr_status_t lock(void *baton, apr_interval_time_t wait)
{
    apr_status_t rv;

    (void)baton;
    hold_signals();
    rv = twv_write_lock_take(wait);
    if (rv != APR_SUCCESS) {
        release_signals();
    }
    return rv;
}

static void unlock(void *baton)
{
    (void)baton;
    twv_write_lock_release();
    release_signals();
}

static void log_line(void *baton, int is_error, const char *id, const char *message)
{
    server_rec *s = baton;

    ap_log_error(APLOG_MARK, is_error ? APLOG_ERR : APLOG_INFO, 0, s, "%s: %s", id, message);
}

static int has_driver(const ap_directive_t *first)
{
    const ap_directive_t *directive;

    for (directive = first; directive; directive = directive->next) {
        if (ap_cstr_casecmp(directive->directive, "DBDriver") == 0) {
            return 1;
        }
    }
    return 0;
}

/* mod_dbd keeps to itself whether a virtual host has a database, and logs an error when asked for
 * one that is not there; the configuration tree tells. A virtual host inherits the main server's.
 */
static int has_database(const server_rec *s)
{
    const ap_directive_t *directive;

    if (!dbd_open) {
        return 0;
    }
    if (has_driver(ap_conftree)) {
        return 1;
    }
    for (directive = ap_conftree; s->is_virtual && directive; directive = directive->next) {
        if (ap_cstr_casecmp(directive->directive, "<VirtualHost") == 0 &&
            directive->line_num == (int)s->defn_line_number &&
            strcmp(directive->filename, s->defn_name) == 0) {
            return has_driver(directive->first_child);
        }
    }
    return 0;
}

twv_database_t *twv_database_of(server_rec *s)
{
    return databases ? apr_hash_get(databases, &s, sizeof(s)) : NULL;
}

static int find_functions(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    databases = NULL;
    dbd_open = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);
    dbd_close = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);
    return twv_write_lock_create(pconf, s) == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static void make_databases(apr_pool_t *p, server_rec *main_server)
{
    apr_hash_t *made = apr_hash_make(p);
    int is_threaded = 0;
    server_rec *s;

    ap_mpm_query(AP_MPMQ_IS_THREADED, &is_threaded);
    ends_by_signal = is_threaded == AP_MPMQ_NOT_SUPPORTED;
    twv_write_lock_init_child(p, main_server);
    for (s = main_server; s; s = s->next) {
        twv_database_source_t source = {
            open_connection, close_connection, lock, unlock, log_line, s,
        };

        if (twv_config_policy(s)->account_sid && has_database(s)) {
            server_rec **key = apr_pmemdup(p, &s, sizeof(s));

            apr_hash_set(made, key, sizeof(*key), twv_database_create(p, &source));
        }
    }
    databases = made;
}

static int register_lock(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return twv_write_lock_register(pconf) == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

void twv_database_register_hooks(apr_pool_t *p)
{
    static const char *const after[] = {"mod_dbd.c", NULL};

    (void)p;
    ap_hook_pre_config(register_lock, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(find_functions, after, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(make_databases, after, NULL, APR_HOOK_MIDDLE);
}
