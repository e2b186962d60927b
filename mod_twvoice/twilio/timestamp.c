/*
 * Times as Twilio writes them. Everything is computed here, so that neither the locale nor the
 * time zone of the process has a say. Constant tables; any thread.
 */
#include "twilio/timestamp.h"

#include <string.h>

#define DAY_SECONDS 86400
#define LATEST_SECOND APR_INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define ISO8601_LENGTH 20

typedef struct {
    int year, month, day; /* month 1-12 */
    int hour, minute, second;
    int millisecond;
    int offset_minutes; /* east of UTC */
} calendar_time_t;

static const char weekday_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int is_leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil: the year begins
 * in March, so that the leap day is its last. Years from 1970 only. */
static apr_int64_t days_since_1970(int year, int month, int day)
{
    int shifted = month > 2 ? year : year - 1;
    int era = shifted / 400;
    int year_of_era = shifted - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (apr_int64_t)era * 146097 + day_of_era - 719468;
}

/* The way back (civil_from_days). */
static void date_of_day(int days, int *year, int *month, int *day)
{
    int shifted = days + 719468;
    int era = shifted / 146097;
    int day_of_era = shifted - era * 146097;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static char *write_digits(char *to, int value, int count)
{
    int i;

    for (i = count - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + count;
}

const char *twv_timestamp_iso8601(apr_pool_t *p, twv_ms_t time)
{
    apr_int64_t seconds = time / 1000;
    int year, month, day, second_of_day;
    char *text, *to;

    if (time <= 0 || seconds > LATEST_SECOND) {
        return NULL;
    }
    date_of_day((int)(seconds / DAY_SECONDS), &year, &month, &day);
    second_of_day = (int)(seconds % DAY_SECONDS);
    to = text = apr_palloc(p, ISO8601_LENGTH + 1);
    to = write_digits(to, year, 4);
    *to++ = '-';
    to = write_digits(to, month, 2);
    *to++ = '-';
    to = write_digits(to, day, 2);
    *to++ = 'T';
    to = write_digits(to, second_of_day / 3600, 2);
    *to++ = ':';
    to = write_digits(to, second_of_day / 60 % 60, 2);
    *to++ = ':';
    to = write_digits(to, second_of_day % 60, 2);
    *to++ = 'Z';
    *to = '\0';
    return text;
}

/* Milliseconds since 1970, or 0 when a part is out of its range. */
static twv_ms_t to_milliseconds(const calendar_time_t *when)
{
    apr_int64_t seconds;

    if (when->year < 1971 || when->year > 9999 || when->month < 1 || when->month > 12 ||
        when->day < 1 || when->day > days_in_month(when->year, when->month) || when->hour > 23 ||
        when->minute > 59 || when->second > 59) {
        return 0;
    }
    seconds = days_since_1970(when->year, when->month, when->day) * DAY_SECONDS +
              when->hour * 3600 + when->minute * 60 + when->second - when->offset_minutes * 60;
    return seconds > LATEST_SECOND ? 0 : seconds * 1000 + when->millisecond;
}

/* The parse_ functions take one thing at *at and move behind it; 0 when it is not there. */

static int parse_digits(const char **at, int count, int *value)
{
    const char *c = *at;

    *value = 0;
    for (; count > 0; count--, c++) {
        if (*c < '0' || *c > '9') {
            return 0;
        }
        *value = *value * 10 + (*c - '0');
    }
    *at = c;
    return 1;
}

static int parse_character(const char **at, char c)
{
    if (**at != c) {
        return 0;
    }
    (*at)++;
    return 1;
}

/* ".5", ".123456": at least one digit; what is finer than a millisecond is cut off. */
static int parse_fraction(const char **at, calendar_time_t *when)
{
    int weight = 100;
    int digit;

    if (!parse_digits(at, 1, &digit)) {
        return 0;
    }
    do {
        when->millisecond += digit * weight;
        weight /= 10;
    } while (parse_digits(at, 1, &digit));
    return 1;
}

/* "HH:MM", "HH:MM:SS" and, when allowed, a fraction of the second. */
static int parse_clock(const char **at, int fraction_allowed, calendar_time_t *when)
{
    if (!parse_digits(at, 2, &when->hour) || !parse_character(at, ':') ||
        !parse_digits(at, 2, &when->minute)) {
        return 0;
    }
    if (!parse_character(at, ':')) {
        return 1;
    }
    if (!parse_digits(at, 2, &when->second)) {
        return 0;
    }
    return !fraction_allowed || !parse_character(at, '.') || parse_fraction(at, when);
}

/* "+HHMM", and "+HH:MM" when @a colon_allowed; '-' likewise */
static int parse_offset(const char **at, int colon_allowed, calendar_time_t *when)
{
    int sign = **at == '-' ? -1 : 1;
    int hours, minutes;

    if (!parse_character(at, '+') && !parse_character(at, '-')) {
        return 0;
    }
    if (!parse_digits(at, 2, &hours)) {
        return 0;
    }
    if (colon_allowed) {
        parse_character(at, ':');
    }
    if (!parse_digits(at, 2, &minutes) || hours > 23 || minutes > 59) {
        return 0;
    }
    when->offset_minutes = sign * (hours * 60 + minutes);
    return 1;
}

twv_ms_t twv_timestamp_parse_iso8601(const char *text)
{
    calendar_time_t when = {0};
    const char *at = text;

    if (!text || !parse_digits(&at, 4, &when.year) || !parse_character(&at, '-') ||
        !parse_digits(&at, 2, &when.month) || !parse_character(&at, '-') ||
        !parse_digits(&at, 2, &when.day)) {
        return 0;
    }
    if (*at) {
        if (!parse_character(&at, 'T') && !parse_character(&at, ' ')) {
            return 0;
        }
        if (!parse_clock(&at, 1, &when)) {
            return 0;
        }
        if (*at && !parse_character(&at, 'Z') && !parse_offset(&at, 1, &when)) {
            return 0;
        }
    }
    return *at ? 0 : to_milliseconds(&when);
}

/* Three letters of a list of such; the index from 0. */
static int parse_name(const char **at, const char *names, int *index)
{
    const char *name;

    for (name = names; *name; name += 3) {
        if (strncmp(*at, name, 3) == 0) {
            *index = (int)(name - names) / 3;
            *at += 3;
            return 1;
        }
    }
    return 0;
}

/* RFC 2822 section 3.3, without comments and folded blanks. */
static int parse_rfc2822_fields(const char *at, calendar_time_t *when, int *weekday)
{
    *weekday = -1;
    if (parse_name(&at, weekday_names, weekday) &&
        !(parse_character(&at, ',') && parse_character(&at, ' '))) {
        return 0;
    }
    if (!parse_digits(&at, 2, &when->day) && !parse_digits(&at, 1, &when->day)) {
        return 0;
    }
    if (!parse_character(&at, ' ') || !parse_name(&at, month_names, &when->month) ||
        !parse_character(&at, ' ') || !parse_digits(&at, 4, &when->year) ||
        !parse_character(&at, ' ') || !parse_clock(&at, 0, when) || !parse_character(&at, ' ')) {
        return 0;
    }
    when->month++;
    if (strcmp(at, "GMT") == 0) {
        return 1;
    }
    return parse_offset(&at, 0, when) && !*at;
}

twv_ms_t twv_timestamp_parse_rfc2822(const char *text)
{
    calendar_time_t when = {0};
    twv_ms_t time;
    int weekday;

    if (!text || !parse_rfc2822_fields(text, &when, &weekday)) {
        return 0;
    }
    time = to_milliseconds(&when);
    /* 1970-01-01 was a Thursday. A weekday that contradicts its date tells of a broken text. */
    if (time && weekday >= 0 &&
        weekday != (int)((days_since_1970(when.year, when.month, when.day) + 4) % 7)) {
        return 0;
    }
    return time;
}
