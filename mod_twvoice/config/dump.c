/*
 * apachectl -t -D DUMP_TWVOICE: what was understood, by virtual host, with secrets masked. Runs in
 * the parent after the checks.
 */
#include "config/config.h"

#include "http_core.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#include "config/log.h"
#include "config/records.h"
#include "config/values.h"
#include "twilio/e164.h"

typedef struct {
    apr_pool_t *p;
    apr_file_t *out;
} dump_t;

/* One line; what nobody said is marked. */
static void print(const dump_t *dump, const char *directive, const char *value, int is_default)
{
    apr_file_printf(dump->out, "    %-26s %s%s\n", directive, value,
                    is_default ? " (default)" : "");
}

static void print_secrets(const dump_t *dump, const twv_server_settings_t *settings)
{
    const apr_array_header_t *tokens = settings->auth_tokens;
    int i;

    for (i = 0; tokens && i < tokens->nelts; i++) {
        print(dump, "TwVoiceAuthToken",
              apr_pstrcat(dump->p, APR_ARRAY_IDX(tokens, i, twv_secret_t).source,
                          i ? " (previous)" : "", NULL),
              0);
    }
    for (i = 0; settings->api_keys && i < settings->api_keys->nelts; i++) {
        print(dump, "TwVoiceApiKey",
              apr_pstrcat(dump->p, APR_ARRAY_IDX(settings->api_keys, i, twv_api_key_t).sid, " ",
                          APR_ARRAY_IDX(settings->key_secrets, i, twv_secret_t).source, NULL),
              0);
    }
}

static const char *country_of(const twv_owned_number_t *number)
{
    const char *country = twv_e164_iso_country(number->phone_number);

    return *country ? country : "country unknown";
}

static void print_numbers(const dump_t *dump, const twv_policy_t *policy)
{
    int i;

    for (i = 0; i < policy->numbers->nelts; i++) {
        const twv_owned_number_t *number = &APR_ARRAY_IDX(policy->numbers, i, twv_owned_number_t);

        print(dump, "TwVoiceNumber",
              apr_psprintf(dump->p, "%s %s %s%s%s sid=%s \"name=%s\"", number->phone_number,
                           country_of(number), number->voice ? "voice" : "",
                           number->voice && number->sms ? "," : "", number->sms ? "sms" : "",
                           number->sid, number->friendly_name),
              0);
    }
}

static void print_rules(const dump_t *dump, const twv_policy_t *policy)
{
    int i;

    if (!policy->prefix_rules->nelts) {
        print(dump, "TwVoiceAllowPrefix", "+", 1);
    }
    for (i = 0; i < policy->prefix_rules->nelts; i++) {
        const twv_prefix_rule_t *rule = &APR_ARRAY_IDX(policy->prefix_rules, i, twv_prefix_rule_t);

        print(dump, rule->allowed ? "TwVoiceAllowPrefix" : "TwVoiceDenyPrefix", rule->prefix, 0);
    }
}

static void print_server(const dump_t *dump, const twv_server_config_t *config)
{
    const twv_server_settings_t *settings = &config->settings;
    const twv_policy_t *policy = &config->policy;

    if (policy->account_sid) {
        print(dump, "TwVoiceAccountSid", policy->account_sid, 0);
    } else {
        print(dump, "TwVoiceAccountSid", "none: no calls here", 1);
    }
    print_secrets(dump, settings);
    print_numbers(dump, policy);
    print(dump, "TwVoicePublicURL", policy->public_url ? policy->public_url : "as requested",
          !settings->public_url);
    print(dump, "TwVoiceWebhookPath", *policy->webhook_path ? policy->webhook_path : "/",
          !settings->webhook_path);
    print_rules(dump, policy);
    print(dump, "TwVoiceParticipantConflict",
          twv_choice_word(twv_conflict_choices, policy->participant_conflict),
          settings->participant_conflict == -1);
    print(dump, "TwVoiceUnknownCaller",
          twv_choice_word(twv_unknown_caller_choices, policy->unknown_caller),
          settings->unknown_caller == -1);
    print(dump, "TwVoiceRetention", twv_time_word(dump->p, policy->retention_ms),
          settings->retention_ms == -1);
}

static void print_prompts(const dump_t *dump, const twv_speech_t *speech)
{
    int i;

    for (i = 0; i < TWV_PROMPT_COUNT; i++) {
        if (speech->prompts[i]) {
            print(dump, "TwVoicePrompt",
                  apr_psprintf(dump->p, "%s \"%s\"", twv_prompt_name(i), speech->prompts[i]), 0);
        }
    }
}

static const char *bytes_word(const dump_t *dump, apr_off_t bytes)
{
    return apr_psprintf(dump->p, "%" APR_OFF_T_FMT, bytes);
}

/* What holds outside every location. */
static void print_server_place(const dump_t *dump, const twv_directory_config_t *config)
{
    const twv_config_defaults_t *defaults = &twv_config_defaults;
    int is_open = config->accepts_unsigned;

    print(dump, "TwVoiceLanguage", config->speech.language, !config->language);
    print(dump, "TwVoiceVoice", config->speech.voice ? config->speech.voice : "Twilio's own",
          !config->speech.voice);
    print_prompts(dump, &config->speech);
    print(dump, "TwVoiceMaxBody",
          bytes_word(dump, config->max_body != -1 ? config->max_body : defaults->max_body),
          config->max_body == -1);
    print(dump, "TwVoiceUnsigned",
          (is_open != -1 ? is_open : defaults->accepts_unsigned) ? "on" : "off", is_open == -1);
}

/* What a directory or location says itself; the rest comes from above. */
static void print_place(const dump_t *dump, const char *kind, ap_conf_vector_t *section)
{
    const twv_directory_config_t *config = twv_directory_config_of(section);
    const core_dir_config *core = ap_get_core_module_config(section);

    if (!config) {
        return;
    }
    apr_file_printf(dump->out, "  %s %s\n", kind, core->d);
    if (config->language) {
        print(dump, "TwVoiceLanguage", config->language, 0);
    }
    if (config->speech.voice) {
        print(dump, "TwVoiceVoice", config->speech.voice, 0);
    }
    print_prompts(dump, &config->speech);
    if (config->max_body != -1) {
        print(dump, "TwVoiceMaxBody", bytes_word(dump, config->max_body), 0);
    }
    if (config->accepts_unsigned != -1) {
        print(dump, "TwVoiceUnsigned", config->accepts_unsigned ? "on" : "off", 0);
    }
}

/* In the order in which httpd merges them. */
static void print_places(const dump_t *dump, server_rec *s)
{
    const core_server_config *core = ap_get_core_module_config(s->module_config);
    int i;

    for (i = 0; i < core->sec_dir->nelts; i++) {
        print_place(dump, "directory", APR_ARRAY_IDX(core->sec_dir, i, ap_conf_vector_t *));
    }
    for (i = 0; i < core->sec_url->nelts; i++) {
        print_place(dump, "location", APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t *));
    }
}

void twv_config_dump(apr_pool_t *pconf, server_rec *s)
{
    dump_t dump = {.p = NULL};

    if (!ap_exists_config_define("DUMP_TWVOICE") ||
        apr_pool_create(&dump.p, pconf) != APR_SUCCESS ||
        apr_file_open_stdout(&dump.out, dump.p) != APR_SUCCESS) {
        return;
    }
    apr_file_puts("mod_twvoice configuration:\n", dump.out);
    for (; s; s = s->next) {
        apr_file_printf(dump.out, "%s\n", twv_config_server_title(dump.p, s));
        print_server(&dump, twv_server_config_of(s));
        print_server_place(&dump, twv_directory_config_of(s->lookup_defaults));
        print_places(&dump, s);
    }
    apr_pool_destroy(dump.p);
}
