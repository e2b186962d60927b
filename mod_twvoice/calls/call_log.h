/*
 * What Twilio reports of running and finished calls: status callbacks and the action of <Dial>.
 * Each function is one unit of work. Reports may be repeated, late or in any order: the log comes
 * out the same. Results live in the context's pool.
 */
#ifndef TWV_CALLS_CALL_LOG_H
#define TWV_CALLS_CALL_LOG_H

#include "calls/context.h"

/** A status callback of a leg. */
typedef struct {
    const char *call_sid;
    const char *parent_call_sid; /* of a dialled leg, else NULL */
    const char *interaction_sid; /* of a dialled leg: from our URL, else NULL */
    const char *from;
    const char *to;
    const char *direction;
    const char *status;       /* CallStatus */
    twv_ms_t at;              /* Timestamp; 0 = none was given */
    apr_int64_t duration;     /* CallDuration in seconds, -1 = none was given */
    const char *sequence;     /* SequenceNumber, or NULL */
    const char *sip_response; /* SipResponseCode, or NULL */
} twv_leg_report_t;

/** The action of a <Dial>. */
typedef struct {
    twv_leg_report_t caller; /* the leg whose document ran the <Dial>; its CallStatus */
    const char *interaction_sid;
    const char *dial_call_sid; /* NULL when nothing was dialled */
    const char *dial_status;
    apr_int64_t dial_duration; /* seconds, -1 = none was given */
} twv_dial_report_t;

/** What the log knows about a report, for the access log. */
typedef struct {
    const char *session_sid;
    const char *interaction_sid;
    const char *language; /* of the session */
} twv_log_context_t;

/** Merge a status callback. @return APR_SUCCESS or TWV_STORE_DOWN */
apr_status_t twv_call_log_status(const twv_context_t *context, const twv_leg_report_t *report,
                                 twv_log_context_t *found);

/** Merge what the end of a <Dial> tells about both legs. */
apr_status_t twv_call_log_dial(const twv_context_t *context, const twv_dial_report_t *report,
                               twv_log_context_t *found);

#endif
