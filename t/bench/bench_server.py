"""What is measured: httpd with the module, and a Python program that does the same work.

Both listen on 127.0.0.1 at a port from the system and are ended by their pid.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

from bench_data import FIRST_CALLER, FIRST_PARTNER, LIVE, OVER, copy
from databases import Sqlite
from httpd_config import SERVER_USER, is_root
from httpd_server import Httpd, free_port
from load import BenchError
from polling import until
from proxy_api import PLACE, ProxyApi
from twilio_account import ACCOUNT_SID, AUTH_TOKEN, PROXY_NUMBER, account, signed_form

STATIC, SIGNED = "/answer.xml", "/signed/answer.xml"
# Debian's mpm_event.conf and mpm_prefork.conf, with enough processes for all connections.
_MPM = {
    "event": "StartServers 2\nServerLimit 6\nThreadLimit 64\nThreadsPerChild 25\n"
             "MinSpareThreads 25\nMaxSpareThreads 75\nMaxRequestWorkers 150",
    "prefork": "StartServers 40\nMinSpareServers 5\nMaxSpareServers 40\nServerLimit 150\n"
               "MaxRequestWorkers 150",
}
_SETTINGS = """
{mpm}
LogLevel warn
KeepAlive On
MaxKeepAliveRequests 0
TwVoiceRetention 0
<Directory "{htdocs}/signed">
    Require twilio-signature
</Directory>
<Location "/twilio">
    SetHandler twvoice-webhook
    Require twilio-signature
</Location>
"""


def _own(path: Path) -> None:
    if is_root():
        user = pwd.getpwnam(SERVER_USER)
        os.chown(path, user.pw_uid, user.pw_gid)


class BenchServer:
    """A private httpd in a directory of its own. ``database`` is copied first, so that a run
    changes nothing for the next one."""

    def __init__(self, directory: Path, mpm: str = "event", database: Path | None = None) -> None:
        directory.mkdir()
        directory.chmod(0o755)
        (directory / "data").mkdir()
        _own(directory / "data")
        self.database_file = directory / "data" / "twvoice.db"
        if database:
            copy(database, self.database_file)
            _own(self.database_file)
        self.database = Sqlite(self.database_file)
        (directory / "httpd").mkdir()
        self.httpd = Httpd(directory / "httpd", mpm, self.database.directives())
        self.api = ProxyApi(self.httpd)
        (self.httpd.htdocs / "signed").mkdir()
        self.httpd.start(account(self.httpd) + PLACE
                         + _SETTINGS.format(mpm=_MPM[mpm], htdocs=self.httpd.htdocs))

    def __enter__(self) -> BenchServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.httpd.stop()
        unexpected = self.httpd.log.unexpected()
        if unexpected and error[0] is None:
            raise BenchError("httpd's error log:\n" + "\n".join(unexpected[:20]))

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.httpd.port

    def webhook(self, path: str, parameters: dict[str, str]) -> bytes:
        """A webhook that must be answered; the document."""
        body, headers = signed_form(path, parameters)
        answer = self.httpd.request("POST", path, body, headers)
        if answer.status not in (200, 204):
            raise BenchError(f"{path}: {answer.status} {answer.text}")
        return answer.body

    def make_files(self, content: bytes) -> None:
        """The static files, of the size of the answers that they are compared with."""
        for target in (STATIC, SIGNED):
            (self.httpd.htdocs / target.lstrip("/")).write_bytes(content)


def first_database(directory: Path) -> Path:
    """One row of each kind, written by the module: what all others are copied from."""
    with BenchServer(directory) as server:
        service = server.api.service(PROXY_NUMBER)
        server.api.session(service, FIRST_CALLER, FIRST_PARTNER, Mode="voice-and-message",
                           UniqueName="first", Ttl=86400)
        for legs, statuses in ((LIVE, ["initiated"]), (OVER, ["initiated", "completed"])):
            _call(server, legs, statuses)
    return server.database_file


def _call(server: BenchServer, legs: tuple[str, str], statuses: list[str]) -> None:
    """A call; what is reported of its second leg, and at its end also of the first."""
    incoming = {"AccountSid": ACCOUNT_SID, "CallSid": legs[0], "From": FIRST_CALLER,
                "To": PROXY_NUMBER, "Direction": "inbound", "CallStatus": "ringing"}
    document = server.webhook("/twilio/voice", incoming).decode()
    interaction = document.split("/dial?interaction=")[1][:34]
    over = {"CallDuration": "20", "Timestamp": "Fri, 20 Nov 2026 09:00:20 +0000"}
    for sequence, status in enumerate(statuses):
        server.webhook(f"/twilio/status?interaction={interaction}", {
            "AccountSid": ACCOUNT_SID, "CallSid": legs[1], "ParentCallSid": legs[0],
            "From": PROXY_NUMBER, "To": FIRST_PARTNER, "Direction": "outbound-dial",
            "CallStatus": status, "SequenceNumber": str(sequence),
            **(over if status == "completed" else {})})
    if "completed" in statuses:
        server.webhook("/twilio/status", {**incoming, "CallStatus": "completed", **over})


class PythonServer:
    """twilio-python under gunicorn with two workers, keep-alive by threads."""

    def __init__(self, directory: Path, database: Path) -> None:
        directory.mkdir()
        self.database_file = directory / "twvoice.db"
        copy(database, self.database_file)
        self.port = free_port()
        environment = {**os.environ, "BENCH_DATABASE": str(self.database_file),
                       "BENCH_TOKEN": AUTH_TOKEN, "BENCH_ACCOUNT": ACCOUNT_SID}
        self._output = open(directory / "output", "wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--workers", "2", "--worker-class", "gthread",
             "--threads", "8", "--keep-alive", "30", "--bind", f"127.0.0.1:{self.port}",
             "--chdir", str(Path(__file__).resolve().parent), "twilio_python:app"],
            env=environment, stdin=subprocess.DEVNULL, stdout=self._output,
            stderr=subprocess.STDOUT)
        self._log = directory / "output"

    def __enter__(self) -> PythonServer:
        until(lambda: self._log.read_text().count("Booting worker") >= 2
              or self._process.poll() is not None, 20, "start of gunicorn")
        if self._process.poll() is not None:
            raise BenchError(f"gunicorn: {self._log.read_text()}")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._output.close()
