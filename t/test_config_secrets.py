"""Where tokens and key secrets come from, what is refused or warned of, and that none shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from twilio.request_validator import RequestValidator

from config_dump import ACCOUNT, KEY, TOKEN, account, dump, secret_file, values

LITERAL = "LiteralSecret0LiteralSecret0"
LITERAL_PREVIOUS = "PreviousSecret1PreviousSecret1"
LITERAL_KEY = "KeySecret2KeySecret2KeySecret2"
SOURCES = "file:PATH, env:NAME, exec:COMMAND or the secret itself"

REFUSED = [
    ("TwVoiceAuthToken vault:twilio", f"'vault:' is not a source of secrets; allowed: {SOURCES}"),
    ("TwVoiceAuthToken a1b2:c3d4", f"the word is not a source of secrets; allowed: {SOURCES}"),
    ("TwVoiceAuthToken file:",
     "'file:' needs the path of a file, absolute or below ServerRoot"),
    ("TwVoiceAuthToken file:/nonexistent/token",
     "cannot read file '/nonexistent/token': No such file or directory"),
    ("TwVoiceAuthToken file:/dev/null", "'/dev/null' is not a regular file"),
    ("TwVoiceAuthToken env:", "'env:' needs the name of an environment variable"),
    ("TwVoiceAuthToken env:TWV_NOT_SET",
     "environment variable 'TWV_NOT_SET' is not set for the server (envvars or the unit file of "
     "the service set it)"),
    ("TwVoiceAuthToken exec:",
     "'exec:' needs a program and its arguments, all in one pair of quotes"),
    ("TwVoiceAuthToken exec:/nonexistent/program",
     "cannot run program '/nonexistent/program': No such file or directory"),
    ("TwVoiceAuthToken exec:/bin/false", "program '/bin/false' failed with exit status 1"),
    ("TwVoiceAuthToken exec:/bin/true", "exec:/bin/true gives an empty secret"),
    ("TwVoiceAuthToken \"exec:/bin/sh -c 'kill -9 $$'\"",
     "program '/bin/sh' was ended by signal 9"),
    ("TwVoiceAuthToken exec:/usr/bin/yes", "program '/usr/bin/yes' printed more than a secret"),
    ("TwVoiceAuthToken \"exec:/bin/echo two words\"",
     "exec:/bin/echo gives no plausible secret: character 4 is white space, a control character "
     "or not ASCII"),
    (f"TwVoiceAuthToken {'x' * 129}",
     "the word gives no plausible secret: it is longer than 128 characters"),
]


@pytest.mark.parametrize(("config", "reason"), REFUSED, ids=[config for config, _ in REFUSED])
def test_a_source_that_gives_no_secret_is_refused(httpd, config: str, reason: str) -> None:
    ok, output = httpd.configtest(config)
    assert not ok
    assert f"\nTwVoiceAuthToken: {reason}\n" in output


@pytest.mark.parametrize(("content", "reason"), [
    ("", "gives an empty secret"),
    ("\n", "gives an empty secret"),
    ("abc def\n", "gives no plausible secret: character 4 is white space, a control character or "
                  "not ASCII"),
    ("abc\n\n", "gives no plausible secret: character 4 is white space, a control character or "
                "not ASCII"),
    (b"abc\x00def\n", "gives no plausible secret: character 4 is white space, a control character "
                      "or not ASCII"),
    ("ab\u00e9\n", "gives no plausible secret: character 3 is white space, a control character or "
                   "not ASCII"),
    ("x" * 129, "gives no plausible secret: it is longer than 128 characters"),
    ("x" * 100000, "gives no plausible secret: it is longer than 128 characters"),
])
def test_a_token_file_must_hold_a_token(httpd, scratch: Path, content: str | bytes,
                                        reason: str) -> None:
    path = secret_file(scratch / "bad", content)
    ok, output = httpd.configtest(f"TwVoiceAuthToken file:{path}")
    assert not ok
    assert f"TwVoiceAuthToken: file:{path} {reason}\n" in output


@pytest.mark.parametrize("content", ["token", "token\n", "token\r\n", "x" * 128 + "\n"])
def test_one_newline_at_the_end_of_a_token_file_does_not_count(httpd, scratch: Path,
                                                               content: str) -> None:
    path = secret_file(scratch / "good", content)
    assert httpd.configtest(account(f"file:{path}")) == (True, "Syntax OK\n")


def test_a_token_file_is_found_below_the_server_root(httpd) -> None:
    secret_file(httpd.root / "conf" / "token", "token\n")
    assert httpd.configtest(account("file:conf/token")) == (True, "Syntax OK\n")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_token_file_that_others_can_read_is_warned_of(httpd, scratch: Path, mode: int) -> None:
    path = secret_file(scratch / "open", "token\n", mode)
    ok, output = httpd.configtest(account(f"file:{path}"))
    assert ok
    assert re.search(r"\[twvoice:warn\] .*TWV0003: TwVoiceAuthToken \(.*httpd\.conf:\d+\): file "
                     rf"'{path}' is open to its group or to everybody; run: chmod 600 {path}\n",
                     output)


def test_a_token_can_come_from_the_environment(httpd) -> None:
    config = account("env:TZ")
    assert values(dump(httpd, config)["main server"], "TwVoiceAuthToken") == ["env:TZ"]


def test_white_space_around_the_output_of_a_program_does_not_count(httpd, scratch: Path) -> None:
    program = secret_file(scratch / "program", "#!/bin/sh\necho\necho \"  $1  \"\n", 0o700)
    config = account(f'"exec:{program} argument"')
    lines = dump(httpd, config)["main server"]
    assert values(lines, "TwVoiceAuthToken") == [f"exec:{program}"]


def test_a_program_runs_at_each_reload_and_leaves_no_child(httpd, scratch: Path) -> None:
    runs = scratch / "runs"
    program = secret_file(scratch / "program", f"#!/bin/sh\necho run >>{runs}\necho token\n", 0o700)
    httpd.start(account(f"exec:{program}"))
    before = len(runs.read_text().splitlines())
    httpd.graceful()
    assert len(runs.read_text().splitlines()) > before
    assert "AH00488" not in httpd.error_log()


def test_a_literal_secret_is_warned_of_and_shows_nowhere(httpd) -> None:
    httpd.load("info")
    config = (f"TwVoiceAccountSid {ACCOUNT}\nTwVoiceAuthToken {LITERAL} {LITERAL_PREVIOUS}\n"
              f"TwVoiceApiKey {KEY} {LITERAL_KEY}\n")
    ok, output = httpd.configtest(config, "-D", "DUMP_TWVOICE", "-D", "DUMP_CONFIG")
    assert ok
    for secret in (LITERAL, LITERAL_PREVIOUS, LITERAL_KEY):
        assert secret not in output
    assert "\nTwVoiceAuthToken [masked] [masked]\n" in output
    assert f"\nTwVoiceApiKey {KEY} [masked]\n" in output
    assert re.search(r"TWV0002: TwVoiceAuthToken \(.*httpd\.conf:\d+\): the secret stands in the "
                     "configuration file; put it into a file that only root can read and write "
                     "file:PATH", output)
    httpd.expect_log("TWV0002")
    httpd.start(config + "<Location /server-info>\nSetHandler server-info\n"
                         "Require all granted\n</Location>")
    page = httpd.request("GET", "/server-info?config").text
    assert "TwVoiceAuthToken" in page and "[masked]" in page
    for secret in (LITERAL, LITERAL_PREVIOUS, LITERAL_KEY):
        assert secret not in page + httpd.error_log()


def test_sources_stay_visible_beside_a_masked_literal(httpd) -> None:
    httpd.load("info")
    ok, output = httpd.configtest(
        f"TwVoiceAccountSid {ACCOUNT}\nTwVoiceAuthToken {TOKEN} {LITERAL}\n"
        f"TwVoiceApiKey {KEY} \"exec:/bin/echo word\"\n", "-D", "DUMP_CONFIG")
    assert ok
    assert f"\nTwVoiceAuthToken {TOKEN} [masked]\n" in output
    assert f"\nTwVoiceApiKey {KEY} \"exec:/bin/echo word\"\n" in output


def test_a_refused_literal_is_not_told(httpd) -> None:
    for word in (f"{LITERAL}:x1", f"\"{LITERAL} x1\"", LITERAL * 10):
        ok, output = httpd.configtest(f"TwVoiceAuthToken {word}")
        assert not ok
        assert "x1" not in output and LITERAL * 2 not in output


def test_the_current_token_comes_before_the_previous_one(httpd, scratch: Path) -> None:
    previous = secret_file(scratch / "previous", "previous\n")
    config = f"TwVoiceAccountSid {ACCOUNT}\nTwVoiceAuthToken {TOKEN} file:{previous}\n"
    lines = dump(httpd, config)["main server"]
    assert values(lines, "TwVoiceAuthToken") == [TOKEN, f"file:{previous} (previous)"]


def test_both_tokens_of_a_rotation_verify_and_no_other(httpd, scratch: Path) -> None:
    current = secret_file(scratch / "current", "CurrentToken\n")
    previous = secret_file(scratch / "previous", "PreviousToken\n")
    (httpd.htdocs / "hello.txt").write_text("hello\n")
    httpd.expect_log("AH01630")
    httpd.start(f"TwVoiceAccountSid {ACCOUNT}\nTwVoiceAuthToken file:{current} file:{previous}\n"
                "<Location /hello.txt>\nRequire twilio-signature\n</Location>")
    statuses = {}
    for word in ("CurrentToken", "PreviousToken", "OlderToken"):
        signature = RequestValidator(word).compute_signature(httpd.url + "/hello.txt", {})
        statuses[word] = httpd.request("GET", "/hello.txt",
                                       headers={"X-Twilio-Signature": signature}).status
    assert statuses == {"CurrentToken": 200, "PreviousToken": 200, "OlderToken": 403}
