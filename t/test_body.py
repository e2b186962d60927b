"""The body of a signed request: read once, bounded, and given to whoever answers."""

from __future__ import annotations

import pytest

from back_end import BackEnd, install_cgi
from http_exchange import RawConnection
from httpd_server import Httpd
from twilio_account import HANAKO, OLD_TOKEN, account, sign, signed_form, signed_json

CALL = {"From": HANAKO, "Body": "こんにちは"}
LONG = {"From": HANAKO, "Body": "あ" * 6000}  # 54 kB encoded
DENIED = "AH01630"
HOST = "Host: 127.0.0.1\r\n"


def head(path: str, headers: dict[str, str]) -> str:
    """Request line and headers, without the empty line."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{HOST}{lines}"


def chunked(body: bytes, size: int) -> bytes:
    """The body in chunks of this many bytes."""
    chunks = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


@pytest.fixture
def with_cgi(httpd: Httpd) -> Httpd:
    """A started server; /cgi/echo answers "METHOD length", a line feed and the body."""
    httpd.load("cgi", "include", "actions")
    install_cgi(httpd.root / "cgi")
    (httpd.htdocs / "page.shtml").write_text('[<!--#include virtual="/signed.txt" -->]')
    (httpd.htdocs / "signed.txt").write_text("included")
    httpd.start(account(httpd) + f"""
        TwVoiceMaxBody 65536
        ScriptAlias /cgi/ {httpd.root}/cgi/
        ScriptSock {httpd.root}/run/cgisock
        <Directory "{httpd.root}/cgi">
            Require all granted
        </Directory>
        <Location "/cgi">
            Require twilio-signature
        </Location>
        <LocationMatch "^/(page.shtml|signed.txt|moved|missing)">
            Require twilio-signature
        </LocationMatch>
        <Directory "{httpd.htdocs}">
            Options +Includes
            AddOutputFilter INCLUDES .shtml
            RewriteEngine on
            RewriteRule ^moved$ /cgi/echo [L]
        </Directory>
        ErrorDocument 404 /cgi/echo
    """.replace(f"ScriptSock {httpd.root}/run/cgisock",
                "" if httpd.mpm == "prefork" else f"ScriptSock {httpd.root}/run/cgisock"))
    return httpd


@pytest.mark.parametrize("form", [CALL, LONG], ids=["short", "long"])
def test_cgi_gets_the_body(with_cgi: Httpd, form: dict[str, str]) -> None:
    body, headers = signed_form("/cgi/echo", form)
    answer = with_cgi.request("POST", "/cgi/echo", body, headers)
    assert (answer.status, answer.body) == (200, b"POST %d\n%s" % (len(body), body))


def test_cgi_gets_a_chunked_body_with_its_length(with_cgi: Httpd) -> None:
    body, headers = signed_form("/cgi/echo", LONG)
    with RawConnection(with_cgi.port) as connection:
        connection.send(head("/cgi/echo", headers) + "Transfer-Encoding: chunked\r\n\r\n")
        connection.send(chunked(body, 1000))
        answer = connection.answer()
        assert (answer.status, answer.body) == (200, b"POST %d\n%s" % (len(body), body))
        # and the connection is still in step
        body, headers = signed_form("/cgi/echo", CALL)
        connection.send(head("/cgi/echo", headers) + f"Content-Length: {len(body)}\r\n\r\n")
        connection.send(body)
        assert connection.answer().body == b"POST %d\n%s" % (len(body), body)


def test_the_body_survives_an_internal_redirect(with_cgi: Httpd) -> None:
    body, headers = signed_form("/moved", LONG)
    answer = with_cgi.request("POST", "/moved", body, headers)
    assert (answer.status, answer.body) == (200, b"POST %d\n%s" % (len(body), body))


def test_an_error_document_gets_the_body(with_cgi: Httpd) -> None:
    body, headers = signed_form("/missing", CALL)
    answer = with_cgi.request("POST", "/missing", body, headers)
    assert (answer.status, answer.body) == (404, b"GET %d\n%s" % (len(body), body))


def test_a_subrequest_has_the_verdict_of_its_request(with_cgi: Httpd) -> None:
    body, headers = signed_form("/page.shtml", CALL)
    assert with_cgi.request("POST", "/page.shtml", body, headers).text == "[included]"


def test_a_client_that_expects_100_continue_is_told_to_go_on(with_cgi: Httpd) -> None:
    body, headers = signed_form("/cgi/echo", CALL)
    with RawConnection(with_cgi.port) as connection:
        connection.send(head("/cgi/echo", headers) + "Expect: 100-continue\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n")
        assert connection.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.send(body)
        assert connection.answer().body == b"POST %d\n%s" % (len(body), body)


def proxied(httpd: Httpd, back_end: BackEnd, more: str = "") -> None:
    """Start with /app in front of the back end."""
    httpd.start(account(httpd) + f"""
        ProxyPass /app {back_end.url}/app
        <Location "/app">
            Require twilio-signature
            {more}
        </Location>
    """)


@pytest.mark.parametrize("form", [CALL, LONG], ids=["short", "long"])
def test_a_proxied_back_end_gets_the_body(httpd: Httpd, back_end: BackEnd,
                                          form: dict[str, str]) -> None:
    proxied(httpd, back_end)
    body, headers = signed_form("/app/hook?x=1", form)
    seen = httpd.request("POST", "/app/hook?x=1", body, headers).json()
    assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/app/hook?x=1", body.decode())
    assert seen["headers"]["content-length"] == str(len(body))


def test_a_proxied_back_end_gets_a_chunked_body(httpd: Httpd, back_end: BackEnd) -> None:
    proxied(httpd, back_end)
    body, headers = signed_form("/app", CALL)
    with RawConnection(httpd.port) as connection:
        connection.send(head("/app", headers) + "Expect: 100-continue\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n")
        connection.read_until(b"\r\n\r\n")
        connection.send(chunked(body, 7))
        assert connection.answer().json()["body"] == body.decode()


def test_a_proxied_back_end_gets_json(httpd: Httpd, back_end: BackEnd) -> None:
    proxied(httpd, back_end)
    path, headers = signed_json("/app", b'{"a": 1}')
    assert httpd.request("POST", path, b'{"a": 1}', headers).json()["body"] == '{"a": 1}'


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_who_is_let_in_otherwise_may_send_more_than_a_webhook(httpd: Httpd, back_end: BackEnd,
                                                              framing: str) -> None:
    proxied(httpd, back_end, "Require ip 127.0.0.1\nTwVoiceMaxBody 1024")
    body, headers = signed_form("/app", LONG)
    with RawConnection(httpd.port) as connection:
        if framing == "length":
            connection.send(head("/app", headers) + f"Content-Length: {len(body)}\r\n\r\n")
            connection.send(body)
        else:
            connection.send(head("/app", headers) + "Transfer-Encoding: chunked\r\n\r\n")
            connection.send(chunked(body, 5000))
        answer = connection.answer()
    assert (answer.status, answer.json()["body"]) == (200, body.decode())


@pytest.fixture
def with_handler(httpd: Httpd) -> Httpd:
    """A started server with a place whose handler is ours and one whose handler is not."""
    (httpd.htdocs / "file.txt").write_text("file")
    httpd.start(account(httpd) + """
        TwVoiceMaxBody 2000
        RequestReadTimeout body=1
        <Location "/hook">
            SetHandler twiml
            Require twilio-signature
        </Location>
        <Location "/file.txt">
            Require twilio-signature
        </Location>
    """)
    return httpd


def test_a_body_above_the_limit_gets_413_before_it_is_sent(with_handler: Httpd) -> None:
    _, headers = signed_form("/hook", LONG)
    with RawConnection(with_handler.port) as connection:
        connection.send(head("/hook", headers) + "Expect: 100-continue\r\n"
                        "Content-Length: 2001\r\n\r\n")
        answer = connection.answer()
    assert (answer.status, answer.headers["Connection"]) == (413, "close")
    assert with_handler.log.lines("TWV0105: 413 .*more than 2000 bytes.*TwVoiceMaxBody")


def test_a_chunked_body_above_the_limit_gets_413(with_handler: Httpd) -> None:
    body, headers = signed_form("/hook", LONG)
    with RawConnection(with_handler.port) as connection:
        connection.send(head("/hook", headers) + "Transfer-Encoding: chunked\r\n\r\n")
        connection.send(chunked(body[:2500], 100))
        answer = connection.answer()
    assert (answer.status, answer.headers["Connection"]) == (413, "close")


def test_a_body_of_exactly_the_limit_is_read(with_handler: Httpd) -> None:
    with_handler.expect_log(DENIED)
    headers = {**sign("/file.txt"), "Content-Type": "application/x-www-form-urlencoded"}
    body = b"a=" + b"b" * 1998
    signed = {**headers, **sign("/file.txt", {"a": "b" * 1998})}
    assert with_handler.request("POST", "/file.txt", body, signed).status == 200
    signed = {**headers, **sign("/file.txt", {"a": "b" * 1999})}
    assert with_handler.request("POST", "/file.txt", body + b"b", signed).status == 403
    assert with_handler.log.lines("TWV0107.*TwVoiceMaxBody")


@pytest.mark.parametrize("body,reason", [(b"a=%zz", "%zz"), (b"=b", "name"), (b"a=%00", "NUL")])
def test_a_malformed_form_gets_400_and_the_reason(with_handler: Httpd, body: bytes,
                                                  reason: str) -> None:
    headers = {**sign("/hook"), "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert with_handler.request("POST", "/hook", body, headers).status == 400
    assert with_handler.log.lines(f"TWV0105: 400 .*{reason}")


def test_a_body_that_does_not_come_gets_408(with_handler: Httpd) -> None:
    _, headers = signed_form("/hook", CALL)
    with RawConnection(with_handler.port) as connection:
        connection.send(head("/hook", headers) + "Content-Length: 100\r\n\r\nFrom=")
        assert connection.answer().status == 408


def test_a_body_that_ends_early_gets_400(with_handler: Httpd) -> None:
    _, headers = signed_form("/hook", CALL)
    with RawConnection(with_handler.port) as connection:
        connection.send(head("/hook", headers) + "Content-Length: 100\r\n\r\nFrom=")
        connection.finish_sending()
        assert connection.answer().status == 400


def test_a_limit_of_httpd_below_ours_counts(httpd: Httpd) -> None:
    httpd.expect_log("AH01587|AH01588")
    httpd.start(account(httpd) + """
        <Location "/hook">
            SetHandler twiml
            Require twilio-signature
            LimitRequestBody 10
        </Location>
    """)
    body, headers = signed_form("/hook", CALL)
    assert httpd.request("POST", "/hook", body, headers).status == 413


def test_a_wrong_signature_reads_the_body_once_and_keeps_the_connection(
        with_handler: Httpd) -> None:
    with_handler.expect_log(DENIED)
    with RawConnection(with_handler.port) as connection:
        for token, status in ((OLD_TOKEN, 403), (None, 200)):
            body, headers = signed_form("/file.txt", CALL, **({"token": token} if token else {}))
            connection.send(head("/file.txt", headers) + f"Content-Length: {len(body)}\r\n\r\n")
            connection.send(body)
            assert connection.answer().status == status
