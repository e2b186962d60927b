/*
 * String identifiers (SIDs): two capital letters and 32 hexadecimal digits.
 * Functions are reentrant; results live in the pool that is passed.
 */
#ifndef TWV_TWILIO_SID_H
#define TWV_TWILIO_SID_H

#include <apr_pools.h>
#include <apr_time.h>

#define TWV_SID_LENGTH 34

/**
 * Make a new SID: the prefix, 12 hexadecimal digits of @a now in milliseconds, 20 random ones, so
 * that SIDs sort by age and rows made together stand together in an index.
 * @param prefix two capital letters, e.g. "KC"
 */
const char *twv_sid_create(apr_pool_t *p, const char *prefix, apr_time_t now);

/**
 * Make the SID that always belongs to @a seed (for a number that was declared without its own).
 */
const char *twv_sid_derive(apr_pool_t *p, const char *prefix, const char *seed);

/**
 * Whether @a text is a SID with @a prefix, as Twilio's specification has it:
 * `^XX[0-9a-fA-F]{32}$`. A NULL @a text is none.
 */
int twv_sid_is(const char *text, const char *prefix);

#endif
