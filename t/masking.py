"""A server that masks calls, the lab as its Twilio, and the official client: what tests of calls
and messages start from."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any, Mapping

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from databases import Database
from httpd_server import Httpd
from http_exchange import Answer
from lab.client import Lab
from proxy_api import MOUNT, PLACE, ProxyApi
from twilio_account import (ACCOUNT_SID, AUTH_TOKEN, HANAKO, PROXY_NUMBER, TARO, account,
                            signed_form)

CALL_SID = "CA" + "0" * 30 + "01"

_LOCATIONS = """
{account}
{more}
<Location "/twilio">
    SetHandler twvoice-webhook
    Require twilio-signature
    {webhook}
</Location>
"""


class Masking:
    """One running server. ``more`` goes to the server level, ``webhook`` into the Location."""

    def __init__(self, httpd: Httpd, database: Database, lab: Lab | None = None) -> None:
        self.httpd = httpd
        self.database = database
        self.lab = lab
        self._service: Any = None

    def start(self, more: str = "", webhook: str = "", signed: bool = True) -> None:
        """Start the server; the lab's number is the server's."""
        configuration = _LOCATIONS.format(account=account(self.httpd, self.httpd.url), more=more,
                                          webhook=webhook) + PLACE
        if not signed:
            configuration = configuration.replace("Require twilio-signature",
                                                  "Require all granted\nTwVoiceUnsigned on")
        self.httpd.start(configuration)
        if self.lab:
            self.point_number(PROXY_NUMBER)

    def point_number(self, number: str) -> None:
        """What an operator enters at Twilio for a number."""
        base = f"{self.httpd.url}/twilio"
        self.lab.number(number, voice_url=f"{base}/voice", sms_url=f"{base}/sms",
                        status_callback=f"{base}/status#rc=3&rp=all")

    @property
    def client(self) -> Any:
        """Twilio's official client, pointed at the server."""
        client = Client(ACCOUNT_SID, AUTH_TOKEN,
                        http_client=TwilioHttpClient(pool_connections=False))
        client.proxy.base_url = f"{self.httpd.url}{MOUNT}"
        return client

    @property
    def service(self) -> Any:
        """The service of the test, with the one number."""
        if self._service is None:
            self._service = self.make_service("masking")
        return self.client.proxy.services(self._service.sid)

    def make_service(self, name: str, **parameters: Any) -> Any:
        """A service that has the number; becomes the service of the test."""
        self._service = self.client.proxy.services.create(unique_name=name, **parameters)
        self.client.proxy.services(self._service.sid).phone_numbers.create(
            phone_number=PROXY_NUMBER)
        return self._service

    def session(self, *people: tuple[str, str | None], **parameters: Any) -> Any:
        """An open session of people (number, friendly name), in voice and message mode."""
        session = self.service.sessions.create(**{"mode": "voice-and-message", **parameters})
        for number, name in people or ((HANAKO, "花子"), (TARO, "太郎")):
            named = {"friendly_name": name} if name else {}
            self.service.sessions(session.sid).participants.create(identifier=number, **named)
        return session

    def session_with(self, form: Mapping[str, str], *people: tuple[str, str | None]) -> str:
        """The same with parameters that the official client does not know; the session's SID."""
        answer = self.api("POST", f"/Services/{self.service.fetch().sid}/Sessions", form)
        assert answer.status == 201, answer.text
        sid = answer.json()["sid"]
        for number, name in people or ((HANAKO, "花子"), (TARO, "太郎")):
            named = {"friendly_name": name} if name else {}
            self.service.sessions(sid).participants.create(identifier=number, **named)
        return sid

    def api(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Answer:
        """A request to the Proxy API without the official client."""
        return ProxyApi(self.httpd).ask(method, path, form)

    def legs(self, session_sid: str) -> list[dict]:
        """The log of a session, newest leg first."""
        answer = self.api("GET", f"/Services/{self._service.sid}/Sessions/{session_sid}/Calls")
        assert answer.status == 200, answer.text
        return answer.json()["calls"]

    def webhook(self, path: str, parameters: Mapping[str, str] | list[tuple[str, str]] = (),
                **more: str) -> Answer:
        """A signed webhook that does not come from the lab."""
        pairs = list(parameters.items() if isinstance(parameters, Mapping) else parameters)
        pairs += more.items()
        names = {name for name, _ in pairs}
        pairs += [(name, value) for name, value in
                  (("CallSid", CALL_SID), ("AccountSid", ACCOUNT_SID), ("From", HANAKO),
                   ("To", PROXY_NUMBER), ("CallStatus", "ringing"), ("Direction", "inbound"))
                  if name not in names]
        body, headers = signed_form(f"/twilio{path}", pairs, self.httpd.url)
        return self.httpd.request("POST", f"/twilio{path}", body, headers)

    def connect(self, caller: str = HANAKO, callee: str = TARO) -> dict:
        """A call that is answered; returns the caller's leg as the lab knows it."""
        leg = self.lab.call(caller, PROXY_NUMBER)
        self.lab.answer(callee)
        return leg


def twiml(answer: Answer) -> ElementTree.Element:
    """The document of an answer, which must be one."""
    assert answer.status == 200, (answer.status, answer.text)
    assert answer.headers["Content-Type"].startswith("text/xml"), answer.headers["Content-Type"]
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "Response"
    return root


def said(phone: dict) -> str:
    """Everything a phone heard spoken, joined."""
    return " ".join(item["say"] for item in phone["heard"] if "say" in item)
