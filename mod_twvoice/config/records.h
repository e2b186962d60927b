/*
 * Private to this floor: what the directives write. An unset member is NULL or -1, so that a merge
 * can tell "not said" from "said as the default"; the defaults stand in one table and are filled in
 * after the last merge. Records and all that they point to live in the configuration pool. They are
 * written by the one thread that reads the configuration and are read-only once the server runs.
 */
#ifndef TWV_CONFIG_RECORDS_H
#define TWV_CONFIG_RECORDS_H

#include <apr_tables.h>

#include "config/config.h"
#include "config/secrets.h"

/** One per virtual host; t/test_conf_reference.py checks that each member is merged. */
typedef struct {
    const char *account_sid;
    apr_array_header_t *auth_tokens;  /* of twv_secret_t: current, previous */
    apr_array_header_t *api_keys;     /* of twv_api_key_t */
    apr_array_header_t *key_secrets;  /* of twv_secret_t, beside api_keys */
    apr_array_header_t *numbers;      /* of twv_owned_number_t */
    apr_array_header_t *prefix_rules; /* of twv_prefix_rule_t */
    int participant_conflict;         /* twv_conflict_t */
    int unknown_caller;               /* twv_unknown_caller_t */
    apr_int64_t retention_ms;
    const char *public_url;
    const char *webhook_path;
} twv_server_settings_t;

typedef struct {
    twv_server_settings_t settings;
    twv_policy_t policy; /* the same with defaults, made by twv_server_config_resolve() */
} twv_server_config_t;

/** One per directory, location or virtual host default. */
typedef struct {
    const char *language; /* as said here or above; speech.language has the default filled in */
    twv_speech_t speech;  /* complete at any time: a merge while a request runs needs no more */
    apr_off_t max_body;
    int accepts_unsigned;
} twv_directory_config_t;

/** What holds where nothing is said. public_url has none: it is taken from the request. */
typedef struct {
    twv_conflict_t participant_conflict;
    twv_unknown_caller_t unknown_caller;
    apr_int64_t retention_ms;
    const char *webhook_path;
    const char *language;
    apr_off_t max_body;
    int accepts_unsigned;
} twv_config_defaults_t;

extern const twv_config_defaults_t twv_config_defaults;

twv_server_config_t *twv_server_config_of(server_rec *s);
twv_directory_config_t *twv_directory_config_of(ap_conf_vector_t *vector);

/** Make the policy of a finished record: defaults filled in, prefix rules longest first. May be
 *  called again for the same record (virtual hosts without directives share the main server's). */
void twv_server_config_resolve(apr_pool_t *p, twv_server_config_t *config);

/** Hook of dump.c. */
void twv_config_dump(apr_pool_t *pconf, server_rec *s);

/** "main server" or "virtual host NAME (FILE:LINE)", for messages. */
const char *twv_config_server_title(apr_pool_t *p, const server_rec *s);

#endif
