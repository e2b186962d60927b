"""What virtual hosts and places take over from outside, and how -D DUMP_TWVOICE tells it."""

from __future__ import annotations

import re

from config_dump import ACCOUNT, KEY, OTHER_ACCOUNT, account, dump, values


def test_a_virtual_host_takes_over_what_it_does_not_say(httpd) -> None:
    parts = dump(httpd, account() + f"TwVoiceApiKey {KEY} env:TZ\n"
                 "TwVoiceNumber +815000000000\nTwVoiceDenyPrefix +8190\nTwVoiceRetention 30d\n"
                 "TwVoiceUnknownCaller pin\nTwVoiceParticipantConflict reject\n"
                 "TwVoicePublicURL https://a.example\nTwVoiceWebhookPath /hooks\n"
                 "TwVoiceLanguage en-US\nTwVoiceVoice alice\nTwVoicePrompt busy text\n"
                 "TwVoiceMaxBody 2048\nTwVoiceUnsigned on\n"
                 "<VirtualHost *>\nServerName a.example\n</VirtualHost>")
    assert parts["virtual host a.example"] == parts["main server"]
    assert not [line for line in parts["main server"] if "(default)" in line]


def test_a_virtual_host_with_a_setting_keeps_the_others(httpd) -> None:
    parts = dump(httpd, account() + "TwVoiceNumber +815000000000\nTwVoiceUnknownCaller pin\n"
                 "<VirtualHost *>\nServerName a.example\nTwVoiceRetention 36h\n</VirtualHost>")
    host = parts["virtual host a.example"]
    assert values(host, "TwVoiceAccountSid") == [ACCOUNT]
    assert values(host, "TwVoiceUnknownCaller") == ["pin"]
    assert values(host, "TwVoiceRetention") == ["36h"]
    assert values(parts["main server"], "TwVoiceRetention") == ["90d (default)"]
    assert len(values(host, "TwVoiceNumber")) == 1


def test_a_default_that_is_said_counts_over_the_main_server(httpd) -> None:
    parts = dump(httpd, "TwVoiceRetention 0\nTwVoiceUnknownCaller pin\n"
                 "TwVoiceParticipantConflict reject\nTwVoiceUnsigned on\n"
                 "<VirtualHost *>\nServerName a.example\nTwVoiceRetention 90d\n"
                 "TwVoiceUnknownCaller announce\nTwVoiceParticipantConflict menu\n"
                 "TwVoiceUnsigned off\n</VirtualHost>")
    host = parts["virtual host a.example"]
    assert values(host, "TwVoiceRetention") == ["90d"]
    assert values(host, "TwVoiceUnknownCaller") == ["announce"]
    assert values(host, "TwVoiceParticipantConflict") == ["menu"]
    assert values(host, "TwVoiceUnsigned") == ["off"]
    assert values(parts["main server"], "TwVoiceRetention") == ["0"]


def test_an_account_of_its_own_takes_over_no_key_and_no_number(httpd) -> None:
    parts = dump(httpd, account() + f"TwVoiceApiKey {KEY} env:TZ\n"
                 "TwVoiceNumber +815000000000\nTwVoiceDenyPrefix +8190\n"
                 "<VirtualHost *>\nServerName a.example\n" + account(sid=OTHER_ACCOUNT)
                 + "</VirtualHost>")
    host = parts["virtual host a.example"]
    assert values(host, "TwVoiceAccountSid") == [OTHER_ACCOUNT]
    assert values(host, "TwVoiceApiKey") == []
    assert values(host, "TwVoiceNumber") == []
    assert values(host, "TwVoiceDenyPrefix") == ["+8190"]


def test_lists_of_a_virtual_host_replace_those_of_the_main_server(httpd) -> None:
    parts = dump(httpd, account() + "TwVoiceNumber +815000000000\nTwVoiceAllowPrefix +81\n"
                 "<VirtualHost *>\nServerName a.example\nTwVoiceNumber +815000000001\n"
                 "TwVoiceDenyPrefix +8190\n</VirtualHost>")
    host = parts["virtual host a.example"]
    assert [value.split()[0] for value in values(host, "TwVoiceNumber")] == ["+815000000001"]
    assert values(host, "TwVoiceDenyPrefix") == ["+8190"]
    assert values(host, "TwVoiceAllowPrefix") == []
    assert values(parts["main server"], "TwVoiceAllowPrefix") == ["+81"]


def test_prefixes_are_tried_longest_first(httpd) -> None:
    parts = dump(httpd, "TwVoiceAllowPrefix + +8190 +81\nTwVoiceDenyPrefix +819 +1\n")
    lines = parts["main server"]
    assert [line for line in lines if "Prefix" in line] == [
        "TwVoiceAllowPrefix +8190", "TwVoiceDenyPrefix +819", "TwVoiceAllowPrefix +81",
        "TwVoiceDenyPrefix +1", "TwVoiceAllowPrefix +"]


def test_a_number_without_a_sid_always_gets_the_same(httpd) -> None:
    config = account() + "TwVoiceNumber +815000000000\nTwVoiceNumber +815000000001\n"
    numbers = values(dump(httpd, config)["main server"], "TwVoiceNumber")
    sids = [re.search(r"sid=(PN[0-9a-f]{32}) ", number)[1] for number in numbers]
    assert sids[0] != sids[1]
    assert values(dump(httpd, config)["main server"], "TwVoiceNumber") == numbers


def test_places_are_dumped_with_what_they_say(httpd) -> None:
    parts = dump(httpd, "TwVoiceLanguage ja-JP\n<Location /en>\nTwVoiceLanguage en-US\n"
                 "TwVoicePrompt busy text\nTwVoiceUnsigned on\n</Location>\n"
                 f"<Directory {httpd.htdocs}>\nTwVoiceVoice alice\nTwVoiceMaxBody 2048\n"
                 "</Directory>")
    assert parts["main server location /en"] == [
        "TwVoiceLanguage en-US", "TwVoicePrompt busy \"text\"", "TwVoiceUnsigned on"]
    assert parts[f"main server directory {httpd.htdocs}/"] == [
        "TwVoiceVoice alice", "TwVoiceMaxBody 2048"]


def test_a_virtual_host_with_another_language_does_not_take_over_the_voice(httpd) -> None:
    parts = dump(httpd, "TwVoiceLanguage ja-JP\nTwVoiceVoice Polly.Mizuki\n"
                 "TwVoicePrompt busy one\nTwVoicePrompt failed two\n"
                 "<VirtualHost *>\nServerName a.example\nTwVoiceLanguage en-US\n"
                 "TwVoicePrompt busy three\n</VirtualHost>\n"
                 "<VirtualHost *>\nServerName b.example\nTwVoiceVoice Polly.Takumi\n</VirtualHost>")
    english = parts["virtual host a.example"]
    assert values(english, "TwVoiceVoice") == ["Twilio's own (default)"]
    assert values(english, "TwVoicePrompt") == ["busy \"three\"", "failed \"two\""]
    other = parts["virtual host b.example"]
    assert values(other, "TwVoiceLanguage") == ["ja-JP"]
    assert values(other, "TwVoiceVoice") == ["Polly.Takumi"]


def test_a_server_without_directives_shows_defaults_only(httpd) -> None:
    lines = dump(httpd, "")["main server"]
    assert lines and all(line.endswith("(default)") for line in lines)
