"""<Gather>: prompts that keys interrupt, and the collection of the keys."""

from typing import List, Optional

from .documents import Document, Step
from .executor import PROMPTS, UNSUPPORTED, Run, Unsupported, never, verb
from .twiml import Element


class Keys:
    """What was pressed so far, and whether that is all."""

    def __init__(self, most: Optional[int], finish: str):
        self._most, self._finish = most, finish
        self.digits: List[str] = []
        self.finished_on = ""
        self.pressed = 0

    @property
    def complete(self) -> bool:
        return bool(self.finished_on) or (self._most is not None
                                          and len(self.digits) >= self._most)

    def add(self, key: str) -> None:
        if self.complete:
            return
        self.pressed += 1
        if key in self._finish:
            self.finished_on = key
        else:
            self.digits.append(key)


@verb("Gather")
async def gather(run: Run, document: Document, element: Element) -> Optional[Step]:
    if element.get("input", "dtmf") != "dtmf":
        raise Unsupported(f"<Gather input={element.get('input')!r}> is {UNSUPPORTED}: only dtmf")
    most = element.number("numDigits", 0) or None
    keys = Keys(most, element.get("finishOnKey", "#"))
    await _collect(run, document, element, keys)
    digits = "".join(keys.digits)
    if not digits and not element.flag("actionOnEmptyResult"):
        return None
    return document.step("action", element, {"Digits": digits, "msg": "Gather End",
                                             "FinishedOnKey": keys.finished_on})


async def _collect(run: Run, document: Document, element: Element, keys: Keys) -> None:
    leg = run.leg

    def pressed(key: str) -> None:
        keys.add(key)
        leg.changed()

    stop = (lambda: keys.pressed > 0) if element.flag("bargeIn", True) else never
    leg.on_key = pressed
    try:
        for prompt in element.children:
            if stop():
                break
            await PROMPTS[prompt.name](run, document, prompt, stop)
        timeout = element.number("timeout", 5)
        while not keys.complete:
            seen = keys.pressed
            if not await leg.until(lambda: keys.pressed > seen, timeout):
                break
    finally:
        leg.on_key = None
