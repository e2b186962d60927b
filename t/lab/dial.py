"""<Dial>: placing legs to numbers, whispers, joining two legs, and the end of it.

The coroutine of the parent leg waits for its children; each child has a task that rings the
phone and runs the whisper. Ending a leg wakes both.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional

from .callbacks import subscribe
from .calls import HungUp, Leg
from .documents import Document, Step
from .executor import UNSUPPORTED, Run, Unsupported, verb
from .names import E164
from .twiml import SCHEMA_ERROR, Element

MAX_NUMBERS = 10
INVALID_CALLER_ID, INVALID_NUMBER = 13214, 13224
WHISPER_VERBS = frozenset(("Play", "Say", "Gather", "Hangup"))
_UNSUPPORTED_ATTRIBUTES = {
    "Dial": ("referUrl", "recordingStatusCallback"),
    "Number": ("machineDetection", "amdStatusCallback", "byoc")}


@dataclass
class Outcome:
    """What the action is told."""

    status: str
    leg: Optional[Leg] = None
    bridged: bool = False

    def params(self) -> Dict[str, str]:
        params = {"DialCallStatus": self.status}
        if self.leg:
            params["DialCallSid"] = self.leg.sid
            params["DialBridged"] = "true" if self.bridged else "false"
            if self.leg.answered is not None:
                params["DialCallDuration"] = str(self.leg.duration)
        return params


@verb("Dial")
async def dial(run: Run, document: Document, element: Element) -> Optional[Step]:
    numbers = _numbers(run, document, element)
    if not element.flag("answerOnBridge"):
        run.leg.answer()
    attempt = Attempt(run, document, element)
    try:
        outcome = await attempt.run(numbers)
    except HungUp:
        attempt.abandon()
        if "action" in element.attributes:
            # The caller is gone: the action is told, its answer is not executed.
            step = document.step("action", element, attempt.outcome().params())
            await run.world.webhooks.deliver(run.request(step))
        raise
    if run.leg.answered is None:
        run.unanswered = {"busy": "busy", "failed": "failed"}.get(outcome.status, "no-answer")
    if "action" in element.attributes:
        return document.step("action", element, outcome.params())
    return None


class Attempt:
    """One execution of a Dial."""

    def __init__(self, run: Run, document: Document, element: Element):
        self._run, self._document, self._element = run, document, element
        self._leg = run.leg
        self._children: List[Leg] = []
        self._ready: set = set()
        self._bridged: Optional[Leg] = None
        self._starred = False

    async def run(self, numbers: List[Element]) -> Outcome:
        caller_id = self._element.get("callerId") or self._leg.sender
        known = caller_id in (self._leg.sender, self._leg.to)
        if not known and not self._run.world.account.owns(caller_id):
            self._error(INVALID_CALLER_ID, f"invalid callerId {caller_id!r}: it must be the "
                                           "call's To or From or a number of the account")
            return Outcome("failed")
        self._leg.hear(tone="ringing")
        if self._element.flag("hangupOnStar"):
            self._leg.on_key = self._star
        try:
            groups = [[n] for n in numbers] if self._element.flag("sequential") else [numbers]
            for group in groups:
                winner = await self._ring(group, caller_id)
                if winner:
                    await self._talk(winner)
                if winner or self._starred:
                    break
        finally:
            self._leg.on_key = None
        return self.outcome()

    def outcome(self) -> Outcome:
        if self._bridged:
            return Outcome("completed", self._bridged, True)
        for status in ("completed", "no-answer", "busy", "canceled", "failed"):
            for child in reversed(self._children):
                if child.status == status:
                    return Outcome(status, child)
        return Outcome("failed")

    def abandon(self) -> None:
        for child in self._children:
            child.end("canceled")

    async def _ring(self, group: List[Element], caller_id: str) -> Optional[Leg]:
        """Rings all of `group`; returns the leg to talk to, the others have ended."""
        children = [child for child in (self._place(n, caller_id) for n in group) if child]

        def settled() -> bool:
            return (any(c in self._ready and not c.ended for c in children)
                    or all(c.ended for c in children))

        if not await self._leg.until(settled, self._element.number("timeout", 30)):
            for child in children:
                if child.answered is None:
                    child.end("no-answer")
            await self._leg.until(settled)
        winner = next((c for c in children if c in self._ready and not c.ended), None)
        for child in children:
            if child is not winner:
                child.end("canceled")
        return winner

    async def _talk(self, child: Leg) -> None:
        self._bridged = child
        self._leg.answer()
        self._leg.join(child)
        limit = self._element.number("timeLimit", 14400)
        timer = child.clock.call_later(limit, lambda: child.end("completed"))
        try:
            await self._leg.until(lambda: child.ended)
        finally:
            timer.cancel()
            child.end("completed")

    def _place(self, number: Element, caller_id: str) -> Optional[Leg]:
        world, to = self._run.world, _plain(number.text)
        if not E164.match(to):
            self._error(INVALID_NUMBER, f"invalid phone number {number.text!r}: E.164 expected")
            return None
        child = world.calls.create(caller_id, to, "outbound-dial", world.phones.get(to),
                                   self._leg)
        events = frozenset(number.get("statusCallbackEvent", "completed").split())
        callback = number.get("statusCallback")
        child.subscription = subscribe(callback and self._document.resolve(callback),
                                       number.get("statusCallbackMethod", "POST").upper(), events)
        self._children.append(child)
        child.registry.emit(child, "initiated")
        child.phone.offer(child)
        child.activity.spawn(self._attend(child, number))
        return child

    async def _attend(self, child: Leg, number: Element) -> None:
        """Waits for the answer, sends digits, whispers; then the child may be joined."""
        try:
            await child.until(lambda: child.answered is not None)
            digits = number.get("sendDigits")
            if digits:
                child.hear(digits=digits)
                await child.sleep(0.5 * digits.lower().count("w"))
            if number.get("url"):
                step = Step("whisper", self._document.resolve(number.get("url")),
                            number.get("method", "POST").upper())
                await Run(self._run.world, child, allowed=WHISPER_VERBS).documents(step)
            self._ready.add(child)
            child.changed()
        except HungUp:
            pass

    def _star(self, key: str) -> None:
        if key == "*":
            self._starred = True
            for child in self._children:
                child.end("canceled")

    def _error(self, code: int, message: str) -> None:
        self._run.world.record.error(code, "<Dial>: " + message, self._document.url,
                                     self._leg.sid)


def _numbers(run: Run, document: Document, element: Element) -> List[Element]:
    """The numbers to call; refuses what Twilio refuses and what the lab cannot do."""
    _check_supported(element)
    if element.children and element.text:
        raise run.failure(SCHEMA_ERROR, "schema: <Dial> has both text and elements", document.url)
    numbers = element.children or [Element("Number", text=element.text)]
    for number in numbers:
        if number.name != "Number":
            raise Unsupported(f"<{number.name}> in <Dial> is {UNSUPPORTED}")
        _check_supported(number)
        if run.world.account.owns(_plain(number.text)):
            raise Unsupported(f"dialling {number.text}, a number of the account, is {UNSUPPORTED}")
    if len(numbers) > MAX_NUMBERS:
        raise run.failure(SCHEMA_ERROR, f"schema: <Dial> has {len(numbers)} <Number>s, "
                                        f"{MAX_NUMBERS} allowed", document.url)
    return numbers


def _check_supported(element: Element) -> None:
    for name in _UNSUPPORTED_ATTRIBUTES[element.name]:
        if name in element.attributes:
            raise Unsupported(f"<{element.name} {name}> is {UNSUPPORTED}")


def _plain(number: str) -> str:
    return number.translate(str.maketrans("", "", " -.()"))
