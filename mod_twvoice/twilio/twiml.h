/*
 * The one writer of TwiML: builds a well-formed document, escapes every text and attribute, and
 * lets nothing through that XML 1.0 or UTF-8 forbid. A document belongs to its pool and to one
 * thread.
 */
#ifndef TWV_TWILIO_TWIML_H
#define TWV_TWILIO_TWIML_H

#include <apr_pools.h>

typedef struct twv_twiml_t twv_twiml_t;

/** A document with an open <Response>. */
twv_twiml_t *twv_twiml_create(apr_pool_t *p);

/** Open an element; attributes may follow until text, a child or the end. */
void twv_twiml_open(twv_twiml_t *twiml, const char *name);

/** Add an attribute to the element just opened. A NULL value leaves it out. */
void twv_twiml_attribute(twv_twiml_t *twiml, const char *name, const char *value);

/** The same for a whole number. */
void twv_twiml_attribute_int(twv_twiml_t *twiml, const char *name, apr_int64_t value);

/** Text content, escaped; characters that XML 1.0 forbids are left out, invalid UTF-8 becomes
 *  U+FFFD. NULL adds nothing. */
void twv_twiml_text(twv_twiml_t *twiml, const char *text);

/** Close the innermost element (as <Name/> when it is empty). */
void twv_twiml_close(twv_twiml_t *twiml);

/** An element with text and no attributes. @a text may be NULL. */
void twv_twiml_element(twv_twiml_t *twiml, const char *name, const char *text);

/**
 * Close what is open and return the document with its XML declaration.
 * @param length set to the number of bytes
 */
const char *twv_twiml_finish(twv_twiml_t *twiml, apr_size_t *length);

#endif
