/*
 * Times as Twilio writes them: ISO 8601 in UTC with whole seconds in Proxy's JSON, RFC 2822 in
 * webhooks. Internally milliseconds since 1970 in 64 bits; 0 means "not set". Reentrant.
 */
#ifndef TWV_TWILIO_TIMESTAMP_H
#define TWV_TWILIO_TIMESTAMP_H

#include <apr_pools.h>

/** Milliseconds since 1970, UTC; 0 = none. */
typedef apr_int64_t twv_ms_t;

/** "2026-11-20T09:30:00Z" (fraction cut off); NULL for 0 and for what is
 *  not between 1970 and 9999. */
const char *twv_timestamp_iso8601(apr_pool_t *p, twv_ms_t time);

/**
 * Parse ISO 8601: date, 'T' or blank, time to the minute or second, optional fraction, then 'Z',
 * "+HH:MM", "+HHMM" or nothing (UTC). A date alone is its midnight. Years 1971-9999, real days.
 * @return 0 when it is not one
 */
twv_ms_t twv_timestamp_parse_iso8601(const char *text);

/** Parse RFC 2822 ("Fri, 13 Mar 2026 22:42:54 +0000"); 0 when it is not one. */
twv_ms_t twv_timestamp_parse_rfc2822(const char *text);

#endif
