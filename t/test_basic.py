"""`AuthBasicProvider twvoice`, and what httpd itself answers where the Proxy API is mounted."""

from __future__ import annotations

import base64

import pytest

from httpd_server import Httpd
from twilio_account import ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, OLD_TOKEN, account

REFUSED = "AH01617|AH01618|AH01614"  # mod_auth_basic says so at level error
PLACE = """
<Location "/private">
    AuthType Basic
    AuthName "twvoice"
    AuthBasicProvider twvoice {others}
    {handler}
    Require valid-user
</Location>
"""


def login(user: str, password: str) -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def start(httpd: Httpd, others: str = "", handler: str = "", more: str = "",
          old_token: str | None = None) -> Httpd:
    """A server with a file behind a login."""
    (httpd.htdocs / "private").write_text("private\n")
    place = PLACE.format(others=others, handler=handler)
    httpd.start(account(httpd, old_token=old_token) + place + more)
    return httpd


@pytest.mark.parametrize("user,password", [(ACCOUNT_SID, AUTH_TOKEN), (API_KEY, API_SECRET)])
def test_the_account_and_its_keys_come_in(httpd: Httpd, user: str, password: str) -> None:
    start(httpd)
    assert httpd.request("GET", "/private", headers=login(user, password)).text == "private\n"


@pytest.mark.parametrize("user,password", [
    (ACCOUNT_SID, ""), (ACCOUNT_SID, AUTH_TOKEN[:-1]), (ACCOUNT_SID, AUTH_TOKEN + "0"),
    (ACCOUNT_SID, API_SECRET), (ACCOUNT_SID, OLD_TOKEN), (API_KEY, AUTH_TOKEN),
    (ACCOUNT_SID.lower(), AUTH_TOKEN), ("", AUTH_TOKEN), ("", ""), ("hanako", "hanako")])
def test_nobody_else_comes_in(httpd: Httpd, user: str, password: str) -> None:
    httpd.expect_log(REFUSED)
    start(httpd)
    assert httpd.request("GET", "/private", headers=login(user, password)).status == 401
    assert not httpd.log.lines(AUTH_TOKEN) and not httpd.log.lines(API_SECRET)


def test_during_a_rotation_both_tokens_come_in(httpd: Httpd) -> None:
    start(httpd, old_token=OLD_TOKEN)
    for token in (AUTH_TOKEN, OLD_TOKEN):
        assert httpd.request("GET", "/private", headers=login(ACCOUNT_SID, token)).status == 200


def test_users_that_are_not_ours_are_left_to_the_next_provider(httpd: Httpd) -> None:
    httpd.expect_log(REFUSED)
    users = httpd.root / "conf" / "users"
    users.write_text(f"hanako:{{SHA}}{sha1('secret')}\n{ACCOUNT_SID}:{{SHA}}{sha1('secret')}\n")
    users.chmod(0o644)
    start(httpd, others="file", more=f'<Location "/private">\nAuthUserFile {users}\n</Location>')
    assert httpd.request("GET", "/private", headers=login("hanako", "secret")).status == 200
    assert httpd.request("GET", "/private", headers=login(ACCOUNT_SID, AUTH_TOKEN)).status == 200
    assert httpd.request("GET", "/private", headers=login(ACCOUNT_SID, "secret")).status == 401


def sha1(password: str) -> str:
    """As htpasswd -s writes it."""
    import hashlib
    return base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


def test_a_host_without_an_account_lets_nobody_in(httpd: Httpd) -> None:
    httpd.expect_log(REFUSED)
    (httpd.htdocs / "private").write_text("private\n")
    httpd.start(PLACE.format(others="", handler=""))
    for user, password in ((ACCOUNT_SID, AUTH_TOKEN), ("", "")):
        assert httpd.request("GET", "/private", headers=login(user, password)).status == 401


def error(code: int, message: str, status: int) -> dict[str, object]:
    """The body of Twilio's errors."""
    return {"code": code, "message": message, "status": status,
            "more_info": f"https://www.twilio.com/docs/errors/{code}"}


def test_a_missing_login_is_told_as_json_where_the_proxy_api_is(httpd: Httpd) -> None:
    start(httpd, handler="SetHandler twvoice-proxy")
    answer = httpd.request("GET", "/private/v1/Services")
    assert (answer.status, answer.json()) == (401, error(20003, "Authenticate", 401))
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="twvoice"'
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == str(len(answer.body))


def test_a_denied_address_is_told_as_json_where_the_proxy_api_is(httpd: Httpd) -> None:
    httpd.expect_log("AH01630")
    httpd.start('<Location "/proxy">\nSetHandler twvoice-proxy\nRequire all denied\n</Location>')
    answer = httpd.request("POST", "/proxy/v1/Services", {"UniqueName": "x"})
    assert (answer.status, answer.json()) == (403, error(20006, "Access denied", 403))
    answer = httpd.request("HEAD", "/proxy/v1/Services")
    assert (answer.status, answer.body) == (403, b"")


def test_an_error_without_a_place_in_the_list_is_told_as_json(httpd: Httpd) -> None:
    httpd.start('<Location "/proxy">\nSetHandler twvoice-proxy\nRequire all granted\n'
                'RewriteEngine on\nRewriteRule . - [R=410]\n</Location>')
    assert httpd.request("GET", "/proxy/v1").json() == error(20410, "Gone", 410)


@pytest.mark.parametrize("document,text", [('"stop"', "stop"), ("/error.txt", "own page\n")])
def test_an_error_document_of_the_operator_stays(httpd: Httpd, document: str, text: str) -> None:
    (httpd.htdocs / "error.txt").write_text("own page\n")
    start(httpd, handler=f"SetHandler twvoice-proxy\nErrorDocument 401 {document}")
    answer = httpd.request("GET", "/private/v1/Services")
    assert (answer.status, answer.text) == (401, text)


def test_elsewhere_errors_stay_as_httpd_makes_them(httpd: Httpd) -> None:
    start(httpd)
    assert httpd.request("GET", "/private").headers["Content-Type"].startswith("text/html")
