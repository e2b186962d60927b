/*
 * The server's database connections (mod_dbd) for the store. One database object for each virtual
 * host's connection group and child process, made in child_init; used by request threads and by the
 * watchdog's thread.
 */
#ifndef TWV_HTTP_DATABASE_LINK_H
#define TWV_HTTP_DATABASE_LINK_H

#include "httpd.h"

#include "store/database.h"

/** The database of this virtual host; NULL when it has none (no DBDriver or no account). */
twv_database_t *twv_database_of(server_rec *s);

/** Hooks: post_config (optional functions of mod_dbd, the write lock), child_init. */
void twv_database_register_hooks(apr_pool_t *p);

#endif
