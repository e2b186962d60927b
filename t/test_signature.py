"""`Require twilio-signature`: who comes in, and what the log says about who does not."""

from __future__ import annotations

import pytest

from httpd_server import Httpd
from twilio_account import (
    ACCOUNT_SID, AUTH_TOKEN, HANAKO, OLD_TOKEN, PROXY_NUMBER, PUBLIC_URL, account, sign,
    signed_form, signed_json,
)

CALL = {"AccountSid": ACCOUNT_SID, "CallSid": "CA" + "0" * 32, "From": HANAKO, "To": PROXY_NUMBER,
        "Empty": "", "名前": "花子 & Co+=%"}
DENIED = "AH01630"  # mod_authz_core says so at level error
SIGNED_PLACE = """
<Location "/signed">
    Require twilio-signature
</Location>
"""


@pytest.fixture
def signed(httpd: Httpd) -> Httpd:
    """A server that is about to be started; /signed/file.txt is a file."""
    (httpd.htdocs / "signed").mkdir()
    (httpd.htdocs / "signed" / "file.txt").write_text("welcome\n")
    return httpd


@pytest.fixture
def started(signed: Httpd) -> Httpd:
    """The same with one account, started."""
    signed.start(account(signed) + SIGNED_PLACE)
    return signed


def post(httpd: Httpd, path: str, *arguments, **options):  # type: ignore[no-untyped-def]
    """Ask as Twilio would."""
    body, headers = signed_form(path, *arguments, **options)
    return httpd.request("POST", path, body, headers)


def test_a_signed_form_comes_in(started: Httpd) -> None:
    answer = post(started, "/signed/file.txt?leg=1&x=%41+b", CALL)
    assert (answer.status, answer.text) == (200, "welcome\n")


def test_a_signed_get_comes_in_with_nothing_but_its_url(started: Httpd) -> None:
    path = "/signed/file.txt?From=%2B819000000001&To=%2B815000000000"
    assert started.request("GET", path, headers=sign(path)).status == 200


def test_head_is_signed_as_get(started: Httpd) -> None:
    answer = started.request("HEAD", "/signed/file.txt", headers=sign("/signed/file.txt"))
    assert (answer.status, answer.body) == (200, b"")


def test_signed_json_comes_in(started: Httpd) -> None:
    body = b'{"a": "\xe3\x81\x82"}'
    path, headers = signed_json("/signed/file.txt?x=1", body)
    assert started.request("POST", path, body, headers).status == 200


def test_json_that_does_not_match_its_hash_is_refused(started: Httpd) -> None:
    started.expect_log(DENIED)
    path, headers = signed_json("/signed/file.txt", b'{"a": 1}')
    assert started.request("POST", path, b'{"a": 2}', headers).status == 403
    assert started.request("POST", path, b"", headers).status == 403


def test_a_body_that_no_hash_binds_is_refused(started: Httpd) -> None:
    started.expect_log(DENIED)
    for method in ("POST", "PUT", "GET"):
        headers = {**sign("/signed/file.txt"), "Content-Type": "application/json"}
        assert started.request(method, "/signed/file.txt", b"{}", headers).status == 403


def test_a_form_as_body_of_a_signed_get_is_refused(started: Httpd) -> None:
    started.expect_log(DENIED)
    assert started.request("GET", "/signed/file.txt", {"From": HANAKO},
                           sign("/signed/file.txt")).status == 403


@pytest.mark.parametrize("base", ["https://voice.example.jp:443", "https://voice.example.jp"])
def test_the_default_port_may_be_in_the_signed_url(started: Httpd, base: str) -> None:
    assert post(started, "/signed/file.txt", CALL, base=base).status == 200


def test_another_port_must_be_in_twvoicepublicurl(signed: Httpd) -> None:
    base = "https://voice.example.jp:8443"
    signed.start(account(signed, base) + SIGNED_PLACE)
    assert post(signed, "/signed/file.txt", CALL, base=base).status == 200


def test_without_twvoicepublicurl_the_url_is_what_the_client_named(signed: Httpd) -> None:
    signed.start(account(signed, None) + SIGNED_PLACE)
    body, headers = signed_form("/signed/file.txt", CALL, base="http://voice.example.jp:8080")
    headers["Host"] = "voice.example.jp:8080"
    assert signed.request("POST", "/signed/file.txt", body, headers).status == 200
    body, headers = signed_form("/signed/file.txt", CALL, base=signed.url)
    assert signed.request("POST", "/signed/file.txt", body, headers).status == 200


def test_a_request_in_absolute_form_is_verified_by_its_path(started: Httpd) -> None:
    body, headers = signed_form("/signed/file.txt?a=b", CALL)
    target = "http://voice.example.jp/signed/file.txt?a=b"
    assert started.request("POST", target, body, headers).status == 200


@pytest.mark.parametrize("path", [
    "/signed//file.txt", "//signed/file.txt", "/signed/%66ile.txt", "/signed/./file.txt?a=%7e"])
def test_the_url_is_verified_as_it_was_sent(started: Httpd, path: str) -> None:
    assert post(started, path, CALL).status == 200


@pytest.mark.parametrize("query", ["q=%zz", "=b", "a=%E9", "&&", ""])
def test_a_query_that_is_no_form_is_signed_as_part_of_the_url(started: Httpd, query: str) -> None:
    path = f"/signed/file.txt?{query}"
    assert started.request("GET", path, headers=sign(path)).status == 200


def test_repeated_parameters_count(started: Httpd) -> None:
    pairs = [("Digits", "2"), ("Digits", "1"), ("Digits", "2"), ("a", "b")]
    assert post(started, "/signed/file.txt", pairs).status == 200


def test_names_of_parameters_are_case_sensitive(started: Httpd) -> None:
    started.expect_log(DENIED)
    _, headers = signed_form("/signed/file.txt", {"From": HANAKO})
    assert started.request("POST", "/signed/file.txt", {"from": HANAKO}, headers).status == 403


def test_during_a_rotation_both_tokens_sign(signed: Httpd) -> None:
    signed.expect_log(DENIED)
    signed.start(account(signed, old_token=OLD_TOKEN) + SIGNED_PLACE)
    assert post(signed, "/signed/file.txt", CALL).status == 200
    assert post(signed, "/signed/file.txt", CALL, token=OLD_TOKEN).status == 200
    assert post(signed, "/signed/file.txt", CALL, token="0" * 32).status == 403


def test_a_missing_header_is_refused_and_explained(started: Httpd) -> None:
    started.expect_log(DENIED)
    assert started.request("POST", "/signed/file.txt", CALL).status == 403
    assert started.log.lines("twvoice:info.*TWV0101: .*X-Twilio-Signature")


def test_a_wrong_token_is_refused_and_explained(started: Httpd) -> None:
    started.expect_log(DENIED)
    assert post(started, "/signed/file.txt?x=1", CALL, token=OLD_TOKEN).status == 403
    (line,) = started.log.lines("TWV0104")
    assert f"{PUBLIC_URL}/signed/file.txt" in line and "TwVoiceAuthToken" in line


@pytest.mark.parametrize("base", ["https://calls.example.jp", "http://calls.example.jp"])
def test_a_wrong_twvoicepublicurl_is_named_with_the_right_one(started: Httpd, base: str) -> None:
    started.expect_log(DENIED)
    body, headers = signed_form("/signed/file.txt", CALL, base=base)
    headers["Host"] = "calls.example.jp"
    assert started.request("POST", "/signed/file.txt", body, headers).status == 403
    (line,) = started.log.lines("TWV0102")
    assert f'set "TwVoicePublicURL {base}"' in line


def test_the_host_that_a_tls_terminator_forwards_helps_to_find_the_right_url(
        started: Httpd) -> None:
    started.expect_log(DENIED)
    body, headers = signed_form("/signed/file.txt", CALL, base="https://calls.example.jp")
    headers["X-Forwarded-Host"] = "calls.example.jp, inner.example.jp"
    assert started.request("POST", "/signed/file.txt", body, headers).status == 403
    assert started.log.lines('set "TwVoicePublicURL https://calls.example.jp"')


def test_another_account_is_named(started: Httpd) -> None:
    started.expect_log(DENIED)
    other = "AC" + "9" * 32
    call = {**CALL, "AccountSid": other}
    assert post(started, "/signed/file.txt", call, token=OLD_TOKEN).status == 403
    (line,) = started.log.lines("TWV0103")
    assert other in line and ACCOUNT_SID in line


def test_a_refusal_logs_no_token_and_no_phone_number(started: Httpd) -> None:
    started.expect_log(DENIED)
    path = "/signed/file.txt?From=%2B819000000001"
    started.request("GET", path, headers=sign(path, token=OLD_TOKEN))
    started.request("POST", path, CALL)
    post(started, path, CALL, token=OLD_TOKEN)
    for secret in (AUTH_TOKEN, OLD_TOKEN, "819000000001", "815000000000"):
        assert not started.log.lines(secret)


def test_a_host_without_a_token_refuses_and_says_why(signed: Httpd) -> None:
    signed.expect_log(f"{DENIED}|TWV0106")
    signed.start(SIGNED_PLACE)
    assert post(signed, "/signed/file.txt", CALL).status == 403
    assert signed.log.lines("twvoice:error.*TWV0106.*TwVoiceAuthToken")


@pytest.mark.parametrize("signature", ["", "x", "=" * 28, "A" * 27 + "=", "A" * 5000])
def test_junk_as_signature_is_refused(started: Httpd, signature: str) -> None:
    started.expect_log(DENIED)
    headers = {"X-Twilio-Signature": signature}
    assert started.request("POST", "/signed/file.txt", CALL, headers).status == 403


def test_the_verdict_is_found_once_for_an_error_document_under_the_same_rule(
        signed: Httpd) -> None:
    signed.expect_log(DENIED)
    (signed.htdocs / "signed" / "denied.txt").write_text("denied\n")
    signed.start(account(signed) + SIGNED_PLACE + "ErrorDocument 403 /signed/denied.txt")
    assert post(signed, "/signed/file.txt", CALL, token=OLD_TOKEN).status == 403
    assert len(signed.log.lines("TWV0104")) == 1


def test_a_login_is_an_alternative_under_requireany(signed: Httpd) -> None:
    signed.expect_log("AH01618|AH01617|AH01614")
    signed.start(account(signed) + """
        <Location "/signed">
            AuthType Basic
            AuthName "twvoice"
            AuthBasicProvider twvoice
            <RequireAny>
                Require twilio-signature
                Require valid-user
            </RequireAny>
        </Location>
    """)
    assert post(signed, "/signed/file.txt", CALL).status == 200
    refused = post(signed, "/signed/file.txt", CALL, token=OLD_TOKEN)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="twvoice"')


def test_a_signature_and_a_login_may_both_be_required(signed: Httpd) -> None:
    signed.expect_log(DENIED)
    signed.start(account(signed) + """
        <Location "/signed">
            AuthType Basic
            AuthName "twvoice"
            AuthBasicProvider twvoice
            <RequireAll>
                Require twilio-signature
                Require valid-user
            </RequireAll>
        </Location>
    """)
    assert post(signed, "/signed/file.txt", CALL).status == 401
    assert post(signed, "/signed/file.txt", CALL, token=OLD_TOKEN).status == 403


def test_the_provider_takes_no_arguments(httpd: Httpd) -> None:
    accepted, output = httpd.configtest(
        '<Location "/">\nRequire twilio-signature POST\n</Location>')
    assert not accepted
    assert 'Require twilio-signature takes no arguments, but got "POST"' in output
