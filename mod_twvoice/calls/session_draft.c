/*
 * Drafts of sessions: their checks. They come from requests and from answers of the operator's
 * program. Reentrant; errors live in the context's pool.
 */
#include "calls/session_draft.h"

#include <string.h>

#include <apr_general.h>

#include "calls/parameters.h"
#include "twilio/sid.h"

#define LANGUAGE_MAX 35
#define SUBTAG_MAX 8
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

twv_session_draft_t twv_session_draft_empty(void)
{
    return (twv_session_draft_t){
        .ttl = -1, .pin_length = -1, .call_time_limit = -1, .ring_timeout = -1};
}

/* The shape of BCP 47: subtags of letters and digits, the first of letters only. */
static int is_language(const char *text)
{
    apr_size_t length = strlen(text);
    int first = 1;

    if (length < 2 || length > LANGUAGE_MAX) {
        return 0;
    }
    for (;;) {
        apr_size_t subtag = strspn(text, first ? LETTERS : LETTERS "0123456789");

        if (subtag < (first ? 2u : 1u) || subtag > SUBTAG_MAX) {
            return 0;
        }
        text += subtag;
        if (*text != '-') {
            return *text == '\0';
        }
        text++;
        first = 0;
    }
}

static int is_pin(const char *text)
{
    apr_size_t length = strlen(text);

    return length >= TWV_PIN_LENGTH_MIN && length <= TWV_PIN_LENGTH_MAX &&
           strspn(text, "0123456789") == length;
}

const twv_error_t *twv_session_draft_check(const twv_context_t *context,
                                           const twv_session_draft_t *draft)
{
    static const char *const modes[] = {"message-only", "voice-only", "voice-and-message", NULL};
    static const char *const statuses[] = {"open",   "in-progress", "closed",
                                           "failed", "unknown",     NULL};
    static const char *const call_modes[] = {"dial", NULL};
    twv_checks_t checks = twv_checks_begin(context->p, "");

    twv_check_text(&checks, "UniqueName", draft->unique_name, TWV_UNIQUE_NAME_MAX);
    if (twv_sid_is(draft->unique_name, "KC")) {
        twv_checks_fail(&checks, "UniqueName", "'%s' has the form of a SID.", draft->unique_name);
    }
    if (draft->ttl > TWV_TTL_MAX) {
        twv_checks_fail(&checks, "Ttl", "Allowed are 0 to %" APR_INT64_T_FMT " seconds.",
                        TWV_TTL_MAX);
    }
    twv_check_word(&checks, "Mode", draft->mode, modes);
    twv_check_word(&checks, "Status", draft->status, statuses);
    twv_check_word(&checks, "CallMode", draft->call_mode, call_modes);
    /* A refused PIN is not shown: it may be somebody's. */
    if (draft->pin && *draft->pin && !is_pin(draft->pin)) {
        twv_checks_fail(&checks, "Pin", "Allowed are %d to %d digits.", TWV_PIN_LENGTH_MIN,
                        TWV_PIN_LENGTH_MAX);
    }
    if (draft->pin && *draft->pin && draft->pin_length >= 0) {
        twv_checks_fail(&checks, "PinLength", "It is not allowed beside Pin.");
    }
    if (draft->language && *draft->language && !is_language(draft->language)) {
        twv_checks_fail(&checks, "Language", "'%s' is not a language tag such as ja-JP or en-US.",
                        twv_shown(context->p, draft->language));
    }
    if (draft->date_expiry && *draft->date_expiry) {
        twv_ms_t expiry = twv_timestamp_parse_iso8601(draft->date_expiry);

        if (!expiry) {
            twv_checks_fail(&checks, "DateExpiry",
                            "'%s' is not an ISO 8601 time such as 2030-01-31T09:30:00Z.",
                            twv_shown(context->p, draft->date_expiry));
        } else if (expiry <= context->now) {
            twv_checks_fail(&checks, "DateExpiry", "'%s' is in the past.",
                            twv_shown(context->p, draft->date_expiry));
        }
    }
    return checks.error;
}

const char *twv_random_pin(apr_pool_t *p, int length)
{
    char *pin = apr_pcalloc(p, (apr_size_t)length + 1);
    int made = 0;

    while (made < length) {
        unsigned char bytes[32];
        apr_size_t i;

        if (apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS) {
            return NULL;
        }
        for (i = 0; i < sizeof(bytes) && made < length; i++) {
            /* 250 and above would make some digits likelier than others. */
            if (bytes[i] < 250) {
                pin[made++] = (char)('0' + bytes[i] % 10);
            }
        }
    }
    return pin;
}
