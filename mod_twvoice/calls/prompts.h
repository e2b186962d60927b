/*
 * What people hear and read: one text for each occasion in Japanese and English, which the operator
 * can replace (TwVoicePrompt). Constant tables; any thread may read.
 */
#ifndef TWV_CALLS_PROMPTS_H
#define TWV_CALLS_PROMPTS_H

#include "twilio/twiml.h"

typedef enum {
    TWV_PROMPT_UNKNOWN_CALLER, /* nobody to connect to */
    TWV_PROMPT_EXPIRED,        /* the session is over */
    TWV_PROMPT_MESSAGE_ONLY,   /* the session takes no calls */
    TWV_PROMPT_NO_PARTNER,     /* the session has one participant */
    TWV_PROMPT_BLOCKED,        /* the operator's program or his prefixes refuse the call */
    TWV_PROMPT_MENU,           /* before the choices of the menu */
    TWV_PROMPT_MENU_CHOICE,    /* always spoken; {key} and {name} are replaced */
    TWV_PROMPT_MENU_NAMELESS,  /* the {name} of a partner without one */
    TWV_PROMPT_MENU_PIN,       /* a PIN may be entered as well */
    TWV_PROMPT_MENU_REPEAT,    /* 0 repeats */
    TWV_PROMPT_WRONG_KEY,
    TWV_PROMPT_PIN,
    TWV_PROMPT_WRONG_PIN,
    TWV_PROMPT_PIN_LOCKED, /* too many wrong ones */
    TWV_PROMPT_NO_INPUT,
    TWV_PROMPT_BUSY,
    TWV_PROMPT_NO_ANSWER,
    TWV_PROMPT_FAILED,
    TWV_PROMPT_SMS_UNKNOWN,
    TWV_PROMPT_SMS_EXPIRED,
    TWV_PROMPT_SMS_VOICE_ONLY,
    TWV_PROMPT_SMS_SEVERAL, /* the sender has several sessions on this number */
    TWV_PROMPT_SMS_BLOCKED,
    TWV_PROMPT_COUNT
} twv_prompt_t;

/** How the server speaks in one place of its configuration. */
typedef struct {
    const char *language;                  /* "ja-JP", never NULL once merged */
    const char *voice;                     /* NULL = Twilio's own */
    const char *prompts[TWV_PROMPT_COUNT]; /* the operator's text or URL, NULL = built in */
} twv_speech_t;

/** The event word of TwVoicePrompt, e.g. "unknown-caller". */
const char *twv_prompt_name(twv_prompt_t prompt);

/** @return TWV_PROMPT_COUNT for an unknown word */
twv_prompt_t twv_prompt_from_name(const char *name);

/** Whether the operator's text is a URL to play. */
int twv_prompt_is_url(const char *text);

/** The text: the operator's, else the built-in one (Japanese for ja*, else English).
 *  @param language the session's, NULL = the server's */
const char *twv_prompt_text(const twv_speech_t *speech, twv_prompt_t prompt, const char *language);

/** Append <Say> or <Play>. */
void twv_prompt_speak(twv_twiml_t *twiml, const twv_speech_t *speech, twv_prompt_t prompt,
                      const char *language);

/** The same for a menu choice: {key} and {name} are replaced. */
void twv_prompt_speak_choice(twv_twiml_t *twiml, apr_pool_t *p, const twv_speech_t *speech,
                             const char *language, const char *key, const char *name);

#endif
