/*
 * The record of a virtual host: made, merged over the main server's, resolved into the policy that
 * the rest of the module reads. All of it lives in the configuration pool; the configuration's
 * thread writes, every thread reads once the server runs.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "config/log.h"
#include "config/records.h"

#define MS_PER_DAY (APR_INT64_C(24) * 60 * 60 * 1000)

const twv_config_defaults_t twv_config_defaults = {
    .participant_conflict = TWV_CONFLICT_MENU,
    .unknown_caller = TWV_UNKNOWN_CALLER_ANNOUNCE,
    .retention_ms = 90 * MS_PER_DAY,
    .webhook_path = "/twilio",
    .language = "ja-JP",
    .max_body = 65536,
    .accepts_unsigned = 0,
};

void *twv_config_create_server(apr_pool_t *p, server_rec *s)
{
    twv_server_config_t *config = apr_pcalloc(p, sizeof(*config));

    (void)s;
    config->settings.participant_conflict = -1;
    config->settings.unknown_caller = -1;
    config->settings.retention_ms = -1;
    return config;
}

/* The account, its token, its keys and its numbers belong together: a virtual host that names an
 * account of its own must not answer with the numbers of another one. */
static void merge_account(twv_server_settings_t *merged, const twv_server_settings_t *base,
                          const twv_server_settings_t *add)
{
    int has_own = add->account_sid || add->auth_tokens || add->api_keys;
    const twv_server_settings_t *from = has_own ? add : base;

    merged->account_sid = from->account_sid;
    merged->auth_tokens = from->auth_tokens;
    merged->api_keys = from->api_keys;
    merged->key_secrets = from->key_secrets;
    merged->numbers = add->numbers ? add->numbers : from->numbers;
}

void *twv_config_merge_servers(apr_pool_t *p, void *base_config, void *add_config)
{
    const twv_server_settings_t *base = &((twv_server_config_t *)base_config)->settings;
    const twv_server_settings_t *add = &((twv_server_config_t *)add_config)->settings;
    twv_server_config_t *config = apr_pcalloc(p, sizeof(*config));
    twv_server_settings_t *merged = &config->settings;

    merge_account(merged, base, add);
    merged->prefix_rules = add->prefix_rules ? add->prefix_rules : base->prefix_rules;
    merged->participant_conflict =
        add->participant_conflict != -1 ? add->participant_conflict : base->participant_conflict;
    merged->unknown_caller = add->unknown_caller != -1 ? add->unknown_caller : base->unknown_caller;
    merged->retention_ms = add->retention_ms != -1 ? add->retention_ms : base->retention_ms;
    merged->public_url = add->public_url ? add->public_url : base->public_url;
    merged->webhook_path = add->webhook_path ? add->webhook_path : base->webhook_path;
    return config;
}

/* Longest first; among equals the order of the digits, so that a dump is stable. */
static int compare_rules(const void *a, const void *b)
{
    const char *prefix = ((const twv_prefix_rule_t *)a)->prefix;
    const char *other = ((const twv_prefix_rule_t *)b)->prefix;
    size_t length = strlen(prefix);
    size_t other_length = strlen(other);

    if (length != other_length) {
        return length > other_length ? -1 : 1;
    }
    return strcmp(prefix, other);
}

static const apr_array_header_t *sorted_rules(apr_pool_t *p, const apr_array_header_t *rules)
{
    apr_array_header_t *sorted =
        rules ? apr_array_copy(p, rules) : apr_array_make(p, 0, sizeof(twv_prefix_rule_t));

    if (sorted->nelts > 1) {
        qsort(sorted->elts, sorted->nelts, sorted->elt_size, compare_rules);
    }
    return sorted;
}

static const char *const *token_values(apr_pool_t *p, const apr_array_header_t *tokens)
{
    const char **values = apr_pcalloc(p, sizeof(*values) * (tokens->nelts + 1));
    int i;

    for (i = 0; i < tokens->nelts; i++) {
        values[i] = APR_ARRAY_IDX(tokens, i, twv_secret_t).value;
    }
    return values;
}

void twv_server_config_resolve(apr_pool_t *p, twv_server_config_t *config)
{
    const twv_server_settings_t *settings = &config->settings;
    const twv_config_defaults_t *defaults = &twv_config_defaults;
    twv_policy_t *policy = &config->policy;

    policy->account_sid = settings->account_sid;
    policy->auth_token_count = settings->auth_tokens ? settings->auth_tokens->nelts : 0;
    policy->auth_tokens = settings->auth_tokens ? token_values(p, settings->auth_tokens) : NULL;
    policy->api_keys =
        settings->api_keys ? settings->api_keys : apr_array_make(p, 0, sizeof(twv_api_key_t));
    policy->numbers =
        settings->numbers ? settings->numbers : apr_array_make(p, 0, sizeof(twv_owned_number_t));
    policy->prefix_rules = sorted_rules(p, settings->prefix_rules);
    policy->participant_conflict = settings->participant_conflict != -1
                                       ? (twv_conflict_t)settings->participant_conflict
                                       : defaults->participant_conflict;
    policy->unknown_caller = settings->unknown_caller != -1
                                 ? (twv_unknown_caller_t)settings->unknown_caller
                                 : defaults->unknown_caller;
    policy->retention_ms =
        settings->retention_ms != -1 ? settings->retention_ms : defaults->retention_ms;
    policy->public_url = settings->public_url;
    policy->webhook_path = settings->webhook_path ? settings->webhook_path : defaults->webhook_path;
}

twv_server_config_t *twv_server_config_of(server_rec *s)
{
    return ap_get_module_config(s->module_config, &twvoice_module);
}

const twv_policy_t *twv_config_policy(server_rec *s)
{
    return &twv_server_config_of(s)->policy;
}
