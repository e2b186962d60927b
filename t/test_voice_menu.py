"""Several sessions of one person on one number: a spoken menu, keys and PINs."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from masking import CALL_SID, Masking, said, twiml
from twilio_account import HANAKO, PROXY_NUMBER, TARO

JIRO = "+819000000003"
SABURO = "+819000000004"
UNKNOWN = "+819000000009"


@pytest.fixture
def three(masking: Masking):
    """Hanako in sessions with Taro, Jiro and Saburo; Saburo's has a PIN."""
    masking.start()
    masking.session((HANAKO, "花子"), (TARO, "太郎"))
    masking.session((HANAKO, "花子"), (JIRO, "次郎"))
    masking.session_with({"Pin": "4711"}, (HANAKO, "花子"), (SABURO, "三郎"))
    return masking


def test_the_menu_offers_all_three_by_name(three: Masking, lab):
    lab.call(HANAKO, PROXY_NUMBER)
    heard = said(lab.phone(HANAKO))
    for name in ("太郎", "次郎", "三郎"):
        assert f"{name}さん" in heard
    assert "0を押してください" in heard
    assert lab.errors() == []


def test_each_key_reaches_the_person_that_was_named_with_it(three: Masking, lab):
    lab.call(HANAKO, PROXY_NUMBER)
    heard = said(lab.phone(HANAKO))
    key = heard.split("次郎さんは、")[1][0]
    lab.press(HANAKO, key + "#")
    assert lab.wait(JIRO, "ringing")["shows"] == PROXY_NUMBER


def test_a_pin_reaches_its_session(three: Masking, lab):
    lab.call(HANAKO, PROXY_NUMBER)
    lab.press(HANAKO, "4711#")
    lab.wait(SABURO, "ringing")


def test_the_most_recent_contact_comes_first(three: Masking, lab):
    lab.call(JIRO, PROXY_NUMBER)
    lab.answer(HANAKO)
    lab.hangup(JIRO)
    lab.call(HANAKO, PROXY_NUMBER)
    assert "次郎さんは、1を" in said(lab.phone(HANAKO))


def test_a_key_means_the_same_when_contacts_change_meanwhile(three: Masking, lab):
    lab.call(HANAKO, PROXY_NUMBER)
    key = said(lab.phone(HANAKO)).split("太郎さんは、")[1][0]
    three.database.query("UPDATE twv_session SET date_last_interaction = date_created + 5000"
                         " WHERE pin = '4711'")
    lab.press(HANAKO, key + "#")
    lab.wait(TARO, "ringing")


def test_zero_repeats_and_a_wrong_key_is_told(three: Masking, lab):
    lab.call(HANAKO, PROXY_NUMBER)
    once = said(lab.phone(HANAKO)).count("太郎さん")
    lab.press(HANAKO, "0#")
    assert said(lab.phone(HANAKO)).count("太郎さん") == once + 1
    lab.press(HANAKO, "9#")
    assert "その番号はご利用いただけません" in said(lab.phone(HANAKO))
    assert said(lab.phone(HANAKO)).count("太郎さん") == once + 2


def test_silence_repeats_the_menu_and_ends_the_call_at_last(three: Masking, lab):
    lab.call(HANAKO, PROXY_NUMBER)
    for _ in range(5):
        lab.advance(30)
    phone = lab.wait(HANAKO, "idle")
    assert said(phone).count("太郎さん") == 4
    assert "入力が確認できませんでした" in said(phone)


def test_one_key_is_enough_where_no_session_has_a_pin(masking: Masking):
    masking.start()
    masking.session((HANAKO, "花子"), (TARO, "太郎"))
    masking.session((HANAKO, "花子"), (JIRO, "次郎"))
    gather = twiml(masking.webhook("/voice")).find("Gather")
    assert gather.get("numDigits") == "1"


def test_a_partner_without_a_name_is_reached_by_pin_only(masking: Masking):
    masking.start()
    masking.session((HANAKO, "花子"), (TARO, "太郎"))
    masking.session_with({"Pin": "4711"}, (HANAKO, "花子"), (SABURO, None))
    gather = twiml(masking.webhook("/voice")).find("Gather")
    spoken = " ".join(say.text for say in gather.iter("Say"))
    assert "太郎さんは、1を" in spoken and "2を" not in spoken
    assert "暗証番号" in spoken


def test_a_tenth_session_is_not_offered_by_key(masking: Masking):
    masking.start()
    for number in range(11):
        masking.session((HANAKO, "花子"), (f"+8190000001{number:02}", f"友{number}"))
    gather = twiml(masking.webhook("/voice")).find("Gather")
    choices = parse_qs(urlsplit(gather.get("action")).query)["sessions"][0].split(".")
    assert len(choices) == 9


def test_a_choice_whose_session_ended_meanwhile_is_told(three: Masking, lab):
    lab.call(HANAKO, PROXY_NUMBER)
    key = said(lab.phone(HANAKO)).split("太郎さんは、")[1][0]
    taro = three.database.query("SELECT session_sid FROM twv_participant WHERE identifier = ?",
                                TARO)[0][0]
    three.service.sessions(taro).update(status="closed")
    lab.press(HANAKO, key + "#")
    assert "期間は終了しました" in said(lab.phone(HANAKO))


def test_an_unknown_caller_is_asked_for_a_pin_where_a_session_has_one(three: Masking, lab):
    lab.call(UNKNOWN, PROXY_NUMBER)
    assert "暗証番号を入力し" in said(lab.phone(UNKNOWN))
    lab.press(UNKNOWN, "4711#")
    # He stands for the second participant: the first one's phone rings.
    assert lab.wait(HANAKO, "ringing")["shows"] == PROXY_NUMBER


def test_an_anonymous_caller_may_use_the_pin_too(three: Masking, lab):
    lab.call(UNKNOWN, PROXY_NUMBER, from_="anonymous")
    lab.press(UNKNOWN, "4711#")
    lab.wait(HANAKO, "ringing")


def test_a_wrong_pin_may_be_entered_three_times_in_a_call(three: Masking, lab):
    lab.call(UNKNOWN, PROXY_NUMBER)
    lab.press(UNKNOWN, "1111#")
    assert "暗証番号が違います" in said(lab.phone(UNKNOWN))
    lab.press(UNKNOWN, "2222#")
    lab.press(UNKNOWN, "3333#")
    assert "誤りが続いたため" in said(lab.wait(UNKNOWN, "idle"))


def test_wrong_pins_are_limited_per_caller_over_all_his_calls(three: Masking, lab):
    for _ in range(3):
        lab.call(UNKNOWN, PROXY_NUMBER)
        for _ in range(3):
            lab.press(UNKNOWN, "1111#")
        lab.wait(UNKNOWN, "idle")
    lab.call(UNKNOWN, PROXY_NUMBER)
    lab.press(UNKNOWN, "1111#")
    lab.wait(UNKNOWN, "idle")
    lab.call(UNKNOWN, PROXY_NUMBER)
    lab.press(UNKNOWN, "4711#")
    assert "誤りが続いたため" in said(lab.wait(UNKNOWN, "idle"))
    lab.call(SABURO, PROXY_NUMBER)
    lab.wait(HANAKO, "ringing")


def test_a_wrong_pin_that_twilio_delivers_twice_counts_once(three: Masking):
    for _ in range(2):
        twiml(three.webhook("/pin?attempt=1", From=UNKNOWN, Digits="1111"))
    failures, = three.database.query("SELECT pin_failures FROM twv_call WHERE sid = ?",
                                     CALL_SID)[0]
    assert failures == 1


def test_no_pin_is_in_the_log_or_in_the_timeline(three: Masking, lab):
    lab.call(UNKNOWN, PROXY_NUMBER)
    lab.press(UNKNOWN, "8642#")
    lab.press(UNKNOWN, "4711#")
    details = three.database.query("SELECT detail FROM twv_event")
    assert details and not any("4711" in detail or "8642" in detail for detail, in details)
    log = three.httpd.error_log()
    assert "4711" not in log and "8642" not in log


def test_the_menu_speaks_english_where_the_session_does(masking: Masking):
    masking.start(webhook="TwVoiceLanguage en-US")
    masking.session((HANAKO, "Hanako"), (TARO, "Taro"))
    masking.session((HANAKO, "Hanako"), (JIRO, "Jiro"))
    root = twiml(masking.webhook("/voice"))
    spoken = " ".join(say.text for say in root.iter("Say"))
    assert "For Taro, press" in spoken and "For Jiro, press" in spoken
    assert all(say.get("language") == "en-US" for say in root.iter("Say"))


def test_a_name_cannot_inject_twiml(masking: Masking, lab):
    masking.start()
    masking.session((HANAKO, "花子"), (TARO, "</Say><Dial>+1900</Dial>"))
    masking.session((HANAKO, "花子"), (JIRO, "{key}"))
    lab.call(HANAKO, PROXY_NUMBER)
    heard = said(lab.phone(HANAKO))
    assert "</Say><Dial>+1900</Dial>さん" in heard and "{key}さん" in heard


def test_with_reject_the_second_session_of_a_pair_is_refused(masking: Masking):
    masking.start(more="TwVoiceParticipantConflict reject")
    masking.session()
    second = masking.service.sessions.create(mode="voice-only")
    answer = masking.api("POST", f"/Services/{second.service_sid}/Sessions/{second.sid}"
                                 "/Participants", {"Identifier": HANAKO})
    assert (answer.status, answer.json()["code"]) == (400, 80208)
