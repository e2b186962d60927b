"""Directives: what configtest refuses and in which words, what it accepts, where they may stand,
and what must stand together."""

from __future__ import annotations

import re
import subprocess

import pytest

from config_dump import ACCOUNT, KEY, OTHER_ACCOUNT, account, dump, values

NUMBER_SID = "PN00000000000000000000000000000001"
URL_FORM = "allowed: http(s)://HOST[:PORT]"
TIME_FORM = ("is not a time; allowed: a number and a unit of s, min (mi), h, d, w, at most 100 "
             "years, or 0")
PATH_FORM = ("is not the path of a location; allowed: '/' and names of letters, digits and "
             "- . _ ~, without a '/' at the end")
PREFIX_FORM = ("is not a prefix; allowed: '+' and up to 15 digits, the country code first "
               "('+' alone is every number)")
E164_FORM = ("is not a number in E.164 form; allowed: '+', country code and number, 7 to 15 digits "
             "without blanks or hyphens")
LANGUAGE_FORM = ("is not a language tag; allowed: a language and perhaps a region as in ja-JP, "
                 "en-US, cmn-Hans-CN")
SIZE_FORM = "is not a size; allowed: 1024 to 1048576 bytes"
VOICE_FORM = ("is not a voice; allowed: letters, digits and . - _ as in Polly.Mizuki, "
              "Google.ja-JP-Standard-A, alice")

REFUSED = [
    ("TwVoiceAccountSid AC123",
     "'AC123' is not the SID of an account; allowed: AC and 32 hexadecimal digits"),
    ("TwVoiceAccountSid SK00000000000000000000000000000001",
     "'SK00000000000000000000000000000001' is not the SID of an account; allowed: AC and 32 "
     "hexadecimal digits"),
    ("TwVoiceAccountSid 0123456789abcdef0123456789abcdef",
     "the word looks like a secret, not like the SID of an account; allowed: AC and 32 "
     "hexadecimal digits"),
    ("TwVoiceApiKey AC00000000000000000000000000000001 env:HOME",
     "'AC00000000000000000000000000000001' is not the SID of an API key; allowed: SK and 32 "
     "hexadecimal digits"),
    (f"TwVoiceApiKey {KEY} env:TZ\nTwVoiceApiKey {KEY} env:LANG", f"'{KEY}' is given twice"),
    ("TwVoiceNumber", "needs a number in E.164 form"),
    ("TwVoiceNumber 0312345678", f"'0312345678' {E164_FORM}"),
    ("TwVoiceNumber +81-50-0000-0000", f"'+81-50-0000-0000' {E164_FORM}"),
    ("TwVoiceNumber +0815000000000", f"'+0815000000000' {E164_FORM}"),
    ("TwVoiceNumber +815000000000 sid=PN12",
     "'PN12' is not the SID of a phone number; allowed: PN and 32 hexadecimal digits"),
    ("TwVoiceNumber +815000000000 colour=red",
     "'colour=red' is unknown; allowed: sid=PN..., name=TEXT, capabilities=voice,sms"),
    ("TwVoiceNumber +815000000000 capabilities=voice,fax",
     "'fax' in 'capabilities=voice,fax' is unknown; allowed: voice, sms"),
    ("TwVoiceNumber +815000000000 capabilities=",
     "'' in 'capabilities=' is unknown; allowed: voice, sms"),
    ("TwVoiceNumber +815000000000 name=\"My shop\"",
     "the quotes belong around the whole word: \"name=TEXT\""),
    ("TwVoiceNumber +815000000000 name=", "the text is empty"),
    (f"TwVoiceNumber +815000000000 name={'x' * 65}", "the text has 65 bytes; allowed: at most 64"),
    ("TwVoiceNumber +815000000000\nTwVoiceNumber +815000000000",
     "'+815000000000' is given twice"),
    (f"TwVoiceNumber +815000000000 sid={NUMBER_SID}\nTwVoiceNumber +815000000001 sid={NUMBER_SID}",
     f"'sid={NUMBER_SID}' belongs to +815000000000 already"),
    ("TwVoicePublicURL voice.example.jp", f"'voice.example.jp' is not a URL; {URL_FORM}"),
    ("TwVoicePublicURL ftp://voice.example.jp",
     f"'ftp://voice.example.jp' has another scheme than http or https; {URL_FORM}"),
    ("TwVoicePublicURL https://voice.example.jp/",
     f"'https://voice.example.jp/' has a path (not even a '/' may follow the host); {URL_FORM}"),
    ("TwVoicePublicURL https://voice.example.jp?x=1",
     f"'https://voice.example.jp?x=1' has a query or fragment; {URL_FORM}"),
    ("TwVoicePublicURL https://user:word@voice.example.jp",
     f"the URL has a user or password; {URL_FORM}"),
    ("TwVoicePublicURL https://",
     f"'https://' has no host name (letters, digits, '-' and '.'); {URL_FORM}"),
    ("TwVoicePublicURL https://voice_1.example.jp",
     "'https://voice_1.example.jp' has no host name (letters, digits, '-' and '.'); " + URL_FORM),
    ("TwVoicePublicURL https://voice.example.jp:70000",
     f"'https://voice.example.jp:70000' has a port that is not 1 to 65535; {URL_FORM}"),
    ("TwVoiceWebhookPath twilio", f"'twilio' {PATH_FORM}"),
    ("TwVoiceWebhookPath /twilio/", f"'/twilio/' {PATH_FORM}"),
    ("TwVoiceWebhookPath /a//b", f"'/a//b' {PATH_FORM}"),
    ("TwVoiceWebhookPath /a/../b", f"'/a/../b' {PATH_FORM}"),
    ("TwVoiceWebhookPath /a?b", f"'/a?b' {PATH_FORM}"),
    ("TwVoiceAllowPrefix 81", f"'81' {PREFIX_FORM}"),
    ("TwVoiceAllowPrefix +81 +8x", f"'+8x' {PREFIX_FORM}"),
    ("TwVoiceDenyPrefix +0", f"'+0' {PREFIX_FORM}"),
    ("TwVoiceDenyPrefix +1234567890123456", f"'+1234567890123456' {PREFIX_FORM}"),
    ("TwVoiceAllowPrefix +81\nTwVoiceDenyPrefix +81", "'+81' is allowed already"),
    ("TwVoiceDenyPrefix +81 +81", "'+81' is denied already"),
    ("TwVoiceParticipantConflict ask", "'ask' is unknown; allowed: menu, reject"),
    ("TwVoiceUnknownCaller hangup", "'hangup' is unknown; allowed: announce, reject, pin"),
    ("TwVoiceRetention 90", f"'90' {TIME_FORM}"),
    ("TwVoiceRetention 5m", f"'5m' {TIME_FORM}"),
    ("TwVoiceRetention -1d", f"'-1d' {TIME_FORM}"),
    ("TwVoiceRetention 36501d", f"'36501d' {TIME_FORM}"),
    ("TwVoiceRetention 99999999999999999999w", f"'99999999999999999999w' {TIME_FORM}"),
    ("TwVoicePrompt busy https://",
     "'https://' is not a URL; allowed: http(s)://HOST/PATH or a text"),
    ("TwVoicePrompt menu-choice \"press something\"",
     "'press something' has no {key}; it stands for the key to press, {name} for the partner"),
    ("TwVoicePrompt menu-choice https://a.example/{key}.mp3",
     "'https://a.example/{key}.mp3' is a URL; allowed for this event: a text"),
    (f"TwVoicePrompt busy {'x' * 4097}", "the text has 4097 bytes; allowed: at most 4096"),
    ("TwVoiceLanguage j", f"'j' {LANGUAGE_FORM}"),
    ("TwVoiceLanguage ja_JP", f"'ja_JP' {LANGUAGE_FORM}"),
    ("TwVoiceLanguage ja-", f"'ja-' {LANGUAGE_FORM}"),
    ("TwVoiceLanguage japanese1", f"'japanese1' {LANGUAGE_FORM}"),
    ("TwVoiceVoice \"Polly Mizuki\"", f"'Polly Mizuki' {VOICE_FORM}"),
    ("TwVoiceMaxBody 1023", f"'1023' {SIZE_FORM}"),
    ("TwVoiceMaxBody 1048577", f"'1048577' {SIZE_FORM}"),
    ("TwVoiceMaxBody 64K", f"'64K' {SIZE_FORM}"),
    ("TwVoiceMaxBody 99999999999999999999", f"'99999999999999999999' {SIZE_FORM}"),
]

ACCEPTED = [
    # directive, what the dump shows for it
    ("TwVoiceNumber +815000000000", "+815000000000 JP voice,sms sid=PN"),
    (f"TwVoiceNumber +815000000000 sid={NUMBER_SID} \"name=東京 office\" capabilities=sms",
     f"+815000000000 JP sms sid={NUMBER_SID} \"name=東京 office\""),
    ("TwVoicePublicURL https://voice.example.jp", "https://voice.example.jp"),
    ("TwVoicePublicURL http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("TwVoicePublicURL https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ("TwVoiceWebhookPath /hooks/v1.0/twilio", "/hooks/v1.0/twilio"),
    ("TwVoiceWebhookPath /", "/"),
    ("TwVoiceAllowPrefix +", "+"),
    ("TwVoiceParticipantConflict REJECT", "reject"),
    ("TwVoiceUnknownCaller pin", "pin"),
    ("TwVoiceRetention 0", "0"),
    ("TwVoiceRetention 60s", "1min"),
    ("TwVoiceRetention 90mi", "90min"),
    ("TwVoiceRetention 36h", "36h"),
    ("TwVoiceRetention 2w", "14d"),
    ("TwVoiceRetention 36500d", "36500d"),
    ("TwVoicePrompt menu-choice \"{name} wa {key}\"", "menu-choice \"{name} wa {key}\""),
    ("TwVoicePrompt busy https://a.example/busy.mp3", "busy \"https://a.example/busy.mp3\""),
    ("TwVoiceLanguage cmn-Hans-CN", "cmn-Hans-CN"),
    ("TwVoiceLanguage en", "en"),
    ("TwVoiceVoice Google.ja-JP-Standard-A", "Google.ja-JP-Standard-A"),
    ("TwVoiceMaxBody 1024", "1024"),
    ("TwVoiceMaxBody 1048576", "1048576"),
    ("TwVoiceUnsigned on", "on"),
]


def with_account(directive: str) -> str:
    """The directive, with an account where it needs one."""
    return account() + directive if directive.startswith("TwVoiceNumber") else directive


@pytest.mark.parametrize(("config", "reason"), REFUSED, ids=[config for config, _ in REFUSED])
def test_configtest_refuses(httpd, config: str, reason: str) -> None:
    ok, output = httpd.configtest(config)
    line = len(httpd.config_file.read_text().splitlines())
    directive = config.splitlines()[-1].split()[0]
    assert not ok
    assert f"AH00526: Syntax error on line {line} of {httpd.config_file}:\n" in output
    assert f"\n{directive}: {reason}\n" in output


@pytest.mark.parametrize(("config", "shown"), ACCEPTED, ids=[config for config, _ in ACCEPTED])
def test_configtest_accepts_and_shows(httpd, config: str, shown: str) -> None:
    lines = dump(httpd, with_account(config))["main server"]
    assert values(lines, config.split()[0])[0].startswith(shown)


def test_a_text_that_is_not_utf8_is_refused_with_its_place(httpd) -> None:
    httpd.rewrite("")
    with httpd.config_file.open("ab") as config:
        config.write(b"TwVoicePrompt busy \"abc\xff\"\n")
    done = subprocess.run(
        ["/usr/sbin/apache2", "-d", httpd.root, "-f", httpd.config_file, "-t"],
        capture_output=True, check=False)
    assert done.returncode != 0
    assert b"is not UTF-8 at byte 4" in done.stderr


def test_an_unknown_event_of_a_prompt_is_refused_with_all_of_them(httpd) -> None:
    ok, output = httpd.configtest("TwVoicePrompt engaged text")
    assert not ok
    assert "TwVoicePrompt: 'engaged' is not an event; allowed: unknown-caller, expired, " in output
    assert "busy, no-answer, failed, sms-unknown" in output


@pytest.mark.parametrize("directive", [
    "TwVoiceAccountSid " + ACCOUNT, "TwVoiceAuthToken env:TZ", "TwVoiceRetention 1d",
    "TwVoiceAllowPrefix +81", "TwVoiceNumber +815000000000"])
def test_what_belongs_to_a_server_is_refused_in_a_location(httpd, directive: str) -> None:
    ok, output = httpd.configtest(f"<Location /x>\n{directive}\n</Location>")
    assert not ok
    assert f"{directive.split()[0]} not allowed in <Location> context" in output


@pytest.mark.parametrize("directive", ["TwVoiceUnsigned on", "TwVoiceLanguage en-US"])
def test_no_directive_is_allowed_in_htaccess(httpd, directive: str) -> None:
    (httpd.htdocs / ".htaccess").write_text(directive + "\n")
    (httpd.htdocs / "hello.txt").write_text("hello\n")
    httpd.expect_log("not allowed here")
    httpd.start(f'<Directory "{httpd.htdocs}">\nAllowOverride All\n</Directory>')
    assert httpd.request("GET", "/hello.txt").status == 500
    assert f"{directive.split()[0]} not allowed here" in httpd.error_log()


# Checks over several directives


@pytest.mark.parametrize(("directive", "reason"), [
    (f"TwVoiceAccountSid {ACCOUNT}", "TwVoiceAccountSid needs TwVoiceAuthToken beside it"),
    ("TwVoiceAuthToken env:TZ", "TwVoiceAuthToken needs TwVoiceAccountSid beside it"),
    (f"TwVoiceApiKey {KEY} env:TZ",
     "TwVoiceApiKey needs TwVoiceAccountSid and TwVoiceAuthToken beside it"),
    ("TwVoiceNumber +815000000000",
     "TwVoiceNumber needs TwVoiceAccountSid and TwVoiceAuthToken beside it"),
])
def test_an_incomplete_account_is_told_with_its_server(httpd, directive: str, reason: str) -> None:
    ok, output = httpd.configtest(directive)
    assert not ok
    assert f"TWV0004: main server: {reason}\n" in output
    ok, output = httpd.configtest(f"<VirtualHost *>\nServerName a.example\n{directive}\n"
                                  "</VirtualHost>")
    line = len(httpd.config_file.read_text().splitlines()) - 3
    assert not ok
    assert f"TWV0004: virtual host a.example ({httpd.config_file}:{line}): {reason}\n" in output


def test_every_incomplete_account_is_told_at_once(httpd) -> None:
    hosts = "".join(f"<VirtualHost *>\nServerName {name}.example\nTwVoiceAuthToken env:TZ\n"
                    "</VirtualHost>\n" for name in "ab")
    ok, output = httpd.configtest(hosts)
    assert not ok
    assert "virtual host a.example " in output and "virtual host b.example " in output


def test_a_virtual_host_does_not_complete_its_account_from_the_main_server(httpd) -> None:
    ok, output = httpd.configtest(account() + "<VirtualHost *>\nServerName a.example\n"
                                  f"TwVoiceAccountSid {OTHER_ACCOUNT}\n</VirtualHost>")
    assert not ok
    assert "TwVoiceAccountSid needs TwVoiceAuthToken beside it" in output


def test_an_account_needs_mod_dbd(httpd) -> None:
    httpd.rewrite(account())
    text = httpd.config_file.read_text()
    httpd.config_file.write_text(re.sub(r"(?m)^(LoadModule dbd_module|DBD).*\n", "", text))
    done = subprocess.run(
        ["/usr/sbin/apache2", "-d", httpd.root, "-f", httpd.config_file, "-t"],
        capture_output=True, text=True, env={"TZ": "UTC"}, check=False)
    assert done.returncode != 0
    assert ("TWV0005: TwVoiceAccountSid needs mod_dbd; load it: LoadModule dbd_module "
            "modules/mod_dbd.so (Debian: a2enmod dbd)\n") in done.stderr
