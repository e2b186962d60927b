"""Databases with many rows: the module makes the first of each kind, SQL multiplies them.

So every column holds what the module itself writes, whatever the schema's version. A database that
was made once is kept in the build directory.
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping

from twilio_account import PROXY_NUMBER

# The calls from which all others are copied: one is over, of the other both legs still ring.
OVER = ("CA" + "a" * 31 + "1", "CA" + "a" * 31 + "2")
LIVE = ("CA" + "b" * 31 + "1", "CA" + "b" * 31 + "2")
FIRST_CALLER, FIRST_PARTNER = "+819099999998", "+819099999999"
# One session of many calls: every such share of the calls is in session 0.
BUSY_SHARE = 20
_DAY_MS = 86400 * 1000
SPAN_DAYS = 60  # the calls are spread over that time
_SPAN_MS = SPAN_DAYS * _DAY_MS


@dataclass(frozen=True)
class Dataset:
    """How much is in a database. Live calls are two legs of which the second is not over."""

    name: str
    sessions: int
    legs: int
    live_calls: int

    @property
    def old_calls(self) -> int:
        """Those that are over."""
        return max(self.legs // 2 - self.live_calls, 1)


def caller(index: int) -> str:
    """Who calls in session ``index``."""
    return f"+8190{index:08d}"


def partner(index: int) -> str:
    """Who is called in session ``index``."""
    return f"+8180{index:08d}"


def _mix(index: int, seed: int) -> int:
    return (index * 2654435761 + seed * 40503) & 0xFFFFFFFF


def live_call_sids(index: int) -> tuple[str, str]:
    """Both legs of a live call."""
    inbound, outbound = ("CA" + "".join(f"{_mix(index, seed + part):08x}" for part in range(4))
                         for seed in (100, 200))
    return inbound, outbound


def live_interaction(index: int) -> str:
    """The interaction of a live call."""
    return f"KI{_mix(index, 300):08x}{_mix(index, 301):08x}{index:016x}"


# The same in SQL, for row n.

def _sql_mix(seed: int) -> str:
    return f"((n * 2654435761 + {seed * 40503}) & 4294967295)"


def _sql_random_sid(prefix: str, seed: int) -> str:
    parts = ", ".join(_sql_mix(seed + part) for part in range(4))
    return f"printf('{prefix}%08x%08x%08x%08x', {parts})"


def _sql_timed_sid(prefix: str, milliseconds: str) -> str:
    """As the module makes its own: they grow with the time."""
    return f"printf('{prefix}%012x%08x%012x', {milliseconds}, {_sql_mix(7)}, n)"


class _Multiplier:
    """Copies rows of an open database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def copy(self, table: str, where: str, values: Mapping[str, str], numbers: range) -> None:
        """More rows like the one, but with these expressions of n, the number of the row."""
        columns = [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]
        wrong = set(values) - set(columns)
        assert not wrong, f"{table} has no column {wrong}: the bench is older than the schema"
        expressions = ", ".join(values.get(column, f"one.{column}") for column in columns)
        self._connection.execute(f"CREATE TEMP TABLE one AS SELECT * FROM {table} WHERE {where}")
        if numbers:
            self._connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) WITH RECURSIVE numbers (n) AS"
                f" (SELECT {numbers.start} UNION ALL SELECT n + 1 FROM numbers"
                f" LIMIT {len(numbers)}) SELECT {expressions} FROM numbers CROSS JOIN one")
        self._connection.execute("DROP TABLE one")

    def one(self, sql: str) -> str:
        """A single value."""
        return self._connection.execute(sql).fetchone()[0]


def _copy_sessions(database: _Multiplier, dataset: Dataset, begin: int) -> None:
    session = _sql_timed_sid("KC", f"({begin} + n)")
    long = 10 * 365 * _DAY_MS  # a kept database must not have expired
    database.copy("twv_session", f"sid = '{_session_of(database)}'",
                  {"sid": session, "unique_name": "printf('order-%09d', n)",
                   "ttl": str(long // 1000), "expires_at": f"{begin + long} + n",
                   "date_created": f"{begin} + n", "date_updated": f"{begin} + n"},
                  range(dataset.sessions))
    for number, identifier, side in ((FIRST_CALLER, "+8190", 0), (FIRST_PARTNER, "+8180", 1)):
        database.copy("twv_participant", f"identifier = '{number}'",
                      {"sid": f"printf('KP%012x%08x%011x{side}', {begin} + n, {_sql_mix(11)}, n)",
                       "session_sid": session, "identifier": f"printf('{identifier}%08d', n)",
                       "date_created": f"{begin} + n", "date_updated": f"{begin} + n"},
                      range(dataset.sessions))


def _copy_old_calls(database: _Multiplier, dataset: Dataset, now: int, numbers: range) -> None:
    at = f"({now - _SPAN_MS} + n * {max(_SPAN_MS // dataset.old_calls, 1)})"
    _copy_calls(database, dataset, numbers, OVER, at,
                (_sql_timed_sid("KI", at), _sql_random_sid("CA", 400), _sql_random_sid("CA", 500)))


def _copy_live_calls(database: _Multiplier, dataset: Dataset, now: int) -> None:
    _copy_calls(database, dataset, range(dataset.live_calls), LIVE, f"({now} - 1000)",
                (f"printf('KI%08x%08x%016x', {_sql_mix(300)}, {_sql_mix(301)}, n)",
                 _sql_random_sid("CA", 100), _sql_random_sid("CA", 200)))


def _session_of(database: _Multiplier) -> str:
    return database.one("SELECT session_sid FROM twv_participant"
                        f" WHERE identifier = '{FIRST_CALLER}'")


def _copy_calls(database: _Multiplier, dataset: Dataset, numbers: range, legs: tuple[str, str],
                at: str, sids: tuple[str, str, str]) -> None:
    """An interaction, two legs and the first event of each."""
    begin = int(database.one("SELECT min(date_created) FROM twv_session"))
    index = f"(CASE WHEN n % {BUSY_SHARE} = 0 THEN 0 ELSE n % {dataset.sessions} END)"
    session = f"printf('KC%012x%08x%012x', {begin} + {index}, " \
              f"(({index} * 2654435761 + {7 * 40503}) & 4294967295), {index})"
    interaction, inbound, outbound = sids
    phone = {0: f"printf('+8190%08d', {index})", 1: f"printf('+8180%08d', {index})"}
    people = [f"printf('KP%012x%08x%011x{side}', {begin} + {index},"
              f" (({index} * 2654435761 + {11 * 40503}) & 4294967295), {index})" for side in (0, 1)]
    database.copy("twv_interaction", f"inbound_resource_sid = '{legs[0]}'",
                  {"sid": interaction, "session_sid": session, "inbound_resource_sid": inbound,
                   "outbound_resource_sid": outbound, "inbound_participant_sid": people[0],
                   "outbound_participant_sid": people[1], "date_created": at, "date_updated": at},
                  numbers)
    for side, sid in enumerate((inbound, outbound)):
        times = {name: f"{name} - one.date_created + {at}" for name in
                 ("initiated_at", "ringing_at", "answered_at", "ended_at", "observed_end_at")}
        database.copy("twv_call", f"sid = '{legs[side]}'",
                      {"sid": sid, "session_sid": session, "interaction_sid": interaction,
                       "participant_sid": people[side], "date_created": at,
                       "from_number" if side == 0 else "to_number": phone[side],
                       **({"parent_call_sid": inbound} if side else {}), **times}, numbers)
        database.copy("twv_event", f"call_sid = '{legs[side]}' AND event_key ="
                      f" (SELECT min(event_key) FROM twv_event WHERE call_sid = '{legs[side]}')",
                      {"call_sid": sid, "session_sid": session, "at": at}, numbers)


def _fill(path: Path, dataset: Dataset) -> None:
    """Indexes are made when most is there, which is several times as fast; the rest comes row by
    row, because an index that was made at once has full pages, which no index in use has."""
    now = int(time.time() * 1000)
    early = range(dataset.old_calls * 9 // 10)
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-2000000",
                   "temp_store=MEMORY", "locking_mode=EXCLUSIVE"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'"
                                 " AND sql IS NOT NULL AND tbl_name IN ('twv_session',"
                                 " 'twv_participant', 'twv_interaction', 'twv_call',"
                                 " 'twv_event')").fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    database = _Multiplier(connection)
    _copy_sessions(database, dataset, now - _SPAN_MS - _DAY_MS)
    _copy_old_calls(database, dataset, now, early)
    for _, sql in indexes:
        connection.execute(sql)
    _copy_old_calls(database, dataset, now, range(early.stop, dataset.old_calls))
    _copy_live_calls(database, dataset, now)
    connection.execute("UPDATE twv_number SET in_use = in_use + ?"
                       " WHERE phone_number = ?", (dataset.sessions, PROXY_NUMBER))
    connection.execute("COMMIT")
    connection.close()


def _fingerprint(path: Path, dataset: Dataset) -> str:
    """Changes with the schema, the amounts and this file."""
    connection = sqlite3.connect(path)
    schema = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    text = repr((schema, dataset, Path(__file__).read_bytes()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def prepare(first: Path, dataset: Dataset, cache: Path, say: Callable[[str], None]) -> Path:
    """The kept database of these amounts; made from ``first``, which the module wrote, when it is
    not there yet."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"{dataset.name}-{_fingerprint(first, dataset)}.db"
    if not kept.exists():
        for old in cache.glob(f"{dataset.name}-*.db*"):
            old.unlink()
        start = time.monotonic()
        unfinished = kept.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        copy(first, unfinished)
        _fill(unfinished, dataset)
        unfinished.rename(kept)
        say(f"filled a database: {dataset.sessions} sessions, {dataset.legs} legs,"
            f" {kept.stat().st_size / 1e9:.1f} GB, {time.monotonic() - start:.0f} s")
    return kept


def copy(source: Path, target: Path) -> None:
    """As quick as the file system can."""
    subprocess.run(["cp", "--reflink=auto", str(source), str(target)], check=True)
