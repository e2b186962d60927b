"""Input that nobody sends by mistake: refused with its name, and nothing is written."""

from __future__ import annotations

import json

import pytest

from databases import Database
from httpd_server import Httpd
from proxy_api import MOUNT, ProxyApi, basic_login, start_proxy_api
from twilio_account import HANAKO, PROXY_NUMBER

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("body", [
    b"UniqueName=%00", b"UniqueName=a\0b", b"UniqueName=%ff", b"UniqueName=\xff",
    b"UniqueName=%c0%80", b"UniqueName=%ed%a0%80", b"UniqueName=%", b"UniqueName=%4",
    b"UniqueName=%zz", b"=x", b"UniqueName=%c2%85", b"UniqueName=a%0ab", b"UniqueName=%1b[2J"])
def test_bytes_that_are_no_form_are_refused(httpd: Httpd, database: Database, body: bytes) -> None:
    api = start_proxy_api(httpd)
    answer = api.ask("POST", "/Services", body, FORM)
    assert answer.status == 400 and answer.json()["code"] == 80701, answer.text
    assert answer.json()["message"]
    assert api.get("/Services")["services"] == []


def test_ten_thousand_parameters_are_refused(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    answer = api.ask("POST", "/Services", b"UniqueName=x" + b"&a=b" * 10000, FORM)
    assert (answer.status, answer.json()["code"]) == (400, 80701)
    assert api.get("/Services")["services"] == []


def test_thirty_parameters_are_read_before_they_are_refused(httpd: Httpd, database: Database
                                                            ) -> None:
    api = start_proxy_api(httpd)
    form = [("UniqueName", "x"), *((f"Parameter{i}", "x") for i in range(29))]
    error = api.error("POST", "/Services", form)
    assert (error["code"], "'Parameter0'" in error["message"]) == (20001, True)


@pytest.mark.parametrize("query", ["PageSize=%", "PageSize=%00", "PageToken=%ff", "x=%zz"])
def test_queries_that_are_no_form_are_refused(httpd: Httpd, database: Database, query: str) -> None:
    api = start_proxy_api(httpd)
    assert api.refused("GET", f"/Services?{query}") == (400, 80701)


def test_text_is_never_sql(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    names = ["'; DROP TABLE twv_service; --", "%s%s%n", "a'b\"c\\d", "100%", "NULL",
             "\u202e名\U0001f600"]
    for name in names:
        assert api.create("/Services", {"UniqueName": name})["unique_name"] == name
    assert {row["unique_name"] for row in api.get("/Services")["services"]} == set(names)


@pytest.mark.parametrize("path", [
    "/Services/%ff", "/Services/%01", "/Services/" + "x" * 4000,
    "/Services/KS' OR 1=1".replace(" ", "%20"), "/Services/%2e%2e", "/Services" + "/x" * 100,
    "/%F0%9F%98%80"])
def test_strange_paths_are_not_found(httpd: Httpd, database: Database, path: str) -> None:
    httpd.expect_log("AH")
    api = start_proxy_api(httpd)
    answer = api.ask("GET", path)
    assert answer.status in (400, 404)
    assert answer.json()["status"] == answer.status


def test_errors_show_values_without_their_tricks(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    error = api.error("POST", "/Services", {"UniqueName": "x", "GeoMatchLevel": "a\x1b]0;b\x07"
                                            + "c" * 1000})
    assert "\x1b" not in error["message"] and len(error["message"]) < 600
    error = api.error("POST", "/Services", {"UniqueName": "x",
                                            "\r\nSet-Cookie: a" + "b" * 500: "c"})
    assert "\n" not in error["message"] and len(error["message"]) < 600


def test_a_pin_is_in_no_error_and_no_log(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    api.session(service, Pin="86420")
    for pin in ("86420", "86420x"):
        assert "86420" not in api.error("POST", f"{service}/Sessions", {"Pin": pin})["message"]
    assert "86420" not in httpd.error_log()


def test_deep_and_long_json_is_refused(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    for text in ("[" * 20000, '{"Identifier":' * 3000, json.dumps({"Identifier": "9" * 60000}),
                 '{"a":1e999}', '{"Identifier":"\\ud800"}'):
        answer = api.ask("POST", f"{service}/Sessions", {"Participants": text})
        assert answer.status in (400, 413) and answer.json()["code"] in (80404, 80701, 20413)
        assert len(answer.json()["message"]) < 1000
    assert api.get(f"{service}/Sessions")["sessions"] == []


def test_logs_have_no_whole_number(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service(PROXY_NUMBER), HANAKO)
    api.refused("POST", f"{session}/Participants", {"Identifier": HANAKO})
    assert HANAKO not in httpd.error_log() and HANAKO[1:] not in httpd.error_log()


def test_bodies_on_other_methods_do_no_harm(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    assert api.ask("GET", service, b"UniqueName=y", FORM).json()["unique_name"] == "shop"
    assert ProxyApi(httpd).get(service)["unique_name"] == "shop"
    answer = httpd.request("DELETE", f"{MOUNT}/v1{service}", b"x" * 100, basic_login())
    assert answer.status == 204
