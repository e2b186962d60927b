/*
 * The directive table and what each directive does to the records. Everything that can be wrong
 * with a directive is refused here, so that configtest tells it. Runs in the thread that reads the
 * configuration; what is kept lives in the configuration pool.
 */
#include "config/config.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "config/log.h"
#include "config/records.h"
#include "config/values.h"
#include "twilio/e164.h"
#include "twilio/sid.h"

#define LEAST_BODY 1024
#define MOST_BODY 1048576
#define MOST_NAME_BYTES 64
/* Twilio speaks at most 4096 characters of a <Say>. */
#define MOST_PROMPT_BYTES 4096

static twv_server_settings_t *settings_of(cmd_parms *cmd)
{
    return &twv_server_config_of(cmd->server)->settings;
}

/* httpd's own message has the file and the line but not the directive. */
static const char *refuse(cmd_parms *cmd, const char *reason)
{
    return reason ? apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", reason, NULL) : NULL;
}

static const char *set_account_sid(cmd_parms *cmd, void *directory, const char *word)
{
    (void)directory;
    settings_of(cmd)->account_sid = word;
    return refuse(cmd, twv_value_sid(cmd->pool, word, "AC", "an account"));
}

static const char *set_auth_token(cmd_parms *cmd, void *directory, const char *word,
                                  const char *previous)
{
    const char *words[] = {word, previous};
    int count = previous ? 2 : 1;
    apr_array_header_t *tokens = apr_array_make(cmd->pool, 2, sizeof(twv_secret_t));
    const char *reason = NULL;
    int i;

    (void)directory;
    for (i = 0; i < count && !reason; i++) {
        reason = twv_secret_read(cmd, words[i], apr_array_push(tokens));
    }
    if (!reason) {
        twv_secret_mask_arguments(cmd, NULL, (twv_secret_t *)tokens->elts, words, count);
        settings_of(cmd)->auth_tokens = tokens;
    }
    return refuse(cmd, reason);
}

static const char *add_api_key(cmd_parms *cmd, void *directory, const char *sid, const char *word)
{
    twv_server_settings_t *settings = settings_of(cmd);
    const char *reason = twv_value_sid(cmd->pool, sid, "SK", "an API key");
    twv_secret_t *secret;
    twv_api_key_t *key;
    int i;

    (void)directory;
    if (reason) {
        return refuse(cmd, reason);
    }
    if (!settings->api_keys) {
        settings->api_keys = apr_array_make(cmd->pool, 2, sizeof(twv_api_key_t));
        settings->key_secrets = apr_array_make(cmd->pool, 2, sizeof(twv_secret_t));
    }
    for (i = 0; i < settings->api_keys->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(settings->api_keys, i, twv_api_key_t).sid, sid) == 0) {
            return refuse(cmd, apr_psprintf(cmd->pool, "'%s' is given twice", sid));
        }
    }
    secret = apr_array_push(settings->key_secrets);
    reason = twv_secret_read(cmd, word, secret);
    if (reason) {
        return refuse(cmd, reason);
    }
    twv_secret_mask_arguments(cmd, sid, secret, &word, 1);
    key = apr_array_push(settings->api_keys);
    key->sid = sid;
    key->secret = secret->value;
    return NULL;
}

static const char *starts_with(const char *word, const char *key)
{
    size_t length = strlen(key);

    return strncasecmp(word, key, length) == 0 ? word + length : NULL;
}

static const char *set_number_option(cmd_parms *cmd, const char *word, twv_owned_number_t *number)
{
    const char *value;

    if ((value = starts_with(word, "sid="))) {
        number->sid = value;
        return twv_value_sid(cmd->pool, value, "PN", "a phone number");
    }
    if ((value = starts_with(word, "name="))) {
        number->friendly_name = value;
        return *value == '"' ? "the quotes belong around the whole word: \"name=TEXT\""
                             : twv_value_text(cmd->pool, value, MOST_NAME_BYTES);
    }
    if ((value = starts_with(word, "capabilities="))) {
        return twv_value_capabilities(cmd->pool, value, &number->voice, &number->sms);
    }
    return apr_psprintf(
        cmd->pool, "'%s' is unknown; allowed: sid=PN..., name=TEXT, capabilities=voice,sms", word);
}

static const char *find_duplicate(cmd_parms *cmd, const apr_array_header_t *numbers,
                                  const twv_owned_number_t *number)
{
    int i;

    for (i = 0; i < numbers->nelts; i++) {
        const twv_owned_number_t *other = &APR_ARRAY_IDX(numbers, i, twv_owned_number_t);

        if (strcmp(other->phone_number, number->phone_number) == 0) {
            return apr_psprintf(cmd->pool, "'%s' is given twice", number->phone_number);
        }
        if (strcmp(other->sid, number->sid) == 0) {
            return apr_psprintf(cmd->pool, "'sid=%s' belongs to %s already", number->sid,
                                other->phone_number);
        }
    }
    return NULL;
}

static const char *add_number(cmd_parms *cmd, void *directory, int argc, char *const argv[])
{
    twv_server_settings_t *settings = settings_of(cmd);
    twv_owned_number_t number = {.voice = 1, .sms = 1};
    const char *reason;
    int i;

    (void)directory;
    if (argc == 0) {
        return refuse(cmd, "needs a number in E.164 form");
    }
    number.phone_number = argv[0];
    reason = twv_value_e164(cmd->pool, number.phone_number);
    for (i = 1; i < argc && !reason; i++) {
        reason = set_number_option(cmd, argv[i], &number);
    }
    if (reason) {
        return refuse(cmd, reason);
    }
    if (!number.sid) {
        number.sid = twv_sid_derive(cmd->pool, "PN", number.phone_number);
    }
    if (!number.friendly_name) {
        number.friendly_name = number.phone_number;
    }
    if (!settings->numbers) {
        settings->numbers = apr_array_make(cmd->pool, 4, sizeof(twv_owned_number_t));
    }
    reason = find_duplicate(cmd, settings->numbers, &number);
    if (!reason) {
        APR_ARRAY_PUSH(settings->numbers, twv_owned_number_t) = number;
    }
    return refuse(cmd, reason);
}

static const char *set_public_url(cmd_parms *cmd, void *directory, const char *word)
{
    (void)directory;
    settings_of(cmd)->public_url = word;
    return refuse(cmd, twv_value_public_url(cmd->pool, word));
}

static const char *set_webhook_path(cmd_parms *cmd, void *directory, const char *word)
{
    (void)directory;
    return refuse(cmd, twv_value_path(cmd->pool, word, &settings_of(cmd)->webhook_path));
}

static const char *add_prefix_rule(cmd_parms *cmd, const char *prefix, int allowed)
{
    twv_server_settings_t *settings = settings_of(cmd);
    const char *reason = twv_value_prefix(cmd->pool, prefix);
    twv_prefix_rule_t *rule;
    int i;

    if (reason) {
        return refuse(cmd, reason);
    }
    if (!settings->prefix_rules) {
        settings->prefix_rules = apr_array_make(cmd->pool, 4, sizeof(twv_prefix_rule_t));
    }
    for (i = 0; i < settings->prefix_rules->nelts; i++) {
        rule = &APR_ARRAY_IDX(settings->prefix_rules, i, twv_prefix_rule_t);
        if (strcmp(rule->prefix, prefix) == 0) {
            return refuse(cmd, apr_psprintf(cmd->pool, "'%s' is %s already", prefix,
                                            rule->allowed ? "allowed" : "denied"));
        }
    }
    rule = apr_array_push(settings->prefix_rules);
    rule->prefix = prefix;
    rule->allowed = allowed;
    return NULL;
}

static const char *add_allowed_prefix(cmd_parms *cmd, void *directory, const char *prefix)
{
    (void)directory;
    return add_prefix_rule(cmd, prefix, 1);
}

static const char *add_denied_prefix(cmd_parms *cmd, void *directory, const char *prefix)
{
    (void)directory;
    return add_prefix_rule(cmd, prefix, 0);
}

static const char *set_participant_conflict(cmd_parms *cmd, void *directory, const char *word)
{
    (void)directory;
    return refuse(cmd, twv_value_choice(cmd->pool, word, twv_conflict_choices,
                                        &settings_of(cmd)->participant_conflict));
}

static const char *set_unknown_caller(cmd_parms *cmd, void *directory, const char *word)
{
    (void)directory;
    return refuse(cmd, twv_value_choice(cmd->pool, word, twv_unknown_caller_choices,
                                        &settings_of(cmd)->unknown_caller));
}

static const char *set_retention(cmd_parms *cmd, void *directory, const char *word)
{
    (void)directory;
    return refuse(cmd, twv_value_time(cmd->pool, word, &settings_of(cmd)->retention_ms));
}

static const char *unknown_event(cmd_parms *cmd, const char *event)
{
    const char *allowed = "";
    int i;

    for (i = 0; i < TWV_PROMPT_COUNT; i++) {
        allowed = apr_pstrcat(cmd->pool, allowed, i ? ", " : "", twv_prompt_name(i), NULL);
    }
    return apr_psprintf(cmd->pool, "'%s' is not an event; allowed: %s", event, allowed);
}

/* These two become part of a sentence, so they can only be spoken. */
static int is_part_of_sentence(twv_prompt_t prompt)
{
    return prompt == TWV_PROMPT_MENU_CHOICE || prompt == TWV_PROMPT_MENU_NAMELESS;
}

static const char *check_prompt_url(cmd_parms *cmd, twv_prompt_t prompt, const char *url)
{
    apr_uri_t uri;

    if (is_part_of_sentence(prompt)) {
        return apr_psprintf(cmd->pool, "'%s' is a URL; allowed for this event: a text", url);
    }
    if (strchr(url, ' ') || apr_uri_parse(cmd->pool, url, &uri) != APR_SUCCESS || !uri.hostname ||
        !*uri.hostname) {
        return apr_psprintf(cmd->pool, "'%s' is not a URL; allowed: http(s)://HOST/PATH or a text",
                            url);
    }
    return NULL;
}

static const char *check_prompt(cmd_parms *cmd, twv_prompt_t prompt, const char *text)
{
    const char *reason = twv_value_text(cmd->pool, text, MOST_PROMPT_BYTES);

    if (!reason && twv_prompt_is_url(text)) {
        reason = check_prompt_url(cmd, prompt, text);
    }
    /* Without it nobody knows which key to press. */
    if (!reason && prompt == TWV_PROMPT_MENU_CHOICE && !strstr(text, "{key}")) {
        reason = apr_psprintf(cmd->pool,
                              "'%s' has no {key}; it stands for the key to press, {name} for the "
                              "partner",
                              text);
    }
    return reason;
}

static const char *set_prompt(cmd_parms *cmd, void *directory, const char *event, const char *text)
{
    twv_directory_config_t *config = directory;
    twv_prompt_t prompt = twv_prompt_from_name(event);

    if (prompt == TWV_PROMPT_COUNT) {
        return refuse(cmd, unknown_event(cmd, event));
    }
    config->speech.prompts[prompt] = text;
    return refuse(cmd, check_prompt(cmd, prompt, text));
}

static const char *set_language(cmd_parms *cmd, void *directory, const char *word)
{
    twv_directory_config_t *config = directory;

    config->language = word;
    config->speech.language = word;
    return refuse(cmd, twv_value_language(cmd->pool, word));
}

static const char *set_voice(cmd_parms *cmd, void *directory, const char *word)
{
    ((twv_directory_config_t *)directory)->speech.voice = word;
    return refuse(cmd, twv_value_voice(cmd->pool, word));
}

static const char *set_max_body(cmd_parms *cmd, void *directory, const char *word)
{
    twv_directory_config_t *config = directory;

    return refuse(cmd, twv_value_bytes(cmd->pool, word, LEAST_BODY, MOST_BODY, &config->max_body));
}

static const char *set_unsigned(cmd_parms *cmd, void *directory, int accepts)
{
    (void)cmd;
    ((twv_directory_config_t *)directory)->accepts_unsigned = accepts;
    return NULL;
}

/* None of these may stand in .htaccess: who edits web pages does not run programs as root, and
 * does not open the door to unsigned requests. */
#define SERVER RSRC_CONF
#define PLACE (RSRC_CONF | ACCESS_CONF)

const command_rec twv_config_commands[] = {
    AP_INIT_TAKE1("TwVoiceAccountSid", set_account_sid, NULL, SERVER,
                  "SID of the Twilio account of this virtual host: AC..."),
    AP_INIT_TAKE12("TwVoiceAuthToken", set_auth_token, NULL, SERVER,
                   "auth token and perhaps the previous one, each as " TWV_SECRET_SOURCES),
    AP_INIT_TAKE2("TwVoiceApiKey", add_api_key, NULL, SERVER,
                  "SID of an API key (SK...) and its secret as " TWV_SECRET_SOURCES),
    AP_INIT_TAKE_ARGV("TwVoiceNumber", add_number, NULL, SERVER,
                      "a number of the account: +E164 [sid=PN...] [name=TEXT] "
                      "[capabilities=voice,sms]"),
    AP_INIT_TAKE1("TwVoicePublicURL", set_public_url, NULL, SERVER,
                  "http(s)://HOST[:PORT] as Twilio and clients see this server"),
    AP_INIT_TAKE1("TwVoiceWebhookPath", set_webhook_path, NULL, SERVER,
                  "path of the location of twvoice-webhook"),
    AP_INIT_ITERATE("TwVoiceAllowPrefix", add_allowed_prefix, NULL, SERVER,
                    "prefixes of numbers that may be called; the longest prefix wins"),
    AP_INIT_ITERATE("TwVoiceDenyPrefix", add_denied_prefix, NULL, SERVER,
                    "prefixes of numbers that may not be called; the longest prefix wins"),
    AP_INIT_TAKE1("TwVoiceParticipantConflict", set_participant_conflict, NULL, SERVER,
                  "same person and number in two active sessions: menu or reject"),
    AP_INIT_TAKE1("TwVoiceUnknownCaller", set_unknown_caller, NULL, SERVER,
                  "a caller without a session: announce, reject or pin"),
    AP_INIT_TAKE1("TwVoiceRetention", set_retention, NULL, SERVER,
                  "personal data older than this is erased; 0 keeps it"),
    AP_INIT_TAKE2("TwVoicePrompt", set_prompt, NULL, PLACE,
                  "an event and the text or URL that people hear"),
    AP_INIT_TAKE1("TwVoiceLanguage", set_language, NULL, PLACE, "language of spoken text: ja-JP"),
    AP_INIT_TAKE1("TwVoiceVoice", set_voice, NULL, PLACE, "voice of spoken text: Polly.Mizuki"),
    AP_INIT_TAKE1("TwVoiceMaxBody", set_max_body, NULL, PLACE,
                  "largest body of a webhook in bytes"),
    AP_INIT_FLAG("TwVoiceUnsigned", set_unsigned, NULL, PLACE,
                 "on: answer requests without a valid signature"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};
