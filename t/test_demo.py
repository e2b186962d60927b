"""`make run` without make: what it prints works, keeps its data, and stops without a trace."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from error_log import ErrorLog
from httpd_config import ROOT
from httpd_server import free_port
from polling import until
from twilio_account import HANAKO, PROXY_NUMBER, TARO

RUN = ROOT / "t" / "demo" / "run.py"


class Demo:
    """One demonstration on ports and in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.http_port, self.lab_port = free_port(), free_port()
        self.environment = {
            **os.environ, "LANG": "C.UTF-8", "TWVOICE_RUN_DIR": str(directory),
            "TWVOICE_RUN_HTTPD_PORT": str(self.http_port),
            "TWVOICE_RUN_LAB_PORT": str(self.lab_port),
        }
        self._output = directory.with_suffix(".out")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it; returns what it printed until it was ready."""
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(RUN)], cwd=ROOT, env=self.environment, stdout=output,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        until(lambda: "Ctrl-C stops both" in self.output() or self._process.poll() is not None, 60,
              "start of the demonstration")
        assert self._process.poll() is None, self.output()
        return self.output()

    def output(self) -> str:
        """Everything it printed."""
        return self._output.read_text("utf-8")

    def processes(self) -> list[int]:
        """The processes that work in its directory: the server with its children, the lab."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if str(self.directory).encode() in path.read_bytes():
                    found.append(int(path.parent.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def shell(self, command: str) -> str:
        """A printed command, copied and pasted."""
        done = subprocess.run(["/bin/bash", "-c", command], cwd=ROOT, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, check=False)
        assert done.returncode == 0, done.stdout.decode()
        return done.stdout.decode()

    def stop(self, number: int = signal.SIGTERM) -> int | None:
        """End it by a signal; its exit status."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(number)
        return process.wait(60)


@pytest.fixture
def demo(scratch: Path) -> Iterator[Demo]:
    """Not started yet."""
    demonstration = Demo(scratch / "run")
    yield demonstration
    demonstration.stop()


def printed_commands(guide: str) -> list[str]:
    """The commands that the guide tells, without its other lines."""
    text = guide.replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def rows_of(log: str) -> list[list[str]]:
    """The rows that call.py prints of the module's log."""
    block = log.split("log of the module", 1)[1].split("\n\n", 1)[0]
    return [re.split(r"\s{2,}", line.strip()) for line in block.splitlines()[2:]]


def test_every_printed_command_works_and_the_call_is_shown_and_logged(demo: Demo) -> None:
    call, services, sessions, log, second, menu = printed_commands(demo.start())
    shown = demo.shell(call)
    assert re.search(rf"\{TARO} +rings, shows \{PROXY_NUMBER}", shown)
    assert re.search(rf"\{TARO} +hears \{HANAKO}: ", shown)
    assert re.search(rf"\{HANAKO} +hangs up", shown)
    inbound, outbound = rows_of(shown)
    assert inbound[:4] == ["inbound", HANAKO, PROXY_NUMBER, "completed"]
    assert outbound[:4] == ["outbound-dial", PROXY_NUMBER, TARO, "completed"]
    for row in (inbound, outbound):
        start, answer, end, seconds = row[4:]
        assert start < answer < end and int(seconds) >= 2
    assert '"unique_name":"demo"' in demo.shell(services)
    assert '"unique_name":"hanako-and-taro"' in demo.shell(sessions)
    assert len(demo.shell(log).splitlines()) == 3
    assert '"unique_name":"hanako-and-saburo"' in demo.shell(second)
    shown = demo.shell(menu)
    assert "太郎さんは、1を。" in shown and "三郎さんは、2を。" in shown
    assert re.search(rf"\{TARO} +rings, shows \{PROXY_NUMBER}", shown)
    assert not ErrorLog(demo.directory / "logs" / "error.log").unexpected()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_the_next_start_keeps_the_data(demo: Demo,
                                                                     number: int) -> None:
    first = demo.start()
    token = demo.directory / "auth_token"
    secret = token.read_text()
    assert len(demo.processes()) >= 3
    assert demo.stop(number) == 0
    assert demo.processes() == []
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert demo.start() == first
    assert token.read_text() == secret
    with sqlite3.connect(f"file:{demo.directory}/data/twvoice.db?mode=ro", uri=True) as database:
        assert database.execute("SELECT count(*) FROM twv_session").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM twv_participant").fetchone() == (2,)


@pytest.mark.parametrize("which", ["HTTPD", "LAB"])
def test_a_port_in_use_is_told_before_anything_happens(demo: Demo, which: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        environment = {**demo.environment, f"TWVOICE_RUN_{which}_PORT": str(port)}
        done = subprocess.run([sys.executable, str(RUN)], cwd=ROOT, env=environment, timeout=60,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert f"Port {port} " in done.stderr.decode()
    assert f"TWVOICE_RUN_{which}_PORT=" in done.stderr.decode()
    assert not demo.directory.exists()


def test_a_call_without_the_demonstration_says_what_to_do(demo: Demo) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "t" / "demo" / "call.py")], cwd=ROOT,
                          env=demo.environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    assert done.returncode == 2
    assert "`make run`" in done.stderr.decode()
