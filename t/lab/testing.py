"""Help for tests: a lab in a process of its own, and a web server that plays the customer's.

Both listen on ports of the system's choice on 127.0.0.1. The fixtures `lab` (a client of a lab
with a manual clock, empty for each test) and `customer` are imported by the test modules.
"""

import asyncio
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Union

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from twilio_account import ACCOUNT_SID, AUTH_TOKEN

from .client import Lab
from .world import LAB_FAILURE

START_DEADLINE = 20.0


class LabProcess:
    """`python3 -m lab` with the given arguments; a context manager."""

    def __init__(self, *arguments: str, clock: str = "manual"):
        self._command = [sys.executable, "-m", "lab", "--listen", "127.0.0.1:0",
                         "--account-sid", ACCOUNT_SID, "--auth-token", AUTH_TOKEN,
                         "--clock", clock, *arguments]
        self.process: Optional[subprocess.Popen] = None
        self.url = ""

    def __enter__(self) -> "LabProcess":
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.PIPE,
                                        cwd=str(Path(__file__).parent.parent))
        watchdog = threading.Timer(START_DEADLINE, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line.startswith("lab listening on "):
            self.process.kill()
            raise RuntimeError(f"the lab did not start: {line} {self.process.stderr.read()}")
        self.url = line.split()[-1]
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def stop(self) -> tuple:
        """Ends it with SIGTERM; returns its exit status and what it wrote to stderr."""
        assert self.process is not None
        self.process.terminate()
        try:
            _, errors = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, errors

    @property
    def client(self) -> Lab:
        return Lab(self.url)


@dataclass
class Reply:
    """An answer of the customer's server; `until` delays it until the event is set."""

    body: Union[str, bytes] = ""
    status: int = 200
    content_type: Optional[str] = "text/xml"
    headers: Dict[str, str] = field(default_factory=dict)
    until: Optional[threading.Event] = None


@dataclass
class Received:
    """A request as the customer's server saw it."""

    method: str
    path: str
    url: str
    params: Dict[str, str]
    query: Dict[str, str]
    headers: Dict[str, str]

    @property
    def signed(self) -> bool:
        """Whether the official library takes the signature."""
        params = self.params if self.method == "POST" else {}
        return RequestValidator(AUTH_TOKEN).validate(self.url, params,
                                                     self.headers.get("X-Twilio-Signature", ""))

    @property
    def token(self) -> str:
        return self.headers["I-Twilio-Idempotency-Token"]


Answer = Union[str, Reply, Callable[[Received], Union[str, Reply]]]


class Customer:
    """A web server in a thread: answers by path, remembers the requests."""

    def __init__(self, tls: Optional[ssl.SSLContext] = None) -> None:
        self._tls = tls
        self._answers: Dict[str, List[Answer]] = {}
        self._received: List[Received] = []
        self._loop = asyncio.new_event_loop()
        self._runner: Optional[web.AppRunner] = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def on(self, path: str, *answers: Answer) -> str:
        """Sets the answers of a path, one per request, the last one for ever; returns the URL."""
        self._answers[path] = list(answers)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}{path}"

    def received(self, path: Optional[str] = None) -> List[Received]:
        return [r for r in list(self._received) if path in (None, r.path)]

    def last(self, path: str) -> Received:
        return self.received(path)[-1]

    def forget(self) -> None:
        self._answers.clear()
        self._received.clear()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> int:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, shutdown_timeout=0.1,
                          ssl_context=self._tls).start()
        return self._runner.addresses[0][1]

    async def _handle(self, request: web.Request) -> web.Response:
        params = await request.post() if request.method == "POST" else request.query
        received = Received(request.method, request.path, self.url(request.raw_path),
                            dict(params), dict(request.query), dict(request.headers))
        answers = self._answers.get(request.path, [Reply(status=404)])
        self._received.append(received)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer = answer(received)
        reply = Reply(answer) if isinstance(answer, str) else answer
        if reply.until:
            await asyncio.get_running_loop().run_in_executor(None, reply.until.wait, 30)
        body = reply.body.encode("utf-8") if isinstance(reply.body, str) else reply.body
        response = web.Response(status=reply.status, body=body, headers=reply.headers)
        if reply.content_type is None:
            response.headers.pop("Content-Type", None)
        else:
            response.headers["Content-Type"] = reply.content_type
        return response


@pytest.fixture(scope="module")
def lab_process() -> Iterator[LabProcess]:
    with LabProcess() as process:
        yield process


@pytest.fixture(scope="module")
def customer_server() -> Iterator[Customer]:
    server = Customer()
    yield server
    server.close()


@pytest.fixture
def customer(customer_server: Customer) -> Iterator[Customer]:
    customer_server.forget()
    yield customer_server


@pytest.fixture
def lab(lab_process: LabProcess) -> Iterator[Lab]:
    client = lab_process.client
    client.reset()
    client.clock(mode="manual")
    client.settings(speech_rate=0, play_seconds=0)
    for number in client.overview()["numbers"]:
        client.delete_number(number)
    yield client
    failures = [error for error in client.errors() if error["message"].startswith(LAB_FAILURE)]
    client.reset()
    overview = client.overview()
    assert (failures, overview["tasks"], overview["busy"]) == ([], 0, 0)
