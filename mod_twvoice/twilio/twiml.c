/*
 * The writer of TwiML. A call out of order (an attribute after text, a close too many) is left
 * out, so that the document is well-formed whatever its caller does.
 * The document lives in its pool and belongs to one thread.
 */
#include "twilio/twiml.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "twilio/utf8.h"

struct twv_twiml_t {
    apr_pool_t *pool;
    char *text;
    apr_size_t length;
    apr_size_t size;           /* allocated; one byte stays free for the terminator */
    apr_array_header_t *names; /* const char *, the open elements, innermost last */
    int in_start_tag;          /* its '>' is not written yet */
};

#define FIRST_SIZE 1024
#define USUAL_DEPTH 4

static const char xml_declaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
static const char replacement_character[] = "\xEF\xBF\xBD"; /* U+FFFD */

static void append(twv_twiml_t *twiml, const char *bytes, apr_size_t count)
{
    if (twiml->length + count >= twiml->size) {
        char *old = twiml->text;

        while (twiml->length + count >= twiml->size) {
            twiml->size *= 2;
        }
        twiml->text = apr_palloc(twiml->pool, twiml->size);
        memcpy(twiml->text, old, twiml->length);
    }
    memcpy(twiml->text + twiml->length, bytes, count);
    twiml->length += count;
}

static void append_string(twv_twiml_t *twiml, const char *string)
{
    append(twiml, string, strlen(string));
}

static void end_start_tag(twv_twiml_t *twiml)
{
    if (twiml->in_start_tag) {
        append(twiml, ">", 1);
        twiml->in_start_tag = 0;
    }
}

twv_twiml_t *twv_twiml_create(apr_pool_t *p)
{
    twv_twiml_t *twiml = apr_pcalloc(p, sizeof(*twiml));

    twiml->pool = p;
    twiml->size = FIRST_SIZE;
    twiml->text = apr_palloc(p, twiml->size);
    twiml->names = apr_array_make(p, USUAL_DEPTH, sizeof(const char *));
    append_string(twiml, xml_declaration);
    append_string(twiml, "<Response");
    APR_ARRAY_PUSH(twiml->names, const char *) = "Response";
    twiml->in_start_tag = 1;
    return twiml;
}

void twv_twiml_open(twv_twiml_t *twiml, const char *name)
{
    if (twiml->names->nelts == 0) {
        return;
    }
    end_start_tag(twiml);
    append(twiml, "<", 1);
    append_string(twiml, name);
    APR_ARRAY_PUSH(twiml->names, const char *) = name;
    twiml->in_start_tag = 1;
}

/* XML 1.0 production 2: of the control characters only tab, line feed and carriage return; not
 * U+FFFE and U+FFFF. Surrogates are no UTF-8 to begin with. */
static int is_xml_character(const char *text, int length)
{
    if (length == 1) {
        unsigned char byte = (unsigned char)*text;

        return byte >= 0x20 || byte == '\t' || byte == '\n' || byte == '\r';
    }
    return !(length == 3 && memcmp(text, "\xEF\xBF", 2) == 0 && (unsigned char)text[2] >= 0xBE);
}

/* How a character must be written, or NULL when it stands for itself. Line ends and tabs in
 * attributes, and carriage returns anywhere, would be changed by the reader's normalisation. */
static const char *reference_for(char c, int in_attribute)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\r':
        return "&#13;";
    case '"':
        return in_attribute ? "&quot;" : NULL;
    case '\t':
        return in_attribute ? "&#9;" : NULL;
    case '\n':
        return in_attribute ? "&#10;" : NULL;
    }
    return NULL;
}

static void append_escaped(twv_twiml_t *twiml, const char *text, int in_attribute)
{
    const char *end = text + strlen(text);
    const char *plain = text; /* start of what can be copied as it is */

    while (text < end) {
        int length = twv_utf8_length(text, (apr_size_t)(end - text));
        const char *instead;

        if (length == 0) {
            instead = replacement_character;
            length = 1;
        } else if (!is_xml_character(text, length)) {
            instead = "";
        } else {
            instead = reference_for(*text, in_attribute);
        }
        if (instead) {
            append(twiml, plain, (apr_size_t)(text - plain));
            append_string(twiml, instead);
            plain = text + length;
        }
        text += length;
    }
    append(twiml, plain, (apr_size_t)(end - plain));
}

void twv_twiml_attribute(twv_twiml_t *twiml, const char *name, const char *value)
{
    if (!value || !twiml->in_start_tag) {
        return;
    }
    append(twiml, " ", 1);
    append_string(twiml, name);
    append(twiml, "=\"", 2);
    append_escaped(twiml, value, 1);
    append(twiml, "\"", 1);
}

void twv_twiml_attribute_int(twv_twiml_t *twiml, const char *name, apr_int64_t value)
{
    char digits[24];

    apr_snprintf(digits, sizeof(digits), "%" APR_INT64_T_FMT, value);
    twv_twiml_attribute(twiml, name, digits);
}

void twv_twiml_text(twv_twiml_t *twiml, const char *text)
{
    if (!text || !*text || twiml->names->nelts == 0) {
        return;
    }
    end_start_tag(twiml);
    append_escaped(twiml, text, 0);
}

void twv_twiml_close(twv_twiml_t *twiml)
{
    const char **name = apr_array_pop(twiml->names);

    if (!name) {
        return;
    }
    if (twiml->in_start_tag) {
        append(twiml, "/>", 2);
        twiml->in_start_tag = 0;
        return;
    }
    append(twiml, "</", 2);
    append_string(twiml, *name);
    append(twiml, ">", 1);
}

void twv_twiml_element(twv_twiml_t *twiml, const char *name, const char *text)
{
    twv_twiml_open(twiml, name);
    twv_twiml_text(twiml, text);
    twv_twiml_close(twiml);
}

const char *twv_twiml_finish(twv_twiml_t *twiml, apr_size_t *length)
{
    while (twiml->names->nelts > 0) {
        twv_twiml_close(twiml);
    }
    twiml->text[twiml->length] = '\0';
    *length = twiml->length;
    return twiml->text;
}
