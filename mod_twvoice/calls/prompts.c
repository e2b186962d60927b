/*
 * The built-in texts in both languages, and how a prompt becomes TwiML. Constant tables; results
 * live in the pool of the document.
 */
#include "calls/prompts.h"

#include <string.h>

#include <apr_strings.h>

typedef struct {
    const char *name;
    const char *japanese;
    const char *english;
} prompt_text_t;

static const prompt_text_t TEXTS[TWV_PROMPT_COUNT] = {
    [TWV_PROMPT_UNKNOWN_CALLER] =
        {"unknown-caller",
         "おかけになった番号からは、現在おつなぎできる相手が見つかりません。"
         "お電話ありがとうございました。",
         "We could not find anyone to connect you to. Thank you for "
         "calling."},
    [TWV_PROMPT_EXPIRED] = {"expired",
                            "この通話のご利用期間は終了しました。お電話ありがとうございました。",
                            "The time for these calls is over. Thank you for calling."},
    [TWV_PROMPT_MESSAGE_ONLY] = {"message-only",
                                 "この番号では、お電話はご利用いただけません。"
                                 "メッセージでご連絡ください。",
                                 "Calls are not available here. Please send a message instead."},
    [TWV_PROMPT_NO_PARTNER] = {"no-partner",
                               "お相手の準備がまだできていません。後ほどおかけ直しください。",
                               "The other person is not ready yet. Please call again later."},
    [TWV_PROMPT_BLOCKED] = {"blocked", "このお電話はおつなぎできません。",
                            "This call cannot be connected."},
    [TWV_PROMPT_MENU] = {"menu", "おつなぎする相手をお選びください。",
                         "Please choose who you would like to speak to."},
    [TWV_PROMPT_MENU_CHOICE] = {"menu-choice", "{name}さんは、{key}を。",
                                "For {name}, press {key}."},
    [TWV_PROMPT_MENU_NAMELESS] = {"menu-nameless", "お名前の登録がない方",
                                  "the contact without a name"},
    [TWV_PROMPT_MENU_PIN] = {"menu-pin",
                             "暗証番号をお持ちの方は、暗証番号とシャープを押してください。",
                             "If you have a PIN, enter it followed by the pound key."},
    [TWV_PROMPT_MENU_REPEAT] = {"menu-repeat", "もう一度お聞きになるには、0を押してください。",
                                "To hear this again, press 0."},
    [TWV_PROMPT_WRONG_KEY] = {"wrong-key", "その番号はご利用いただけません。",
                              "That is not one of the choices."},
    [TWV_PROMPT_PIN] = {"pin", "暗証番号を入力し、最後にシャープを押してください。",
                        "Please enter your PIN, followed by the pound key."},
    [TWV_PROMPT_WRONG_PIN] = {"wrong-pin", "暗証番号が違います。", "That PIN is not right."},
    [TWV_PROMPT_PIN_LOCKED] = {"pin-locked",
                               "暗証番号の誤りが続いたため、おつなぎできません。"
                               "しばらくしてからおかけ直しください。",
                               "There were too many wrong PINs. Please try again later."},
    [TWV_PROMPT_NO_INPUT] = {"no-input", "入力が確認できませんでした。おかけ直しください。",
                             "We did not receive your choice. Please call again."},
    [TWV_PROMPT_BUSY] = {"busy", "お相手はただいま話し中です。後ほどおかけ直しください。",
                         "The line is busy. Please call again later."},
    [TWV_PROMPT_NO_ANSWER] = {"no-answer", "お相手が電話に出られません。後ほどおかけ直しください。",
                              "There was no answer. Please call again later."},
    [TWV_PROMPT_FAILED] = {"failed", "おつなぎできませんでした。後ほどおかけ直しください。",
                           "The call could not be completed. Please call again later."},
    [TWV_PROMPT_SMS_UNKNOWN] = {"sms-unknown", "メッセージの宛先が見つかりませんでした。",
                                "We could not find anyone to send your message to."},
    [TWV_PROMPT_SMS_EXPIRED] = {"sms-expired",
                                "ご利用期間が終了したため、メッセージを送信できませんでした。",
                                "Your message was not sent: the time for this conversation is "
                                "over."},
    [TWV_PROMPT_SMS_VOICE_ONLY] = {"sms-voice-only",
                                   "この番号ではメッセージをご利用いただけません。お電話ください。",
                                   "Messages are not available here. Please call instead."},
    [TWV_PROMPT_SMS_SEVERAL] = {"sms-several",
                                "宛先の番号（または暗証番号）と空白を先頭に付けて、"
                                "もう一度送信してください。",
                                "Please send it again, starting with the number (or PIN) of the "
                                "person and a space:"},
    [TWV_PROMPT_SMS_BLOCKED] = {"sms-blocked", "メッセージを送信できませんでした。",
                                "Your message could not be sent."},
};

const char *twv_prompt_name(twv_prompt_t prompt)
{
    return TEXTS[prompt].name;
}

twv_prompt_t twv_prompt_from_name(const char *name)
{
    int prompt;

    for (prompt = 0; prompt < TWV_PROMPT_COUNT; prompt++) {
        if (strcmp(TEXTS[prompt].name, name) == 0) {
            break;
        }
    }
    return (twv_prompt_t)prompt;
}

int twv_prompt_is_url(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

static const char *language_of(const twv_speech_t *speech, const char *language)
{
    return language ? language : speech->language;
}

const char *twv_prompt_text(const twv_speech_t *speech, twv_prompt_t prompt, const char *language)
{
    const char *spoken = language_of(speech, language);

    if (speech->prompts[prompt]) {
        return speech->prompts[prompt];
    }
    return strncmp(spoken, "ja", 2) == 0 ? TEXTS[prompt].japanese : TEXTS[prompt].english;
}

static void say(twv_twiml_t *twiml, const twv_speech_t *speech, const char *language,
                const char *text)
{
    twv_twiml_open(twiml, "Say");
    twv_twiml_attribute(twiml, "language", language_of(speech, language));
    twv_twiml_attribute(twiml, "voice", speech->voice);
    twv_twiml_text(twiml, text);
    twv_twiml_close(twiml);
}

void twv_prompt_speak(twv_twiml_t *twiml, const twv_speech_t *speech, twv_prompt_t prompt,
                      const char *language)
{
    const char *text = twv_prompt_text(speech, prompt, language);

    if (twv_prompt_is_url(text)) {
        twv_twiml_element(twiml, "Play", text);
    } else {
        say(twiml, speech, language, text);
    }
}

/** Put @a value where @a text has @a placeholder (its first occurrence). */
static const char *replaced(apr_pool_t *p, const char *text, const char *placeholder,
                            const char *value)
{
    const char *at = strstr(text, placeholder);

    if (!at) {
        return text;
    }
    return apr_pstrcat(p, apr_pstrmemdup(p, text, (apr_size_t)(at - text)), value,
                       at + strlen(placeholder), NULL);
}

void twv_prompt_speak_choice(twv_twiml_t *twiml, apr_pool_t *p, const twv_speech_t *speech,
                             const char *language, const char *key, const char *name)
{
    const char *text = twv_prompt_text(speech, TWV_PROMPT_MENU_CHOICE, language);

    /* The key first: a name that contains "{key}" stays as it is. */
    say(twiml, speech, language, replaced(p, replaced(p, text, "{key}", key), "{name}", name));
}
