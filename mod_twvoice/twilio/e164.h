/*
 * Telephone numbers in E.164 form and what can be told from their digits alone.
 * All functions are reentrant and read constant tables.
 */
#ifndef TWV_TWILIO_E164_H
#define TWV_TWILIO_E164_H

#include <apr_pools.h>

/** How near a proxy number must be to the person's number (Proxy's GeoMatchLevel). */
typedef enum {
    TWV_GEO_COUNTRY,            /* same country calling code */
    TWV_GEO_AREA_CODE,          /* North America: same area code */
    TWV_GEO_EXTENDED_AREA_CODE, /* North America: same area code or one that overlays it */
    TWV_GEO_OVERLAY,            /* the same under its other name */
    TWV_GEO_RADIUS              /* North America: area codes whose centres are close */
} twv_geo_level_t;

/** Whether @a text is '+', a digit 1-9 and 6 to 14 more digits (ITU-T E.164). NULL is not. */
int twv_e164_is_valid(const char *text);

/** The country calling code without '+', e.g. "81"; NULL when it is assigned to nobody. */
const char *twv_e164_calling_code(apr_pool_t *p, const char *number);

/** ISO 3166 country of the number, e.g. "JP"; "" when unknown. Constant string. */
const char *twv_e164_iso_country(const char *number);

/** Whether @a candidate is near enough to @a number. Outside North America every level means the
 *  country calling code, as at Proxy. */
int twv_e164_geo_matches(const char *candidate, const char *number, twv_geo_level_t level);

/** Emergency, special service and premium rate numbers, which are never called: short codes
 *  (e.g. +81110, +44999, +1911), +81570, +81990, +1900, +4490x, +979 and the like; also what begins
 *  with '+' but is no E.164 number. Other text ("client:hanako") is not refused here. */
int twv_e164_is_refused(const char *number);

/** The number with its middle hidden, for logs: "+8190*****001", also inside of a SIP address.
 *  Words ("anonymous") unchanged; "" for NULL. */
const char *twv_e164_mask(apr_pool_t *p, const char *number);

#endif
