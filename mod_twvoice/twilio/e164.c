/*
 * Telephone numbers in E.164 form. The tables are in e164_countries.c, e164_north_america.c and
 * e164_refused.c. Results live in the caller's pool or are constant; any thread.
 */
#include "twilio/e164.h"

#include <string.h>

#include <apr_strings.h>

#include "twilio/e164_tables.h"

#define FEWEST_DIGITS 7
#define MOST_DIGITS 15

/* Ours: no figure of Proxy's is known for "radius". 50 miles is a metropolitan area. */
#define RADIUS_KILOMETRES 80.0

/* Of a masked number; shorter ones show less. */
#define SHOWN_HEAD 4
#define SHOWN_TAIL 3

static apr_size_t count_digits(const char *text)
{
    apr_size_t count = 0;

    while (text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

int twv_e164_is_valid(const char *text)
{
    apr_size_t digits;

    if (!text || text[0] != '+' || text[1] == '0') {
        return 0;
    }
    digits = count_digits(text + 1);
    return digits >= FEWEST_DIGITS && digits <= MOST_DIGITS && text[1 + digits] == '\0';
}

const char *twv_e164_calling_code(apr_pool_t *p, const char *number)
{
    int code = twv_e164_is_valid(number) ? twv_e164_find_calling_code(number + 1) : 0;

    return code ? apr_itoa(p, code) : NULL;
}

const char *twv_e164_iso_country(const char *number)
{
    const twv_area_code_t *area;
    int code;

    if (!twv_e164_is_valid(number)) {
        return "";
    }
    code = twv_e164_find_calling_code(number + 1);
    area = code == TWV_NORTH_AMERICA ? twv_e164_find_area_code(number + 1) : NULL;
    return area ? area->country : twv_e164_find_country(code, number + 1);
}

static int areas_match(const char *candidate, const char *number, twv_geo_level_t level)
{
    const twv_area_code_t *a, *b;

    if (strncmp(candidate, number, 4) == 0) {
        return 1;
    }
    if (level == TWV_GEO_AREA_CODE) {
        return 0;
    }
    a = twv_e164_find_area_code(candidate);
    b = twv_e164_find_area_code(number);
    if (!a || !b) {
        return 0;
    }
    return a->overlay == b->overlay ||
           (level == TWV_GEO_RADIUS && twv_e164_areas_within(a, b, RADIUS_KILOMETRES));
}

int twv_e164_geo_matches(const char *candidate, const char *number, twv_geo_level_t level)
{
    int code;

    if (!twv_e164_is_valid(candidate) || !twv_e164_is_valid(number)) {
        return 0;
    }
    code = twv_e164_find_calling_code(number + 1);
    if (!code || twv_e164_find_calling_code(candidate + 1) != code) {
        return 0;
    }
    return code != TWV_NORTH_AMERICA || level == TWV_GEO_COUNTRY ||
           areas_match(candidate + 1, number + 1, level);
}

int twv_e164_is_refused(const char *number)
{
    if (!number || number[0] != '+') {
        return 0;
    }
    return !twv_e164_is_valid(number) || twv_e164_find_refusal(number + 1);
}

/* Hide the middle of @a count digits; what is too short to tell a person stays. */
static void mask_digits(char *digits, apr_size_t count)
{
    apr_size_t head = SHOWN_HEAD, tail = SHOWN_TAIL;

    if (count < 5) {
        return;
    }
    if (count < 10) {
        head = 2;
        tail = count < 7 ? 0 : 2;
    }
    memset(digits + head, '*', count - head - tail);
}

const char *twv_e164_mask(apr_pool_t *p, const char *number)
{
    char *masked = apr_pstrdup(p, number ? number : "");
    char *at = masked;

    while (*at) {
        apr_size_t digits = count_digits(at);

        mask_digits(at, digits);
        at += digits ? digits : 1;
    }
    return masked;
}
