/*
 * application/x-www-form-urlencoded, strict: what is not a correct form is refused, never guessed.
 * A form and its strings live in the pool of parse or create; read-only afterwards, so that any
 * number of threads may read it.
 */
#include "twilio/form.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "twilio/utf8.h"

typedef struct {
    const char *name;
    const char *value;
} form_pair_t;

struct twv_form_t {
    apr_array_header_t *pairs; /* of form_pair_t */
};

static const char upper_digits[] = "0123456789ABCDEF";

static twv_form_t *form_create(apr_pool_t *p, int expected_pairs)
{
    twv_form_t *form = apr_palloc(p, sizeof(*form));

    form->pairs = apr_array_make(p, expected_pairs, sizeof(form_pair_t));
    return form;
}

twv_form_t *twv_form_create(apr_pool_t *p)
{
    return form_create(p, 16);
}

void twv_form_add(twv_form_t *form, const char *name, const char *value)
{
    form_pair_t *pair;

    if (!value) {
        return;
    }
    pair = apr_array_push(form->pairs);
    pair->name = name;
    pair->value = value;
}

int twv_form_count(const twv_form_t *form)
{
    return form->pairs->nelts;
}

const char *twv_form_name(const twv_form_t *form, int index)
{
    return APR_ARRAY_IDX(form->pairs, index, form_pair_t).name;
}

const char *twv_form_value(const twv_form_t *form, int index)
{
    return APR_ARRAY_IDX(form->pairs, index, form_pair_t).value;
}

const char *twv_form_get(const twv_form_t *form, const char *name)
{
    const form_pair_t *pair = (const form_pair_t *)form->pairs->elts;
    const form_pair_t *end = pair + form->pairs->nelts;

    for (; pair < end; pair++) {
        if (strcmp(pair->name, name) == 0) {
            return pair->value;
        }
    }
    return NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* The bytes at fault, so that an operator finds them; nothing that would upset a terminal. */
static const char *bad_escape(apr_pool_t *p, const char *text, const char *at, const char *end)
{
    apr_size_t length = end - at < 3 ? (apr_size_t)(end - at) : 3;
    char *shown = apr_pstrmemdup(p, at, length);
    char *c;

    for (c = shown; *c; c++) {
        if (*c < 0x20 || *c > 0x7E) {
            *c = '?';
        }
    }
    return apr_psprintf(p,
                        "byte %" APR_SIZE_T_FMT ": \"%s\" is not an escape; allowed is %% with two "
                        "hexadecimal digits",
                        (apr_size_t)(at - text), shown);
}

/*
 * Decode [from, end) to *to and move it behind the terminator. The output is never longer than the
 * input. @a text is where positions are counted from.
 */
static const char *decode(apr_pool_t *p, char **to, const char *text, const char *from,
                          const char *end)
{
    char *out = *to;
    char *start = out;
    const char *at;
    apr_size_t invalid;

    for (at = from; at < end;) {
        const char *character = at;
        char c = *at++;

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = end - at >= 2 ? hex_value(at[0]) : -1;
            int low = high >= 0 ? hex_value(at[1]) : -1;

            if (low < 0) {
                return bad_escape(p, text, character, end);
            }
            c = (char)(high << 4 | low);
            at += 2;
        }
        if (c == '\0') {
            return apr_psprintf(p, "byte %" APR_SIZE_T_FMT ": a NUL is not allowed",
                                (apr_size_t)(character - text));
        }
        *out++ = c;
    }
    invalid = twv_utf8_invalid_at(start, (apr_size_t)(out - start));
    if (invalid < (apr_size_t)(out - start)) {
        return apr_psprintf(p,
                            "text from byte %" APR_SIZE_T_FMT " to %" APR_SIZE_T_FMT
                            " is not UTF-8 (decoded byte %" APR_SIZE_T_FMT " is 0x%02X)",
                            (apr_size_t)(from - text), (apr_size_t)(end - text), invalid,
                            (unsigned)(unsigned char)start[invalid]);
    }
    *out++ = '\0';
    *to = out;
    return NULL;
}

static int count_segments(const char *text, const char *end)
{
    int count = 1;

    while (count <= TWV_FORM_MAX_PAIRS && (text = memchr(text, '&', (apr_size_t)(end - text)))) {
        count++;
        text++;
    }
    return count;
}

/* One pair; *to moves on in the buffer that takes the decoded strings. */
static const char *parse_pair(twv_form_t *form, apr_pool_t *p, char **to, const char *text,
                              const char *from, const char *end)
{
    const char *equals = memchr(from, '=', (apr_size_t)(end - from));
    const char *name = *to;
    const char *reason, *value;

    if (equals == from) {
        return apr_psprintf(p, "byte %" APR_SIZE_T_FMT ": a name is missing before '='",
                            (apr_size_t)(from - text));
    }
    reason = decode(p, to, text, from, equals ? equals : end);
    if (reason) {
        return reason;
    }
    value = *to;
    reason = decode(p, to, text, equals ? equals + 1 : end, end);
    if (!reason) {
        twv_form_add(form, name, value);
    }
    return reason;
}

const char *twv_form_parse(twv_form_t **result, apr_pool_t *p, const char *text, apr_size_t length)
{
    const char *end = text + length;
    const char *from = text;
    int segments = length ? count_segments(text, end) : 0;
    twv_form_t *form;
    char *to;

    if (segments > TWV_FORM_MAX_PAIRS) {
        return apr_psprintf(p, "more than %d parameters; allowed are %d", TWV_FORM_MAX_PAIRS,
                            TWV_FORM_MAX_PAIRS);
    }
    form = form_create(p, segments);
    /* Each '&' and '=' becomes a terminator; a name without '=' needs one more for its value. */
    to = apr_palloc(p, length + (apr_size_t)segments + 1);
    while (from < end) {
        const char *ampersand = memchr(from, '&', (apr_size_t)(end - from));
        const char *stop = ampersand ? ampersand : end;

        if (stop > from) {
            const char *reason = parse_pair(form, p, &to, text, from, stop);

            if (reason) {
                return reason;
            }
        }
        from = ampersand ? ampersand + 1 : end;
    }
    *result = form;
    return NULL;
}

static int is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

static apr_size_t encoded_length(const char *text)
{
    apr_size_t length = 0;

    for (; *text; text++) {
        length += is_unreserved(*text) || *text == ' ' ? 1 : 3;
    }
    return length;
}

static char *write_encoded(char *to, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (is_unreserved(*text)) {
            *to++ = *text;
        } else if (byte == ' ') {
            *to++ = '+';
        } else {
            *to++ = '%';
            *to++ = upper_digits[byte >> 4];
            *to++ = upper_digits[byte & 15];
        }
    }
    return to;
}

const char *twv_form_encode(apr_pool_t *p, const twv_form_t *form)
{
    apr_size_t length = 0;
    char *encoded, *to;
    int i;

    for (i = 0; i < twv_form_count(form); i++) {
        length += encoded_length(twv_form_name(form, i));
        length += encoded_length(twv_form_value(form, i)) + 2;
    }
    to = encoded = apr_palloc(p, length + 1);
    for (i = 0; i < twv_form_count(form); i++) {
        if (i > 0) {
            *to++ = '&';
        }
        to = write_encoded(to, twv_form_name(form, i));
        *to++ = '=';
        to = write_encoded(to, twv_form_value(form, i));
    }
    *to = '\0';
    return encoded;
}
