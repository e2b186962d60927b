"""How long a page of a list takes, on one connection, wherever in the list it is."""

from __future__ import annotations

import http.client
import json
import random
import time
from datetime import datetime, timedelta, timezone
from typing import Callable
from urllib.parse import urlencode, urlsplit

from bench_data import BUSY_SHARE, FIRST_CALLER, SPAN_DAYS, caller
from bench_server import BenchServer
from load import BenchError
from proxy_api import MOUNT, basic_login

_PAGES_IN_A_ROW = 4


def measure_lists(server: BenchServer, count: int) -> dict[str, list[float]]:
    """Milliseconds of at least ``count`` pages of each list."""
    service = server.database.query("SELECT service_sid FROM twv_participant"
                                    " WHERE identifier = ?", FIRST_CALLER)[0][0]
    busy = server.database.query("SELECT session_sid FROM twv_participant WHERE identifier = ?",
                                 caller(0))[0][0]
    sessions = f"/v1/Services/{service}/Sessions"
    source = random.Random(1)

    def before() -> str:
        moment = datetime.now(timezone.utc) - timedelta(days=source.uniform(1, SPAN_DAYS - 1))
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    lists = {
        "Sessions": lambda: sessions,
        f"Interactions of the session with 1/{BUSY_SHARE} of all calls":
            lambda: f"{sessions}/{busy}/Interactions",
        "Calls of the same session": lambda: f"{sessions}/{busy}/Calls",
        "Calls": lambda: f"/v1/Calls?{urlencode({'StartTime<': before()})}",
        "Calls, Status=completed": lambda: "/v1/Calls?" + urlencode(
            {"StartTime<": before(), "Status": "completed"}),
        "Calls, Status=ringing": lambda: "/v1/Calls?Status=ringing",
        "Calls, From=": lambda: "/v1/Calls?" + urlencode({"From": caller(source.randrange(1000))}),
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        return {name: _measure(connection, path, count) for name, path in lists.items()}
    finally:
        connection.close()


def _measure(connection: http.client.HTTPConnection, path: Callable[[], str],
             count: int) -> list[float]:
    """Some pages in a row from each place."""
    times: list[float] = []
    while len(times) < count:
        target = MOUNT + path()
        for _ in range(_PAGES_IN_A_ROW):
            start = time.perf_counter()
            connection.request("GET", target, headers=basic_login())
            response = connection.getresponse()
            body = response.read()
            times.append((time.perf_counter() - start) * 1000)
            if response.status != 200:
                raise BenchError(f"{target}: {response.status} {body[:200]!r}")
            following = json.loads(body)["meta"]["next_page_url"]
            if not following:
                break
            parts = urlsplit(following)
            target = f"{parts.path}?{parts.query}"
    return times
