/*
 * The rules of sessions and participants as Proxy has them: what may be created, changed and
 * closed, and which proxy number a participant gets. Each public function is one transaction.
 */
#ifndef TWV_CALLS_SESSIONS_H
#define TWV_CALLS_SESSIONS_H

#include "calls/context.h"
#include "store/participant.h"
#include "store/session.h"

/** A participant to be. NULL = not given. */
typedef struct {
    const char *identifier;
    const char *friendly_name;
    const char *proxy_identifier;     /* the number to use */
    const char *proxy_identifier_sid; /* the same by SID */
} twv_participant_draft_t;

/* Limits (twilio.com/docs/proxy/api/session; the rest ours). */
#define TWV_UNIQUE_NAME_MAX 191
#define TWV_FRIENDLY_NAME_MAX 255
#define TWV_TTL_MAX APR_INT64_C(2147483646)
#define TWV_PIN_LENGTH_MIN 4
#define TWV_PIN_LENGTH_MAX 15
#define TWV_CALL_TIME_LIMIT_MAX 86400
#define TWV_RING_TIMEOUT_MIN 5
#define TWV_RING_TIMEOUT_MAX 600
#define TWV_PARTICIPANTS_MAX 2

/**
 * A session to be, or changes to one; NULL text and negative numbers = not given. An empty
 * date_expiry, pin or language of an update clears it; elsewhere an empty text is one not given.
 * Texts are checked by the functions below, numbers by who reads them (the limits above).
 */
typedef struct {
    const char *unique_name;
    const char *mode;
    const char *status;
    const char *date_expiry; /* ISO 8601 as it came */
    apr_int64_t ttl;
    int fail_on_conflict; /* FailOnParticipantConflict */
    const char *call_mode;
    const char *pin;
    apr_int64_t pin_length;
    apr_int64_t call_time_limit; /* 0 = none */
    apr_int64_t ring_timeout;    /* 0 = Twilio's own */
    const char *language;
    const twv_participant_draft_t *participants;
    int participant_count;
} twv_session_draft_t;

/** A draft in which nothing is given. */
twv_session_draft_t twv_session_draft_empty(void);

/** When the session's time is over: date_expiry, else ttl from the later of creation and last
 *  interaction; 0 = never (twilio.com/docs/proxy/api/session). */
twv_ms_t twv_session_expires_at(const twv_session_t *session);

/** Whether the session takes interactions now: open or in-progress and its time is not over. */
int twv_session_is_active(const twv_session_t *session, twv_ms_t now);

/**
 * The session as it is at @a now: one whose time is over, but that nobody closed yet, is closed
 * with the reason "date-expiry" or "ttl-expired". @return @a session itself, or a copy in @a p
 */
const twv_session_t *twv_session_as_of(apr_pool_t *p, const twv_session_t *session, twv_ms_t now);

/**
 * Create a session with its participants, all or nothing.
 * @param service_sid SID of an existing service
 * @return NULL, or the error; @a session is set on success
 */
const twv_error_t *twv_sessions_create(const twv_context_t *context, const char *service_sid,
                                       const twv_session_draft_t *draft, twv_session_t **session);

/** Change a session; the legal moves of its status are those of the reference. */
const twv_error_t *twv_sessions_update(const twv_context_t *context, const char *service_sid,
                                       const char *session_sid, const twv_session_draft_t *draft,
                                       twv_session_t **session);

/** Add a participant. @param fail_on_conflict refuse a pair that is in another active session also
 *  where the operator's policy is the menu */
const twv_error_t *twv_sessions_add_participant(const twv_context_t *context,
                                                const char *service_sid, const char *session_sid,
                                                const twv_participant_draft_t *draft,
                                                int fail_on_conflict,
                                                twv_participant_t **participant);

#endif
