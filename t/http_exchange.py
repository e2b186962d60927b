"""One HTTP request and its answer, on a connection of its own."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any, Iterable, Mapping
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    """What the server sent."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def encode(body: bytes | str | Mapping[str, str] | Iterable[tuple[str, str]] | None
           ) -> tuple[bytes | None, dict[str, str]]:
    """Bytes to send and the headers that go with them; mappings and pairs become a form."""
    if body is None or isinstance(body, bytes):
        return body, {}
    if isinstance(body, str):
        return body.encode(), {}
    return urlencode(body, doseq=True).encode(), {"Content-Type": FORM}


def exchange(port: int, method: str, path: str, body: Any = None, headers: Any = None,
             timeout: float = 15.0) -> Answer:
    """Send and wait for the whole answer. The path goes out as it is, without any encoding."""
    data, implied = encode(body)
    given = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    names = {name.lower() for name, _ in given}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
        given += [(name, value) for name, value in implied.items() if name.lower() not in names]
        for name, value in given:
            connection.putheader(name, value)
        if data is not None and not names & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(data)))
        connection.putheader("Connection", "close")
        connection.endheaders(data)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


class RawConnection:
    """A connection whose bytes the test writes itself."""

    def __init__(self, port: int, timeout: float = 15.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes | str) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data.encode() if isinstance(data, str) else data)

    def finish_sending(self) -> None:
        """Close our half."""
        self._socket.shutdown(socket.SHUT_WR)

    def read_until(self, end: bytes) -> bytes:
        """What the server sends, up to and with these bytes."""
        received = b""
        while not received.endswith(end):
            piece = self._socket.recv(1)
            assert piece, f"the server closed the connection after {received!r}"
            received += piece
        return received

    def answer(self) -> Answer:
        """The next answer."""
        response = http.client.HTTPResponse(self._socket)
        response.begin()
        return Answer(response.status, response.headers, response.read())
