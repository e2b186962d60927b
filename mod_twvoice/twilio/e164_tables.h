/*
 * What the files of e164 share: the constant tables of countries, North American area codes and
 * refused numbers. Internal to this floor. Reentrant.
 */
#ifndef TWV_TWILIO_E164_TABLES_H
#define TWV_TWILIO_E164_TABLES_H

#define TWV_NORTH_AMERICA 1 /* the calling code */

/** A numbering plan area of the North American Numbering Plan. */
typedef struct {
    short code;
    char country[3]; /* ISO 3166-1 */
    char region[3];  /* state or province (ISO 3166-2), or the country */
    short overlay;   /* lowest code of those that serve the same area */
    short latitude;  /* of the centre of population, in tenths of a degree */
    short longitude;
} twv_area_code_t;

/** The area of a number whose calling code is 1; NULL when it is not geographic or not assigned.
 *  @param digits the number without '+' */
const twv_area_code_t *twv_e164_find_area_code(const char *digits);

/** Whether two centres are at most so far apart. */
int twv_e164_areas_within(const twv_area_code_t *a, const twv_area_code_t *b, double kilometres);

/** Calling code at the start of @a digits, 0 when none; 1 to 3 digits long. */
int twv_e164_find_calling_code(const char *digits);

/** ISO 3166-1 of @a digits outside North America; "" when it has none (satellites and the like). */
const char *twv_e164_find_country(int calling_code, const char *digits);

/** Whether a rule refuses @a digits (E.164 without '+'). */
int twv_e164_find_refusal(const char *digits);

#endif
