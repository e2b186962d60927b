/* Legs as comma-separated values. */
#ifndef TWV_HTTP_CALL_CSV_H
#define TWV_HTTP_CALL_CSV_H

#include "httpd.h"

#include <apr_tables.h>

/**
 * Send legs as RFC 4180 with a header line. A text that a spreadsheet would take for a formula gets
 * an apostrophe before it.
 * @param calls array of twv_call_t *
 */
int twv_call_csv_reply(request_rec *r, const apr_array_header_t *calls);

#endif
