/*
 * What no single directive can know: whether the records fit together and the server has the
 * modules that they need. Runs in the parent as part of configtest, so it opens nothing and asks
 * nobody.
 */
#include "config/config.h"

#include <apr_strings.h>

#include "config/log.h"
#include "config/records.h"

const char *twv_config_server_title(apr_pool_t *p, const server_rec *s)
{
    if (!s->is_virtual) {
        return "main server";
    }
    return apr_psprintf(p, "virtual host %s (%s:%u)", s->server_hostname ? s->server_hostname : "",
                        s->defn_name, s->defn_line_number);
}

/* The reason why these settings do not fit together, or NULL. */
static const char *find_gap(const twv_server_settings_t *settings)
{
    if (settings->account_sid && !settings->auth_tokens) {
        return "TwVoiceAccountSid needs TwVoiceAuthToken beside it";
    }
    if (settings->account_sid) {
        return NULL;
    }
    if (settings->auth_tokens) {
        return "TwVoiceAuthToken needs TwVoiceAccountSid beside it";
    }
    if (settings->api_keys) {
        return "TwVoiceApiKey needs TwVoiceAccountSid and TwVoiceAuthToken beside it";
    }
    if (settings->numbers) {
        return "TwVoiceNumber needs TwVoiceAccountSid and TwVoiceAuthToken beside it";
    }
    return NULL;
}

static int check_module(server_rec *s, const char *file, const char *name)
{
    if (ap_find_linked_module(file)) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                 TWV_LOG("TWV0005") "TwVoiceAccountSid needs mod_%s; load it: "
                                    "LoadModule %s_module modules/mod_%s.so (Debian: a2enmod %s)",
                 name, name, name, name);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* All mistakes are told, not only the first. */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *main_server)
{
    int result = OK;
    int is_used = 0;
    server_rec *s;

    (void)plog;
    for (s = main_server; s; s = s->next) {
        twv_server_config_t *config = twv_server_config_of(s);
        const char *gap = find_gap(&config->settings);

        if (gap) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server, TWV_LOG("TWV0004") "%s: %s",
                         twv_config_server_title(ptemp, s), gap);
            result = HTTP_INTERNAL_SERVER_ERROR;
        }
        is_used |= config->settings.account_sid != NULL;
        twv_server_config_resolve(pconf, config);
    }
    if (is_used && (check_module(main_server, "mod_dbd.c", "dbd") != OK ||
                    check_module(main_server, "mod_watchdog.c", "watchdog") != OK)) {
        result = HTTP_INTERNAL_SERVER_ERROR;
    }
    return result;
}

void twv_config_register_hooks(apr_pool_t *p)
{
    (void)p;
    /* First: the checks of other floors read the policy that is made here. */
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_test_config(twv_config_dump, NULL, NULL, APR_HOOK_MIDDLE);
}
