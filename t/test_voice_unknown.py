"""Calls that belong to no session: what the operator set, his program, and intercepts."""

from __future__ import annotations

import json
import threading

from masking import CALL_SID, Masking, said, twiml
from lab.testing import Customer, Reply
from twilio_account import HANAKO, PROXY_NUMBER, TARO

UNKNOWN = "+819000000009"
TWIML = "application/xml; charset=utf-8"


def test_an_unknown_caller_hears_an_announcement(masking: Masking, lab):
    masking.start()
    masking.session()
    leg = lab.call(UNKNOWN, PROXY_NUMBER)
    assert "見つかりません" in said(lab.wait(UNKNOWN, "idle"))
    assert lab.leg(leg["sid"])["status"] == "completed"


def test_reject_costs_nothing(masking: Masking, lab):
    masking.start(more="TwVoiceUnknownCaller reject")
    masking.session()
    leg = lab.call(UNKNOWN, PROXY_NUMBER)
    lab.wait(UNKNOWN, "idle")
    assert lab.leg(leg["sid"])["answer_time"] is None


def test_pin_asks_every_unknown_caller(masking: Masking, lab):
    masking.start(more="TwVoiceUnknownCaller pin")
    masking.session()
    lab.call(UNKNOWN, PROXY_NUMBER)
    assert "暗証番号を入力し" in said(lab.phone(UNKNOWN))


def test_anonymous_callers_are_unknown(masking: Masking, lab):
    masking.start()
    masking.session()
    lab.call(HANAKO, PROXY_NUMBER, from_="anonymous")
    assert "見つかりません" in said(lab.wait(HANAKO, "idle"))


def test_a_call_without_a_session_is_in_the_log_too(masking: Masking, lab):
    masking.start()
    masking.session()
    leg = lab.call(UNKNOWN, PROXY_NUMBER)
    lab.wait(UNKNOWN, "idle")
    call = masking.api("GET", f"/Calls/{leg['sid']}").json()
    assert (call["from"], call["status"], call["session_sid"]) == (UNKNOWN, "completed", None)


def test_the_operators_program_answers_with_twiml(masking: Masking, lab, operator: Customer):
    url = operator.on("/out", Reply("<Response><Say>Our office is closed</Say></Response>", 200,
                                        TWIML))
    masking.start()
    masking.make_service("masking", out_of_session_callback_url=url)
    lab.call(UNKNOWN, PROXY_NUMBER)
    assert "Our office is closed" in said(lab.wait(UNKNOWN, "idle"))
    callback, = operator.received("/out")
    assert callback.signed
    assert callback.params["From"] == UNKNOWN and callback.params["To"] == PROXY_NUMBER
    assert callback.params["CallSid"].startswith("CA")
    assert "sessionSid" not in callback.params


def test_it_hears_of_the_session_before(masking: Masking, lab, operator: Customer):
    url = operator.on("/out", Reply("<Response/>", 200, TWIML))
    masking.start()
    masking.make_service("masking", out_of_session_callback_url=url)
    session = masking.session(unique_name="order-1", ttl=3600)
    masking.service.sessions(session.sid).update(status="closed")
    lab.call(HANAKO, PROXY_NUMBER)
    lab.wait(HANAKO, "idle")
    sent = operator.received("/out")[0].params
    assert sent["sessionSid"] == session.sid
    assert sent["sessionUniqueName"] == "order-1"
    assert (sent["sessionStatus"], sent["sessionClosedReason"]) == ("closed", "api")
    assert sent["inboundParticipantIdentifier"] == HANAKO
    assert sent["outboundParticipantIdentifier"] == TARO
    assert sent["outboundParticipantProxyIdentifier"] == PROXY_NUMBER
    assert sent["sessionDateEnded"].endswith("Z")


def test_it_makes_a_session_with_json(masking: Masking, lab, operator: Customer):
    answer = {"participantIdentifier": TARO, "uniqueName": "auto-1", "ttl": 600,
              "mode": "voice-only"}
    url = operator.on("/out", Reply(json.dumps(answer), 200, "application/json"))
    masking.start()
    masking.make_service("masking", out_of_session_callback_url=url)
    lab.call(UNKNOWN, PROXY_NUMBER)
    assert lab.wait(TARO, "ringing")["shows"] == PROXY_NUMBER
    session = masking.service.sessions("auto-1").fetch()
    assert (session.mode, session.ttl, session.status) == ("voice-only", 600, "in-progress")
    lab.hangup(UNKNOWN)
    lab.call(TARO, PROXY_NUMBER)
    lab.wait(UNKNOWN, "ringing")
    assert len(operator.received("/out")) == 1


def test_an_unusable_answer_is_as_if_there_was_no_program(masking: Masking,
                                                          operator: Customer):
    masking.httpd.expect_log("TWV0701")
    unusable = [Reply("oops", 500), Reply("hello", 200), Reply("<Response>", 200, TWIML),
                Reply('<!DOCTYPE Response><Response/>', 200, TWIML),
                Reply("<Answer/>", 200, TWIML), Reply("[]", 200, "application/json"),
                Reply("{}", 200, "application/json"),
                Reply('{"participantIdentifier":"Taro"}', 200, "application/json")]
    url = operator.on("/out", *unusable)
    masking.start()
    masking.make_service("masking", out_of_session_callback_url=url)
    for number, _ in enumerate(unusable):
        root = twiml(masking.webhook("/voice", From=UNKNOWN, CallSid=f"CA{number:032}"))
        assert "見つかりません" in root.find("Say").text, number
    assert len(operator.received("/out")) == len(unusable)


def test_a_program_that_does_not_answer_delays_the_caller_by_two_seconds_at_most(
        masking: Masking, operator: Customer):
    never = threading.Event()
    masking.httpd.expect_log("TWV0701")
    url = operator.on("/out", Reply(until=never))
    masking.start()
    masking.make_service("masking", out_of_session_callback_url=url)
    answer = masking.webhook("/voice", From=UNKNOWN)
    never.set()
    assert "見つかりません" in twiml(answer).find("Say").text


def test_an_intercept_sees_the_inbound_half_and_lets_pass(masking: Masking, lab,
                                                          operator: Customer):
    url = operator.on("/intercept", Reply(status=200))
    masking.start()
    masking.make_service("masking", intercept_callback_url=url)
    session = masking.session()
    leg = lab.call(HANAKO, PROXY_NUMBER)
    lab.wait(TARO, "ringing")
    callback, = operator.received("/intercept")
    assert callback.signed
    assert callback.params["interactionType"] == "Voice"
    assert callback.params["interactionSessionSid"] == session.sid
    assert callback.params["inboundResourceSid"] == leg["sid"]
    assert not any(name.startswith("outbound") for name in callback.params)
    interaction, = masking.service.sessions(session.sid).interactions.list()
    assert interaction.sid == callback.params["interactionSid"]


def test_an_intercept_blocks_with_403_also_when_the_webhook_comes_twice(
        masking: Masking, operator: Customer):
    url = operator.on("/intercept", Reply(status=403), Reply(status=200))
    masking.start()
    masking.make_service("masking", intercept_callback_url=url)
    session = masking.session()
    for _ in range(2):
        root = twiml(masking.webhook("/voice"))
        assert root.find("Dial") is None
        assert "おつなぎできません" in root.find("Say").text
    assert len(operator.received("/intercept")) == 1
    interaction, = masking.service.sessions(session.sid).interactions.list()
    assert interaction.inbound_resource_sid == CALL_SID
    assert interaction.outbound_resource_sid is None


def test_an_intercept_that_fails_lets_pass_and_is_logged(masking: Masking,
                                                         operator: Customer):
    masking.httpd.expect_log("TWV0701")
    url = operator.on("/intercept", Reply(status=500))
    masking.start()
    masking.make_service("masking", intercept_callback_url=url)
    masking.session()
    assert twiml(masking.webhook("/voice")).find("Dial") is not None
    assert "InterceptCallbackUrl" in masking.httpd.log.lines("TWV0701")[0]
