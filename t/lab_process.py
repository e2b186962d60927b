"""Starts the lab, the local stand-in for Twilio, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from polling import until

TESTS = Path(__file__).resolve().parent


class LabProcess:
    """One lab; knows where it listens once it runs."""

    def __init__(self, directory: Path, account_sid: str, auth_token: str) -> None:
        port_file = directory / "lab.port"
        self._output = open(directory / "lab.log", "wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lab", "--listen", "127.0.0.1:0", "--account-sid", account_sid,
             "--auth-token", auth_token, "--clock", "manual", "--port-file", str(port_file)],
            cwd=TESTS, env={**os.environ, "PYTHONPATH": str(TESTS)}, stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=subprocess.STDOUT)
        try:
            until(lambda: port_file.exists() and port_file.read_text().strip()
                  or self._process.poll() is not None, 20, "start of the lab")
            assert self._process.poll() is None, (directory / "lab.log").read_text()
        except AssertionError:
            self.stop()
            raise
        self.url = f"http://127.0.0.1:{int(port_file.read_text())}"

    def stop(self) -> None:
        """End it by its pid."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._output.close()
