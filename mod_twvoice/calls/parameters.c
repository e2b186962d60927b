/*
 * Checks of what clients send. Reentrant; everything lives in the pool of the series of checks.
 */
#include "calls/parameters.h"

#include <stdarg.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "twilio/e164.h"
#include "twilio/sid.h"
#include "twilio/utf8.h"

/* Enough for the longest path of this API. */
#define SHOWN_CHARACTERS 200

twv_checks_t twv_checks_begin(apr_pool_t *p, const char *prefix)
{
    return (twv_checks_t){.p = p, .prefix = prefix, .error = NULL};
}

void twv_checks_fail_with(twv_checks_t *checks, const twv_error_t *error)
{
    if (!checks->error) {
        checks->error = error;
    }
}

void twv_checks_fail(twv_checks_t *checks, const char *field, const char *format, ...)
{
    const char *reason;
    va_list arguments;

    if (checks->error) {
        return;
    }
    va_start(arguments, format);
    reason = apr_pvsprintf(checks->p, format, arguments);
    va_end(arguments);
    /* The form of Proxy's own message: "'<parameter name>' is invalid. <parameter is invalid>". */
    checks->error = twv_error(checks->p, TWV_ERROR_PARAMETER, "'%s%s' is invalid. %s",
                              checks->prefix, field, reason);
}

/* C0, DEL and C1: nothing that a name or a text on a screen may contain. */
static int is_control(const char *character, int length)
{
    unsigned char first = (unsigned char)character[0];

    return first < 0x20 || first == 0x7F ||
           (length == 2 && first == 0xC2 && (unsigned char)character[1] < 0xA0);
}

const char *twv_shown(apr_pool_t *p, const char *value)
{
    apr_size_t left = strlen(value);
    char *shown = apr_palloc(p, left + sizeof("..."));
    char *out = shown;
    int characters;

    for (characters = 0; left > 0 && characters < SHOWN_CHARACTERS; characters++) {
        int length = twv_utf8_length(value, left);
        int step = length ? length : 1;

        if (!length || is_control(value, length)) {
            *out++ = '?';
        } else {
            memcpy(out, value, (apr_size_t)length);
            out += length;
        }
        value += step;
        left -= (apr_size_t)step;
    }
    strcpy(out, left > 0 ? "..." : "");
    return shown;
}

static int is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(word, *words) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *join(apr_pool_t *p, const char *const *words)
{
    apr_array_header_t *array = apr_array_make(p, 16, sizeof(const char *));

    for (; *words; words++) {
        APR_ARRAY_PUSH(array, const char *) = *words;
        if (words[1]) {
            APR_ARRAY_PUSH(array, const char *) = ", ";
        }
    }
    return apr_array_pstrcat(p, array, 0);
}

/* Whether a pair before this one has the same name. */
static int is_repeated(const twv_form_t *form, int index)
{
    int i;

    for (i = 0; i < index; i++) {
        if (strcmp(twv_form_name(form, i), twv_form_name(form, index)) == 0) {
            return 1;
        }
    }
    return 0;
}

void twv_check_names(twv_checks_t *checks, const twv_form_t *form, const char *const *allowed,
                     const char *repeatable)
{
    int i;

    for (i = 0; i < twv_form_count(form) && !checks->error; i++) {
        const char *name = twv_form_name(form, i);

        if (!is_one_of(name, allowed)) {
            checks->error =
                twv_error(checks->p, TWV_ERROR_UNKNOWN_PARAMETER,
                          "Unknown parameter '%s%s'. Allowed: %s.", checks->prefix,
                          twv_shown(checks->p, name), *allowed ? join(checks->p, allowed) : "none");
        } else if (is_repeated(form, i) && !(repeatable && strcmp(name, repeatable) == 0)) {
            twv_checks_fail(checks, name, "It is given more than once; allowed is once.");
        }
    }
}

void twv_check_text(twv_checks_t *checks, const char *field, const char *value, int most)
{
    const char *at = value;
    apr_size_t left = value ? strlen(value) : 0;
    int characters;

    for (characters = 0; left > 0; characters++) {
        int length = twv_utf8_length(at, left);

        if (!length || is_control(at, length)) {
            twv_checks_fail(checks, field,
                            "'%s' has %s at character %d; allowed is UTF-8 text without control "
                            "characters.",
                            twv_shown(checks->p, value),
                            length ? "a control character" : "invalid UTF-8", characters + 1);
            return;
        }
        at += length;
        left -= (apr_size_t)length;
    }
    if (characters > most) {
        twv_checks_fail(checks, field, "'%s' has %d characters; allowed are at most %d.",
                        twv_shown(checks->p, value), characters, most);
    }
}

void twv_check_word(twv_checks_t *checks, const char *field, const char *value,
                    const char *const *words)
{
    if (value && *value && !is_one_of(value, words)) {
        twv_checks_fail(checks, field, "'%s' is unknown; allowed: %s.", twv_shown(checks->p, value),
                        join(checks->p, words));
    }
}

static const char *url_problem(apr_pool_t *p, const char *url)
{
    apr_uri_t uri;
    const char *c;

    if (strlen(url) > TWV_URL_MAX) {
        return apr_psprintf(p, "is longer than the allowed %d characters", TWV_URL_MAX);
    }
    for (c = url; *c; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c > 0x7E) {
            return "has a character that must be percent-encoded";
        }
    }
    if (apr_uri_parse(p, url, &uri) != APR_SUCCESS || !uri.scheme || !uri.hostname ||
        !*uri.hostname || strchr(url, '\\')) {
        return "is not an absolute URL such as https://www.example.com/path";
    }
    if (strcasecmp(uri.scheme, "https") != 0 && strcasecmp(uri.scheme, "http") != 0) {
        return "has another scheme than the allowed http and https";
    }
    return uri.user || uri.password ? "has a user name or password, which is not allowed" : NULL;
}

void twv_check_url(twv_checks_t *checks, const char *field, const char *value)
{
    const char *problem = value && *value ? url_problem(checks->p, value) : NULL;

    if (problem) {
        twv_checks_fail(checks, field, "'%s' %s.", twv_shown(checks->p, value), problem);
    }
}

void twv_check_sid(twv_checks_t *checks, const char *field, const char *value, const char *prefix)
{
    if (value && *value && !twv_sid_is(value, prefix)) {
        twv_checks_fail(checks, field, "'%s' is not a SID of %s and 32 hexadecimal digits.",
                        twv_shown(checks->p, value), prefix);
    }
}

void twv_check_e164(twv_checks_t *checks, const char *field, const char *value)
{
    if (value && *value && !twv_e164_is_valid(value)) {
        twv_checks_fail(checks, field,
                        "'%s' is not a telephone number in E.164 form, such as +819000000001.",
                        twv_shown(checks->p, value));
    }
}

static apr_int64_t read_int(twv_checks_t *checks, const char *field, const char *value,
                            apr_int64_t least, apr_int64_t most)
{
    /* Ten digits hold every limit in use and cannot overflow. */
    apr_size_t length = strlen(value);
    apr_int64_t number = -1;

    if (length > 0 && length <= 10 && strspn(value, "0123456789") == length) {
        number = apr_atoi64(value);
    }
    if (number < least || number > most) {
        twv_checks_fail(checks, field,
                        "'%s' is not a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT
                        ".",
                        twv_shown(checks->p, value), least, most);
        return -1;
    }
    return number;
}

apr_int64_t twv_read_int(twv_checks_t *checks, const twv_form_t *form, const char *field,
                         apr_int64_t least, apr_int64_t most)
{
    const char *value = twv_form_get(form, field);

    return value ? read_int(checks, field, value, least, most) : -1;
}

apr_int64_t twv_read_clearable_int(twv_checks_t *checks, const twv_form_t *form, const char *field,
                                   apr_int64_t least, apr_int64_t most)
{
    const char *value = twv_form_get(form, field);

    return value && !*value ? 0 : twv_read_int(checks, form, field, least, most);
}

int twv_read_bool(twv_checks_t *checks, const twv_form_t *form, const char *field)
{
    const char *value = twv_form_get(form, field);

    if (!value) {
        return -1;
    }
    /* twilio-python writes True and False, the others true and false. */
    if (strcasecmp(value, "true") == 0) {
        return 1;
    }
    if (strcasecmp(value, "false") == 0) {
        return 0;
    }
    twv_checks_fail(checks, field, "'%s' is unknown; allowed: true, false.",
                    twv_shown(checks->p, value));
    return -1;
}
