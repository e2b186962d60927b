/*
 * The words of directives: checked and turned into values. Every function returns NULL or a reason
 * that names the word and what is allowed. Results live in the pool that is passed. Used while the
 * configuration is read, by its one thread.
 */
#ifndef TWV_CONFIG_VALUES_H
#define TWV_CONFIG_VALUES_H

#include <apr_pools.h>

/** A word that stands for a number; a table ends with a NULL word. */
typedef struct {
    const char *word;
    int value;
} twv_choice_t;

extern const twv_choice_t twv_conflict_choices[];       /* of twv_conflict_t */
extern const twv_choice_t twv_unknown_caller_choices[]; /* of twv_unknown_caller_t */

const char *twv_value_choice(apr_pool_t *p, const char *word, const twv_choice_t *choices,
                             int *value);

/** The word of a value that came out of the table. */
const char *twv_choice_word(const twv_choice_t *choices, int value);

/** @param prefix "AC", "SK", "PN"
 *  @param what what such a SID names, for the reason: "an account" */
const char *twv_value_sid(apr_pool_t *p, const char *word, const char *prefix, const char *what);

/** '+' and 7 to 15 digits. */
const char *twv_value_e164(apr_pool_t *p, const char *word);

/** '+' and at most 15 digits; "+" alone matches every number. */
const char *twv_value_prefix(apr_pool_t *p, const char *word);

/** http or https, host, perhaps a port, nothing else. */
const char *twv_value_public_url(apr_pool_t *p, const char *word);

/** An absolute path; "/" becomes "", so that paths can be appended. */
const char *twv_value_path(apr_pool_t *p, const char *word, const char **path);

/** A whole number with unit s, min (mi), h, d or w; 0 needs none. */
const char *twv_value_time(apr_pool_t *p, const char *word, apr_int64_t *ms);

/** The same backwards, in the largest unit that fits. */
const char *twv_time_word(apr_pool_t *p, apr_int64_t ms);

const char *twv_value_bytes(apr_pool_t *p, const char *word, apr_off_t least, apr_off_t most,
                            apr_off_t *bytes);

/** A language tag in the shape of BCP 47: "ja-JP", "cmn-Hans-CN". */
const char *twv_value_language(apr_pool_t *p, const char *word);

/** A voice of Twilio's <Say>: "Polly.Mizuki". Which exist is Twilio's to say. */
const char *twv_value_voice(apr_pool_t *p, const char *word);

/** One line of UTF-8 with at most @a most bytes, not empty. */
const char *twv_value_text(apr_pool_t *p, const char *word, apr_size_t most);

/** "voice", "sms" or both with a comma. */
const char *twv_value_capabilities(apr_pool_t *p, const char *word, int *voice, int *sms);

#endif
