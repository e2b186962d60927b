"""Delivery of one request to the customer's web server, as Twilio sends it.

Signs, sends, retries by the connection overrides, follows redirects, keeps cookies, limits time
and size, and records each attempt as an exchange. Time-outs here are real time, whatever the
lab's clock says.
"""

import asyncio
import ssl
import uuid
from dataclasses import dataclass, field
from typing import Dict, List, Optional
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from .names import web_url_problem
from .overrides import OverrideError, Overrides, split
from .record import Exchange, Record

MAX_BODY = 64 * 1024
MAX_REDIRECTS = 10
FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"


@dataclass
class WebhookRequest:
    """What is to be sent: URL with its fragment, parameters, and whose call it belongs to."""

    kind: str
    url: str
    method: str
    params: Dict[str, str]
    call: Optional[str] = None
    cookies: Optional[aiohttp.CookieJar] = None
    token: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Answer:
    """The server's last word on a request; `error_code` is set when there is no usable one.

    `body` is longer than MAX_BODY when the server's was, but not by much.
    """

    url: str
    exchanges: List[Exchange]
    status: Optional[int] = None
    content_type: str = ""
    charset: Optional[str] = None
    body: bytes = b""
    error_code: Optional[int] = None
    error: Optional[str] = None


class _Failure(Exception):
    def __init__(self, code: int, message: str, outcome: str):
        super().__init__(message)
        self.code, self.message, self.outcome = code, message, outcome


class Webhooks:
    """The account's HTTP client."""

    def __init__(self, record: Record, auth_token: str, ca_file: Optional[str] = None):
        self._record = record
        self._validator = RequestValidator(auth_token)
        tls = ssl.create_default_context()
        if ca_file:
            tls.load_verify_locations(cafile=ca_file)
        # No connection is reused: a server may close an idle one at any time, and a POST that
        # meets such a close would look like a failure of the server.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True, ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=True)

    async def close(self) -> None:
        await self._session.close()

    async def deliver(self, request: WebhookRequest, attempt: int = 1, retries: bool = True,
                      replay_of: Optional[int] = None) -> Answer:
        """Sends until an attempt succeeds or the retries are used up; never raises for a
        failure of the server."""
        try:
            _check_url(request.url)
            bare, overrides = split(request.url)
        except (OverrideError, ValueError) as error:
            self._record.error(11100, str(error), request.url, request.call)
            return Answer(request.url, [], error_code=11100, error=str(error))
        last = attempt + (overrides.retries if retries else 0)
        deadline = asyncio.get_running_loop().time() + overrides.total_timeout
        exchanges: List[Exchange] = []
        while True:
            answer, outcome = await self._attempt(request, bare, overrides, deadline, attempt,
                                                  replay_of)
            exchanges += answer.exchanges
            answer.exchanges = exchanges
            left = deadline - asyncio.get_running_loop().time()
            if attempt >= last or left <= 0 or not overrides.retry(outcome):
                return answer
            attempt += 1

    async def _attempt(self, request: WebhookRequest, bare: str, overrides: Overrides,
                       deadline: float, attempt: int, replay_of: Optional[int]) -> tuple:
        url, data = bare, request.params
        if request.method == "GET":
            url, data = _with_query(bare, request.params), {}
        exchange = self._record.begin(
            kind=request.kind, call=request.call, method=request.method, url=url,
            params=dict(request.params), signature=self._validator.compute_signature(url, data),
            idempotency_token=request.token, attempt=attempt, source=request,
            replay_of=replay_of)
        answer = Answer(bare, [exchange])
        try:
            await asyncio.wait_for(self._exchange(request, url, data, overrides, exchange, answer),
                                   max(0.01, deadline - asyncio.get_running_loop().time()))
            return answer, "2xx"
        except _Failure as failure:
            code, message, outcome = failure.code, failure.message, failure.outcome
        except asyncio.CancelledError:
            self._record.fail(exchange, 11205, "given up: the lab dropped this call")
            raise
        except asyncio.TimeoutError as timeout:
            connecting = str(timeout).startswith("Connection timeout")
            code, outcome = 11205, "ct" if connecting else "rt"
            message = "no connection in time" if connecting else "no answer in time"
        except aiohttp.ClientConnectorError as error:
            code, message, outcome = 11205, f"connection failed: {error}", "connection"
        except aiohttp.ClientConnectionError as error:
            code, message, outcome = 11205, f"connection lost: {error}", "connection"
        except (aiohttp.ClientError, ValueError) as error:
            code, message, outcome = 11206, f"HTTP protocol violation: {error}", "protocol"
        answer.error_code, answer.error = code, message
        self._record.fail(exchange, code, message)
        return answer, outcome

    async def _exchange(self, request: WebhookRequest, url: str, data: Dict[str, str],
                        overrides: Overrides, exchange: Exchange, answer: Answer) -> None:
        method, signature = request.method, exchange.signature
        while True:
            async with self._send(request, method, url, data, signature, overrides) as response:
                if request.cookies is not None:
                    request.cookies.update_cookies(response.cookies, response.url)
                location = response.headers.get("Location")
                if response.status in (301, 302, 303, 307, 308) and location:
                    if len(exchange.redirects) == MAX_REDIRECTS:
                        raise _Failure(11215, f"more than {MAX_REDIRECTS} redirects", "redirects")
                    url = urljoin(url, location)
                    _check_url(url)
                    exchange.redirects.append(url)
                    if response.status in (301, 302, 303):
                        method, data = "GET", {}
                    signature = self._validator.compute_signature(url, data)
                    if url != exchange.url:
                        answer.url = url
                    continue
                await _read(response, exchange, answer)
                return

    def _send(self, request: WebhookRequest, method: str, url: str, data: Dict[str, str],
              signature: str, overrides: Overrides):
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": request.token,
                   "User-Agent": "TwilioProxy/1.1", "Accept": "*/*"}
        body = None
        if method == "POST":
            headers["Content-Type"] = FORM_TYPE
            body = urlencode(data).encode("ascii")
        target = URL(url, encoded=True)
        if request.cookies is not None:
            cookies = request.cookies.filter_cookies(target)
            if cookies:
                headers["Cookie"] = "; ".join(f"{c.key}={c.coded_value}"
                                              for c in cookies.values())
        return self._session.request(
            method, target, data=body, headers=headers, allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=overrides.connect_timeout,
                                          sock_read=overrides.read_timeout))


async def _read(response: aiohttp.ClientResponse, exchange: Exchange, answer: Answer) -> None:
    body = b""
    async for chunk in response.content.iter_chunked(16384):
        body += chunk
        if len(body) > MAX_BODY:
            break
    answer.status = exchange.status = response.status
    answer.content_type, answer.charset = response.content_type, response.charset
    if "Content-Type" not in response.headers:
        answer.content_type = ""
    answer.body = body
    exchange.headers = dict(response.headers)
    exchange.body = body[:MAX_BODY].decode("utf-8", "replace")
    if not 200 <= response.status < 300:
        raise _Failure(11200, f"HTTP retrieval failure: the server answered {response.status}",
                       f"{response.status // 100}xx")


def _with_query(url: str, params: Dict[str, str]) -> str:
    if not params:
        return url
    return url + ("&" if urlsplit(url).query else "?") + urlencode(params)


def _check_url(url: str) -> None:
    problem = web_url_problem(url)
    if problem:
        raise ValueError(f"invalid URL {url!r}: {problem}")
