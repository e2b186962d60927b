"""What the lab remembers: every exchange with the customer's web server, and every error."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Optional

from .clock import Clock

# By hand the lab may run for weeks: the oldest entries go first.
KEPT = 20000


@dataclass
class Exchange:
    """One request that was sent (each retry is one of its own) and what came back."""

    id: int
    time: str
    kind: str
    call: Optional[str]
    method: str
    url: str
    params: Dict[str, str]
    signature: str
    idempotency_token: str
    attempt: int
    source: Any = field(default=None, repr=False)
    status: Optional[int] = None
    headers: Dict[str, str] = field(default_factory=dict)
    body: Optional[str] = None
    error_code: Optional[int] = None
    error: Optional[str] = None
    redirects: List[str] = field(default_factory=list)
    replay_of: Optional[int] = None

    def view(self) -> dict:
        return {key: value for key, value in self.__dict__.items() if key != "source"}


class Record:
    """Exchanges and errors, oldest first."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._ids = itertools.count(1)
        self._exchanges: deque = deque(maxlen=KEPT)
        self._errors: deque = deque(maxlen=KEPT)

    def begin(self, **known: Any) -> Exchange:
        exchange = Exchange(id=next(self._ids), time=self._clock.iso(), **known)
        self._exchanges.append(exchange)
        return exchange

    def fail(self, exchange: Exchange, code: int, message: str) -> None:
        exchange.error_code, exchange.error = code, message
        self.error(code, message, exchange.url, exchange.call)

    def error(self, code: Optional[int], message: str, url: Optional[str],
              call: Optional[str]) -> None:
        self._errors.append({"time": self._clock.iso(), "code": code, "message": message,
                             "url": url, "call": call})

    def exchanges(self, kind: Optional[str] = None, call: Optional[str] = None,
                  since: int = 0) -> List[Exchange]:
        return [exchange for exchange in self._exchanges
                if exchange.id > since and kind in (None, exchange.kind)
                and call in (None, exchange.call)]

    def exchange(self, number: int) -> Optional[Exchange]:
        return next((e for e in self._exchanges if e.id == number), None)

    def errors(self, call: Optional[str] = None) -> List[dict]:
        return [error for error in self._errors if call in (None, error["call"])]

    def clear_exchanges(self) -> None:
        self._exchanges.clear()

    def clear(self) -> None:
        self._exchanges.clear()
        self._errors.clear()

    @staticmethod
    def views(exchanges: Iterable[Exchange]) -> List[dict]:
        return [exchange.view() for exchange in exchanges]
