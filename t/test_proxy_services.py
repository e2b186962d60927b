"""Services of the Proxy API: what is created, shown, changed, deleted and refused."""

from __future__ import annotations

import pytest

from databases import Database
from httpd_server import Httpd
from proxy_api import start_proxy_api
from twilio_account import ACCOUNT_SID, HANAKO, PROXY_NUMBER, TARO

FIELDS = {"sid", "unique_name", "account_sid", "chat_instance_sid", "callback_url", "default_ttl",
          "number_selection_behavior", "geo_match_level", "intercept_callback_url",
          "out_of_session_callback_url", "date_created", "date_updated", "url", "links"}


def test_a_service_has_twilios_fields_and_defaults(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    made = api.create("/Services", {"UniqueName": "shop"})
    assert set(made) == FIELDS
    assert made["sid"].startswith("KS") and len(made["sid"]) == 34
    assert (made["unique_name"], made["account_sid"]) == ("shop", ACCOUNT_SID)
    assert (made["default_ttl"], made["geo_match_level"]) == (0, "country")
    assert made["number_selection_behavior"] == "prefer-sticky"
    assert made["callback_url"] is made["chat_instance_sid"] is None
    assert made["date_created"] == made["date_updated"] and made["date_created"].endswith("Z")
    assert made["url"] == f"{api.base}/Services/{made['sid']}"
    assert made["links"] == {"sessions": made["url"] + "/Sessions",
                             "phone_numbers": made["url"] + "/PhoneNumbers"}
    assert api.get(made["url"]) == api.get("/Services/shop") == made


def test_everything_that_is_given_is_kept_and_can_change(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    form = {"UniqueName": "店 1", "DefaultTtl": "3600", "CallbackUrl": "https://example.jp/a?b=c",
            "InterceptCallbackUrl": "http://example.jp:8080/i",
            "OutOfSessionCallbackUrl": "https://example.jp/o", "GeoMatchLevel": "area-code",
            "NumberSelectionBehavior": "avoid-sticky", "ChatInstanceSid": "IS" + "a" * 32}
    made = api.create("/Services", form)
    assert made["unique_name"] == "店 1" and made["default_ttl"] == 3600
    assert made["callback_url"] == form["CallbackUrl"]
    assert made["intercept_callback_url"] == form["InterceptCallbackUrl"]
    assert made["out_of_session_callback_url"] == form["OutOfSessionCallbackUrl"]
    assert made["chat_instance_sid"] == form["ChatInstanceSid"]
    path = f"/Services/{made['sid']}"
    assert api.get("/Services/%E5%BA%97%201")["sid"] == made["sid"]
    changed = api.update(path, {"UniqueName": "two", "CallbackUrl": "", "DefaultTtl": "0"})
    assert (changed["unique_name"], changed["callback_url"], changed["default_ttl"]) == \
        ("two", None, 0)
    assert changed["intercept_callback_url"] == form["InterceptCallbackUrl"]
    assert api.get(path) == changed


def test_a_unique_name_is_taken_once(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    first = api.create("/Services", {"UniqueName": "one"})
    second = api.create("/Services", {"UniqueName": "two"})
    assert api.refused("POST", "/Services", {"UniqueName": "one"}) == (400, 80602)
    assert api.refused("POST", f"/Services/{second['sid']}", {"UniqueName": "one"}) == (400, 80602)
    assert api.update(f"/Services/{first['sid']}", {"UniqueName": "one"})["unique_name"] == "one"
    api.delete(f"/Services/{first['sid']}")
    assert api.update(f"/Services/{second['sid']}", {"UniqueName": "one"})["unique_name"] == "one"


def test_what_is_wrong_is_named_with_what_is_allowed(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    for name, value, allowed in [
            ("UniqueName", "", "required"), ("UniqueName", "x" * 192, "at most 191"),
            ("UniqueName", "a\tb", "without control"), ("UniqueName", "KS" + "0" * 32, "SID"),
            ("DefaultTtl", "-1", "from 0 to 2147483646"), ("DefaultTtl", "2147483647", "from 0"),
            ("DefaultTtl", "1e3", "whole number"), ("CallbackUrl", "ftp://example.jp/", "https"),
            ("CallbackUrl", "/path", "absolute"),
            ("CallbackUrl", "https://a:b@example.jp/", "user"),
            ("CallbackUrl", "https://example.jp/" + "x" * 4000, "4000"),
            ("CallbackUrl", "https://example.jp/a b", "percent-encoded"),
            ("GeoMatchLevel", "planet", "area-code, overlay, radius, country"),
            ("NumberSelectionBehavior", "sticky", "prefer-sticky, avoid-sticky"),
            ("ChatInstanceSid", "IS1", "32 hexadecimal")]:
        error = api.error("POST", "/Services", {"UniqueName": "x", name: value})
        assert (error["status"], error["code"]) == (400, 80701), name
        assert f"'{name}' is invalid" in error["message"] and allowed in error["message"]
    assert api.get("/Services")["services"] == []
    assert api.create("/Services", {"UniqueName": "名" * 191})["unique_name"] == "名" * 191


def test_unknown_parameters_are_named(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    error = api.error("POST", "/Services", {"UniqueName": "x", "uniqueName": "y"})
    assert (error["status"], error["code"]) == (400, 20001)
    assert "'uniqueName'" in error["message"] and "UniqueName, DefaultTtl" in error["message"]
    pairs = [("UniqueName", "x"), ("UniqueName", "y")]
    assert api.refused("POST", "/Services", pairs) == (400, 80701)


def test_a_callback_to_the_servers_own_webhook_is_refused(httpd: Httpd, database: Database
                                                           ) -> None:
    api = start_proxy_api(httpd, "TwVoicePublicURL https://voice.example.jp")
    for url in ("https://voice.example.jp/twilio/voice", "https://VOICE.example.jp:443/twilio"):
        error = api.error("POST", "/Services", {"UniqueName": "x", "CallbackUrl": url})
        assert error["code"] == 80701 and "CallbackUrl" in error["message"]
    for url in ("https://voice.example.jp/twilio2", "https://voice.example.jp:8443/twilio"):
        api.create("/Services", {"UniqueName": url, "CallbackUrl": url})


def test_deleting_a_service_takes_everything_with_it(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    session = api.session(service, HANAKO, TARO)
    api.delete(service)
    for path in (service, session, f"{session}/Participants", f"{service}/PhoneNumbers"):
        assert api.refused("GET", path) == (404, 20404)
    assert api.refused("DELETE", service) == (404, 20404)
    for table in ("number", "session", "participant"):
        assert database.query(f"SELECT count(*) FROM twv_{table}") == [(0,)]
    api.service(PROXY_NUMBER)


@pytest.mark.parametrize("path", ["/Services/none", "/Services/KS" + "0" * 32,
                                  "/Services/KS71/Sessions", "/Services/", "/Nothing",
                                  "/Services//"])
def test_what_is_not_there_is_not_found(httpd: Httpd, database: Database, path: str) -> None:
    api = start_proxy_api(httpd)
    error = api.error("GET", path)
    assert (error["status"], error["code"]) == (404, 20404)
    assert error["message"].startswith("The requested resource /")
