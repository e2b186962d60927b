"""What the Proxy API answers to requests that it cannot serve: methods, types, sizes, database."""

from __future__ import annotations

import pytest

from databases import Database
from httpd_server import Httpd
from proxy_api import MOUNT, PLACE, ProxyApi, basic_login, start_proxy_api
from twilio_account import HANAKO, PROXY_NUMBER, account

KS, KC, KP, KI, PN, CA = (prefix + "0" * 32 for prefix in ("KS", "KC", "KP", "KI", "PN", "CA"))
SESSION = f"/Services/{KS}/Sessions/{KC}"
READ = "GET, HEAD, OPTIONS"
ALLOWED = {
    "/Services": "GET, HEAD, POST, OPTIONS",
    f"/Services/{KS}": "GET, HEAD, POST, DELETE, OPTIONS",
    f"/Services/{KS}/Sessions": "GET, HEAD, POST, OPTIONS",
    SESSION: "GET, HEAD, POST, DELETE, OPTIONS",
    f"{SESSION}/Participants": "GET, HEAD, POST, OPTIONS",
    f"{SESSION}/Participants/{KP}": "GET, HEAD, DELETE, OPTIONS",
    f"{SESSION}/Participants/{KP}/MessageInteractions": "GET, HEAD, POST, OPTIONS",
    f"{SESSION}/Participants/{KP}/MessageInteractions/{KI}": READ,
    f"{SESSION}/Interactions": READ,
    f"{SESSION}/Interactions/{KI}": "GET, HEAD, DELETE, OPTIONS",
    f"{SESSION}/Calls": READ,
    f"{SESSION}/Calls.csv": READ,
    f"/Services/{KS}/PhoneNumbers": "GET, HEAD, POST, OPTIONS",
    f"/Services/{KS}/PhoneNumbers/{PN}": "GET, HEAD, POST, DELETE, OPTIONS",
    "/Calls": READ,
    "/Calls.csv": READ,
    f"/Calls/{CA}": READ,
    f"/Calls/{CA}/Events": READ,
}


def test_each_path_tells_its_methods(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    for path, allowed in ALLOWED.items():
        answer = api.ask("OPTIONS", path)
        assert (answer.status, answer.headers["Allow"]) == (204, allowed), path
        for method in ("GET", "POST", "DELETE", "PUT", "PATCH"):
            answer = api.ask(method, path, b"" if method in ("PUT", "PATCH") else None)
            if method in allowed.split(", "):
                assert answer.status != 405
            else:
                assert (answer.status, answer.headers["Allow"]) == (405, allowed), (method, path)
                assert answer.json()["code"] == 20004 and method in answer.json()["message"]


def test_head_is_get_without_a_body(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    for path in ("/Services", service, "/Services/none", "/Calls.csv"):
        get, head = api.ask("GET", path), api.ask("HEAD", path)
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
        assert head.headers["Content-Length"] == str(len(get.body))


def test_answers_are_json_that_nobody_keeps(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    answer = api.ask("POST", "/Services", {"UniqueName": "x"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("content_type", [
    "application/json", "text/plain", "multipart/form-data; boundary=x", "",
    "application/x-www-form-urlencodedx", "text/plain; application/x-www-form-urlencoded"])
def test_a_body_is_a_form(httpd: Httpd, database: Database, content_type: str) -> None:
    api = start_proxy_api(httpd)
    headers = {"Content-Type": content_type} if content_type else {}
    answer = api.ask("POST", "/Services", b"UniqueName=x", headers)
    assert (answer.status, answer.json()["code"]) == (415, 20415)
    assert api.get("/Services")["services"] == []


def test_a_type_with_a_charset_and_an_empty_body_are_fine(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert api.ask("POST", "/Services", b"UniqueName=x", form).status == 201
    service = f"/Services/{api.get('/Services/x')['sid']}"
    assert api.ask("POST", f"{service}/Sessions").status == 201
    assert api.ask("POST", f"{service}/Sessions", b"").status == 201
    assert api.ask("POST", f"{service}?UniqueName=y").json()["unique_name"] == "x"


def test_a_body_has_at_most_64_kilobytes(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"UniqueName=" + b"x" * 65525
    assert api.ask("POST", "/Services", body, form).json()["code"] == 80701
    answer = api.ask("POST", "/Services", body + b"x", form)
    assert (answer.status, answer.json()["code"]) == (413, 20413)


def test_without_a_database_nothing_is_served(httpd: Httpd, database: Database) -> None:
    httpd.expect_log("TWV02|AH0062|AH0063")
    httpd.start(account(httpd, public_url=None) + PLACE
                + "\nDBDriver sqlite3\nDBDParams /nonexistent/directory/x.db\n")
    api = ProxyApi(httpd)
    for method, path, form in (("GET", "/Services", None), ("GET", SESSION, None),
                               ("POST", "/Services", {"UniqueName": "x"}),
                               ("DELETE", SESSION, None), ("GET", "/Calls", None)):
        assert api.refused(method, path, form) == (503, 20503)
    assert api.refused("POST", "/Services", {"UniqueName": ""}) == (400, 80701)


def test_an_api_where_nobody_was_asked_to_log_in_answers_nobody(httpd: Httpd,
                                                                database: Database) -> None:
    httpd.expect_log("TWV0502")
    open_to_all = PLACE.replace("Require valid-user", "Require all granted")
    httpd.start(account(httpd, public_url=None) + open_to_all)
    answer = httpd.request("GET", "/proxy/v1/Services")
    assert (answer.status, answer.json()["code"]) == (403, 20006)
    httpd.stop()
    httpd.start(account(httpd, public_url=None)
                + open_to_all.replace("Require all granted",
                                      "Require all granted\nTwVoiceUnsigned on"))
    assert httpd.request("GET", "/proxy/v1/Services").status == 200


def test_a_host_without_an_account_serves_nothing(httpd: Httpd) -> None:
    httpd.start(PLACE.replace("AuthBasicProvider twvoice", "AuthBasicProvider file")
                .replace("Require valid-user", "Require all granted"))
    for method, form in (("GET", None), ("POST", {"UniqueName": "x"})):
        assert ProxyApi(httpd).refused(method, "/Services", form) == (503, 20503)


def test_a_table_that_fails_is_told_as_503_and_nothing_is_kept(httpd: Httpd, database: Database
                                                               ) -> None:
    httpd.expect_log("TWV02")
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    database.query("ALTER TABLE twv_participant RENAME TO twv_away")
    people = [("Mode", "voice-only"), ("Participants", '{"Identifier":"%s"}' % HANAKO)]
    assert api.refused("POST", f"{service}/Sessions", people) == (503, 20503)
    database.query("ALTER TABLE twv_away RENAME TO twv_participant")
    assert api.get(f"{service}/Sessions")["sessions"] == []
    api.create(f"{service}/Sessions", people)


def test_a_refusal_is_logged_without_its_values(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    path = f"{api.session(api.service(PROXY_NUMBER))}/Participants"
    api.refused("POST", path, {"Identifier": HANAKO, "ProxyIdentifier": "+815000000099"})
    assert httpd.log.lines(f"TWV0501: POST {path} refused: 400, code 80605 Proxy Identifier Not In")
    assert HANAKO not in httpd.error_log()


def test_another_mount_is_found_in_the_path(httpd: Httpd, database: Database) -> None:
    httpd.start(account(httpd, public_url="https://voice.example.jp:8443")
                + PLACE.replace(f'"{MOUNT}"', '"/a%20b/v1/api"').replace("%20", " "))
    answer = httpd.request("POST", "/a%20b/v1/api/v1/Services", {"UniqueName": "x"}, basic_login())
    assert answer.status == 201
    assert answer.json()["url"].startswith(
        "https://voice.example.jp:8443/a%20b/v1/api/v1/Services/KS")
    answer = httpd.request("GET", "/a%20b/v1/api/v1/Services", None, basic_login())
    assert answer.json()["meta"]["url"] == \
        "https://voice.example.jp:8443/a%20b/v1/api/v1/Services?PageSize=50&Page=0"


def test_accounts_see_only_their_own(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service(PROXY_NUMBER), HANAKO)
    service = session.split("/Sessions")[0]
    person = api.get(f"{session}/Participants")["participants"][0]["sid"]
    for table in ("service", "number", "session", "participant"):
        database.query(f"UPDATE twv_{table} SET account_sid = ? RETURNING sid", "AC" + "f" * 32)
    number = "PN35dd50ce50161c4a94be939d173774aa"
    for path in (service, session, f"{session}/Participants", f"{session}/Participants/{person}",
                 f"{service}/Sessions", f"{service}/PhoneNumbers", f"{session}/Interactions",
                 f"{service}/PhoneNumbers/{number}", f"{session}/Calls"):
        assert api.refused("GET", path) == (404, 20404), path
    for path in (service, session, f"{session}/Participants/{person}"):
        assert api.refused("DELETE", path) == (404, 20404), path
    assert api.refused("POST", session, {"Status": "closed"}) == (404, 20404)
    assert api.refused("POST", f"{session}/Participants", {"Identifier": "+819000000009"}) == \
        (404, 20404)
    assert api.get("/Services")["services"] == []
