"""Executes voice documents on a leg: the loop over documents and verbs, and the simple verbs.

A verb is a coroutine registered under its element's name. It returns the next Step, or None to
go on with the verb after it; it raises HungUp when the call is over.
"""

from typing import Awaitable, Callable, Dict, FrozenSet, NoReturn, Optional, TYPE_CHECKING

from .calls import HungUp, Leg
from .documents import Document, DocumentError, Step, load
from .twiml import SCHEMA_ERROR, Element
from .webhooks import WebhookRequest

if TYPE_CHECKING:
    from .world import World

APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."
# A document that leads to itself without taking time would never end.
MAX_DOCUMENTS = 500
EMPTY_SAY = 13520
UNSUPPORTED = "not supported by the lab yet"
# The verbs that do not answer a call by being executed (Dial decides itself).
_SILENT = ("Reject", "Pause", "Dial")


class Unsupported(Exception):
    """The document is right, but the lab cannot execute it."""


Verb = Callable[["Run", Document, Element], Awaitable[Optional[Step]]]
VERBS: Dict[str, Verb] = {}


def verb(name: str) -> Callable[[Verb], Verb]:
    def register(function: Verb) -> Verb:
        VERBS[name] = function
        return function
    return register


class Run:
    """The execution of documents on one leg, until there is nothing left to execute."""

    def __init__(self, world: "World", leg: Leg, fallback: Optional[Step] = None,
                 allowed: Optional[FrozenSet[str]] = None):
        self.world, self.leg = world, leg
        self.fallback, self.allowed = fallback, allowed
        # Final status of a leg that was never answered because its Dial found nobody.
        self.unanswered: Optional[str] = None

    async def documents(self, step: Optional[Step]) -> None:
        """Runs from `step` on; returns at the end of the last document, raises HungUp when the
        call ended before."""
        while step is not None:
            try:
                document = await self._load(step)
                step = await self._execute(document)
            except DocumentError as error:
                step = self._after_error(step, error)
            except Unsupported as error:
                self._give_up(str(error), step.url)

    async def call(self, step: Step) -> None:
        """Runs a call from its first document to its end."""
        try:
            await self.documents(step)
            if self.leg.answered is None and self.unanswered:
                self.leg.end(self.unanswered)
            self.leg.answer()
            self.leg.end("completed")
        except HungUp:
            pass

    def params(self, extra: Dict[str, str]) -> Dict[str, str]:
        return {**self.leg.params(), **extra}

    def request(self, step: Step) -> WebhookRequest:
        return WebhookRequest(step.kind, step.url, step.method, self.params(step.params),
                              self.leg.sid, self.leg.cookies)

    async def _load(self, step: Step) -> Document:
        self.leg.documents += 1
        if self.leg.documents > MAX_DOCUMENTS:
            self._give_up(f"more than {MAX_DOCUMENTS} documents in one call: they lead to each "
                          "other", step.url)
        document = await load(self.world.webhooks, self.world.record, self.request(step), "voice")
        if self.leg.ended:
            raise HungUp()
        for position, element in enumerate(document.root.children):
            if self.allowed is not None and element.name not in self.allowed:
                self._refuse(document, f"<{element.name}> is not allowed here; allowed: "
                                       + ", ".join(sorted(self.allowed)))
            if element.name == "Reject" and position > 0:
                self._refuse(document, "<Reject> must be the first verb")
        return document

    async def _execute(self, document: Document) -> Optional[Step]:
        for element in document.root.children:
            function = VERBS.get(element.name)
            if function is None:
                raise Unsupported(f"<{element.name}> is {UNSUPPORTED}")
            if element.name not in _SILENT:
                self.leg.answer()
            step = await function(self, document, element)
            if step is not None:
                return step
        return None

    def _refuse(self, document: Document, message: str) -> None:
        raise self.failure(SCHEMA_ERROR, "schema: " + message, document.url)

    def failure(self, code: int, message: str, url: str) -> DocumentError:
        self.world.record.error(code, message, url, self.leg.sid)
        return DocumentError(code, message, url)

    def _after_error(self, step: Step, error: DocumentError) -> Step:
        if self.leg.ended:
            raise HungUp()
        if self.fallback is not None and step.kind != "fallback":
            return Step("fallback", self.fallback.url, self.fallback.method,
                        {"ErrorCode": str(error.code), "ErrorUrl": error.url})
        self._stop("completed")

    def _give_up(self, message: str, url: str) -> NoReturn:
        self.world.record.error(None, message, url, self.leg.sid)
        self._stop("failed")

    def _stop(self, status: str) -> NoReturn:
        if not self.leg.ended:
            self.leg.answer()
            self.leg.hear(say=APPLICATION_ERROR)
            self.leg.end(status)
        raise HungUp()


Stop = Callable[[], bool]


def never() -> bool:
    """A prompt that nothing interrupts."""
    return False


async def say(run: Run, document: Document, element: Element, stop: Stop = never) -> None:
    if not element.text:
        run.world.record.error(EMPTY_SAY, "<Say> has no text", document.url, run.leg.sid)
    seconds = len(element.text) * run.world.account.settings.speech_rate
    await _repeat(run.leg, element, seconds, stop, say=element.text,
                  language=element.get("language") or None, voice=element.get("voice") or None)


async def play(run: Run, document: Document, element: Element, stop: Stop = never) -> None:
    digits = element.get("digits")
    if digits:
        await _repeat(run.leg, element, 0.5 * digits.lower().count("w"), stop, digits=digits)
    elif element.text:
        await _repeat(run.leg, element, run.world.account.settings.play_seconds, stop,
                      play=document.resolve(element.text))
    else:
        raise run.failure(SCHEMA_ERROR, "schema: <Play> needs a URL or digits", document.url)


async def pause(run: Run, document: Document, element: Element, stop: Stop = never) -> None:
    await run.leg.until(stop, element.number("length", 1))


PROMPTS = {"Say": say, "Play": play, "Pause": pause}


async def _repeat(leg: Leg, element: Element, seconds: float, stop: Stop, **what) -> None:
    loop = element.number("loop", 1)
    rounds = 0
    while not stop() and (loop == 0 or rounds < loop):
        leg.hear(**what)
        rounds += 1
        # A loop without end that takes no time is heard once and lasts until it is stopped.
        endless = loop == 0 and seconds == 0
        await leg.until(stop, None if endless else seconds)


@verb("Say")
async def _say(run: Run, document: Document, element: Element) -> Optional[Step]:
    await say(run, document, element)
    return None


@verb("Play")
async def _play(run: Run, document: Document, element: Element) -> Optional[Step]:
    await play(run, document, element)
    return None


@verb("Pause")
async def _pause(run: Run, document: Document, element: Element) -> Optional[Step]:
    await pause(run, document, element)
    return None


@verb("Redirect")
async def _redirect(run: Run, document: Document, element: Element) -> Optional[Step]:
    return document.step("redirect", element, {}, reference=element.text)


@verb("Hangup")
async def _hangup(run: Run, document: Document, element: Element) -> Optional[Step]:
    run.leg.end("completed")
    raise HungUp()


@verb("Reject")
async def _reject(run: Run, document: Document, element: Element) -> Optional[Step]:
    if run.leg.answered is not None:
        raise run.failure(SCHEMA_ERROR, "<Reject> came after the call was answered", document.url)
    busy = element.get("reason", "rejected") == "busy"
    run.leg.hear(tone="busy" if busy else "not-in-service")
    # Final statuses: twilio.com/docs/voice/twiml/reject.
    run.leg.end("busy" if busy else "no-answer")
    raise HungUp()
