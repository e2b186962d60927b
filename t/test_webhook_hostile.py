"""Webhooks that are malformed, oversized or misdirected: refused at once, nothing written, nothing
above info in the log."""

from __future__ import annotations

import pytest

from http_exchange import FORM
from masking import CALL_SID, Masking
from twilio_account import HANAKO, PROXY_NUMBER, sign

GOOD = {"CallSid": CALL_SID, "From": HANAKO, "To": PROXY_NUMBER, "CallStatus": "ringing"}

REFUSED = [
    ("/voice", {"CallSid": ""}, "CallSid"),
    ("/voice", {"CallSid": "SM" + "0" * 32}, "CallSid"),
    ("/voice", {"CallSid": "CA" + "0" * 31}, "CallSid"),
    ("/voice", {"CallSid": "CA" + "g" * 32}, "CallSid"),
    ("/voice", {"From": ""}, "From"),
    ("/voice", {"From": "x" * 192}, "From"),
    ("/voice", {"To": "anonymous"}, "To"),
    ("/voice", {"To": "+0815000000000"}, "To"),
    ("/voice", {"To": "+8150000000001234"}, "To"),
    ("/voice", {"CallStatus": "sleeping"}, "CallStatus"),
    ("/voice", {"Direction": "sideways"}, "Direction"),
    ("/menu?attempt=x", {"Digits": "1"}, "attempt"),
    ("/menu?attempt=99999999999999999999", {"Digits": "1"}, "attempt"),
    ("/menu?sessions=%3CSay%3E", {"Digits": "1"}, "sessions"),
    ("/menu?sessions=" + "KC" * 400, {"Digits": "1"}, "sessions"),
    ("/pin?attempt=1", {"Digits": "1" * 65}, "Digits"),
    ("/pin?attempt=1", {"Digits": "' OR 1=1"}, "Digits"),
    ("/dial", {"DialCallStatus": "completed"}, "interaction"),
    ("/dial?interaction=KS" + "0" * 32, {"DialCallStatus": "completed"}, "interaction"),
    ("/dial?interaction=KI" + "0" * 32, {}, "DialCallStatus"),
    ("/dial?interaction=KI" + "0" * 32, {"DialCallStatus": "hello"}, "DialCallStatus"),
    ("/dial?interaction=KI" + "0" * 32,
     {"DialCallStatus": "busy", "DialCallSid": "KI" + "0" * 32}, "DialCallSid"),
    ("/dial?interaction=KI" + "0" * 32,
     {"DialCallStatus": "busy", "DialCallDuration": "-1"}, "DialCallDuration"),
    ("/status", {"CallStatus": "completed", "CallDuration": "1e9"}, "CallDuration"),
    ("/status", {"CallStatus": "completed", "Timestamp": "yesterday"}, "Timestamp"),
    ("/status", {"CallStatus": "completed", "SequenceNumber": "first"}, "SequenceNumber"),
    ("/status?interaction=1", {"CallStatus": "completed"}, "interaction"),
    ("/sms", {"Body": "hello"}, "MessageSid"),
    ("/sms", {"MessageSid": CALL_SID, "Body": "hello"}, "MessageSid"),
    ("/status", {"MessageStatus": "delivered", "MessageSid": "SM" + "0" * 32}, "interaction"),
    ("/status?interaction=KI" + "0" * 32,
     {"MessageStatus": "lost", "MessageSid": "SM" + "0" * 32}, "MessageStatus"),
]

MALFORMED = [
    b"CallSid=%zz", b"CallSid=%4", b"a=%00", b"a=\x00", b"a=%ff", b"a=\xc3\x28", b"=x",
    b"&".join([b"p=1"] * 10000),
]


@pytest.fixture
def written(masking: Masking):
    """A running server with a session; checks at the end that nothing was written."""
    masking.start()
    masking.session()
    yield masking
    for table in ("twv_call", "twv_event", "twv_interaction"):
        assert masking.database.query(f"SELECT COUNT(*) FROM {table}")[0][0] == 0, table


def test_each_bad_parameter_is_named(written: Masking):
    for path, parameters, name in REFUSED:
        answer = written.webhook(path, {**GOOD, **parameters})
        assert answer.status == 400, (path, parameters, answer.text)
        assert f"Parameter {name}" in answer.text, (path, parameters, answer.text)
        assert name != "Digits" or parameters["Digits"] not in answer.text


def test_malformed_bodies_are_refused(written: Masking):
    for body in MALFORMED:
        answer = written.httpd.request("POST", "/twilio/voice", body, {
            "Content-Type": FORM, **sign("/twilio/voice", {}, written.httpd.url)})
        assert answer.status in (400, 403), body[:40]


def test_an_oversized_body_is_refused_before_it_is_read(written: Masking):
    answer = written.httpd.request("POST", "/twilio/voice", b"a=" + b"x" * 70000, {
        "Content-Type": FORM, **sign("/twilio/voice", {}, written.httpd.url)})
    assert answer.status == 413


def test_unknown_paths_methods_and_types_are_refused(written: Masking):
    url = written.httpd.url
    for method, path, headers, status in [
            ("POST", "/twilio/nothing", {"Content-Type": FORM}, 404),
            ("POST", "/twilio/", {"Content-Type": FORM}, 404),
            ("POST", "/twilio/voice/", {"Content-Type": FORM}, 404),
            ("PUT", "/twilio/voice", {"Content-Type": FORM}, 405),
            ("DELETE", "/twilio/voice", {}, 405)]:
        answer = written.httpd.request(method, path, b"" if method != "DELETE" else None,
                                       {**headers, **sign(path, {}, url)})
        assert answer.status == status, (method, path, answer.status)
    target = "/twilio/voice?bodySHA256=" + \
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    answer = written.httpd.request("POST", target, b"{}", {
        "Content-Type": "application/json", **sign(target, None, url)})
    assert answer.status == 415


def test_an_unsigned_request_is_refused_by_the_handler_itself(masking: Masking):
    masking.start(webhook="Require all granted")
    answer = masking.httpd.request("POST", "/twilio/voice", GOOD)
    assert (answer.status, answer.text) == (403, "Twilio Request Validation Failed.")


def test_unsigned_requests_are_answered_where_the_operator_allows_it(masking: Masking):
    masking.start(signed=False)
    masking.session()
    answer = masking.httpd.request("POST", "/twilio/voice", GOOD)
    assert answer.status == 200 and b"<Dial" in answer.body


def test_the_webhook_works_by_get_too(masking: Masking):
    from urllib.parse import urlencode
    masking.start()
    masking.session()
    target = "/twilio/voice?" + urlencode(GOOD)
    answer = masking.httpd.request("GET", target, None, sign(target, None, masking.httpd.url))
    assert answer.status == 200 and b"<Dial" in answer.body


def test_a_reflected_value_is_cut_and_harmless(written: Masking):
    answer = written.webhook("/voice", {**GOOD, "To": "<script>" + "x" * 5000})
    assert answer.status == 400
    assert len(answer.body) < 300
    assert answer.headers["Content-Type"].startswith("text/plain")
