/*
 * Errors as JSON in the form that Twilio's clients read. Reentrant.
 */
#ifndef TWV_HTTP_ERROR_JSON_H
#define TWV_HTTP_ERROR_JSON_H

#include <jansson.h>

#include "twilio/error.h"

/** {"code", "message", "more_info", "status"}; the caller owns the reference. */
json_t *twv_error_json(const twv_error_t *error);

#endif
