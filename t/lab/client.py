"""A synchronous client of the lab's control interface, for tests; standard library only."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, List, Optional


class LabError(Exception):
    """The lab refused; `status` is the HTTP status, the text its error."""

    def __init__(self, status: int, message: str):
        super().__init__(f"{status}: {message}")
        self.status = status


class Lab:
    """One lab at `base_url`, such as http://127.0.0.1:8081; safe to use from many threads."""

    def __init__(self, base_url: str, timeout: float = 120.0):
        self._base, self._timeout = base_url.rstrip("/"), timeout

    def request(self, method: str, path: str, body: Optional[dict] = None, **query: Any) -> dict:
        """One request under /lab; returns the JSON of the answer or raises LabError."""
        query = {key: value for key, value in query.items() if value is not None}
        url = f"{self._base}/lab{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode("utf-8")
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"},
                                         method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode("utf-8", "replace")
            try:
                text = json.loads(text)["error"]
            except (ValueError, KeyError, TypeError):
                pass
            raise LabError(error.code, text) from None

    def _phone(self, phone: str, action: str = "") -> str:
        return f"/phones/{urllib.parse.quote(phone, safe='+')}{action}"

    def overview(self) -> dict:
        return self.request("GET", "")

    def number(self, e164: str, **fields: str) -> dict:
        """With fields: configures a number of the account. Without: reads it."""
        return self.request("PUT" if fields else "GET", f"/numbers/{e164}", fields or None)

    def delete_number(self, e164: str) -> dict:
        return self.request("DELETE", f"/numbers/{e164}")

    def phone(self, phone: str, **fields: Any) -> dict:
        """With fields (answer, answer_after): sets a phone up. Always returns it."""
        return self.request("PUT" if fields else "GET", self._phone(phone), fields or None)

    def settings(self, **fields: float) -> dict:
        return self.request("POST" if fields else "GET", "/settings", fields or None)

    def call(self, phone: str, to: str, wait: bool = True, **fields: Any) -> dict:
        """`phone` calls `to`; a withheld number is given as from_="anonymous", parameters that
        Twilio sends only sometimes as params={"CallerName": …}."""
        if "from_" in fields:
            fields["from"] = fields.pop("from_")
        return self.request("POST", self._phone(phone, "/call"),
                            {"to": to, "wait": wait, **fields})

    def answer(self, phone: str) -> dict:
        return self.request("POST", self._phone(phone, "/answer"))

    def reject(self, phone: str) -> dict:
        return self.request("POST", self._phone(phone, "/reject"))

    def hangup(self, phone: str) -> dict:
        return self.request("POST", self._phone(phone, "/hangup"))

    def press(self, phone: str, digits: str) -> dict:
        return self.request("POST", self._phone(phone, "/press"), {"digits": digits})

    def say(self, phone: str, text: str) -> dict:
        """What a person says; the other side of the conversation hears it."""
        return self.request("POST", self._phone(phone, "/say"), {"text": text})

    def message(self, phone: str, to: str, body: str = "",
                media: Optional[List[str]] = None) -> dict:
        return self.request("POST", self._phone(phone, "/message"),
                            {"to": to, "body": body, "media": media or []})

    def wait(self, phone: str, state: str, timeout: float = 5.0) -> dict:
        return self.request("GET", self._phone(phone, "/wait"), state=state, timeout=timeout)

    def calls(self) -> List[dict]:
        return self.request("GET", "/calls")["calls"]

    def leg(self, sid: str) -> dict:
        return self.request("GET", f"/calls/{sid}")

    def exchanges(self, kind: Optional[str] = None, call: Optional[str] = None,
                  since: Optional[int] = None) -> List[dict]:
        return self.request("GET", "/exchanges", kind=kind, call=call, since=since)["exchanges"]

    def exchange(self, number: int) -> dict:
        return self.request("GET", f"/exchanges/{number}")

    def clear_exchanges(self) -> None:
        self.request("DELETE", "/exchanges")

    def replay(self, number: int) -> dict:
        """Sends a recorded request again; returns the new exchange."""
        return self.request("POST", f"/exchanges/{number}/replay")

    def errors(self, call: Optional[str] = None) -> List[dict]:
        return self.request("GET", "/errors", call=call)["errors"]

    def clock(self, **fields: Any) -> dict:
        return self.request("POST" if fields else "GET", "/clock", fields or None)

    def advance(self, seconds: float) -> dict:
        return self.clock(advance=seconds)

    def hold_callbacks(self) -> dict:
        return self.request("POST", "/callbacks", {"mode": "hold"})

    def deliver_callbacks(self) -> dict:
        return self.request("POST", "/callbacks", {"mode": "deliver"})

    def release_callbacks(self, order: str = "forward", times: int = 1) -> List[dict]:
        """Sends what was held; the mode stays as it is."""
        return self.request("POST", "/callbacks/release",
                            {"order": order, "times": times})["exchanges"]

    def reset(self) -> None:
        self.request("POST", "/reset", {})
