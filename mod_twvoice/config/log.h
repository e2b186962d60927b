/*
 * Log lines with an id of our own. Files above the library use this with the usual
 * ap_log_* functions:  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWV_LOG("TWV0101") "text", ...)
 * Ids: TWV00xx start-up and configuration, 01xx signature and credentials, 02xx store, 03xx voice
 * webhooks, 04xx messages, 05xx Proxy API, 06xx jobs, 07xx callbacks to the operator.
 */
#ifndef TWV_CONFIG_LOG_H
#define TWV_CONFIG_LOG_H

#include "httpd.h"
#include "http_config.h"
#include "http_log.h"

extern module AP_MODULE_DECLARE_DATA twvoice_module;
APLOG_USE_MODULE(twvoice);

#define TWV_LOG(id) id ": "

#endif
