"""The whole lab: account, clock, phones, calls, record, and the ways a call comes in."""

import json
import secrets
from typing import Optional

from . import dial, gather  # noqa: F401  (they register their verbs)
from .account import Account, FieldError, Number, Settings
from .activity import Activity
from .callbacks import Callbacks, subscribe
from .calls import Calls, Leg
from .clock import Clock
from .documents import Step
from .executor import Run
from .phones import Phone, Phones
from .record import Record
from .webhooks import Webhooks

# What a synthetic voice and a short recording take, when time is real.
SPEECH_RATE, PLAY_SECONDS = 0.06, 1.0
LAB_FAILURE = "the lab itself failed"


class World:
    """Everything that belongs to one account in the lab."""

    def __init__(self, account_sid: str, auth_token: str, clock: Clock,
                 ca_file: Optional[str] = None):
        real = clock.mode == "real"
        settings = Settings(SPEECH_RATE if real else 0.0, PLAY_SECONDS if real else 0.0)
        self.account = Account(account_sid, auth_token, settings)
        self.clock = clock
        self.record = Record(clock)
        self.activity = Activity(on_crash=lambda error: self.record.error(
            None, f"{LAB_FAILURE}: {error!r}", None, None))
        self.webhooks = Webhooks(self.record, auth_token, ca_file)
        self.callbacks = Callbacks(self.webhooks, clock)
        self.phones = Phones(clock)
        self.calls = Calls(account_sid, clock, self.record, self.activity,
                           self.callbacks.leg_event)

    def configure(self, config: dict) -> None:
        """Takes a configuration file: numbers, phones, settings as in the PUT bodies."""
        for name in _object("configuration", config):
            if name not in ("numbers", "phones", "settings"):
                raise FieldError(f"{name}: not in a configuration; allowed: numbers, phones, "
                                 "settings")
        for e164, body in _object("numbers", config.get("numbers", {})).items():
            self.account.put_number(e164, _object(f"numbers.{e164}", body))
        for name, body in _object("phones", config.get("phones", {})).items():
            self.phones.get(name).update(_object(f"phones.{name}", body))
        self.account.settings.update(_object("settings", config.get("settings", {})))

    def place_call(self, phone: Phone, number: Number, shown: str, extra: dict) -> Leg:
        """`phone` calls `number`; `shown` is what Twilio sees as From, `extra` are parameters
        that are sent only sometimes."""
        leg = self.calls.create(shown, number.number, "inbound", phone)
        leg.extra = extra
        leg.subscription = subscribe(number.status_callback, number.status_callback_method,
                                     frozenset(("completed",)))
        phone.take(leg)
        fallback = None
        if number.voice_fallback_url:
            fallback = Step("fallback", number.voice_fallback_url, number.voice_fallback_method)
        token = json.dumps({"parentCallInfoToken": secrets.token_urlsafe(48)})
        step = Step("voice", number.voice_url, number.voice_method, {"CallToken": token})
        leg.activity.spawn(Run(self, leg, fallback).call(step))
        return leg

    async def reset(self) -> None:
        """Drops calls, phones, exchanges, errors and held callbacks; keeps numbers."""
        await self.activity.cancel_all()
        self.calls.clear()
        self.phones.clear()
        self.callbacks.clear()
        self.record.clear()

    async def close(self) -> None:
        await self.activity.cancel_all()
        self.clock.close()
        await self.webhooks.close()


def _object(name: str, value: object) -> dict:
    if not isinstance(value, dict):
        raise FieldError(f"{name}: {value!r} is not a JSON object")
    return value
