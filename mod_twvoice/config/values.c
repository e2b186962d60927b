/*
 * The words of directives. Results live in the pool that is passed; runs in the thread that reads
 * the configuration.
 */
#include "config/values.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "calls/policy.h"
#include "twilio/e164.h"
#include "twilio/sid.h"
#include "twilio/utf8.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define MOST_E164_DIGITS 15
#define MOST_LANGUAGE_CHARACTERS 35 /* RFC 5646 section 4.4.1 */
#define MOST_VOICE_CHARACTERS 64
#define SECRET_CHARACTERS 32
#define MOST_YEARS 100

const twv_choice_t twv_conflict_choices[] = {
    {"menu", TWV_CONFLICT_MENU}, {"reject", TWV_CONFLICT_REJECT}, {NULL, 0}};

const twv_choice_t twv_unknown_caller_choices[] = {{"announce", TWV_UNKNOWN_CALLER_ANNOUNCE},
                                                   {"reject", TWV_UNKNOWN_CALLER_REJECT},
                                                   {"pin", TWV_UNKNOWN_CALLER_PIN},
                                                   {NULL, 0}};

/* In falling order, each a multiple of the next; "mi" is httpd's own spelling. */
static const struct {
    const char *word;
    apr_int64_t ms;
} time_units[] = {{"w", APR_INT64_C(604800000)}, {"d", APR_INT64_C(86400000)},
                  {"h", APR_INT64_C(3600000)},   {"min", APR_INT64_C(60000)},
                  {"mi", APR_INT64_C(60000)},    {"s", APR_INT64_C(1000)}};

#define TIME_UNIT_COUNT (sizeof(time_units) / sizeof(time_units[0]))

static int consists_of(const char *text, const char *allowed)
{
    return text[strspn(text, allowed)] == '\0';
}

const char *twv_value_choice(apr_pool_t *p, const char *word, const twv_choice_t *choices,
                             int *value)
{
    const char *allowed = "";
    const twv_choice_t *choice;

    for (choice = choices; choice->word; choice++) {
        if (strcasecmp(word, choice->word) == 0) {
            *value = choice->value;
            return NULL;
        }
        allowed = apr_pstrcat(p, allowed, *allowed ? ", " : "", choice->word, NULL);
    }
    return apr_psprintf(p, "'%s' is unknown; allowed: %s", word, allowed);
}

const char *twv_choice_word(const twv_choice_t *choices, int value)
{
    while (choices->word && choices->value != value) {
        choices++;
    }
    return choices->word ? choices->word : "";
}

const char *twv_value_sid(apr_pool_t *p, const char *word, const char *prefix, const char *what)
{
    if (twv_sid_is(word, prefix)) {
        return NULL;
    }
    /* A token in the wrong place must not get into a log. */
    if (strlen(word) == SECRET_CHARACTERS && consists_of(word, LETTERS DIGITS)) {
        return apr_psprintf(p,
                            "the word looks like a secret, not like the SID of %s; allowed: %s and "
                            "32 hexadecimal digits",
                            what, prefix);
    }
    return apr_psprintf(p, "'%s' is not the SID of %s; allowed: %s and 32 hexadecimal digits", word,
                        what, prefix);
}

const char *twv_value_e164(apr_pool_t *p, const char *word)
{
    if (twv_e164_is_valid(word)) {
        return NULL;
    }
    return apr_psprintf(
        p,
        "'%s' is not a number in E.164 form; allowed: '+', country code and number, "
        "7 to 15 digits without blanks or hyphens",
        word);
}

const char *twv_value_prefix(apr_pool_t *p, const char *word)
{
    if (word[0] == '+' && word[1] != '0' && consists_of(word + 1, DIGITS) &&
        strlen(word + 1) <= MOST_E164_DIGITS) {
        return NULL;
    }
    return apr_psprintf(p,
                        "'%s' is not a prefix; allowed: '+' and up to 15 digits, the country code "
                        "first ('+' alone is every number)",
                        word);
}

/* A name, an IPv4 address or (apr_uri removed its brackets) an IPv6 address. */
static int is_host(const apr_uri_t *uri)
{
    if (!uri->hostname || strchr("-.", *uri->hostname)) {
        return 0;
    }
    if (strchr(uri->hostname, ':')) {
        return consists_of(uri->hostname, "0123456789abcdefABCDEF:.");
    }
    return consists_of(uri->hostname, LETTERS DIGITS "-.");
}

static int is_port(const apr_uri_t *uri)
{
    return !uri->port_str ||
           (*uri->port_str && consists_of(uri->port_str, DIGITS) && strlen(uri->port_str) <= 5 &&
            apr_atoi64(uri->port_str) >= 1 && apr_atoi64(uri->port_str) <= 65535);
}

const char *twv_value_public_url(apr_pool_t *p, const char *word)
{
    const char *problem = NULL;
    apr_uri_t uri;

    if (apr_uri_parse(p, word, &uri) != APR_SUCCESS || !uri.scheme) {
        problem = "is not a URL";
    } else if (strcmp(uri.scheme, "https") != 0 && strcmp(uri.scheme, "http") != 0) {
        problem = "has another scheme than http or https";
    } else if (uri.user || uri.password) {
        return "the URL has a user or password; allowed: http(s)://HOST[:PORT]";
    } else if (!is_host(&uri)) {
        problem = "has no host name (letters, digits, '-' and '.')";
    } else if (!is_port(&uri)) {
        problem = "has a port that is not 1 to 65535";
    } else if (uri.query || uri.fragment) {
        problem = "has a query or fragment";
    } else if (uri.path) {
        problem = "has a path (not even a '/' may follow the host)";
    }
    return problem ? apr_psprintf(p, "'%s' %s; allowed: http(s)://HOST[:PORT]", word, problem)
                   : NULL;
}

const char *twv_value_path(apr_pool_t *p, const char *word, const char **path)
{
    size_t length = strlen(word);

    if (strcmp(word, "/") == 0) {
        *path = "";
        return NULL;
    }
    if (word[0] != '/' || word[length - 1] == '/' || !consists_of(word, LETTERS DIGITS "-._~/") ||
        strstr(word, "//") || strstr(word, "/./") || strstr(word, "/../") ||
        (length >= 2 && strcmp(word + length - 2, "/.") == 0) ||
        (length >= 3 && strcmp(word + length - 3, "/..") == 0)) {
        return apr_psprintf(
            p,
            "'%s' is not the path of a location; allowed: '/' and names of letters, "
            "digits and - . _ ~, without a '/' at the end",
            word);
    }
    *path = word;
    return NULL;
}

const char *twv_value_time(apr_pool_t *p, const char *word, apr_int64_t *ms)
{
    size_t digits = strspn(word, DIGITS);
    apr_int64_t count = digits && digits <= 12 ? apr_atoi64(word) : -1;
    size_t i;

    if (count == 0 && !word[digits]) {
        *ms = 0;
        return NULL;
    }
    for (i = 0; count >= 0 && i < TIME_UNIT_COUNT; i++) {
        if (strcmp(word + digits, time_units[i].word) == 0 &&
            count <= MOST_YEARS * APR_INT64_C(31536000000) / time_units[i].ms) {
            *ms = count * time_units[i].ms;
            return NULL;
        }
    }
    return apr_psprintf(p,
                        "'%s' is not a time; allowed: a number and a unit of s, min (mi), h, d, w, "
                        "at most %d years, or 0",
                        word, MOST_YEARS);
}

const char *twv_time_word(apr_pool_t *p, apr_int64_t ms)
{
    size_t i;

    /* People say 90 days, not 12 weeks and 6 days; and 4 weeks as 28 days is as well. */
    for (i = 1; ms && i < TIME_UNIT_COUNT; i++) {
        if (ms % time_units[i].ms == 0) {
            return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", ms / time_units[i].ms,
                                time_units[i].word);
        }
    }
    return "0";
}

const char *twv_value_bytes(apr_pool_t *p, const char *word, apr_off_t least, apr_off_t most,
                            apr_off_t *bytes)
{
    char *end;

    if (*word && consists_of(word, DIGITS) && apr_strtoff(bytes, word, &end, 10) == APR_SUCCESS &&
        *bytes >= least && *bytes <= most) {
        return NULL;
    }
    return apr_psprintf(
        p, "'%s' is not a size; allowed: %" APR_OFF_T_FMT " to %" APR_OFF_T_FMT " bytes", word,
        least, most);
}

/* RFC 5646: subtags of 1 to 8 letters and digits, the first of 2 to 8 letters. */
static int is_language_tag(const char *word)
{
    size_t length = strspn(word, LETTERS);

    if (length < 2 || length > 8 || strlen(word) > MOST_LANGUAGE_CHARACTERS) {
        return 0;
    }
    while (word[length] == '-') {
        word += length + 1;
        length = strspn(word, LETTERS DIGITS);
        if (length < 1 || length > 8) {
            return 0;
        }
    }
    return word[length] == '\0';
}

const char *twv_value_language(apr_pool_t *p, const char *word)
{
    return is_language_tag(word)
               ? NULL
               : apr_psprintf(
                     p,
                     "'%s' is not a language tag; allowed: a language and perhaps a region "
                     "as in ja-JP, en-US, cmn-Hans-CN",
                     word);
}

const char *twv_value_voice(apr_pool_t *p, const char *word)
{
    if (*word && strlen(word) <= MOST_VOICE_CHARACTERS && consists_of(word, LETTERS DIGITS ".-_")) {
        return NULL;
    }
    return apr_psprintf(p,
                        "'%s' is not a voice; allowed: letters, digits and . - _ as in "
                        "Polly.Mizuki, Google.ja-JP-Standard-A, alice",
                        word);
}

const char *twv_value_text(apr_pool_t *p, const char *word, apr_size_t most)
{
    apr_size_t length = strlen(word);
    apr_size_t invalid = twv_utf8_invalid_at(word, length);
    apr_size_t i;

    if (!length) {
        return "the text is empty";
    }
    if (length > most) {
        return apr_psprintf(p, "the text has %d bytes; allowed: at most %d", (int)length,
                            (int)most);
    }
    if (invalid < length) {
        return apr_psprintf(p, "the text '%s' is not UTF-8 at byte %d", word, (int)invalid + 1);
    }
    for (i = 0; i < length; i++) {
        if (iscntrl((unsigned char)word[i]) && (unsigned char)word[i] < 0x80) {
            return apr_psprintf(p, "the text has a control character at byte %d", (int)i + 1);
        }
    }
    return NULL;
}

const char *twv_value_capabilities(apr_pool_t *p, const char *word, int *voice, int *sms)
{
    char *rest = apr_pstrdup(p, word);

    *voice = *sms = 0;
    while (rest) {
        const char *name = rest;
        char *comma = strchr(rest, ',');

        rest = comma ? comma + 1 : NULL;
        if (comma) {
            *comma = '\0';
        }
        if (strcasecmp(name, "voice") == 0) {
            *voice = 1;
        } else if (strcasecmp(name, "sms") == 0) {
            *sms = 1;
        } else {
            return apr_psprintf(p, "'%s' in 'capabilities=%s' is unknown; allowed: voice, sms",
                                name, word);
        }
    }
    return NULL;
}
