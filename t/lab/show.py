"""Shows a call on the terminal: `python3 -m lab.show --lab URL call PHONE NUMBER`.

The first phone calls the number; what happens on every phone of that call is printed as it
happens. Exit status 0 only if two people were connected.
"""

import argparse
import sys
import time
from typing import Dict, List, Optional

from .client import Lab, LabError

TICK = 0.2
RINGS_FOR, LISTENS_FOR, TALKS_FOR = 2.0, 1.0, 3.0
GREETING, REPLY = "もしもし / Hello?", "はい / Yes, I can hear you."


class Show:
    """One call, watched from its first to its last leg."""

    def __init__(self, lab: Lab, caller: str, number: str, press: str, accept: str):
        self.lab, self.caller, self.number = lab, caller, number
        self.press, self.accept = press, accept
        self._started = time.monotonic()
        self._manual = lab.clock()["mode"] == "manual"
        self._heard: Dict[str, int] = {}
        self._status: Dict[str, str] = {}
        self._connected: Optional[tuple] = None
        self._quiet_since = time.monotonic()
        self._sid = ""

    def run(self, limit: float) -> bool:
        """Returns whether two people were connected."""
        self._line(self.caller, f"calls {self.number}")
        self._sid = self.lab.call(self.caller, self.number, wait=False)["sid"]
        rang: Dict[str, float] = {}
        while time.monotonic() - self._started < limit:
            legs = self._look()
            if legs[0]["end_time"]:
                break
            if self._connected:
                self._talk(*self._connected)
                break
            for leg in legs[1:]:
                if leg["status"] == "ringing":
                    self._answer(leg, rang.setdefault(leg["sid"], time.monotonic()))
                elif leg["status"] == "in-progress" and self.accept and self._quiet():
                    self.accept = self._keys(leg["to"], self.accept)
            if self.press and legs[0]["answer_time"] and self._quiet():
                self.press = self._keys(self.caller, self.press)
            self._tick()
        else:
            self._line(self.caller, f"is not connected after {limit:g} s")
        self._hang_up(self.caller)
        self._look()
        self._table()
        return self._connected is not None

    def _look(self) -> List[dict]:
        """Prints what is new on the legs of this call; returns them, the caller's first."""
        legs = [leg for leg in self.lab.calls()
                if self._sid in (leg["sid"], leg["parent_call_sid"])]
        for leg in legs:
            phone = self._phone_of(leg)
            changed = leg["status"] != self._status.get(leg["sid"])
            self._status[leg["sid"]] = leg["status"]
            if changed and not leg["end_time"]:
                self._state(leg, phone)
            for item in leg["heard"][self._heard.get(leg["sid"], 0):]:
                self._line(phone, _heard(item))
                self._quiet_since = time.monotonic()
            self._heard[leg["sid"]] = len(leg["heard"])
            if changed and leg["end_time"]:
                self._state(leg, phone)
        other = self.lab.phone(self.caller)["talking_to"]
        if other and not self._connected:
            self._connected = (self.caller, other)
            self._line(self.caller, f"<-> {other}: connected")
        return legs

    def _phone_of(self, leg: dict) -> str:
        return leg["to"] if leg["parent_call_sid"] else self.caller

    def _state(self, leg: dict, phone: str) -> None:
        status = leg["status"]
        if status == "ringing" and leg["parent_call_sid"]:
            self._line(phone, f"rings, shows {leg['from']}")
        elif status == "ringing":
            self._line(phone, "waits for an answer (not billed yet)")
        elif status == "in-progress":
            self._line(phone, "answers" if leg["parent_call_sid"] else "is through (billed)")
        else:
            self._line(phone, f"call ends: {status}, {leg['duration'] or 0} s")

    def _answer(self, leg: dict, since: float) -> None:
        if time.monotonic() - since < RINGS_FOR:
            return
        if self.lab.phone(leg["to"])["answer"] == "manual":
            self._try(lambda: self.lab.answer(leg["to"]))

    def _keys(self, phone: str, digits: str) -> str:
        """Presses the keys; what is left to press is nothing."""
        self._line(phone, f"presses {digits}")
        self._try(lambda: self.lab.press(phone, digits))
        return ""

    def _talk(self, caller: str, callee: str) -> None:
        for speaker, words in ((callee, GREETING), (caller, REPLY)):
            self._line(speaker, f"says: {words}")
            self._try(lambda: self.lab.say(speaker, words))
            self._look()
        until = time.monotonic() + TALKS_FOR
        while time.monotonic() < until and self.lab.phone(caller)["talking_to"]:
            self._tick()
            self._look()

    def _hang_up(self, phone: str) -> None:
        if self.lab.phone(phone)["state"] != "idle":
            self._line(phone, "hangs up")
            self._try(lambda: self.lab.hangup(phone))

    def _tick(self) -> None:
        time.sleep(TICK)
        if self._manual:
            self.lab.advance(TICK)

    def _quiet(self) -> bool:
        """Nobody heard anything new for a while: the system waits for keys."""
        return time.monotonic() - self._quiet_since >= LISTENS_FOR

    @staticmethod
    def _try(act) -> None:
        """The other side may have been faster; then there is nothing to do."""
        try:
            act()
        except LabError as error:
            if error.status != 409:
                raise

    def _line(self, phone: str, text: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  {phone:<16} {text}", flush=True)

    def _table(self) -> None:
        legs = [leg for leg in self.lab.calls()
                if self._sid in (leg["sid"], leg["parent_call_sid"])]
        print("\nlegs as the lab saw them:")
        for leg in legs:
            print(f"  {leg['sid']}  {leg['direction']:<13}  {leg['from']} -> {leg['to']}  "
                  f"{leg['status']}  start {leg['start_time']}  answer "
                  f"{leg['answer_time'] or '-'}  end {leg['end_time'] or '-'}  "
                  f"{leg['duration'] or 0} s")
            for error in leg["errors"]:
                print(f"    error {error['code'] or '-'}: {error['message']} ({error['url']})")


def _heard(item: dict) -> str:
    if "say" in item:
        language = f" [{item['language']}]" if "language" in item else ""
        return f"hears: {item['say']}{language}"
    if "says" in item:
        return f"hears {item['voice_of']}: {item['says']}"
    name, value = next(iter(item.items()))
    return f"hears {name}: {value}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="lab.show", description="Shows one call, live.")
    parser.add_argument("--lab", default="http://127.0.0.1:8081", help="base URL of the lab")
    commands = parser.add_subparsers(dest="command", required=True)
    call = commands.add_parser("call", help="a phone calls a number of the account")
    call.add_argument("phone")
    call.add_argument("number")
    call.add_argument("--press", default="", help="keys that the caller presses in a menu")
    call.add_argument("--accept", default="", help="keys that the one who answers presses")
    call.add_argument("--limit", type=float, default=60.0, help="seconds to wait at most (60)")
    options = parser.parse_args()
    try:
        connected = Show(Lab(options.lab), options.phone, options.number,
                         options.press, options.accept).run(options.limit)
    except (LabError, OSError) as error:
        print(f"lab.show: {error}", file=sys.stderr)
        return 2
    print("\nconnected" if connected else "\nnot connected")
    return 0 if connected else 1


if __name__ == "__main__":
    sys.exit(main())
