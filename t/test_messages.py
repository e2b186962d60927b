"""Masked messages: relayed by TwiML, logged as interactions."""

from __future__ import annotations

import json

import pytest

from masking import Masking, twiml
from lab.testing import Customer, Reply
from polling import until
from twilio_account import HANAKO, PROXY_NUMBER, TARO

JIRO = "+819000000003"
UNKNOWN = "+819000000009"
MESSAGE_SID = "SM" + "0" * 31 + "1"


def sms(masking: Masking, body: str = "hello", path: str = "/sms", **more: str):
    """A message webhook that does not come from the lab."""
    return masking.webhook(path, {"MessageSid": MESSAGE_SID, "Body": body, "NumMedia": "0",
                                  "SmsStatus": "received", **more})


def test_a_message_reaches_the_partner_from_our_number(masking: Masking, lab):
    masking.start()
    session = masking.session()
    lab.message(HANAKO, PROXY_NUMBER, "明日の10時でお願いします <3 & more")
    message, = lab.phone(TARO)["messages"]
    assert (message["from"], message["body"]) == (PROXY_NUMBER, "明日の10時でお願いします <3 & more")
    lab.message(TARO, PROXY_NUMBER, "はい")
    assert lab.phone(HANAKO)["messages"][-1]["from"] == PROXY_NUMBER
    assert lab.errors() == []
    newest, oldest = masking.service.sessions(session.sid).interactions.list()
    assert (newest.type, json.loads(newest.data)) == ("message", {"body": "はい"})
    assert oldest.inbound_resource_type == oldest.outbound_resource_type == "Message"
    assert oldest.inbound_resource_status == "received"


def test_media_goes_along(masking: Masking, lab):
    masking.start()
    masking.session()
    lab.message(HANAKO, PROXY_NUMBER, "", media=["https://api.twilio.com/media/1?a=1&b=2"])
    message, = lab.phone(TARO)["messages"]
    assert message["media"] == ["https://api.twilio.com/media/1?a=1&b=2"]


def test_the_relayed_message_is_followed_to_its_delivery(masking: Masking):
    masking.start()
    session = masking.session()
    callback = twiml(sms(masking)).find("Message").get("statusCallback")
    path = callback.split("/twilio")[1].split("#")[0]
    for status in ("delivered", "sent", "queued", "delivered"):
        answer = sms(masking, path=path, MessageSid="SM" + "7" * 32, MessageStatus=status)
        assert answer.status in (200, 204), answer.text
    interaction, = masking.service.sessions(session.sid).interactions.list()
    assert interaction.outbound_resource_status == "delivered"
    assert interaction.outbound_resource_sid == "SM" + "7" * 32


def test_a_message_delivered_twice_is_logged_once_and_answered_the_same(masking: Masking):
    masking.start()
    session = masking.session()
    assert sms(masking).body == sms(masking).body
    assert len(masking.service.sessions(session.sid).interactions.list()) == 1


@pytest.mark.parametrize("word", ["STOP", " stop\n", "Unsubscribe", "ARRET", "UNSTOP", "end"])
def test_a_stop_word_is_not_forwarded(masking: Masking, word: str):
    masking.start()
    session = masking.session()
    assert list(twiml(sms(masking, word))) == []
    assert masking.service.sessions(session.sid).interactions.list() == []


def test_a_stop_word_inside_a_sentence_is_forwarded(masking: Masking):
    masking.start()
    masking.session()
    assert twiml(sms(masking, "please stop by")).find("Message/Body").text == "please stop by"
    assert twiml(sms(masking, "START", MessageSid="SM" + "2" * 32)).find("Message") is not None


def test_a_voice_only_session_refuses_messages(masking: Masking, lab):
    masking.start()
    masking.session(mode="voice-only")
    lab.message(HANAKO, PROXY_NUMBER, "hello")
    assert "お電話ください" in lab.phone(HANAKO)["messages"][-1]["body"]
    assert lab.phone(TARO)["messages"] == []


def test_an_unknown_sender_is_told_or_ignored_as_the_operator_set_it(masking: Masking):
    masking.start(more="TwVoiceUnknownCaller reject")
    masking.session()
    assert list(twiml(sms(masking, From=UNKNOWN))) == []
    masking.httpd.stop()
    masking.start()
    reply = twiml(sms(masking, From=UNKNOWN, MessageSid="SM" + "2" * 32)).find("Message")
    assert "宛先が見つかりません" in reply.text and reply.get("to") is None


def test_several_partners_are_told_apart_by_number_or_pin(masking: Masking, lab):
    masking.start()
    masking.session((HANAKO, "花子"), (TARO, "太郎"))
    masking.session_with({"Pin": "4711"}, (HANAKO, "花子"), (JIRO, "次郎"))
    lab.message(HANAKO, PROXY_NUMBER, "hello")
    question = lab.phone(HANAKO)["messages"][-1]["body"]
    assert "1 太郎" in question and "2 次郎" in question
    assert lab.phone(TARO)["messages"] == lab.phone(JIRO)["messages"] == []
    lab.message(HANAKO, PROXY_NUMBER, "2 こんにちは")
    assert lab.phone(JIRO)["messages"][-1]["body"] == "こんにちは"
    lab.message(HANAKO, PROXY_NUMBER, "4711 またね")
    assert lab.phone(JIRO)["messages"][-1]["body"] == "またね"
    lab.message(HANAKO, PROXY_NUMBER, "1 元気？")
    assert lab.phone(TARO)["messages"][-1]["body"] == "元気？"


def test_intercept_and_callback_hold_for_messages(masking: Masking, operator: Customer):
    masking.start()
    masking.make_service("masking", callback_url=operator.on("/callback", Reply(status=200)),
                         intercept_callback_url=operator.on("/intercept", Reply(status=403),
                                                                Reply(status=200)))
    masking.session()
    blocked = twiml(sms(masking)).find("Message")
    assert "送信できませんでした" in blocked.text
    assert twiml(sms(masking, MessageSid="SM" + "2" * 32)).find("Message/Body").text == "hello"
    until(lambda: any(callback.params.get("outboundResourceStatus") == "queued"
                      or callback.params.get("outboundParticipantSid")
                      for callback in operator.received("/callback")))
    asked = operator.received("/intercept")[0].params
    assert asked["interactionType"] == "Message" and asked["interactionNumMedia"] == "0"
    assert asked["interactionData"] == '{"body":"hello"}'


def test_the_operators_program_decides_about_messages_without_a_session(
        masking: Masking, lab, operator: Customer):
    masking.start()
    masking.make_service("masking", out_of_session_callback_url=operator.on(
        "/out", Reply(json.dumps({"participantIdentifier": TARO}), 200, "application/json")))
    lab.message(UNKNOWN, PROXY_NUMBER, "first")
    assert lab.phone(TARO)["messages"][-1]["body"] == "first"
    lab.message(TARO, PROXY_NUMBER, "answer")
    assert lab.phone(UNKNOWN)["messages"][-1]["body"] == "answer"
