"""Legs: one call with a CallSid, from creation to its final status.

A leg knows nothing of documents. It changes state, remembers what its phone heard, collects keys
and wakes whoever waits on it. Ending is final and may be asked for any number of times.
"""

import asyncio
from typing import Callable, Dict, List, Optional, TYPE_CHECKING

import aiohttp

from .activity import Activity
from .clock import Clock
from .names import API_VERSION, geography, new_sid

if TYPE_CHECKING:
    from .callbacks import Subscription
    from .phones import Phone

FINAL = ("completed", "busy", "failed", "no-answer", "canceled")


class HungUp(Exception):
    """The leg that a task works for has ended."""


class Leg:
    """One call. `activity` and `cookies` are shared by the legs of one tree of calls."""

    def __init__(self, registry: "Calls", sender: str, to: str, direction: str,
                 phone: "Phone", parent: Optional["Leg"] = None):
        self.registry, self.clock = registry, registry.clock
        self.sid = new_sid("CA")
        self.sender, self.to, self.direction = sender, to, direction
        self.phone, self.parent = phone, parent
        self.activity: Activity = parent.activity if parent else Activity(registry.activity)
        self.cookies: aiohttp.CookieJar = (parent.cookies if parent
                                           else aiohttp.CookieJar(unsafe=True))
        self.status = "initiated" if parent else "ringing"
        self.created = self.clock.now()
        self.answered: Optional[float] = None
        self.end_time: Optional[float] = None
        self.peer: Optional["Leg"] = None
        self.heard: List[dict] = []
        self.extra: Dict[str, str] = {}
        self.subscription: Optional["Subscription"] = None
        self.documents = 0
        self.on_key: Optional[Callable[[str], None]] = None
        self._waiters: set = set()
        self._watchers: list = []

    @property
    def ended(self) -> bool:
        return self.status in FINAL

    @property
    def duration(self) -> int:
        """Seconds from answer to end, or to now; 0 for a call that was never answered."""
        if self.answered is None:
            return 0
        end = self.clock.now() if self.end_time is None else self.end_time
        return int(round(end - self.answered, 3))

    def ring(self) -> None:
        if not self.ended:
            self.status = "ringing"
            self.registry.emit(self, "ringing")
            self.changed()

    def answer(self) -> None:
        if self.ended or self.answered is not None:
            return
        self.status, self.answered = "in-progress", self.clock.now()
        self.registry.emit(self, "answered")
        self.changed()

    def end(self, status: str) -> None:
        """An answered call is `completed`, whatever is asked for, unless it failed."""
        if self.ended:
            return
        if self.answered is not None and status != "failed":
            status = "completed"
        self.status, self.end_time = status, self.clock.now()
        if self.peer:
            self.peer.peer = None
            self.peer = None
        self.registry.emit(self, "completed")
        self.changed()

    def hear(self, **what: object) -> None:
        self.heard.append({key: value for key, value in what.items() if value is not None})
        self.changed()

    def press(self, key: str) -> None:
        """One key: for whatever listens now, and audible to the other side of a conversation."""
        if self.peer:
            self.peer.hear(digits=key)
        if self.on_key:
            self.on_key(key)

    def join(self, other: "Leg") -> None:
        self.peer, other.peer = other, self
        self.changed()
        other.changed()

    async def until(self, ready: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Waits until `ready()`, or for `timeout` seconds of the clock (then False).

        Raises HungUp as soon as this leg has ended.
        """
        deadline = None if timeout is None else self.clock.now() + timeout
        while True:
            if self.ended:
                raise HungUp()
            if ready():
                return True
            if deadline is not None and self.clock.reached(deadline):
                return False
            await self._pause(deadline)

    async def sleep(self, seconds: float) -> None:
        await self.until(lambda: False, seconds)

    async def _pause(self, deadline: Optional[float]) -> None:
        waiter = asyncio.get_running_loop().create_future()
        wake = _waker(waiter)
        self._waiters.add(wake)
        timer = self.clock.call_at(deadline, wake) if deadline is not None else None
        try:
            with self.activity.parked():
                await waiter
        finally:
            self._waiters.discard(wake)
            if timer:
                timer.cancel()

    def changed(self) -> None:
        """Wakes those who wait on this leg and, as its Dial waits there, on its parent."""
        for wake in list(self._waiters):
            wake()
        if self.parent:
            for wake in list(self.parent._waiters):
                wake()
        for callback in list(self._watchers):
            callback()
        if self.peer:
            for callback in list(self.peer._watchers):
                callback()

    def watch(self, callback: Callable[[], None]) -> None:
        self._watchers.append(callback)

    def params(self) -> Dict[str, str]:
        """The parameters of every voice webhook of this leg."""
        params = {"AccountSid": self.registry.account_sid, "ApiVersion": API_VERSION,
                  "CallSid": self.sid, "CallStatus": self.status, "Direction": self.direction,
                  "From": self.sender, "To": self.to, "Caller": self.sender, "Called": self.to}
        for role, address in (("From", self.sender), ("Caller", self.sender),
                              ("To", self.to), ("Called", self.to)):
            params.update(geography(role, address))
        if self.parent:
            params["ParentCallSid"] = self.parent.sid
        params.update(self.extra)
        return params

    def view(self) -> dict:
        iso = self.clock.iso
        return {"sid": self.sid, "parent_call_sid": self.parent.sid if self.parent else None,
                "from": self.sender, "to": self.to, "direction": self.direction,
                "status": self.status, "start_time": iso(self.created),
                "answer_time": None if self.answered is None else iso(self.answered),
                "end_time": None if self.end_time is None else iso(self.end_time),
                "duration": self.duration if self.ended else None, "heard": list(self.heard),
                "errors": self.registry.record.errors(self.sid)}


class Calls:
    """All legs by SID."""

    def __init__(self, account_sid: str, clock: Clock, record, activity: Activity,
                 emit: Callable[[Leg, str], None]):
        self.account_sid, self.clock, self.record = account_sid, clock, record
        self.activity, self.emit = activity, emit
        self._legs: Dict[str, Leg] = {}

    def create(self, sender: str, to: str, direction: str, phone: "Phone",
               parent: Optional[Leg] = None) -> Leg:
        leg = Leg(self, sender, to, direction, phone, parent)
        self._legs[leg.sid] = leg
        return leg

    def get(self, sid: str) -> Optional[Leg]:
        return self._legs.get(sid)

    def all(self) -> List[Leg]:
        return list(self._legs.values())

    def clear(self) -> None:
        self._legs.clear()


def _waker(waiter: asyncio.Future) -> Callable[[], None]:
    def wake() -> None:
        if not waiter.done():
            waiter.set_result(None)
    return wake
