"""Fetching a document: from a step of the flow to checked TwiML, or a recorded error."""

from dataclasses import dataclass, field
from typing import Dict, Optional
from urllib.parse import urljoin

from .record import Record
from .twiml import Element, TwimlError, parse
from .webhooks import MAX_BODY, Answer, WebhookRequest, Webhooks

XML_TYPES = ("text/xml", "application/xml", "text/html")
CONTENT_TYPE_ERROR, TOO_LARGE = 12300, 11750


@dataclass
class Step:
    """Where the flow goes next: a URL to request, and parameters beside the ordinary ones."""

    kind: str
    url: str
    method: str = "POST"
    params: Dict[str, str] = field(default_factory=dict)


class DocumentError(Exception):
    """A document failed; it is on record already unless `recorded` is False."""

    def __init__(self, code: int, message: str, url: str):
        super().__init__(message)
        self.code, self.message, self.url = code, message, url


@dataclass
class Document:
    """Checked TwiML and the URL that relative URLs in it refer to."""

    url: str
    root: Element

    def resolve(self, reference: Optional[str]) -> str:
        try:
            return urljoin(self.url, reference or "")
        except ValueError:
            # Delivery refuses it with the right error.
            return reference or ""

    def step(self, kind: str, verb: Element, params: Dict[str, str],
             reference: Optional[str] = None) -> Step:
        """The step to the verb's action (default: this document's own URL)."""
        target = verb.get("action") if reference is None else reference
        return Step(kind, self.resolve(target), verb.get("method", "POST").upper(), params)


async def load(webhooks: Webhooks, record: Record, request: WebhookRequest,
               section: str) -> Document:
    """Requests and reads a document of `section` (voice or messaging); raises DocumentError."""
    answer = await webhooks.deliver(request)
    if answer.error_code:
        raise DocumentError(answer.error_code, answer.error or "", request.url)
    try:
        return Document(answer.url, _read(answer, section))
    except TwimlError as error:
        record.fail(answer.exchanges[-1], error.code, error.message)
        raise DocumentError(error.code, error.message, request.url) from error


def _read(answer: Answer, section: str) -> Element:
    voice = section == "voice"
    if len(answer.body) > MAX_BODY:
        raise TwimlError(TOO_LARGE, "the document is larger than 64 kB")
    if not answer.body and not voice:
        return Element("Response")
    if answer.content_type in XML_TYPES:
        return parse(answer.body, section, answer.charset)
    if answer.content_type.startswith("audio/") and voice:
        return Element("Response", children=[Element("Play", text=answer.url)])
    if answer.content_type == "text/plain":
        try:
            return parse(answer.body, section, answer.charset)
        except TwimlError:
            text = answer.body.decode(answer.charset or "utf-8", "replace").strip()
            return Element("Response", children=[Element("Say" if voice else "Message",
                                                         text=text)])
    raise TwimlError(CONTENT_TYPE_ERROR, f"invalid Content-Type {answer.content_type!r}; expected "
                                         "text/xml, application/xml, text/html, text/plain"
                                         + (" or audio/*" if voice else ""))
