"""Load by wrk: one client thread, keep-alive, requests from a file."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "requests.lua"


class BenchError(Exception):
    """Something went wrong that makes the figures worthless."""


@dataclass
class RequestFile:
    """Requests of one length each; ``taken`` says how many were sent already."""

    path: Path
    length: int
    count: int
    repeatable: bool = False
    taken: int = 0


@dataclass
class Load:
    """What one run of wrk measured; times in milliseconds.

    ``closed`` connections are no errors: the event MPM closes those that it keeps alive when all
    threads of a child are busy, and clients connect anew. A crash is in the error log.
    """

    answered: int
    per_second: float
    p50: float
    p99: float
    longest: float
    closed: int
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """Requests that were not answered, or not well."""
        return sum(self.faults.values())


def run_wrk(port: int, file: RequestFile, connections: int, seconds: float) -> Load:
    """Send the file's next requests for a while. What is not repeatable must suffice."""
    left = file.count - file.taken
    command = ["wrk", "-t1", f"-c{connections}", "-d60", "--timeout", "5s", "-s", str(SCRIPT),
               f"http://127.0.0.1:{port}", "--", str(file.path), str(file.length),
               str(file.taken), str(left)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)  # wrk ends as if its time were over
        output, _ = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
    try:
        measured = json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise BenchError(f"wrk did not report:\n{output}") from None
    if not file.repeatable:
        file.taken += measured["sent"]
        if measured["sent"] > left:
            raise BenchError(f"{file.path.name} has only {file.count} requests: make more")
    faults = {name: measured[name] for name in ("connect", "write", "status", "timeout")
              if measured[name]}
    return Load(measured["requests"], measured["requests"] / measured["microseconds"] * 1e6,
                measured["p50"] / 1000, measured["p99"] / 1000, measured["max"] / 1000,
                measured["read"], faults)
