"""A private httpd for one test: its own ServerRoot, port, user and error log."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Iterable

from error_log import ErrorLog
from http_exchange import Answer, exchange
from httpd_config import base_config, make_tree
from polling import until

HTTPD = "/usr/sbin/apache2"
READY = r"AH00489|AH00163"  # "configured -- resuming normal operations"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_connections(port: int) -> int:
    """How many connections a local server has that are not closed on its side."""
    listening, time_wait = "0A", "06"
    local = f"0100007F:{port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[1] == local and row[3] not in (listening, time_wait) for row in rows)


class Httpd:
    """Start it with what the test adds to the base configuration; the fixture stops it."""

    def __init__(self, root: Path, mpm: str = "event", directives: str = "") -> None:
        make_tree(root)
        self.root = root
        self.mpm = mpm
        self.modules: list[str] = []
        self.port = free_port()
        self.log = ErrorLog(root / "logs" / "error.log")
        self.directives = directives
        self._process: subprocess.Popen[bytes] | None = None

    # Places

    @property
    def url(self) -> str:
        """http://127.0.0.1:port"""
        return f"http://127.0.0.1:{self.port}"

    @property
    def htdocs(self) -> Path:
        """The document root."""
        return self.root / "htdocs"

    @property
    def config_file(self) -> Path:
        """The configuration that start() and configtest() wrote last."""
        return self.root / "conf" / "httpd.conf"

    # Life

    def load(self, *modules: str) -> None:
        """Load more of httpd's own modules ("cgi" becomes cgid where the MPM has threads)."""
        for name in modules:
            self.modules.append("cgid" if name == "cgi" and self.mpm != "prefork" else name)

    def start(self, extra: str = "") -> None:
        """Write the configuration and start; returns when the server answers."""
        assert self._process is None, "the server runs already"
        for attempt in range(3):
            self._write(extra)
            started_before = len(self.log.lines(READY))
            with open(self.root / "logs" / "output", "wb") as output_file:
                self._process = subprocess.Popen(
                    [HTTPD, "-d", str(self.root), "-f", str(self.config_file), "-DFOREGROUND"],
                    stdin=subprocess.DEVNULL, stdout=output_file, stderr=subprocess.STDOUT,
                    env=self._environment(),
                    start_new_session=True)  # prefork ends its whole process group
            until(lambda: len(self.log.lines(READY)) > started_before
                  or self._process.poll() is not None, 30, "start of httpd")
            if self._process.poll() is None:
                return
            output = (self.root / "logs" / "output").read_text(errors="replace")
            self._process = None
            if "AH00072" not in output + self.log.text() or attempt == 2:
                break
            self.log.expect("AH00072|AH00015")  # somebody else took the port: another one
            self.port = free_port()
        raise AssertionError(f"httpd did not start:\n{output}\n{self.log.text()}")

    def rewrite(self, extra: str) -> None:
        """Change the configuration; graceful() makes it count."""
        self._write(extra)

    def graceful(self) -> None:
        """Reload; returns when the new generation serves."""
        before = len(self.log.lines(READY))
        os.kill(self.pid, signal.SIGUSR1)
        until(lambda: len(self.log.lines(READY)) > before, 30, "graceful restart")

    def stop(self) -> None:
        """End the server by its pid; kills it when it does not end by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        # A child of the event MPM that is told to stop while a worker closes a connection frees
        # what that worker still uses, without our module, too. So nothing may be going on.
        try:
            until(lambda: open_connections(self.port) == 0 or process.poll() is not None, 20,
                  "end of all connections")
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
                raise AssertionError("httpd did not stop within 20 s") from None

    @property
    def pid(self) -> int:
        """Process id of the parent."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def children(self) -> list[int]:
        """Process ids of the children (with mod_cgid also its daemon)."""
        return [int(pid) for pid in
                Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def configtest(self, extra: str = "", *arguments: str) -> tuple[bool, str]:
        """Run the server with -t; whether it is content, and what it printed."""
        self._write(extra)
        done = subprocess.run(
            [HTTPD, "-d", str(self.root), "-f", str(self.config_file), "-t", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            env=self._environment(), check=False)
        return done.returncode == 0, done.stdout.decode(errors="replace")

    # Use

    def request(self, method: str, path: str, body: bytes | str | dict[str, str] | None = None,
                headers: dict[str, str] | Iterable[tuple[str, str]] | None = None,
                timeout: float = 15.0) -> Answer:
        """One request on a connection of its own; a dict as body is sent as a form."""
        return exchange(self.port, method, path, body, headers, timeout)

    def error_log(self) -> str:
        """Everything that was logged so far."""
        return self.log.text()

    def expect_log(self, pattern: str) -> None:
        """Lines at warn and above that match are part of the test."""
        self.log.expect(pattern)

    def access_log(self) -> list[str]:
        """Lines "METHOD /path?query STATUS bytes"."""
        path = self.root / "logs" / "access.log"
        return path.read_text().splitlines() if path.exists() else []

    def _write(self, extra: str) -> None:
        base = base_config(self.root, self.port, self.mpm, self.modules)
        self.config_file.write_text(f"{base}\n{self.directives}\n{extra}\n")

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "Asia/Tokyo"}
