"""The lab: messages from phones, and what the answer does with them."""

import re

import pytest

from lab.messages import segments
from lab.testing import ACCOUNT_SID, Reply
from lab.testing import customer, customer_server, lab, lab_process  # noqa: F401

NUMBER, SECOND = "+815000000000", "+815000000009"
HANAKO, TARO = "+819000000001", "+819000000002"


def sms(lab, customer, *answers, **fields) -> None:
    lab.number(NUMBER, sms_url=customer.on("/sms", *answers), **fields)


def reply(inside: str = "", **attributes) -> str:
    text = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<Response><Message{text}>{inside}</Message></Response>"


def test_a_message_requests_the_sms_url_with_the_documented_parameters(lab, customer):
    sms(lab, customer, "<Response/>")
    message = lab.message(HANAKO, NUMBER, "こんにちは")
    assert re.fullmatch("SM[0-9a-f]{32}", message["sid"])
    request = customer.last("/sms")
    expected = {"MessageSid": message["sid"], "SmsSid": message["sid"],
                "SmsMessageSid": message["sid"], "AccountSid": ACCOUNT_SID,
                "ApiVersion": "2010-04-01", "From": HANAKO, "To": NUMBER, "Body": "こんにちは",
                "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received"}
    for role in ("From", "To"):
        expected.update({role + "Country": "JP", role + "City": "", role + "State": "",
                         role + "Zip": ""})
    assert request.params == expected and request.signed and request.method == "POST"
    assert lab.exchanges()[0]["kind"] == "sms" and lab.errors() == []


def test_media_are_listed_and_make_it_an_mm(lab, customer):
    sms(lab, customer, "<Response/>", sms_method="GET")
    message = lab.message(HANAKO, NUMBER, media=["http://example.jp/a.jpg"])
    query = customer.last("/sms").query
    assert message["sid"].startswith("MM") and query["NumMedia"] == "1"
    assert query["MediaUrl0"] == "http://example.jp/a.jpg"
    assert query["MediaContentType0"] == "image/jpeg" and customer.last("/sms").signed


@pytest.mark.parametrize("body, count", [("a" * 160, 1), ("a" * 161, 2), ("あ" * 70, 1),
                                         ("あ" * 71, 2), ("", 1), ("😀" * 36, 2)])
def test_segments_are_counted_by_alphabet(body, count):
    assert segments(body) == count


def test_a_reply_goes_to_the_sender_from_the_number(lab, customer):
    sms(lab, customer, reply("thanks"))
    lab.message(HANAKO, NUMBER, "hi")
    assert lab.phone(HANAKO)["messages"] == [
        {"from": NUMBER, "to": HANAKO, "body": "thanks", "media": []}]


def test_a_relay_goes_to_another_phone_from_another_number_with_media(lab, customer):
    lab.number(SECOND, sms_url=customer.url("/other"))
    sms(lab, customer, reply("<Body>text</Body><Media>/a.png</Media>", **{"to": TARO,
                                                                         "from": SECOND}))
    lab.message(HANAKO, NUMBER, "hi")
    assert lab.phone(TARO)["messages"] == [
        {"from": SECOND, "to": TARO, "body": "text", "media": [customer.url("/a.png")]}]
    assert lab.phone(HANAKO)["messages"] == []


def test_an_empty_answer_sends_nothing_and_plain_text_is_a_reply(lab, customer):
    sms(lab, customer, Reply("", content_type=None), Reply("plain", content_type="text/plain"))
    lab.message(HANAKO, NUMBER, "1")
    assert lab.phone(HANAKO)["messages"] == [] and lab.errors() == []
    lab.message(HANAKO, NUMBER, "2")
    assert lab.phone(HANAKO)["messages"][0]["body"] == "plain"


def test_redirect_leads_to_another_document(lab, customer):
    sms(lab, customer, "<Response><Redirect method='GET'>/next</Redirect></Response>")
    customer.on("/next", reply("from next"))
    lab.message(HANAKO, NUMBER, "hi")
    assert lab.phone(HANAKO)["messages"][0]["body"] == "from next"
    assert customer.last("/next").query["Body"] == "hi" and customer.last("/next").signed


def test_status_callback_and_action_are_told(lab, customer):
    sms(lab, customer, reply("x", statusCallback="/status", action="/action"))
    customer.on("/status", "")
    customer.on("/action", "<Response/>")
    lab.message(HANAKO, NUMBER, "hi")
    sent, delivered = [request.params for request in customer.received("/status")]
    assert sent["MessageStatus"] == sent["SmsStatus"] == "sent"
    assert delivered["MessageStatus"] == "delivered"
    assert re.fullmatch("[0-9]{10}", delivered["RawDlrDoneDate"])
    assert sent["MessageSid"] == sent["SmsSid"] == customer.last("/action").params["MessageSid"]
    assert (sent["From"], sent["To"]) == (NUMBER, HANAKO)
    assert all(request.signed for request in customer.received())


@pytest.mark.parametrize("attributes, code", [
    ({"from": "+815000000099"}, 21606), ({"to": "0900"}, 21211), ({"to": NUMBER}, 21211)])
def test_a_message_that_twilio_would_not_send_is_recorded(lab, customer, attributes, code):
    sms(lab, customer, reply("x", statusCallback="/status", **attributes))
    customer.on("/status", "")
    message = lab.message(HANAKO, NUMBER, "hi")
    assert [error["code"] for error in message["errors"]] == [code]
    assert customer.last("/status").params["MessageStatus"] == "failed"
    assert customer.last("/status").params["ErrorCode"] == str(code)
    assert lab.phone(HANAKO)["messages"] == []


@pytest.mark.parametrize("body, code", [
    (reply(), 21619), (reply("x" * 1601), 21617), (reply("a<Body>b</Body>"), 12200),
    ("<Response><Say>x</Say></Response>", 12200), ("<Response>", 12100)])
def test_a_wrong_answer_sends_nothing(lab, customer, body, code):
    sms(lab, customer, body)
    assert lab.message(HANAKO, NUMBER, "hi")["errors"][0]["code"] == code
    assert lab.phone(HANAKO)["messages"] == []


def test_a_failing_document_goes_to_the_sms_fallback_url(lab, customer):
    sms(lab, customer, Reply(status=500), sms_fallback_url=customer.on("/fallback",
                                                                       reply("plan B")))
    lab.message(HANAKO, NUMBER, "hi")
    params = customer.last("/fallback").params
    assert params["ErrorCode"] == "11200" and params["ErrorUrl"] == customer.url("/sms")
    assert lab.phone(HANAKO)["messages"][0]["body"] == "plan B"


def test_messages_status_callbacks_can_be_held_too(lab, customer):
    sms(lab, customer, reply("x", statusCallback="/status"))
    customer.on("/status", "")
    lab.hold_callbacks()
    lab.message(HANAKO, NUMBER, "hi")
    assert customer.received("/status") == []
    assert len(lab.release_callbacks()) == 2
