/*
 * Twilio's error dictionary, as far as Proxy and its REST API use it: code, HTTP status, title.
 * Titles: twilio.com/docs/api/errors. Statuses: as observed from Proxy, whose validation errors
 * are 400 with an 80xxx code. Constant tables; errors live in the caller's pool; any thread.
 */
#include "twilio/error.h"

#include <stdarg.h>
#include <stdlib.h>

#include <apr_strings.h>

typedef struct {
    int code;
    int status;
    const char *title;
} error_entry_t;

#define UNLISTED_STATUS 400

/* Sorted by code. */
static const error_entry_t errors[] = {
    {20001, 400, "Unknown parameters"},
    {20003, 401, "Permission Denied"},
    {20004, 405, "Method not allowed"},
    {20006, 403, "Access Denied"},
    {20404, 404, "Not Found"},
    {20409, 409, "Conflict"},
    {20413, 413, "Request Entity Too Large"},
    {20415, 415, "Unsupported Media Type"},
    {20429, 429, "Too Many Requests"},
    {20500, 500, "Internal Server Error"},
    {20503, 503, "Service Unavailable"},
    {80101, 400, "Number Already Added to Another Service"},
    {80102, 400, "Participant Already In Interaction"},
    {80103, 400, "Participant Already In Session"},
    {80104, 400, "Phone Number Already In Service"},
    {80105, 400, "Short Code Already In Service"},
    {80201, 400, "No Available Voice Proxy"},
    {80202, 400, "No Available Message Proxy"},
    {80203, 400, "No Available Proxy For Country"},
    {80205, 400, "No Proxies For Service"},
    {80206, 400, "No Available Proxy"},
    {80207, 400, "No unreserved numbers in proxy pool"},
    {80208, 400, "No Available Unused Proxy"},
    {80301, 400, "Not Found Phone Number SID"},
    {80303, 400, "Not Found Short Code Sid"},
    {80304, 400, "Not Found Unmanaged Identifier"},
    {80305, 400, "Not Found Unmanaged Identifier Sid"},
    {80306, 400, "Not Found Chat Service"},
    {80307, 400, "Record to be updated was not found in database"},
    {80308, 400, "Session with the unique name not found"},
    {80401, 400, "Account Sid Invalid"},
    {80402, 400, "Identifier Proxy Pair Invalid"},
    {80403, 400, "Interaction Sid Invalid"},
    {80404, 400, "Participant Identifier Invalid"},
    {80405, 400, "Participant Sid Invalid"},
    {80406, 400, "Phone Number Did Invalid"},
    {80407, 400, "Phone Number Sid Invalid"},
    {80408, 400, "Service Sid Invalid"},
    {80409, 400, "Session Sid Invalid"},
    {80501, 503, "Storage Operation Failed"},
    {80502, 400, "Internal Server Error from Downstream"},
    {80503, 400, "No Records Updated"},
    {80504, 400, "An internal server error has occurred"},
    {80505, 400, "Flex Configuration Error"},
    {80506, 400, "Service Creation is restricted for new customers"},
    {80601, 400, "Phone Number Not Available"},
    {80602, 400, "Non Unique Service Name"},
    {80603, 400, "Non Unique Session Name"},
    {80604, 400, "Proxy Identifier In Use"},
    {80605, 400, "Proxy Identifier Not In Service"},
    {80606, 400, "Proxy Identifier Not Owned By Account"},
    {80607, 400, "Session Closed"},
    {80608, 400, "Session Status Invalid"},
    {80609, 400, "Too Many Added Participants"},
    {80610, 400, "Unauthorized Operation"},
    {80611, 400, "Proxy Number In Active Sessions"},
    {80612, 400, "Duplicate Entry"},
    {80613, 400, "Downstream Request Rejected"},
    {80614, 400, "No Partner Participant Found"},
    {80615, 400, "Account Sid on Legal Hold"},
    {80616, 400, "Unsupported Identifier Type For Session Mode"},
    {80617, 400, "Flex Configuration Error"},
    {80618, 400, "Chat Integration Error"},
    {80619, 400, "Chat Channel Attribute Error"},
    {80620, 400, "Chat Configured Proxy Identifier Not Found"},
    {80622, 400, "Maximum Pool Size Error"},
    {80623, 409, "Duplicate Participant Request"},
    {80624, 400, "Approaching Maximium Number Pool Size"},
    {80701, 400, "Parameter Validation Failed"},
    {80801, 400, "Invalid attempt to Re-Open a Session"},
    {80802, 400, "Simultaneous requests to create the same Identifier in one or more Sessions"},
    {80901, 400, "Message Matched Stop Word"},
    {80902, 400, "No Active Session"},
    {80903, 400, "Unknown Participant"},
    {80904, 400, "Expired Proxy Session"},
    {80905, 400, "Unknown Scenario"},
    {80906, 400, "Interaction Not Open"},
    {80907, 400, "Open Interaction Not Found"},
    {80908, 400, "Callback Error"},
    {80909, 400, "Inbound Contact Rejected"},
    {80910, 400, "Message To Voice Only Session Rejected"},
    {80911, 400, "Call To Message Only Session Rejected"},
    {80913, 400, "Out-Of-Session Callback Error"},
};

static int compare_codes(const void *key, const void *entry)
{
    return *(const int *)key - ((const error_entry_t *)entry)->code;
}

static const error_entry_t *find(int code)
{
    return bsearch(&code, errors, sizeof(errors) / sizeof(*errors), sizeof(*errors), compare_codes);
}

const twv_error_t *twv_error(apr_pool_t *p, int code, const char *format, ...)
{
    twv_error_t *error = apr_palloc(p, sizeof(*error));
    const error_entry_t *entry = find(code);
    va_list arguments;

    error->code = code;
    error->status = entry ? entry->status : UNLISTED_STATUS;
    va_start(arguments, format);
    error->message = apr_pvsprintf(p, format, arguments);
    va_end(arguments);
    return error;
}

const char *twv_error_title(int code)
{
    const error_entry_t *entry = find(code);

    return entry ? entry->title : "";
}
