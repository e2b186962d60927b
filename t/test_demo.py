"""`make run` without make: what it prints works, keeps its data, and stops without a trace."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys

import pytest

from demo_process import RUN, Demo, demo  # noqa: F401
from error_log import ErrorLog
from httpd_config import ROOT
from twilio_account import HANAKO, PROXY_NUMBER, TARO


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
