"""The lab: delivery of webhooks, its failures and retries, and the faults made on purpose."""

import socket
import ssl
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from lab.overrides import OverrideError, Overrides, parse, split
from lab.testing import AUTH_TOKEN, Customer, LabProcess, Reply
from lab.testing import customer, customer_server, lab, lab_process  # noqa: F401

NUMBER, HANAKO, TARO = "+815000000000", "+819000000001", "+819000000002"
EMPTY = "<Response/>"
RINGING = ("<Response><Dial><Number statusCallback='/status' statusCallbackEvent="
           "'initiated ringing answered completed'>+819000000002</Number></Dial></Response>")


def codes(lab) -> list:
    return [error["code"] for error in lab.errors()]


def statuses(customer) -> list:
    return [request.params["CallStatus"] for request in customer.received("/status")]


def hold_a_call(lab, customer) -> None:
    """One call from its beginning to its end, with its status callbacks held back."""
    lab.number(NUMBER, voice_url=customer.on("/voice", RINGING))
    customer.on("/status", "")
    lab.hold_callbacks()
    lab.call(HANAKO, NUMBER)
    lab.answer(TARO)
    lab.advance(60)
    lab.hangup(TARO)


def test_without_a_fragment_only_a_connect_time_out_is_retried_once():
    default = parse("")
    assert default == Overrides(5.0, 15.0, 15.0, 1, frozenset(("ct",)))
    assert default.retry("ct")
    assert not any(default.retry(outcome) for outcome in ("2xx", "4xx", "5xx", "rt", "connection"))


def test_a_fragment_overrides_time_outs_and_retries_and_is_cut_off():
    bare, overrides = split("https://example.jp/a?b=c#ct=200&rt=300&tt=400&rc=3&rp=5xx,rt")
    assert bare == "https://example.jp/a?b=c"
    assert overrides == Overrides(0.2, 0.3, 0.4, 3, frozenset(("5xx", "rt")))
    assert overrides.retry("rt") and not overrides.retry("ct") and not overrides.retry("4xx")
    assert parse("rp=all").retry("4xx") and not parse("rp=all").retry("2xx")


@pytest.mark.parametrize("fragment", ["ct=99", "ct=10001", "rt=15001", "tt=x", "rc=6", "rp=3xx"])
def test_an_override_out_of_range_is_an_error(fragment):
    with pytest.raises(OverrideError, match=fragment.split("=")[0]):
        parse(fragment)


def test_an_invalid_fragment_fails_the_request(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", EMPTY) + "#rc=9")
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [11100] and customer.received() == []


def test_the_fragment_is_neither_sent_nor_signed(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", EMPTY) + "?x=%E3%81%82#rc=2&rp=all")
    lab.call(HANAKO, NUMBER)
    request = customer.last("/voice")
    assert request.url == customer.url("/voice?x=%E3%81%82") and request.signed
    assert lab.exchanges()[0]["url"] == request.url


def test_a_retried_request_keeps_its_idempotency_token_and_counts_attempts(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", Reply(status=503), Reply(status=502),
                                             "<Response><Say>up</Say></Response>")
               + "#rc=2&rp=5xx")
    leg = lab.call(HANAKO, NUMBER)
    assert leg["heard"] == [{"say": "up"}]
    received = customer.received("/voice")
    assert len(received) == 3 and len({request.token for request in received}) == 1
    assert received[0].params == received[2].params
    exchanges = lab.exchanges(kind="voice", call=leg["sid"])
    assert [e["attempt"] for e in exchanges] == [1, 2, 3]
    assert [e["status"] for e in exchanges] == [503, 502, 200]
    assert [e["error_code"] for e in exchanges] == [11200, 11200, None]


def test_a_failing_answer_is_not_retried_by_default(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", Reply(status=503)))
    lab.call(HANAKO, NUMBER)
    assert len(customer.received("/voice")) == 1 and codes(lab) == [11200]


def test_different_requests_have_different_tokens(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", EMPTY),
               status_callback=customer.on("/end", ""))
    lab.call(HANAKO, NUMBER)
    assert customer.last("/voice").token != customer.last("/end").token


def test_a_connect_time_out_is_retried_once_with_the_same_token(lab):
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        lab.number(NUMBER, voice_url=f"http://127.0.0.1:{full.getsockname()[1]}/voice#ct=200")
        lab.call(HANAKO, NUMBER)
    exchanges = lab.exchanges(kind="voice")
    assert [e["attempt"] for e in exchanges] == [1, 2] and codes(lab) == [11205, 11205]
    assert len({e["idempotency_token"] for e in exchanges}) == 1


def test_a_refused_connection_is_recorded(lab):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    lab.number(NUMBER, voice_url=f"http://127.0.0.1:{port}/voice")
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [11205] and lab.exchanges()[0]["status"] is None


def test_an_answer_that_is_no_http_is_recorded(lab):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        lab.number(NUMBER, voice_url=f"http://127.0.0.1:{server.getsockname()[1]}/voice")
        lab.call(HANAKO, NUMBER, wait=False)
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"SSH-2.0-nonsense\r\n\r\n")
    lab.wait(HANAKO, "idle")
    assert codes(lab) == [11206]


def test_user_and_password_of_the_url_are_sent_and_signed(lab, customer):
    url = customer.on("/voice", EMPTY).replace("http://", "http://user:secret@")
    lab.number(NUMBER, voice_url=url)
    lab.call(HANAKO, NUMBER)
    request, exchange = customer.last("/voice"), lab.exchanges()[0]
    assert request.headers["Authorization"] == "Basic dXNlcjpzZWNyZXQ="
    assert exchange["signature"] == RequestValidator(AUTH_TOKEN).compute_signature(
        url, request.params)


def test_the_certificate_of_an_https_server_must_be_trusted(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(certificate)], check=True,
                   capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = Customer(tls)
    try:
        for arguments, expected in (([], [11205]), (["--ca-file", str(certificate)], [])):
            with LabProcess(*arguments) as process:
                client = process.client
                client.number(NUMBER, voice_url=server.on("/voice", EMPTY))
                client.call(HANAKO, NUMBER)
                assert codes(client) == expected
        assert server.last("/voice").signed
    finally:
        server.close()


def test_an_answer_that_comes_after_the_caller_hung_up_is_not_executed(lab, customer):
    release = threading.Event()
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", Reply("<Response><Redirect>/never</Redirect></Response>", until=release)))
    leg = lab.call(HANAKO, NUMBER, wait=False)
    with ThreadPoolExecutor() as pool:
        hanging_up = pool.submit(lab.hangup, HANAKO)
        lab.wait(HANAKO, "idle")
        release.set()
        hanging_up.result()
    assert lab.leg(leg["sid"])["status"] == "no-answer"
    assert customer.received("/never") == [] and codes(lab) == []


@pytest.mark.parametrize("key", ["rt", "tt"])
def test_an_answer_that_takes_too_long_is_given_up(lab, customer, key):
    release = threading.Event()
    lab.number(NUMBER, voice_url=customer.on("/voice", Reply(EMPTY, until=release))
               + f"#{key}=200")
    lab.call(HANAKO, NUMBER)
    release.set()
    assert codes(lab) == [11205] and "in time" in lab.errors()[0]["message"]


def test_the_total_time_ends_the_retries(lab, customer):
    release = threading.Event()
    lab.number(NUMBER, voice_url=customer.on("/voice", Reply(EMPTY, until=release))
               + "#rt=200&tt=500&rc=5&rp=rt")
    lab.call(HANAKO, NUMBER)
    release.set()
    assert 2 <= len(lab.exchanges(kind="voice")) <= 3


def test_a_hung_webhook_does_not_hold_up_another_call(lab, customer):
    release = threading.Event()
    lab.number(NUMBER, voice_url=customer.on("/slow", Reply(EMPTY, until=release)))
    lab.number("+815000000009", voice_url=customer.on("/fast", "<Response><Say>x</Say>"
                                                               "</Response>"))
    slow = lab.call(HANAKO, NUMBER, wait=False)
    assert lab.call(TARO, "+815000000009")["status"] == "completed"
    assert lab.leg(slow["sid"])["status"] == "ringing"
    release.set()
    assert lab.wait(HANAKO, "idle")["state"] == "idle"


def test_redirects_of_http_are_followed_and_signed_anew(lab, customer):
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", Reply(status=302, headers={"Location": "/moved/to?x=1"})))
    customer.on("/moved/to", "<Response><Gather numDigits='1'/></Response>")
    lab.call(HANAKO, NUMBER)
    assert customer.last("/moved/to").method == "GET" and customer.last("/moved/to").signed
    lab.press(HANAKO, "1")
    assert customer.last("/moved/to").params["Digits"] == "1"
    assert lab.exchanges()[0]["redirects"] == [customer.url("/moved/to?x=1")]


def test_a_307_keeps_method_and_parameters(lab, customer):
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", Reply(status=307, headers={"Location": "/other"})))
    customer.on("/other", EMPTY)
    lab.call(HANAKO, NUMBER)
    request = customer.last("/other")
    assert request.method == "POST" and request.params["From"] == HANAKO and request.signed


def test_ten_redirects_are_followed_and_eleven_are_too_many(lab, customer):
    chain = [Reply(status=302, headers={"Location": "/voice"})] * 10
    lab.number(NUMBER, voice_url=customer.on("/voice", *chain, EMPTY))
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [] and len(customer.received("/voice")) == 11
    customer.on("/voice", chain[0])
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [11215]


def test_cookies_are_kept_for_the_call_and_not_for_the_next_one(lab, customer):
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", Reply("<Response><Redirect>/next</Redirect></Response>",
                        headers={"Set-Cookie": "who=hanako; Path=/"})))
    customer.on("/next", EMPTY)
    lab.call(HANAKO, NUMBER)
    assert customer.last("/next").headers["Cookie"] == "who=hanako"
    lab.call(HANAKO, NUMBER)
    assert "Cookie" not in customer.last("/voice").headers


@pytest.mark.parametrize("content_type", ["text/xml", "application/xml", "text/html",
                                          "text/xml; charset=utf-8", "text/plain"])
def test_twiml_is_taken_in_the_documented_content_types(lab, customer, content_type):
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", Reply("<Response><Say>あ</Say></Response>", content_type=content_type)))
    assert lab.call(HANAKO, NUMBER)["heard"] == [{"say": "あ"}]


def test_plain_text_is_spoken_and_audio_is_played(lab, customer):
    url = customer.on("/voice", Reply("just words", content_type="text/plain"),
                      Reply(b"RIFF", content_type="audio/wav"))
    lab.number(NUMBER, voice_url=url)
    assert lab.call(HANAKO, NUMBER)["heard"] == [{"say": "just words"}]
    assert lab.call(HANAKO, NUMBER)["heard"] == [{"play": url}]


@pytest.mark.parametrize("content_type", ["application/json", "image/png", None])
def test_any_other_content_type_is_an_error(lab, customer, content_type):
    lab.number(NUMBER, voice_url=customer.on("/voice", Reply(EMPTY, content_type=content_type)))
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [12300]


def test_a_document_of_64_kb_is_taken_and_a_larger_one_is_not(lab, customer):
    def of(size: int) -> str:
        return "<Response>" + " " * (size - 21) + "</Response>"
    lab.number(NUMBER, voice_url=customer.on("/voice", of(65536), of(65537)))
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == []
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [11750]


def test_the_answer_to_a_status_callback_is_ignored_but_its_failure_recorded(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", EMPTY), status_callback=customer.on(
        "/end", Reply("<no", content_type="image/png"), Reply("x" * 70000), Reply(status=500)))
    for _ in range(2):
        assert lab.call(HANAKO, NUMBER)["status"] == "completed"
        assert codes(lab) == []
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [11200]


def test_an_exchange_holds_the_request_and_the_answer(lab, customer):
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", Reply("<Response><Reject/></Response>", headers={"X-Trace": "t1"})))
    leg = lab.call(HANAKO, NUMBER)
    [exchange] = lab.exchanges()
    received = customer.last("/voice")
    assert exchange == lab.exchange(exchange["id"])
    assert exchange["kind"] == "voice" and exchange["call"] == leg["sid"]
    assert exchange["method"] == "POST" and exchange["url"] == customer.url("/voice")
    assert exchange["params"] == received.params
    assert exchange["signature"] == received.headers["X-Twilio-Signature"]
    assert exchange["idempotency_token"] == received.token
    assert exchange["status"] == 200 and exchange["headers"]["X-Trace"] == "t1"
    assert exchange["body"] == "<Response><Reject/></Response>"
    assert lab.exchanges(since=exchange["id"]) == [] and lab.exchanges(kind="sms") == []
    lab.clear_exchanges()
    assert lab.exchanges() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_replay_sends_the_same_request_again(lab, customer, method):
    lab.number(NUMBER, voice_url=customer.on("/voice", EMPTY, "<Response><Say>b</Say></Response>")
               + "?a=b", voice_method=method)
    leg = lab.call(HANAKO, NUMBER)
    again = lab.replay(lab.exchanges(kind="voice")[0]["id"])
    first, second = customer.received("/voice")
    assert (first.params, first.token, first.url) == (second.params, second.token, second.url)
    assert second.signed and second.params["CallStatus"] == "ringing"
    assert again["status"] == 200 and "<Say>b" in again["body"] and again["attempt"] == 2
    assert lab.leg(leg["sid"])["heard"] == []


def test_held_callbacks_are_released_with_their_first_content(lab, customer):
    hold_a_call(lab, customer)
    assert statuses(customer) == [] and lab.overview()["callbacks"] == {"mode": "hold", "held": 4}
    lab.advance(1000)
    sent = lab.release_callbacks()
    assert statuses(customer) == ["initiated", "ringing", "in-progress", "completed"]
    assert [exchange["params"]["SequenceNumber"] for exchange in sent] == ["0", "1", "2", "3"]
    assert sent[0]["params"]["Timestamp"] != sent[3]["params"]["Timestamp"]
    assert all(request.signed for request in customer.received("/status"))
    assert lab.release_callbacks() == []


def test_held_callbacks_are_released_backwards_and_twice(lab, customer):
    hold_a_call(lab, customer)
    sent = lab.release_callbacks(order="reverse", times=2)
    assert statuses(customer) == [status for status in
                                  ("completed", "in-progress", "ringing", "initiated")
                                  for _ in range(2)]
    assert len(sent) == 8 and len({exchange["idempotency_token"] for exchange in sent}) == 4
    lab.deliver_callbacks()
    lab.call(HANAKO, NUMBER)
    assert statuses(customer)[8:] == ["initiated", "ringing"]


@pytest.mark.parametrize("target", ["/あ", "http://[::1/x", "ftp://example.jp/", "http://a:0/"])
def test_an_invalid_url_in_a_document_is_recorded(lab, customer, target):
    lab.number(NUMBER, voice_url=customer.on("/voice", f"<Response><Redirect>{target}</Redirect>"
                                                       "</Response>"))
    lab.call(HANAKO, NUMBER)
    assert codes(lab) == [11100]


def test_special_characters_survive_form_and_query(lab, customer):
    name = "A&B=C +山田 #1%"
    url = customer.on("/voice", EMPTY)
    for method in ("POST", "GET"):
        lab.number(NUMBER, voice_url=url, voice_method=method)
        lab.call(HANAKO, NUMBER, params={"CallerName": name})
        assert customer.last("/voice").params["CallerName"] == name
        assert customer.last("/voice").signed
    assert urlencode({"CallerName": name}) in customer.last("/voice").url
