"""Messages: from a phone to a number of the account, the answer's TwiML, delivery to inboxes."""

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, TYPE_CHECKING

import aiohttp

from .account import Number
from .activity import Activity
from .callbacks import Subscription
from .documents import Document, DocumentError, Step, load
from .names import API_VERSION, E164, geography, new_sid
from .phones import Phone
from .twiml import SCHEMA_ERROR, Element
from .webhooks import WebhookRequest

if TYPE_CHECKING:
    from .world import World

MAX_BODY = 1600
MAX_DOCUMENTS = 50
INVALID_FROM, INVALID_TO, BODY_TOO_LONG, NO_BODY = 21606, 21211, 21617, 21619
_GSM7 = re.compile(r"[A-Za-z0-9 \r\n@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,\-./:;<=>?¡ÄÖÑÜ§¿äöñüà]*\Z")
_DELIVERED = frozenset(("sent", "delivered"))


def segments(body: str) -> int:
    """How many parts a text is sent in."""
    single, joined = (160, 153) if _GSM7.match(body) else (70, 67)
    units = len(body.encode("utf-16-le")) // 2
    return 1 if units <= single else -(-units // joined)


@dataclass
class Message:
    """One message of the account."""

    sid: str
    sender: str
    to: str
    body: str
    media: List[str]

    def view(self) -> dict:
        return {"sid": self.sid, "from": self.sender, "to": self.to, "body": self.body,
                "media": self.media}

    def received_params(self, account_sid: str) -> Dict[str, str]:
        params = {"MessageSid": self.sid, "SmsSid": self.sid, "SmsMessageSid": self.sid,
                  "AccountSid": account_sid, "ApiVersion": API_VERSION, "From": self.sender,
                  "To": self.to, "Body": self.body, "NumMedia": str(len(self.media)),
                  "NumSegments": str(segments(self.body)), "SmsStatus": "received"}
        params.update(geography("From", self.sender))
        params.update(geography("To", self.to))
        for index, url in enumerate(self.media):
            params[f"MediaUrl{index}"] = url
            params[f"MediaContentType{index}"] = _media_type(url)
        return params

    def status_params(self, account_sid: str, status: str, clock) -> Dict[str, str]:
        params = {"AccountSid": account_sid, "ApiVersion": API_VERSION, "From": self.sender,
                  "To": self.to, "MessageSid": self.sid, "SmsSid": self.sid,
                  "MessageStatus": status, "SmsStatus": status}
        if status == "delivered":
            params["RawDlrDoneDate"] = clock.datetime().strftime("%y%m%d%H%M")
        return params


class Inbound:
    """An incoming message and the documents that answer it."""

    def __init__(self, world: "World", number: Number, message: Message):
        self._world, self._number, self.message = world, number, message
        self._activity = Activity(world.activity)
        self._cookies = aiohttp.CookieJar(unsafe=True)

    async def run(self) -> None:
        """Starts the work and returns when it has settled."""
        self._activity.spawn(self._documents())
        await self._activity.settle()

    async def _documents(self) -> None:
        number, params = self._number, self.message.received_params(self._world.account.sid)
        step: Optional[Step] = Step("sms", number.sms_url, number.sms_method)
        for _ in range(MAX_DOCUMENTS):
            if step is None:
                return
            request = WebhookRequest(step.kind, step.url, step.method,
                                     {**params, **step.params}, self.message.sid, self._cookies)
            try:
                document = await load(self._world.webhooks, self._world.record, request,
                                      "messaging")
                step = await self._execute(document)
            except DocumentError as error:
                step = self._after_error(step, error)
        self._error(None, f"more than {MAX_DOCUMENTS} documents for one message", number.sms_url)

    def _after_error(self, step: Step, error: DocumentError) -> Optional[Step]:
        number = self._number
        if step.kind == "fallback" or not number.sms_fallback_url:
            return None
        return Step("fallback", number.sms_fallback_url, number.sms_fallback_method,
                    {"ErrorCode": str(error.code), "ErrorUrl": error.url})

    async def _execute(self, document: Document) -> Optional[Step]:
        for element in document.root.children:
            if element.name == "Redirect":
                return document.step("redirect", element, {}, reference=element.text)
            await self._send(document, element)
        return None

    async def _send(self, document: Document, element: Element) -> None:
        body, media = _content(element)
        url = document.url
        if element.text and element.children:
            self._error(SCHEMA_ERROR, "schema: <Message> has both text and elements", url)
            raise DocumentError(SCHEMA_ERROR, "<Message> has both text and elements", url)
        media = [document.resolve(address) for address in media]
        message = Message(new_sid("MM" if media else "SM"),
                          element.get("from") or self._number.number,
                          element.get("to") or self.message.sender, body, media)
        problem = self._problem(message)
        if problem:
            self._error(problem[0], problem[1], url)
        else:
            self._world.phones.get(message.to).deliver(message.sender, message.to, body, media)
        statuses = [("failed", problem[0])] if problem else [("sent", None), ("delivered", None)]
        self._report(document, element, message, statuses)
        if "action" in element.attributes:
            params = message.status_params(self._world.account.sid, statuses[0][0],
                                           self._world.clock)
            step = document.step("action", element, params)
            await self._world.webhooks.deliver(
                WebhookRequest("action", step.url, step.method, params, self.message.sid,
                               self._cookies))

    def _report(self, document: Document, element: Element, message: Message,
                statuses: list) -> None:
        if not element.get("statusCallback"):
            return
        subscription = Subscription(document.resolve(element.get("statusCallback")),
                                    events=_DELIVERED)
        for status, code in statuses:
            params = message.status_params(self._world.account.sid, status, self._world.clock)
            if code:
                params["ErrorCode"] = str(code)
            request = WebhookRequest("status", subscription.url, "POST", params, message.sid,
                                     self._cookies)
            self._world.callbacks.send(request, subscription, self._activity)

    def _problem(self, message: Message) -> Optional[tuple]:
        if not self._world.account.owns(message.sender):
            return INVALID_FROM, f"<Message from={message.sender!r}> is no number of the account"
        if not E164.match(message.to) or self._world.account.owns(message.to):
            return INVALID_TO, f"<Message to={message.to!r}> is not the number of a phone"
        if not message.body and not message.media:
            return NO_BODY, "<Message> has neither a body nor media"
        if len(message.body) > MAX_BODY:
            return BODY_TOO_LONG, f"<Message> has more than {MAX_BODY} characters"
        return None

    def _error(self, code: Optional[int], message: str, url: str) -> None:
        self._world.record.error(code, message, url, self.message.sid)


def receive(world: "World", phone: Phone, to: Number, body: str, media: List[str]) -> Inbound:
    sid = new_sid("MM" if media else "SM")
    return Inbound(world, to, Message(sid, phone.number, to.number, body, media))


def _content(element: Element) -> tuple:
    bodies = [child.text for child in element.children if child.name == "Body"]
    media = [child.text for child in element.children if child.name == "Media"]
    return ("".join(bodies) or element.text), media


def _media_type(url: str) -> str:
    types = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
             ".gif": "image/gif", ".mp3": "audio/mpeg", ".mp4": "video/mp4"}
    return next((kind for end, kind in types.items() if url.lower().endswith(end)),
                "application/octet-stream")
