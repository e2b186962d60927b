/*
 * application/x-www-form-urlencoded: names and values in the order they came, duplicates kept,
 * names case-sensitive, because signatures are computed over all of them.
 * A form lives in the pool it was parsed into and is read-only afterwards.
 */
#ifndef TWV_TWILIO_FORM_H
#define TWV_TWILIO_FORM_H

#include <apr_pools.h>

typedef struct twv_form_t twv_form_t;

/** Most pairs of one form (Twilio's largest webhook has about 60). */
#define TWV_FORM_MAX_PAIRS 500

/**
 * Parse a body or query.
 * @param form set on success
 * @param text need not be terminated
 * @return NULL, or the reason in words that name the position: too many pairs, a bad %HH escape,
 *         an escaped or raw NUL, invalid UTF-8, an empty name
 */
const char *twv_form_parse(twv_form_t **form, apr_pool_t *p, const char *text, apr_size_t length);

/** An empty form to which pairs can be added. */
twv_form_t *twv_form_create(apr_pool_t *p);

/** Append a pair; the strings are not copied. A NULL value is skipped. */
void twv_form_add(twv_form_t *form, const char *name, const char *value);

/** First value with this name, or NULL. */
const char *twv_form_get(const twv_form_t *form, const char *name);

int twv_form_count(const twv_form_t *form);
const char *twv_form_name(const twv_form_t *form, int index);
const char *twv_form_value(const twv_form_t *form, int index);

/** Encode for a body or a query: space as '+', everything but A-Z a-z 0-9 - . _ as %HH. */
const char *twv_form_encode(apr_pool_t *p, const twv_form_t *form);

#endif
