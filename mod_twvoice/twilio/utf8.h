/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Reentrant; nothing is kept.
 */
#ifndef TWV_TWILIO_UTF8_H
#define TWV_TWILIO_UTF8_H

#include <apr.h>

/**
 * Length of the character that starts at @a text.
 * @param left bytes that may be read, at least 1
 * @return 1 to 4, or 0 when the bytes are not one
 */
int twv_utf8_length(const char *text, apr_size_t left);

/** Offset of the first byte that is not UTF-8, or @a length when all of @a text is. */
apr_size_t twv_utf8_invalid_at(const char *text, apr_size_t length);

#endif
