"""The Proxy API and browsers: only pages of the server itself may change something."""

from __future__ import annotations

import pytest

from databases import Database
from httpd_server import Httpd
from proxy_api import ProxyApi, start_proxy_api

PUBLIC = "https://voice.example.jp"


def start(httpd: Httpd) -> ProxyApi:
    """A server that clients see under another name."""
    return start_proxy_api(httpd, f"TwVoicePublicURL {PUBLIC}")


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""},
    {"Origin": "http://voice.example.jp"}, {"Origin": "https://voice.example.jp:8443"},
    {"Origin": "https://voice.example.jp.evil.example"},
    {"Origin": "https://evil.example/https://voice.example.jp"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": ""},
    {"Origin": PUBLIC, "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}])
def test_pages_of_others_change_nothing(httpd: Httpd, database: Database, headers: dict[str, str]
                                        ) -> None:
    api = start(httpd)
    service = api.service()
    for method, path, form in (("POST", "/Services", {"UniqueName": "x"}),
                               ("POST", service, {"UniqueName": "x"}), ("DELETE", service, None)):
        answer = api.ask(method, path, form, headers)
        assert (answer.status, answer.json()["code"]) == (403, 20006)
    assert [row["unique_name"] for row in api.get("/Services")["services"]] == ["shop"]


@pytest.mark.parametrize("headers", [
    {"Origin": PUBLIC}, {"Origin": "https://VOICE.example.jp:443"}, {"Sec-Fetch-Site": "none"},
    {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}])
def test_pages_of_the_server_do(httpd: Httpd, database: Database, headers: dict[str, str]) -> None:
    api = start(httpd)
    assert api.ask("POST", "/Services", {"UniqueName": "x"}, headers).status == 201
    assert api.ask("DELETE", f"/Services/{api.get('/Services/x')['sid']}", None,
                   headers).status == 204


def test_reading_is_left_to_the_browsers_own_rule(httpd: Httpd, database: Database) -> None:
    api = start(httpd)
    for method in ("GET", "OPTIONS"):
        answer = api.ask(method, "/Services", None, {
            "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site",
            "Access-Control-Request-Method": "POST"})
        assert answer.status < 300
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
