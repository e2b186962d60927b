/*
 * Errors as Twilio's REST API tells them: an HTTP status, a code of Twilio's error dictionary and
 * a message. One table maps codes to statuses. A NULL error pointer means success everywhere.
 */
#ifndef TWV_TWILIO_ERROR_H
#define TWV_TWILIO_ERROR_H

#include <apr_pools.h>

/* Codes that are used by name (twilio.com/docs/api/errors). */
#define TWV_ERROR_UNKNOWN_PARAMETER 20001
#define TWV_ERROR_AUTHENTICATE 20003
#define TWV_ERROR_METHOD 20004
#define TWV_ERROR_FORBIDDEN 20006
#define TWV_ERROR_NOT_FOUND 20404
#define TWV_ERROR_TOO_LARGE 20413
#define TWV_ERROR_MEDIA_TYPE 20415
#define TWV_ERROR_TOO_MANY_REQUESTS 20429
#define TWV_ERROR_INTERNAL 20500
#define TWV_ERROR_UNAVAILABLE 20503
#define TWV_ERROR_NUMBER_IN_OTHER_SERVICE 80101
#define TWV_ERROR_PARTICIPANT_IN_SESSION 80103
#define TWV_ERROR_NUMBER_IN_SERVICE 80104
#define TWV_ERROR_NO_VOICE_PROXY 80201
#define TWV_ERROR_NO_MESSAGE_PROXY 80202
#define TWV_ERROR_NO_PROXY_FOR_COUNTRY 80203
#define TWV_ERROR_NO_PROXIES 80205
#define TWV_ERROR_NO_AVAILABLE_PROXY 80206
#define TWV_ERROR_ONLY_RESERVED 80207
#define TWV_ERROR_NO_UNUSED_PROXY 80208
#define TWV_ERROR_NUMBER_SID_NOT_FOUND 80301
#define TWV_ERROR_UNMANAGED_NUMBER 80304
#define TWV_ERROR_IDENTIFIER_INVALID 80404
#define TWV_ERROR_SERVICE_NAME_TAKEN 80602
#define TWV_ERROR_SESSION_NAME_TAKEN 80603
#define TWV_ERROR_PROXY_IN_USE 80604
#define TWV_ERROR_PROXY_NOT_IN_SERVICE 80605
#define TWV_ERROR_NUMBER_NOT_OWNED 80606
#define TWV_ERROR_SESSION_CLOSED 80607
#define TWV_ERROR_SESSION_STATUS 80608
#define TWV_ERROR_TOO_MANY_PARTICIPANTS 80609
#define TWV_ERROR_NUMBER_IN_USE 80611
#define TWV_ERROR_DUPLICATE_ENTRY 80612
#define TWV_ERROR_NO_PARTNER 80614
#define TWV_ERROR_POOL_SIZE 80622
#define TWV_ERROR_PARTICIPANT_CONFLICT 80623
#define TWV_ERROR_PARAMETER 80701
#define TWV_ERROR_STOP_WORD 80901
#define TWV_ERROR_NO_SESSION 80902
#define TWV_ERROR_EXPIRED 80904
#define TWV_ERROR_CALLBACK 80908
#define TWV_ERROR_REJECTED 80909
#define TWV_ERROR_MESSAGE_TO_VOICE 80910
#define TWV_ERROR_CALL_TO_MESSAGE 80911
#define TWV_ERROR_OUT_OF_SESSION 80913

typedef struct {
    int status; /* HTTP */
    int code;
    const char *message;
} twv_error_t;

/**
 * Make an error; the HTTP status comes from the table (400 for an unlisted 80xxx code).
 * @param format printf style, in pool @a p
 */
const twv_error_t *twv_error(apr_pool_t *p, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Title of a code in Twilio's dictionary, "" when unknown. */
const char *twv_error_title(int code);

#endif
