/*
 * String identifiers. Results live in the caller's pool; any thread.
 */
#include "twilio/sid.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#define PREFIX_LENGTH 2
#define TIME_DIGITS 12
#define RANDOM_BYTES 10
#define DERIVED_BYTES 16

static const char lower_digits[] = "0123456789abcdef";

static char *write_hex(char *to, const unsigned char *bytes, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        *to++ = lower_digits[bytes[i] >> 4];
        *to++ = lower_digits[bytes[i] & 15];
    }
    return to;
}

const char *twv_sid_create(apr_pool_t *p, const char *prefix, apr_time_t now)
{
    char *sid = apr_palloc(p, TWV_SID_LENGTH + 1);
    apr_uint64_t milliseconds = (apr_uint64_t)apr_time_as_msec(now);
    unsigned char random[RANDOM_BYTES];
    int i;

    /* Without randomness two rows would get one name and TLS could not work either; like memory
     * that has run out, this is not survivable. */
    if (RAND_bytes(random, sizeof(random)) != 1) {
        abort();
    }
    memcpy(sid, prefix, PREFIX_LENGTH);
    for (i = PREFIX_LENGTH + TIME_DIGITS - 1; i >= PREFIX_LENGTH; i--) {
        sid[i] = lower_digits[milliseconds & 15];
        milliseconds >>= 4;
    }
    *write_hex(sid + PREFIX_LENGTH + TIME_DIGITS, random, RANDOM_BYTES) = '\0';
    return sid;
}

const char *twv_sid_derive(apr_pool_t *p, const char *prefix, const char *seed)
{
    char *sid = apr_palloc(p, TWV_SID_LENGTH + 1);
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(seed, strlen(seed), digest, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
    memcpy(sid, prefix, PREFIX_LENGTH);
    *write_hex(sid + PREFIX_LENGTH, digest, DERIVED_BYTES) = '\0';
    return sid;
}

/* isxdigit() would follow the locale. */
static int is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

int twv_sid_is(const char *text, const char *prefix)
{
    int i;

    if (!text || strncmp(text, prefix, PREFIX_LENGTH) != 0) {
        return 0;
    }
    for (i = PREFIX_LENGTH; i < TWV_SID_LENGTH; i++) {
        if (!is_hex_digit(text[i])) {
            return 0;
        }
    }
    return text[TWV_SID_LENGTH] == '\0';
}
