"""Runs the demonstration of `make run` on ports and in a directory of its own. The fixture `demo`
is imported by the test modules."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from httpd_config import ROOT
from httpd_server import free_port
from polling import until

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
