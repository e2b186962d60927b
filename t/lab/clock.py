"""The lab's clock: wall time, or a time that stands until it is moved by hand.

Times are seconds since the lab started; `datetime()` turns them into dates. All timers of the
lab (pauses, ringing, limits, time stamps) live here. Network time-outs do not: they are real.
"""

import asyncio
import heapq
import itertools
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Awaitable, Callable, Optional

MODES = ("real", "manual")
_TOLERANCE = 1e-9


class Timer:
    """One pending call-back; `cancel()` may be called any number of times."""

    def __init__(self, due: float, callback: Callable[[], None]):
        self.due = due
        self.callback: Optional[Callable[[], None]] = callback

    def cancel(self) -> None:
        self.callback = None


class Clock:
    """Time in seconds since the start, in one of two modes."""

    def __init__(self, mode: str = "real", epoch: Optional[datetime] = None):
        self.mode = mode
        self.epoch = epoch or datetime.now(timezone.utc)
        self._base = 0.0
        self._started = time.monotonic()
        self._timers: list = []
        self._order = itertools.count()
        self._handle: Optional[asyncio.TimerHandle] = None
        self._advancing = asyncio.Lock()

    def now(self) -> float:
        if self.mode == "manual":
            return self._base
        return self._base + time.monotonic() - self._started

    def datetime(self, at: Optional[float] = None) -> datetime:
        return self.epoch + timedelta(seconds=self.now() if at is None else at)

    def iso(self, at: Optional[float] = None) -> str:
        return self.datetime(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def rfc2822(self) -> str:
        return format_datetime(self.datetime().replace(microsecond=0))

    def call_at(self, due: float, callback: Callable[[], None]) -> Timer:
        timer = Timer(due, callback)
        heapq.heappush(self._timers, (due, next(self._order), timer))
        self._arm()
        return timer

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.call_at(self.now() + seconds, callback)

    def reached(self, due: float) -> bool:
        return self.now() >= due - _TOLERANCE

    def set_mode(self, mode: str) -> None:
        self._base = self.now()
        self._started = time.monotonic()
        self.mode = mode
        self._arm()

    async def advance(self, seconds: float, settle: Callable[[], Awaitable[None]]) -> None:
        """Moves a manual clock; timers fire in order and `settle` is awaited around each."""
        async with self._advancing:
            await settle()
            target = self._base + seconds
            while self.mode == "manual":
                timer = self._pop_due(target)
                if timer is None:
                    self._base = max(self._base, target)
                    return
                self._base = max(self._base, timer.due)
                self._fire(timer)
                await settle()

    def close(self) -> None:
        self._timers.clear()
        if self._handle:
            self._handle.cancel()

    def _pop_due(self, limit: float) -> Optional[Timer]:
        while self._timers:
            due, _, timer = self._timers[0]
            if timer.callback and due > limit + _TOLERANCE:
                return None
            heapq.heappop(self._timers)
            if timer.callback:
                return timer
        return None

    @staticmethod
    def _fire(timer: Timer) -> None:
        callback, timer.callback = timer.callback, None
        if callback:
            callback()

    def _arm(self) -> None:
        if self._handle:
            self._handle.cancel()
            self._handle = None
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        if self.mode == "real" and self._timers:
            delay = max(0.0, self._timers[0][0] - self.now())
            self._handle = asyncio.get_running_loop().call_later(delay, self._run_due)

    def _run_due(self) -> None:
        self._handle = None
        while self.mode == "real":
            timer = self._pop_due(self.now())
            if timer is None:
                break
            self._fire(timer)
        self._arm()
