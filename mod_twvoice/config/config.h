/*
 * The configuration as the server reads it: one record per virtual host, one per directory or
 * location, both immutable once the server runs and living in its configuration pool. Any thread
 * may read them.
 */
#ifndef TWV_CONFIG_CONFIG_H
#define TWV_CONFIG_CONFIG_H

#include "httpd.h"
#include "http_config.h"

#include "calls/policy.h"
#include "calls/prompts.h"

/** The directive table for the module record. */
extern const command_rec twv_config_commands[];

/* For the module record. */
void *twv_config_create_server(apr_pool_t *p, server_rec *s);
void *twv_config_merge_servers(apr_pool_t *p, void *base, void *add);
void *twv_config_create_directory(apr_pool_t *p, char *directory);
void *twv_config_merge_directories(apr_pool_t *p, void *base, void *add);

/** Hooks of this floor: check_config (cross checks) and test_config (-D DUMP_TWVOICE). */
void twv_config_register_hooks(apr_pool_t *p);

/** What the operator decided for this virtual host; never NULL. account_sid is NULL where the host
 *  does not use the module. */
const twv_policy_t *twv_config_policy(server_rec *s);

/** How the server speaks at this place; defaults filled in. */
const twv_speech_t *twv_config_speech(const request_rec *r);

/** Largest webhook body in bytes (TwVoiceMaxBody). */
apr_off_t twv_config_max_body(const request_rec *r);

/** Whether requests without a valid signature are answered here (TwVoiceUnsigned). */
int twv_config_accepts_unsigned(const request_rec *r);

/** The handler that is configured for this request ("" when none), known in every phase: r->handler
 *  is set only after authorization. */
const char *twv_config_handler(const request_rec *r);

#endif
