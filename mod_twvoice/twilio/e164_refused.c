/*
 * Numbers that are never called: emergency and short numbers, premium rate and shared revenue
 * services, satellite and other global networks. What a caller of ours could abuse at the
 * operator's expense, or what must not be reached by a machine. Constant; any thread.
 *
 * To be checked against: the national numbering plans that ITU-T (itu.int/oth/T0202.aspx) and the
 * authority named at each block publish.
 */
#include "twilio/e164_tables.h"

#include <string.h>

#include <apr.h>

/* Shortest number that is called at all. Emergency and service numbers with a calling code are
 * shorter; so are the fixed lines of two islands (Niue, Tokelau), which are given up for it. */
#define FEWEST_DIGITS 8

typedef struct {
    const char *pattern; /* how the number begins; 'x' is any digit */
    int most_digits;     /* only numbers of at most so many digits; 0: any */
} refusal_t;

static const refusal_t refusals[] = {
    /* ITU-T E.164.1: shared cost, Inmarsat, universal personal, mobile satellite (Iridium,
     * Globalstar), international networks, premium rate. */
    {"808", 0},
    {"870", 0},
    {"878", 0},
    {"881", 0},
    {"882", 0},
    {"883", 0},
    {"979", 0},

    /* North America (nanpa.com): numbers have eleven digits; service codes N11 are no area codes;
     * 900 is premium rate, so is the exchange 976; 555-1212 is directory assistance. */
    {"1", 10},
    {"1x11", 0},
    {"1900", 0},
    {"1xxx976", 0},
    {"1xxx5551212", 0},

    /* Japan (Ministry of Internal Affairs and Communications, Telecommunications Numbering Plan):
     * subscriber numbers have 9 or 10 digits; 0 and 00XY are trunk and carrier prefixes; 0170
     * message service, 0180 mass announcement, 0570 uniform number (surcharged), 0910 private
     * networks, 0990 premium and donations, 020 pagers and machines. 0120 and 0800 are free. */
    {"81", 10},
    {"810", 0},
    {"81170", 11},
    {"81180", 11},
    {"8120", 0},
    {"81570", 11},
    {"81910", 11},
    {"81990", 11},

    /* United Kingdom (Ofcom, National Telephone Numbering Plan): 09 premium rate, 0871-0873
     * service charge, 070 personal numbers, 118 directory enquiries. */
    {"440", 0},
    {"44118xxx", 8},
    {"4470", 0},
    {"44871", 0},
    {"44872", 0},
    {"44873", 0},
    {"449", 0},

    /* Germany (Bundesnetzagentur, Nummernplan): 010 carrier selection, 011 emergency, harmonised
     * and directory services, 012 innovative services, 0137 mass traffic, 0180 service, 019
     * online services and the former premium range, 0900 premium rate. */
    {"490", 0},
    {"4910", 0},
    {"4911", 0},
    {"4912", 0},
    {"49137", 0},
    {"49180", 0},
    {"4919", 0},
    {"49900", 0},

    /* France (Arcep, plan national de numerotation): numbers have nine digits; 081, 082 and 089
     * are surcharged. */
    {"33", 10},
    {"330", 0},
    {"3381", 0},
    {"3382", 0},
    {"3389", 0},

    /* Australia (ACMA, Telecommunications Numbering Plan): 12 operator and directory services,
     * 19 premium rate. 13 and 1800 are local rate and free. */
    {"610", 0},
    {"6112", 0},
    {"6119", 0},

    /* Premium rate elsewhere: AT, BE, CH, CZ, DK, ES, FI, HK, IE, IT, KR, MX, NL, NO, NZ, PL, PT,
     * RU, SE. */
    {"43118", 0},
    {"4390", 0},
    {"4393", 0},
    {"3290", 0},
    {"4190", 0},
    {"42090", 0},
    {"4590", 0},
    {"34803", 0},
    {"34806", 0},
    {"34807", 0},
    {"34905", 0},
    {"358600", 0},
    {"358700", 0},
    {"852900", 0},
    {"35315xxxxxxxx", 0}, /* shorter ones are in Dublin */
    {"39144", 0},
    {"39166", 0},
    {"39892", 0},
    {"39894", 0},
    {"39895", 0},
    {"39899", 0},
    {"8260", 0},
    {"52900", 0},
    {"3190", 0},
    {"4782", 0},
    {"64900", 0},
    {"4870", 0},
    {"35160", 0},
    {"351646", 0},
    {"351648", 0},
    {"35176", 0},
    {"7803", 0},
    {"7809", 0},
    {"46900", 0},
    {"46939", 0},
    {"46944", 0},
};

static int begins_with(const char *digits, const char *pattern)
{
    for (; *pattern; pattern++, digits++) {
        if (!*digits || (*pattern != 'x' && *pattern != *digits)) {
            return 0;
        }
    }
    return 1;
}

int twv_e164_find_refusal(const char *digits)
{
    int length = (int)strlen(digits);
    apr_size_t i;

    if (length < FEWEST_DIGITS) {
        return 1;
    }
    for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        const refusal_t *refusal = &refusals[i];

        if ((!refusal->most_digits || length <= refusal->most_digits) &&
            begins_with(digits, refusal->pattern)) {
            return 1;
        }
    }
    return 0;
}
