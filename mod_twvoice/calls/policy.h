/*
 * What the operator decided, as the decisions of this floor need it. Filled by the configuration
 * when the server starts; read-only afterwards, so any thread may read it. Lives as long as the
 * configuration (its pool is the server's).
 */
#ifndef TWV_CALLS_POLICY_H
#define TWV_CALLS_POLICY_H

#include <apr_pools.h>
#include <apr_tables.h>

/** A number that the account owns (TwVoiceNumber). */
typedef struct {
    const char *sid; /* PN... */
    const char *phone_number;
    const char *friendly_name;
    int voice; /* capabilities */
    int sms;
} twv_owned_number_t;

/** A rule of TwVoiceAllowPrefix or TwVoiceDenyPrefix. */
typedef struct {
    const char *prefix; /* "+81", "+" matches everything */
    int allowed;
} twv_prefix_rule_t;

/** An API key (TwVoiceApiKey). */
typedef struct {
    const char *sid; /* SK... */
    const char *secret;
} twv_api_key_t;

/** Same person and number in two active sessions (TwVoiceParticipantConflict). */
typedef enum { TWV_CONFLICT_MENU, TWV_CONFLICT_REJECT } twv_conflict_t;

/** A caller without a session (TwVoiceUnknownCaller). */
typedef enum {
    TWV_UNKNOWN_CALLER_ANNOUNCE,
    TWV_UNKNOWN_CALLER_REJECT,
    TWV_UNKNOWN_CALLER_PIN
} twv_unknown_caller_t;

typedef struct {
    const char *account_sid;
    const char *const *auth_tokens; /* the current one, then the previous during a rotation */
    int auth_token_count;
    const apr_array_header_t *api_keys;     /* of twv_api_key_t */
    const apr_array_header_t *numbers;      /* of twv_owned_number_t */
    const apr_array_header_t *prefix_rules; /* of twv_prefix_rule_t, longest prefix first */
    twv_conflict_t participant_conflict;
    twv_unknown_caller_t unknown_caller;
    apr_int64_t retention_ms; /* personal data older than this is erased; 0 keeps it */
    const char *public_url;   /* scheme://host[:port], NULL = as requested */
    const char *webhook_path; /* "/twilio" */
} twv_policy_t;

/** The owned number with this E.164 form or this PN SID, or NULL. */
const twv_owned_number_t *twv_policy_number(const twv_policy_t *policy, const char *phone_number);
const twv_owned_number_t *twv_policy_number_by_sid(const twv_policy_t *policy, const char *sid);

/**
 * Whether the number may be called: the longest prefix of the rules decides, without a match it
 * may unless there is an allow rule; emergency and premium numbers never.
 */
int twv_policy_may_call(const twv_policy_t *policy, const char *number);

#endif
