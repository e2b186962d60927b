"""Knows when nothing is left to do until time passes or somebody acts.

Every task of the lab counts as busy except while it is parked: waiting for the clock, a key, an
answer or a hang-up. An HTTP request under way is work. One Activity per tree of calls lets a
caller wait for its own call only; all of them add up in their parent, which holds the tasks.
"""

import asyncio
import contextlib
import traceback
from typing import Awaitable, Callable, Iterator, Optional, Set

# A wake-up takes a few turns of the event loop to reach the task that it wakes.
_QUIET_TURNS = 8


class Activity:
    """Counts busy tasks and owns them, so that they can be cancelled together."""

    def __init__(self, parent: Optional["Activity"] = None,
                 on_crash: Optional[Callable[[BaseException], None]] = None):
        self._parent, self._on_crash = parent, on_crash
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: Set[asyncio.Task] = set()

    def spawn(self, work: Awaitable) -> asyncio.Task:
        self._enter()
        task = asyncio.ensure_future(work)
        self._root()._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    @contextlib.contextmanager
    def parked(self) -> Iterator[None]:
        self._leave()
        try:
            yield
        finally:
            self._enter()

    async def settle(self) -> None:
        """Returns once no task of this activity can go on by itself."""
        quiet = 0
        while quiet < _QUIET_TURNS:
            await self._idle.wait()
            await asyncio.sleep(0)
            quiet = 0 if self._busy else quiet + 1

    async def cancel_all(self) -> None:
        """Ends every task of the whole tree of activities."""
        while self._root()._tasks:
            # A task that ends may start others: a leg's end has its status callback.
            tasks = list(self._root()._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def tasks(self) -> int:
        """How many tasks the whole tree has."""
        return len(self._root()._tasks)

    def busy(self) -> int:
        return self._busy

    def _root(self) -> "Activity":
        return self._parent._root() if self._parent else self

    def _enter(self) -> None:
        self._busy += 1
        self._idle.clear()
        if self._parent:
            self._parent._enter()

    def _leave(self) -> None:
        self._busy -= 1
        if self._busy == 0:
            self._idle.set()
        if self._parent:
            self._parent._leave()

    def _finished(self, task: asyncio.Task) -> None:
        self._root()._tasks.discard(task)
        self._leave()
        if not task.cancelled() and task.exception():
            traceback.print_exception(task.exception())
            report = self._root()._on_crash
            if report:
                report(task.exception())
