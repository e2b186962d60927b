"""The lab: incoming calls, their webhooks, and the verbs that concern one leg."""

import json
import re

import pytest

from lab.testing import ACCOUNT_SID, Customer, Reply
from lab.testing import customer, customer_server, lab, lab_process  # noqa: F401
from lab.client import Lab

NUMBER, HANAKO, TARO = "+815000000000", "+819000000001", "+819000000002"
APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."


def answer(lab: Lab, customer: Customer, *documents, **fields) -> None:
    """The number's voice URL answers with these documents."""
    lab.number(NUMBER, voice_url=customer.on("/voice", *documents), **fields)


def says(leg: dict) -> list:
    return [item["say"] for item in leg["heard"] if "say" in item]


def response(*verbs: str) -> str:
    return "<?xml version='1.0' encoding='UTF-8'?><Response>" + "".join(verbs) + "</Response>"


def test_an_incoming_call_requests_the_voice_url_with_the_documented_parameters(lab, customer):
    answer(lab, customer, response("<Say>hello</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    request = customer.last("/voice")
    assert request.method == "POST"
    assert request.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert re.fullmatch("CA[0-9a-f]{32}", leg["sid"])
    expected = {"AccountSid": ACCOUNT_SID, "ApiVersion": "2010-04-01", "CallSid": leg["sid"],
                "CallStatus": "ringing", "Direction": "inbound", "From": HANAKO, "To": NUMBER,
                "Caller": HANAKO, "Called": NUMBER}
    for role in ("From", "Caller", "To", "Called"):
        expected.update({role + "Country": "JP", role + "City": "", role + "State": "",
                         role + "Zip": ""})
    assert request.signed
    token = request.params.pop("CallToken")
    assert "parentCallInfoToken" in json.loads(token) and request.params == expected
    assert re.fullmatch("[0-9a-f-]{36}", request.token)


def test_a_number_with_method_get_is_requested_with_a_signed_query(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", response()) + "?a=1", voice_method="GET")
    leg = lab.call(HANAKO, NUMBER)
    request = customer.last("/voice")
    assert request.method == "GET"
    assert request.query["a"] == "1" and request.query["CallSid"] == leg["sid"]
    assert request.query["From"] == HANAKO
    assert request.signed


@pytest.mark.parametrize("word", ["anonymous", "unknown", "restricted", "+266696687"])
def test_a_withheld_caller_is_shown_as_the_word(lab, customer, word):
    answer(lab, customer, response("<Pause length='9'/>"))
    leg = lab.call(HANAKO, NUMBER, from_=word)
    assert customer.last("/voice").params["From"] == word
    assert "FromCountry" not in customer.last("/voice").params
    assert leg["from"] == word and lab.phone(HANAKO)["state"] == "calling"


def test_a_phone_may_be_called_by_the_word_itself(lab, customer):
    answer(lab, customer, response("<Pause length='9'/>"))
    assert lab.call("anonymous", NUMBER)["from"] == "anonymous"


def test_parameters_that_twilio_sends_only_sometimes_can_be_given(lab, customer):
    answer(lab, customer, response())
    lab.call(HANAKO, NUMBER, params={"ForwardedFrom": TARO, "CallerName": "HANAKO"})
    params = customer.last("/voice").params
    assert params["ForwardedFrom"] == TARO and params["CallerName"] == "HANAKO"


@pytest.mark.parametrize("verb", ["<Say>x</Say>", "<Play>x.mp3</Play>", "<Gather/>",
                                  "<Redirect>/next</Redirect>", "<Hangup/>"])
def test_the_first_verb_answers_the_call(lab, customer, verb):
    answer(lab, customer, response(verb))
    customer.on("/next", response("<Pause length='9'/>"))
    leg = lab.call(HANAKO, NUMBER)
    assert leg["answer_time"] == leg["start_time"]


def test_a_pause_does_not_answer_and_the_next_verb_does(lab, customer):
    answer(lab, customer, response("<Pause length='4'/>", "<Say>x</Say>", "<Pause/>"))
    leg = lab.call(HANAKO, NUMBER)
    assert leg["status"] == "ringing" and leg["answer_time"] is None
    lab.advance(3.9)
    assert lab.leg(leg["sid"])["status"] == "ringing"
    lab.advance(0.1)
    assert lab.leg(leg["sid"])["status"] == "in-progress"
    lab.advance(1)
    after = lab.leg(leg["sid"])
    assert (after["status"], after["duration"]) == ("completed", 1)


@pytest.mark.parametrize("attribute, status, tone", [
    ("reason='busy'", "busy", "busy"), ("reason='rejected'", "no-answer", "not-in-service"),
    ("", "no-answer", "not-in-service")])
def test_a_rejected_call_is_neither_answered_nor_billed(lab, customer, attribute, status, tone):
    answer(lab, customer, response(f"<Reject {attribute}/>"),
           status_callback=customer.on("/end", ""))
    leg = lab.call(HANAKO, NUMBER)
    assert leg["status"] == status and leg["answer_time"] is None and leg["duration"] == 0
    assert leg["heard"] == [{"tone": tone}]
    assert customer.last("/end").params["CallStatus"] == status
    assert lab.phone(HANAKO)["state"] == "idle"


def test_a_reject_that_is_not_the_first_verb_is_an_error(lab, customer):
    answer(lab, customer, response("<Pause/>", "<Reject/>"))
    leg = lab.call(HANAKO, NUMBER)
    assert [error["code"] for error in leg["errors"]] == [12200]
    assert says(leg) == [APPLICATION_ERROR]


def test_a_reject_after_the_call_was_answered_is_an_error(lab, customer):
    answer(lab, customer, response("<Say>x</Say>", "<Redirect>/late</Redirect>"))
    customer.on("/late", response("<Reject/>"))
    leg = lab.call(HANAKO, NUMBER)
    assert leg["errors"][0]["code"] == 12200 and leg["status"] == "completed"


def test_say_is_heard_with_language_and_voice_and_takes_the_configured_time(lab, customer):
    lab.settings(speech_rate=0.5)
    answer(lab, customer, response("<Say language='ja-JP' voice='alice' loop='2'>こんにちは</Say>",
                                   "<Say>b</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    said = {"say": "こんにちは", "language": "ja-JP", "voice": "alice"}
    assert leg["heard"] == [said]
    lab.advance(2.5)
    assert lab.leg(leg["sid"])["heard"] == [said, said]
    lab.advance(3)
    assert lab.leg(leg["sid"])["duration"] == 5


def test_say_takes_ssml(lab, customer):
    answer(lab, customer, response("<Say>one <break time='1s'/><emphasis>two</emphasis> three"
                                   "</Say>"))
    assert says(lab.call(HANAKO, NUMBER)) == ["one two three"]


def test_play_resolves_its_url_and_sends_digits(lab, customer):
    answer(lab, customer, response("<Play>/ring.mp3</Play>", "<Play digits='ww12#'/>"))
    leg = lab.call(HANAKO, NUMBER)
    assert leg["heard"] == [{"play": customer.url("/ring.mp3")}, {"digits": "ww12#"}]
    lab.advance(1)
    assert lab.leg(leg["sid"])["duration"] == 1


def test_redirect_fetches_the_next_document_and_skips_what_follows(lab, customer):
    answer(lab, customer, response("<Redirect method='GET'>next?x=1</Redirect>",
                                   "<Say>never</Say>"))
    customer.on("/next", response("<Say>there</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    assert says(leg) == ["there"]
    request = customer.last("/next")
    assert request.method == "GET" and request.signed and request.query["x"] == "1"
    assert request.query["CallStatus"] == "in-progress"


def test_documents_that_lead_to_each_other_for_ever_fail_the_call(lab, customer):
    answer(lab, customer, response("<Redirect/>"))
    leg = lab.call(HANAKO, NUMBER)
    assert leg["status"] == "failed" and "lead to each other" in leg["errors"][0]["message"]


def test_hangup_ends_the_call_and_an_empty_document_does_too(lab, customer):
    answer(lab, customer, response("<Hangup/>", "<Say>never</Say>"), response())
    first = lab.call(HANAKO, NUMBER)
    second = lab.call(HANAKO, NUMBER)
    assert first["status"] == second["status"] == "completed"
    assert first["heard"] == [] and second["answer_time"]


def test_the_numbers_status_callback_fires_at_the_end_with_the_duration(lab, customer):
    answer(lab, customer, response("<Pause length='2'/>", "<Say>x</Say>",
                                   "<Pause length='300'/>"),
           status_callback=customer.on("/end", Reply("ignored", content_type="text/plain")))
    leg = lab.call(HANAKO, NUMBER)
    lab.advance(63)
    assert customer.received("/end") == []
    lab.hangup(HANAKO)
    params = customer.last("/end").params
    assert params["CallSid"] == leg["sid"] and params["CallStatus"] == "completed"
    assert params["CallDuration"] == "61" and params["Duration"] == "2"
    assert params["CallbackSource"] == "call-progress-events"
    assert params["SequenceNumber"] == "0" and params["Direction"] == "inbound"
    assert customer.last("/end").signed and lab.errors() == []


def test_gather_sends_the_digits_when_their_number_is_reached(lab, customer):
    answer(lab, customer, response("<Gather numDigits='2' action='/keys'><Say>two keys</Say>"
                                   "</Gather>", "<Say>never</Say>"))
    customer.on("/keys", response("<Say>thanks</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    lab.press(HANAKO, "1")
    assert customer.received("/keys") == []
    lab.press(HANAKO, "2")
    params = customer.last("/keys").params
    assert (params["Digits"], params["FinishedOnKey"]) == ("12", "")
    assert customer.last("/keys").signed
    assert says(lab.leg(leg["sid"])) == ["two keys", "thanks"]


def test_gather_ends_at_the_finish_key_which_is_not_sent(lab, customer):
    answer(lab, customer, response("<Gather action='/keys' method='GET'/>"))
    customer.on("/keys", response())
    lab.call(HANAKO, NUMBER)
    lab.press(HANAKO, "123#")
    assert customer.last("/keys").query["Digits"] == "123"
    assert customer.last("/keys").query["FinishedOnKey"] == "#"


def test_an_empty_finish_key_makes_hash_an_ordinary_key(lab, customer):
    answer(lab, customer, response("<Gather action='/keys' finishOnKey='' numDigits='3'/>"))
    customer.on("/keys", response())
    lab.call(HANAKO, NUMBER)
    lab.press(HANAKO, "*#1")
    assert customer.last("/keys").params["Digits"] == "*#1"


def test_gather_sends_what_it_has_five_seconds_after_the_last_key(lab, customer):
    answer(lab, customer, response("<Gather action='/keys'/>"))
    customer.on("/keys", response())
    lab.call(HANAKO, NUMBER)
    lab.advance(4)
    lab.press(HANAKO, "7")
    lab.advance(4.9)
    assert customer.received("/keys") == []
    lab.advance(0.1)
    assert customer.last("/keys").params["Digits"] == "7"


@pytest.mark.parametrize("keys", ["", "#"])
def test_gather_without_input_falls_through_to_the_next_verb(lab, customer, keys):
    answer(lab, customer, response("<Gather action='/keys' timeout='3'/>", "<Say>nothing</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    if keys:
        lab.press(HANAKO, keys)
    else:
        lab.advance(2.9)
        assert says(lab.leg(leg["sid"])) == []
        lab.advance(0.1)
    assert says(lab.leg(leg["sid"])) == ["nothing"] and customer.received("/keys") == []


def test_gather_requests_its_action_without_input_when_told_to(lab, customer):
    answer(lab, customer, response("<Gather action='/keys' actionOnEmptyResult='true'/>"))
    customer.on("/keys", response())
    lab.call(HANAKO, NUMBER)
    lab.advance(5)
    assert customer.last("/keys").params["Digits"] == ""


def test_the_default_action_of_gather_is_the_current_url(lab, customer):
    answer(lab, customer, response("<Gather numDigits='1'/>"), response("<Say>again</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    lab.press(HANAKO, "5")
    assert customer.last("/voice").params["Digits"] == "5"
    assert says(lab.leg(leg["sid"])) == ["again"]


def test_a_key_interrupts_the_prompts_of_gather(lab, customer):
    lab.settings(speech_rate=1)
    answer(lab, customer, response("<Gather numDigits='1' action='/keys'><Say>aaaa</Say>"
                                   "<Pause length='3'/><Say>bbbb</Say></Gather>"))
    customer.on("/keys", response("<Say>c</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    lab.advance(5)
    lab.press(HANAKO, "1")
    assert says(lab.leg(leg["sid"])) == ["aaaa", "c"]


def test_the_time_out_of_gather_starts_after_its_prompts(lab, customer):
    lab.settings(speech_rate=1)
    answer(lab, customer, response("<Gather timeout='2'><Say>aaaa</Say></Gather>",
                                   "<Say>late</Say>"))
    leg = lab.call(HANAKO, NUMBER)
    lab.advance(5.9)
    assert says(lab.leg(leg["sid"])) == ["aaaa"]
    lab.advance(0.1)
    assert says(lab.leg(leg["sid"])) == ["aaaa", "late"]


def test_a_prompt_in_an_endless_loop_lasts_until_a_key(lab, customer):
    answer(lab, customer, response("<Gather numDigits='1' action='/keys'><Say loop='0'>a</Say>"
                                   "</Gather>"))
    customer.on("/keys", response())
    lab.call(HANAKO, NUMBER)
    lab.advance(100)
    lab.press(HANAKO, "1")
    assert customer.last("/keys").params["Digits"] == "1"


@pytest.mark.parametrize("document, code", [
    (response("<Shout>x</Shout>"), 12200), (response("<Say volume='1'>x</Say>"), 12200),
    (response("<Number>+819000000002</Number>"), 12200), (response("text"), 12200),
    (response("<Gather><Dial/></Gather>"), 12200), (response("<Message>x</Message>"), 12200),
    (response("<Pause length='long'/>"), 12200), ("<response/>", 12200),
    ("<Response><Say>", 12100), ("", 12100), ("no xml", 12100)])
def test_a_wrong_document_ends_the_call_with_the_application_error(lab, customer, document, code):
    answer(lab, customer, document)
    leg = lab.call(HANAKO, NUMBER)
    assert says(leg) == [APPLICATION_ERROR] and leg["status"] == "completed"
    assert [error["code"] for error in lab.errors(leg["sid"])] == [code]
    assert lab.exchanges(kind="voice")[-1]["error_code"] == code


def test_a_wrong_document_goes_to_the_fallback_url_when_there_is_one(lab, customer):
    answer(lab, customer, response("<Shout/>"), voice_fallback_url=customer.on(
        "/fallback", response("<Say>plan B</Say>")))
    leg = lab.call(HANAKO, NUMBER)
    params = customer.last("/fallback").params
    assert params["ErrorCode"] == "12200" and params["ErrorUrl"] == customer.url("/voice")
    assert params["CallSid"] == leg["sid"] and customer.last("/fallback").signed
    assert says(leg) == ["plan B"]
    assert [e["kind"] for e in lab.exchanges()] == ["voice", "fallback"]


def test_a_failing_action_uses_the_fallback_and_a_failing_fallback_ends_the_call(lab, customer):
    answer(lab, customer, response("<Gather numDigits='1' action='/gone'/>"),
           voice_fallback_url=customer.on("/fallback", Reply(status=500)))
    leg = lab.call(HANAKO, NUMBER)
    lab.press(HANAKO, "1")
    assert customer.last("/fallback").params["ErrorUrl"] == customer.url("/gone")
    assert says(lab.leg(leg["sid"])) == [APPLICATION_ERROR]
    assert [e["code"] for e in lab.errors()] == [11200, 11200]


@pytest.mark.parametrize("verb", ["<Record/>", "<Enqueue>q</Enqueue>", "<Sms>x</Sms>",
                                  "<Dial><Conference>room</Conference></Dial>",
                                  "<Gather input='speech'/>"])
def test_a_verb_that_the_lab_cannot_execute_fails_the_call_and_says_so(lab, customer, verb):
    answer(lab, customer, response(verb), voice_fallback_url=customer.on("/fallback", response()))
    leg = lab.call(HANAKO, NUMBER)
    assert leg["status"] == "failed" and customer.received("/fallback") == []
    assert "not supported by the lab yet" in leg["errors"][0]["message"]


def test_a_caller_who_hangs_up_during_a_prompt_ends_the_document(lab, customer):
    lab.settings(speech_rate=1)
    answer(lab, customer, response("<Say>long</Say>", "<Redirect>/never</Redirect>"))
    leg = lab.call(HANAKO, NUMBER)
    lab.advance(2)
    assert lab.hangup(HANAKO)["state"] == "idle"
    lab.advance(60)
    assert lab.leg(leg["sid"])["duration"] == 2 and customer.received("/never") == []
