"""The account: its credentials, its numbers and what is configured on them, the settings."""

from dataclasses import dataclass, field
from typing import Dict, Optional

from .names import E164, new_sid, web_url_problem


# Ten years; a clock that is moved further leaves the calendar.
MAX_SECONDS = 315_360_000


class FieldError(ValueError):
    """A value from outside is not allowed; the text names the field, the value, the allowed."""


def check_url(name: str, value: object) -> str:
    if value in (None, ""):
        return ""
    if not isinstance(value, str):
        raise FieldError(f"{name}: {value!r} is not a string")
    problem = web_url_problem(value)
    if problem:
        raise FieldError(f"{name}: {value!r} is no URL to request: {problem}")
    return value


def check_method(name: str, value: object) -> str:
    if not isinstance(value, str) or value.upper() not in ("GET", "POST"):
        raise FieldError(f"{name}: {value!r} is neither GET nor POST")
    return value.upper()


def check_seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) \
            or not 0 <= value <= MAX_SECONDS:
        raise FieldError(f"{name}: {value!r} is not a number of seconds from 0 to {MAX_SECONDS}")
    return float(value)


def check_number(name: str, value: object) -> str:
    if not isinstance(value, str) or not E164.match(value):
        raise FieldError(f"{name}: {value!r} is not an E.164 number such as +815000000000")
    return value


@dataclass
class Number:
    """A phone number of the account and its webhooks."""

    number: str
    sid: str = field(default_factory=lambda: new_sid("PN"))
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"

    def view(self) -> dict:
        return dict(self.__dict__)

    def update(self, body: dict) -> None:
        """Takes the fields of `body` all or none."""
        changes = {}
        for name, value in body.items():
            if name in ("number", "sid") or name not in self.__dict__:
                allowed = ", ".join(n for n in self.__dict__ if n not in ("number", "sid"))
                raise FieldError(f"{name}: not a field of a number; allowed: {allowed}")
            check = check_method if name.endswith("_method") else check_url
            changes[name] = check(name, value)
        self.__dict__.update(changes)


@dataclass
class Settings:
    """How long things take that have a length only in the world: seconds."""

    speech_rate: float = 0.0
    play_seconds: float = 0.0

    def view(self) -> dict:
        return dict(self.__dict__)

    def update(self, body: dict) -> None:
        changes = {}
        for name, value in body.items():
            if name not in self.__dict__:
                raise FieldError(f"{name}: not a setting; allowed: {', '.join(self.__dict__)}")
            changes[name] = check_seconds(name, value)
        self.__dict__.update(changes)


class Account:
    """AccountSid, auth token and numbers."""

    def __init__(self, sid: str, auth_token: str, settings: Settings):
        self.sid = sid
        self.auth_token = auth_token
        self.settings = settings
        self.numbers: Dict[str, Number] = {}

    def put_number(self, e164: str, body: dict) -> Number:
        check_number("number", e164)
        number = self.numbers.get(e164) or Number(e164)
        number.update(body)
        self.numbers[e164] = number
        return number

    def owns(self, address: Optional[str]) -> bool:
        return address in self.numbers
