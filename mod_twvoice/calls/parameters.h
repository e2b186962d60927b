/*
 * Checks of what clients send, each with an error that names the field, the value and what is
 * allowed. A series of checks keeps the first error, so that callers check everything in a row and
 * look once. Belongs to one thread; errors live in its pool.
 */
#ifndef TWV_CALLS_PARAMETERS_H
#define TWV_CALLS_PARAMETERS_H

#include "twilio/error.h"
#include "twilio/form.h"

typedef struct {
    apr_pool_t *p;
    const char *prefix;       /* before field names in errors, e.g. "Participants[1]." */
    const twv_error_t *error; /* the first one; NULL while everything is right */
} twv_checks_t;

/** Longest URL that is taken (twilio.com/docs/proxy/api/service). */
#define TWV_URL_MAX 4000

/** Begin a series of checks. */
twv_checks_t twv_checks_begin(apr_pool_t *p, const char *prefix);

/** Note that a field is invalid (80701). @param format printf style: the value and what is allowed
 */
void twv_checks_fail(twv_checks_t *checks, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Note an error with another code. */
void twv_checks_fail_with(twv_checks_t *checks, const twv_error_t *error);

/**
 * Refuse names that are not allowed (20001) and names that come twice (80701).
 * @param allowed NULL-terminated
 * @param repeatable the one name that may come often, or NULL
 */
void twv_check_names(twv_checks_t *checks, const twv_form_t *form, const char *const *allowed,
                     const char *repeatable);

/* Each accepts NULL and "" (not given, or to be cleared). */

/** Valid UTF-8 without control characters, at most @a most characters. */
void twv_check_text(twv_checks_t *checks, const char *field, const char *value, int most);

/** One of @a words (NULL-terminated). */
void twv_check_word(twv_checks_t *checks, const char *field, const char *value,
                    const char *const *words);

/** Absolute http or https URL with a host, without credentials, in printable ASCII. */
void twv_check_url(twv_checks_t *checks, const char *field, const char *value);

void twv_check_sid(twv_checks_t *checks, const char *field, const char *value, const char *prefix);

/** A telephone number in E.164 form. */
void twv_check_e164(twv_checks_t *checks, const char *field, const char *value);

/** Whole number from the form. @return -1 when it is not given or wrong */
apr_int64_t twv_read_int(twv_checks_t *checks, const twv_form_t *form, const char *field,
                         apr_int64_t least, apr_int64_t most);

/** The same, where an empty value means "none": 0. */
apr_int64_t twv_read_clearable_int(twv_checks_t *checks, const twv_form_t *form, const char *field,
                                   apr_int64_t least, apr_int64_t most);

/** true or false in any case. @return 1, 0, or -1 when it is not given or wrong */
int twv_read_bool(twv_checks_t *checks, const twv_form_t *form, const char *field);

/** A value as errors show it: shortened, without control characters, always valid UTF-8. */
const char *twv_shown(apr_pool_t *p, const char *value);

#endif
