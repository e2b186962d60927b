/*
 * UTF-8 checks for everything that comes from outside. No memory, any thread.
 */
#include "twilio/utf8.h"

/* RFC 3629 section 4: what the second byte may be depends on the first, all others are 80-BF. */
int twv_utf8_length(const char *text, apr_size_t left)
{
    const unsigned char *byte = (const unsigned char *)text;
    unsigned char lead = byte[0];
    unsigned char lowest = 0x80, highest = 0xBF;
    int length, i;

    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (left < (apr_size_t)length) {
        return 0;
    }
    switch (lead) {
    case 0xE0:
        lowest = 0xA0;
        break;
    case 0xED:
        highest = 0x9F;
        break;
    case 0xF0:
        lowest = 0x90;
        break;
    case 0xF4:
        highest = 0x8F;
        break;
    }
    if (byte[1] < lowest || byte[1] > highest) {
        return 0;
    }
    for (i = 2; i < length; i++) {
        if ((byte[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

apr_size_t twv_utf8_invalid_at(const char *text, apr_size_t length)
{
    apr_size_t at = 0;

    while (at < length) {
        int step = twv_utf8_length(text + at, length - at);

        if (step == 0) {
            return at;
        }
        at += (apr_size_t)step;
    }
    return length;
}
