"""Sessions of the Proxy API: their life from open to closed and back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from databases import Database
from httpd_server import Httpd
from proxy_api import let_time_pass, start_proxy_api
from twilio_account import HANAKO, PROXY_NUMBER, TARO

FIELDS = {"sid", "service_sid", "account_sid", "date_started", "date_ended",
          "date_last_interaction", "date_expiry", "unique_name", "status", "closed_reason", "ttl",
          "mode", "date_created", "date_updated", "url", "links"}
ADDITIONS = {"call_mode", "pin", "call_time_limit", "ring_timeout", "language"}


def from_now(**delta: Any) -> str:
    """A time as Twilio's libraries write it."""
    return (datetime.now(timezone.utc) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_session_has_twilios_fields_and_defaults(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    made = api.create(f"{service}/Sessions", {"UniqueName": "order 7"})
    assert set(made) == FIELDS | ADDITIONS
    assert (made["status"], made["mode"], made["ttl"]) == ("open", "voice-and-message", 0)
    for name in ("date_started", "date_ended", "date_last_interaction", "date_expiry",
                 "closed_reason", "pin", "call_time_limit", "ring_timeout", "language"):
        assert made[name] is None
    assert made["call_mode"] == "dial"
    assert made["url"] == f"{api.base}{service}/Sessions/{made['sid']}"
    assert made["links"]["participants"] == made["url"] + "/Participants"
    assert made["links"]["interactions"] == made["url"] + "/Interactions"
    assert api.get(f"{service}/Sessions/order%207") == api.get(made["url"]) == made


def test_ttl_and_expiry_are_kept_as_given(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(DefaultTtl=600)
    assert api.create(f"{service}/Sessions")["ttl"] == 600
    expiry = from_now(hours=1)
    made = api.create(f"{service}/Sessions", {"Ttl": "0", "DateExpiry": expiry})
    assert (made["ttl"], made["date_expiry"]) == (0, expiry)
    path = f"{service}/Sessions/{made['sid']}"
    assert api.update(path, {"Ttl": "2147483646"})["ttl"] == 2147483646
    assert api.update(path, {"DateExpiry": ""})["date_expiry"] is None
    assert api.update(path, {"DateExpiry": "2099-01-01T09:00:00+09:00"})["date_expiry"] == \
        "2099-01-01T00:00:00Z"


def test_what_is_wrong_is_named(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    for name, value in [("Ttl", "-1"), ("Ttl", "2147483647"), ("Ttl", ""), ("Mode", "voice"),
                        ("DateExpiry", "tomorrow"), ("DateExpiry", from_now(seconds=-5)),
                        ("Status", "paused"), ("CallMode", "conference"), ("Pin", "123"),
                        ("Pin", "1234567890123456"), ("Pin", "12a4"), ("PinLength", "3"),
                        ("PinLength", "16"), ("CallTimeLimit", "86401"), ("CallTimeLimit", "0"),
                        ("RingTimeout", "4"), ("RingTimeout", "601"), ("Language", "japanese!"),
                        ("Language", "j"), ("UniqueName", "x" * 192),
                        ("FailOnParticipantConflict", "maybe"), ("Participants", "[]")]:
        error = api.error("POST", f"{service}/Sessions", {name: value})
        assert (error["status"], error["code"]) == (400, 80701), (name, value)
        assert f"'{name}' is invalid" in error["message"] or name == "Participants"
    assert "dial" in api.error("POST", f"{service}/Sessions", {"CallMode": "callback"})["message"]
    assert api.get(f"{service}/Sessions")["sessions"] == []


def test_a_name_is_taken_until_the_session_is_deleted(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    session = api.session(service, UniqueName="one")
    api.update(session, {"Status": "closed"})
    assert api.refused("POST", f"{service}/Sessions", {"UniqueName": "one"}) == (400, 80603)
    api.delete(session)
    assert api.refused("DELETE", session) == (404, 20404)
    api.session(service, UniqueName="one")


def test_closing_and_opening_again(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    session = api.session(service, HANAKO, TARO)
    closed = api.update(session, {"Status": "closed"})
    assert (closed["status"], closed["closed_reason"]) == ("closed", "api")
    assert closed["date_ended"]
    assert api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]["in_use"] == 0
    assert api.refused("POST", session, {"Ttl": "60"}) == (400, 80607)
    assert api.refused("POST", session, {"Status": "closed"}) == (400, 80607)
    assert api.refused("POST", session) == (400, 80607)
    assert api.refused("POST", session, {"Status": "open"}) == (400, 80608)
    assert api.refused("POST", f"{session}/Participants", {"Identifier": "+819000000003"}) == \
        (400, 80607)
    opened = api.update(session, {"Status": "in-progress", "DateExpiry": "2099-01-01T00:00:00Z"})
    assert (opened["status"], opened["closed_reason"], opened["date_ended"]) == \
        ("in-progress", None, None)
    assert opened["date_started"] and opened["date_expiry"] == "2099-01-01T00:00:00Z"
    assert len(api.get(f"{session}/Participants")["participants"]) == 2
    assert api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]["in_use"] == 1


def test_status_moves_that_do_not_exist(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    for status in ("closed", "failed", "unknown"):
        assert api.refused("POST", f"{service}/Sessions", {"Status": status}) == (400, 80608)
    session = api.session(service)
    for status in ("failed", "unknown"):
        assert api.refused("POST", session, {"Status": status}) == (400, 80608)
    assert api.update(session, {"Status": "open"})["status"] == "open"
    assert api.update(session, {"Status": "in-progress"})["status"] == "in-progress"
    assert api.refused("POST", session, {"Status": "open"}) == (400, 80608)


def test_a_session_whose_time_is_over_is_closed(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    by_ttl = api.session(service, Ttl="60")
    by_date = api.session(service, Ttl="60", DateExpiry=from_now(hours=1))
    for session, reason in ((by_ttl, "ttl-expired"), (by_date, "date-expiry")):
        let_time_pass(database, session)
        shown = api.get(session)
        assert (shown["status"], shown["closed_reason"]) == ("closed", reason)
        assert shown["date_ended"] < shown["date_updated"]
        assert api.refused("POST", session, {"Ttl": "9"}) == (400, 80607)
        assert api.refused("POST", f"{session}/Participants", {"Identifier": HANAKO}) == \
            (400, 80607)
    assert api.update(by_ttl, {"Status": "in-progress"})["status"] == "in-progress"
    assert api.get(by_ttl)["status"] == "in-progress"
    assert api.refused("POST", by_date, {"Status": "in-progress"}) == (400, 80701)
    opened = api.update(by_date, {"Status": "in-progress", "DateExpiry": from_now(hours=1)})
    assert opened["status"] == "in-progress"


def test_the_additions_are_kept_and_cleared(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    made = api.create(f"{service}/Sessions", {
        "CallMode": "dial", "Pin": "0042", "CallTimeLimit": "600", "RingTimeout": "30",
        "Language": "ja-JP"})
    assert {name: made[name] for name in ADDITIONS} == {
        "call_mode": "dial", "pin": "0042", "call_time_limit": 600, "ring_timeout": 30,
        "language": "ja-JP"}
    path = f"{service}/Sessions/{made['sid']}"
    cleared = api.update(path, {"Pin": "", "CallTimeLimit": "", "RingTimeout": "", "Language": ""})
    assert {cleared[name] for name in ADDITIONS - {"call_mode"}} == {None}


def test_a_pin_belongs_to_one_active_session(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    first = api.session(service, Pin="4711")
    error = api.error("POST", f"{service}/Sessions", {"Pin": "4711"})
    assert error["code"] == 80701 and "PIN" in error["message"] and "4711" not in error["message"]
    second = api.session(service, Pin="4712")
    assert api.refused("POST", second, {"Pin": "4711"}) == (400, 80701)
    api.update(first, {"Status": "closed"})
    assert api.update(second, {"Pin": "4711"})["pin"] == "4711"
    assert api.refused("POST", first, {"Status": "in-progress"}) == (400, 80701)
    assert api.update(first, {"Status": "in-progress", "Pin": ""})["pin"] is None


def test_a_pin_of_a_session_whose_time_is_over_is_free(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    old = api.session(service, Pin="4711", Ttl="60")
    let_time_pass(database, old)
    api.session(service, Pin="4711")


def test_pins_are_made_on_request(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    pins = {api.create(f"{service}/Sessions", {"PinLength": "4"})["pin"] for _ in range(20)}
    assert len(pins) == 20 and all(re.fullmatch("[0-9]{4}", pin) for pin in pins)
    session = api.session(service)
    assert re.fullmatch("[0-9]{15}", api.update(session, {"PinLength": "15"})["pin"])
    assert api.refused("POST", session, {"PinLength": "4", "Pin": "1234"}) == (400, 80701)


def test_a_session_belongs_to_its_service(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    other = api.service(UniqueName="other")
    sid = api.session(service).rsplit("/", 1)[1]
    for method, form in (("GET", None), ("POST", {"Ttl": "1"}), ("DELETE", None)):
        assert api.refused(method, f"{other}/Sessions/{sid}", form) == (404, 20404)
    assert api.refused("POST", "/Services/KS" + "0" * 32 + "/Sessions") == (404, 20404)
