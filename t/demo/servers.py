"""The two processes of the demonstration: starting, watching, stopping."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from demo.settings import ACCOUNT_SID, HOST, ROOT, DemoError, Settings, shown

HTTPD = "/usr/sbin/apache2"
PATIENCE = 20.0


def check_ports(settings: Settings) -> None:
    """Both must be free, before anything is written or started."""
    for port, what, name in ((settings.httpd_port, "httpd", "TWVOICE_RUN_HTTPD_PORT"),
                             (settings.lab_port, "the lab", "TWVOICE_RUN_LAB_PORT")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise DemoError(
                    f"Port {port} on {HOST}, for {what}, cannot be used: {error.strerror}. Perhaps "
                    "`make run` runs in another terminal. Stop what uses the port (`ss -ltnp` "
                    f"names it), or take another one:\n\n    {name}={port + 100} make run"
                ) from None


class Server:
    """One process, in a session of its own so that Ctrl-C reaches only who stops it."""

    def __init__(self, name: str, command: list[str], log: Path, url: str) -> None:
        self.name, self.log = name, log
        self._url = url
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "t")}
        with open(log, "ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                             stderr=subprocess.STDOUT, env=environment,
                                             start_new_session=True)

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def wait_until_it_answers(self) -> None:
        """Any answer will do."""
        opener = build_opener(ProxyHandler({}))
        deadline = time.monotonic() + PATIENCE
        while not self.has_ended() and time.monotonic() < deadline:
            try:
                opener.open(self._url, timeout=2).close()
                return
            except HTTPError as error:
                error.close()
                return
            except (URLError, OSError):
                time.sleep(0.05)
        raise DemoError(f"{self.name} did not start. The end of {shown(self.log)}:\n"
                        + self.last_lines())

    def last_lines(self) -> str:
        """What it said last."""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-10:]
        return "\n".join(f"    {line}" for line in lines)

    def stop(self) -> None:
        """End it; what does not end by itself is killed with all its children."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def start_lab(settings: Settings) -> Server:
    """The stand-in for Twilio."""
    directory = settings.directory
    return Server("The lab", [
        sys.executable, "-m", "lab", "--listen", f"{HOST}:{settings.lab_port}",
        "--account-sid", ACCOUNT_SID, "--auth-token", settings.token(),
        "--config", str(directory / "lab.json"), "--clock", "real",
    ], directory / "logs" / "lab.log", f"{settings.lab_url}/lab")


def start_httpd(settings: Settings) -> Server:
    """The server with the module."""
    directory = settings.directory
    return Server("httpd", [
        HTTPD, "-d", str(directory), "-f", str(directory / "httpd.conf"), "-DFOREGROUND",
    ], directory / "logs" / "error.log", f"{settings.httpd_url}/proxy/v1/Services")


def watch(servers: list[Server], is_stopped: Callable[[], bool]) -> None:
    """Return when it is time to stop; a server that ends by itself is an error."""
    while not is_stopped():
        for server in servers:
            if server.has_ended():
                raise DemoError(f"{server.name} ended by itself. The end of {shown(server.log)}:\n"
                                + server.last_lines())
        time.sleep(0.2)
