/*
 * Legs: rows of twv_call, one for each CallSid. What is known of a leg only grows: each report is
 * merged so that the row is the same whatever the order and repetition of reports.
 */
#ifndef TWV_STORE_CALL_H
#define TWV_STORE_CALL_H

#include "store/database.h"

typedef struct {
    const char *sid;
    const char *account_sid;
    const char *parent_call_sid;
    const char *service_sid;
    const char *session_sid;
    const char *interaction_sid;
    const char *participant_sid;
    const char *from_number;
    const char *to_number;
    const char *direction;
    const char *status; /* Twilio's CallStatus; the furthest that was reported */
    twv_ms_t initiated_at;
    twv_ms_t ringing_at;
    twv_ms_t answered_at;
    twv_ms_t ended_at;        /* from a status callback's Timestamp */
    twv_ms_t observed_end_at; /* when another request told us that it was over */
    apr_int64_t duration;     /* seconds from answer to end; -1 = not known */
    apr_int64_t pin_failures;
    twv_ms_t date_created;
} twv_call_t;

/** When the leg began, was answered and ended, from what was reported; 0 = not (yet). */
twv_ms_t twv_call_start_time(const twv_call_t *call);
twv_ms_t twv_call_answer_time(const twv_call_t *call);
twv_ms_t twv_call_end_time(const twv_call_t *call);

/** Whether @a status (may be NULL) is final. */
int twv_call_status_is_final(const char *status);

/**
 * Merge a report into the leg, making it when it is new: the furthest status wins (of two final
 * ones always the same, see call.c); of two times of the same kind the earlier stays; what is set
 * is kept where the report has NULL, 0 (times) or -1 (duration), and whom the leg belongs to also
 * where the report differs.
 * @param merged set to the leg as it is now, in @a p
 * @return TWV_STORE_REFUSED when the leg belongs to another account
 */
apr_status_t twv_call_merge(twv_store_t *store, apr_pool_t *p, const twv_call_t *report,
                            twv_call_t **merged);

/** @param call set to NULL when there is none */
apr_status_t twv_call_find(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                           const char *sid, twv_call_t **call);

/** Count a wrong PIN on this leg. */
apr_status_t twv_call_add_pin_failure(twv_store_t *store, const char *sid);

/** Wrong PINs of this caller since @a since, over all calls. */
apr_status_t twv_call_count_pin_failures(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                         const char *from_number, twv_ms_t since,
                                         apr_int64_t *count);

/** What a list may be narrowed to; NULL or 0 = anything. "Start" is date_created here. */
typedef struct {
    const char *account_sid; /* required */
    const char *session_sid;
    const char *from_number;
    const char *to_number;
    const char *status;
    twv_ms_t start_from;   /* inclusive */
    twv_ms_t start_before; /* exclusive */
    twv_ms_t after_date;   /* key of the last row of the previous page: date_created ... */
    const char *after_sid; /* ... and SID; NULL for the first page */
} twv_call_filter_t;

/** Newest first. Array of twv_call_t * */
apr_status_t twv_call_list(twv_store_t *store, apr_pool_t *p, const twv_call_filter_t *filter,
                           int limit, apr_array_header_t **calls);

/** Delete legs made before @a before with their events, and events of messages before that time.
 *  @param deleted count of legs */
apr_status_t twv_call_purge(twv_store_t *store, const char *account_sid, twv_ms_t before, int limit,
                            int *deleted);

#endif
