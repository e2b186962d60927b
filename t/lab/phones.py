"""Virtual phones: how each answers, what it shows and hears, its inbox."""

from typing import Callable, Dict, List, Optional

from .account import FieldError, check_seconds
from .calls import Leg
from .clock import Clock, Timer
from .names import is_address

ANSWERS = ("manual", "auto", "busy", "reject", "no-answer", "unreachable")


class Phone:
    """One phone; it has one call at a time."""

    def __init__(self, number: str, clock: Clock):
        self.number = number
        self.answer_mode = "manual"
        self.answer_after = 0.0
        self.call: Optional[Leg] = None
        self.last_call: Optional[Leg] = None
        self.messages: List[dict] = []
        self._clock = clock
        self._timer: Optional[Timer] = None
        self._watchers: set = set()

    def update(self, body: dict) -> None:
        mode, after = body.get("answer", self.answer_mode), body.get("answer_after",
                                                                     self.answer_after)
        for name in body:
            if name not in ("answer", "answer_after"):
                raise FieldError(f"{name}: not a field of a phone; allowed: answer, answer_after")
        if mode not in ANSWERS:
            raise FieldError(f"answer: {mode!r} is none of {', '.join(ANSWERS)}")
        self.answer_mode, self.answer_after = mode, check_seconds("answer_after", after)

    @property
    def state(self) -> str:
        leg = self.call
        if leg is None:
            return "idle"
        if leg.answered is not None:
            return "talking"
        return "calling" if leg.direction == "inbound" else "ringing"

    def take(self, leg: Leg) -> None:
        """The phone makes this call, or this call comes in."""
        self.call = self.last_call = leg
        leg.watch(self._changed)
        self._changed()

    def offer(self, leg: Leg) -> None:
        """A call arrives; the phone does with it what it was told to."""
        if self.answer_mode == "unreachable":
            leg.end("failed")
        elif self.answer_mode == "busy" or self.call is not None:
            leg.end("busy")
        else:
            self.take(leg)
            leg.ring()
            if self.answer_mode == "auto":
                self._later(leg.answer)
            elif self.answer_mode == "reject":
                self._later(lambda: leg.end("busy"))

    def watch(self, callback: Callable[[], None]) -> None:
        self._watchers.add(callback)

    def unwatch(self, callback: Callable[[], None]) -> None:
        self._watchers.discard(callback)

    def deliver(self, sender: str, to: str, body: str, media: List[str]) -> None:
        self.messages.append({"from": sender, "to": to, "body": body, "media": media})
        self._changed()

    def view(self) -> dict:
        leg, last = self.call, self.last_call
        shows = talking_to = None
        if leg is not None:
            shows = leg.to if leg.direction == "inbound" else leg.sender
            talking_to = leg.peer.phone.number if leg.peer else None
        return {"number": self.number, "answer": self.answer_mode,
                "answer_after": self.answer_after, "state": self.state,
                "call": leg.sid if leg else None, "shows": shows,
                "heard": list(last.heard) if last else [], "talking_to": talking_to,
                "messages": list(self.messages)}

    def _later(self, act: Callable[[], None]) -> None:
        if self.answer_after:
            self._timer = self._clock.call_later(self.answer_after, act)
        else:
            act()

    def _changed(self) -> None:
        if self.call is not None and self.call.ended:
            self.call = None
            if self._timer:
                self._timer.cancel()
        for callback in list(self._watchers):
            callback()


class Phones:
    """All phones; they spring into being at first use."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._phones: Dict[str, Phone] = {}

    def get(self, number: str) -> Phone:
        if not is_address(number):
            raise FieldError(f"phone: {number!r} is neither an E.164 number nor a word such as "
                             "anonymous")
        if number not in self._phones:
            self._phones[number] = Phone(number, self._clock)
        return self._phones[number]

    def all(self) -> List[Phone]:
        return list(self._phones.values())

    def clear(self) -> None:
        self._phones.clear()
