"""The REST API of Proxy as tests use it: a server with numbers, and short ways to ask."""

from __future__ import annotations

import base64
from typing import Any, Mapping

from databases import Database
from http_exchange import Answer
from httpd_server import Httpd
from twilio_account import ACCOUNT_SID, AUTH_TOKEN, account

SECOND_NUMBER = "+815000000002"
SMS_NUMBER = "+815000000003"
US_NUMBER = "+12025550100"
RESERVED_NUMBER = "+815000000004"
MOUNT = "/proxy"
PLACE = f"""
<Location "{MOUNT}">
    SetHandler twvoice-proxy
    AuthType Basic
    AuthName "twvoice"
    AuthBasicProvider twvoice
    Require valid-user
</Location>
"""
NUMBERS = f"""
TwVoiceNumber {SECOND_NUMBER} capabilities=voice
TwVoiceNumber {SMS_NUMBER} capabilities=voice,sms sid=PN00000000000000000000000000000003
TwVoiceNumber {US_NUMBER} capabilities=voice,sms
TwVoiceNumber {RESERVED_NUMBER} capabilities=voice
"""

Form = Mapping[str, Any] | list[tuple[str, str]]


def basic_login(user: str = ACCOUNT_SID, password: str = AUTH_TOKEN) -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class ProxyApi:
    """The API of a running server. Paths are those after "/v1"."""

    def __init__(self, httpd: Httpd) -> None:
        self.httpd = httpd
        self.base = f"{httpd.url}{MOUNT}/v1"

    def ask(self, method: str, path: str, body: Any = None,
            headers: Mapping[str, str] | None = None) -> Answer:
        """One request with the account's credentials; a whole URL is taken, too."""
        target = path[len(self.httpd.url):] if path.startswith("http") else f"{MOUNT}/v1{path}"
        return self.httpd.request(method, target, body, {**basic_login(), **(headers or {})})

    def get(self, path: str) -> Any:
        """What is there; must be."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.text
        return answer.json()

    def create(self, path: str, form: Form | None = None) -> Any:
        """A new resource."""
        answer = self.ask("POST", path, form or {})
        assert answer.status == 201, answer.text
        return answer.json()

    def update(self, path: str, form: Form | None = None) -> Any:
        """A changed resource."""
        answer = self.ask("POST", path, form or {})
        assert answer.status == 200, answer.text
        return answer.json()

    def delete(self, path: str) -> None:
        """Delete it; must have been there."""
        answer = self.ask("DELETE", path)
        assert (answer.status, answer.body) == (204, b""), answer.text

    def refused(self, method: str, path: str, form: Form | None = None) -> tuple[int, int]:
        """HTTP status and code of a refusal, whose form is checked."""
        error = self.error(method, path, form)
        return error["status"], error["code"]

    def error(self, method: str, path: str, form: Form | None = None) -> dict[str, Any]:
        """A refusal."""
        answer = self.ask(method, path, form if form is not None or method != "POST" else {})
        assert answer.status >= 400, answer.text
        error = answer.json()
        assert set(error) == {"code", "message", "more_info", "status"}
        assert error["status"] == answer.status
        assert error["more_info"] == f"https://www.twilio.com/docs/errors/{error['code']}"
        return error

    def service(self, *numbers: str, **form: Any) -> str:
        """Path of a new service with these numbers."""
        path = f"/Services/{self.create('/Services', {'UniqueName': 'shop', **form})['sid']}"
        for number in numbers:
            self.create(f"{path}/PhoneNumbers", {"PhoneNumber": number})
        return path

    def session(self, service: str, *identifiers: str, **form: Any) -> str:
        """Path of a new session for voice with these participants."""
        created = self.create(f"{service}/Sessions", {"Mode": "voice-only", **form})
        path = f"{service}/Sessions/{created['sid']}"
        for identifier in identifiers:
            self.create(f"{path}/Participants", {"Identifier": identifier})
        return path


def start_proxy_api(httpd: Httpd, more: str = "") -> ProxyApi:
    """Start a server that has five numbers and the API, as seen on its own port."""
    httpd.start(account(httpd, public_url=None) + NUMBERS + PLACE + more)
    return ProxyApi(httpd)


def let_time_pass(database: Database, session: str) -> None:
    """Make the session one whose time is over, but that nobody has closed yet."""
    sid = session.rsplit("/", 1)[1]
    database.query("UPDATE twv_session SET expires_at = expires_at - 100000000000,"
                   " date_created = date_created - 100000000000,"
                   " date_expiry = date_expiry - 100000000000 WHERE sid = ? RETURNING sid", sid)
