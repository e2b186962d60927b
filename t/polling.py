"""Waiting for something to become true, without sleeping longer than needed."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
    """Call the condition until it returns something true, and return that.

    Raises AssertionError with the last value after ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    pause = 0.005
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            name = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"{name} did not hold within {timeout} s (last value {value!r})")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
