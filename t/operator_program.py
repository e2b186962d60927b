"""The operator's program: a web server that gets the callbacks of a service, and answers them as a
test says."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from twilio_account import AUTH_TOKEN


@dataclass
class Reply:
    """What to answer."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain"
    wait: threading.Event | None = None  # answer only after this


@dataclass
class Callback:
    """One request that came."""

    path: str
    parameters: dict[str, str]
    is_signed: bool
    idempotency_token: str | None


@dataclass
class OperatorProgram:
    """Listens on a port of its own. ``replies`` holds, for a path, the answers to come; the last
    one stays."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    callbacks: list[Callback] = field(default_factory=list)

    def __post_init__(self) -> None:
        program = self

        class Handler(BaseHTTPRequestHandler):
            """Keeps what comes, answers as told."""

            def do_POST(self) -> None:
                """A callback."""
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                reply = program.take(self.path, body, self.headers)
                if reply.wait:
                    reply.wait.wait(30)
                data = reply.body.encode()
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass  # whoever asked has gone: that may be what the test is about

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        """http://127.0.0.1:port"""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, *replies: Reply) -> str:
        """Set the answers for a path; returns its URL."""
        self.replies[path] = list(replies)
        return self.url + path

    def of(self, path: str) -> list[Callback]:
        """The callbacks to one path, in order."""
        with self._lock:
            return [callback for callback in self.callbacks if callback.path == path]

    def take(self, path: str, body: str, headers: object) -> Reply:
        """Note a callback and find its answer."""
        parameters = dict(parse_qsl(body, keep_blank_values=True))
        is_signed = RequestValidator(AUTH_TOKEN).validate(
            self.url + path, parameters, headers["X-Twilio-Signature"] or "")
        with self._lock:
            self.callbacks.append(Callback(path, parameters, is_signed,
                                           headers["I-Twilio-Idempotency-Token"]))
            replies = self.replies.get(path) or [Reply()]
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def stop(self) -> None:
        """Stop listening and end the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
