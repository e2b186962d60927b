/*
 * Answers that httpd makes itself, for clients of the Proxy API; for this floor only.
 */
#ifndef TWV_HTTP_ERROR_FILTER_H
#define TWV_HTTP_ERROR_FILTER_H

/** Registers the hook and its output filter. */
void twv_error_filter_register(void);

#endif
