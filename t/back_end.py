"""What may stand behind httpd: a web server that echoes, a CGI program that echoes."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Echo(BaseHTTPRequestHandler):
    """Answers with what it got, as JSON. Takes bodies with a Content-Length and chunked ones."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self._chunks() if self.headers.get("Transfer-Encoding") else \
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = json.dumps({"method": self.command, "path": self.path,
                             "headers": {name.lower(): value for name, value in
                                         self.headers.items()},
                             "body": body.decode("latin-1")}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, *_: object) -> None:
        """Nothing: httpd's logs tell."""


class BackEnd:
    """A web server for mod_proxy."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        """http://127.0.0.1:port"""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop listening and end the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


_CGI = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
printf '%s %s\\n' "$REQUEST_METHOD" "$CONTENT_LENGTH"
cat
"""


def install_cgi(directory: Path) -> None:
    """Write "echo", a program that answers "METHOD length", a line feed and the body."""
    directory.mkdir(exist_ok=True)
    program = directory / "echo"
    program.write_text(_CGI)
    program.chmod(0o755)
