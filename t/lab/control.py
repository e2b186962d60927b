"""The control interface: JSON over HTTP under /lab."""

import asyncio
import json
import re
from typing import Any, Callable, Optional

from aiohttp import web

from .account import FieldError, Number, check_number, check_seconds
from .calls import Leg
from .clock import MODES
from .names import is_address
from .phones import Phone
from .world import World
from . import messages

STATES = ("idle", "calling", "ringing", "talking")
KEYS = frozenset("0123456789*#")
MAX_WAIT = 300.0


class Refused(Exception):
    """An answer other than 200; the text names the field or the thing."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


@web.middleware
async def errors_as_json(request: web.Request, handler: Callable) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return web.json_response({"error": refused.message}, status=refused.status)
    except FieldError as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPException as error:
        return web.json_response({"error": f"{request.method} {request.path}: {error.reason}"},
                                 status=error.status)


async def body_of(request: web.Request, *allowed: str) -> dict:
    """The JSON object of a request; `allowed` lists its fields (none given: any)."""
    text = await request.text()
    try:
        body = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise Refused(400, f"body: not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "body: a JSON object expected")
    for name in body:
        if allowed and name not in allowed:
            raise Refused(400, f"{name}: unknown field; allowed: {', '.join(allowed)}")
    return body


def one_of(body: dict, name: str, allowed: tuple, default: Any = None) -> Any:
    value = body.get(name, default)
    if value not in allowed or isinstance(value, bool):
        raise Refused(400, f"{name}: {value!r} is none of {', '.join(map(str, allowed))}")
    return value


def text_of(body: dict, name: str, default: Optional[str] = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise Refused(400, f"{name}: {value!r} is not a string")
    return value


class Control:
    """The handlers; `routes()` mounts them."""

    def __init__(self, world: World):
        self.world = world

    def application(self) -> web.Application:
        application = web.Application(middlewares=[errors_as_json])
        add = application.router.add_route
        add("GET", "/lab", self.overview)
        add("GET", "/lab/clock", self.get_clock)
        add("POST", "/lab/clock", self.post_clock)
        add("GET", "/lab/settings", self.get_settings)
        add("POST", "/lab/settings", self.post_settings)
        add("GET", "/lab/numbers", self.list_numbers)
        for method in ("GET", "PUT", "DELETE"):
            add(method, "/lab/numbers/{number}", self.number)
        add("GET", "/lab/phones", self.list_phones)
        add("GET", "/lab/phones/{phone}", self.get_phone)
        add("PUT", "/lab/phones/{phone}", self.put_phone)
        add("GET", "/lab/phones/{phone}/wait", self.wait)
        for action in ("call", "answer", "reject", "hangup", "press", "say", "message"):
            add("POST", f"/lab/phones/{{phone}}/{action}", getattr(self, action))
        add("GET", "/lab/calls", self.list_calls)
        add("GET", "/lab/calls/{sid}", self.get_call)
        add("GET", "/lab/exchanges", self.list_exchanges)
        add("DELETE", "/lab/exchanges", self.delete_exchanges)
        add("GET", "/lab/exchanges/{id}", self.get_exchange)
        add("POST", "/lab/exchanges/{id}/replay", self.replay)
        add("POST", "/lab/callbacks", self.post_callbacks)
        add("POST", "/lab/callbacks/release", self.release)
        add("GET", "/lab/errors", self.list_errors)
        add("POST", "/lab/reset", self.reset)
        return application

    # The lab, its clock and settings

    async def overview(self, _request: web.Request) -> web.Response:
        world = self.world
        live = [leg.view() for leg in world.calls.all() if not leg.ended]
        return web.json_response({
            "account_sid": world.account.sid, "clock": self._clock_view(),
            "settings": world.account.settings.view(), "numbers": sorted(world.account.numbers),
            "phones": [phone.view() for phone in world.phones.all()],
            "calls": len(world.calls.all()), "live_calls": live,
            "exchanges": len(world.record.exchanges()), "errors": len(world.record.errors()),
            "callbacks": {"mode": world.callbacks.mode, "held": world.callbacks.held()},
            "tasks": world.activity.tasks(), "busy": world.activity.busy()})

    def _clock_view(self) -> dict:
        return {"now": self.world.clock.iso(), "mode": self.world.clock.mode}

    async def get_clock(self, _request: web.Request) -> web.Response:
        return web.json_response(self._clock_view())

    async def post_clock(self, request: web.Request) -> web.Response:
        body = await body_of(request, "advance", "mode")
        clock = self.world.clock
        if "mode" in body:
            clock.set_mode(one_of(body, "mode", MODES))
        if "advance" in body:
            seconds = check_seconds("advance", body["advance"])
            if clock.mode != "manual":
                raise Refused(409, "advance: the clock is real; set mode to manual first")
            await clock.advance(seconds, self.world.activity.settle)
        return web.json_response(self._clock_view())

    async def get_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(self.world.account.settings.view())

    async def post_settings(self, request: web.Request) -> web.Response:
        self.world.account.settings.update(await body_of(request))
        return web.json_response(self.world.account.settings.view())

    async def reset(self, _request: web.Request) -> web.Response:
        await self.world.reset()
        return web.json_response({})

    # Numbers

    async def list_numbers(self, _request: web.Request) -> web.Response:
        return web.json_response({"numbers": [n.view() for n in
                                              self.world.account.numbers.values()]})

    async def number(self, request: web.Request) -> web.Response:
        numbers, e164 = self.world.account.numbers, request.match_info["number"]
        if request.method == "PUT":
            number = self.world.account.put_number(e164, await body_of(request))
            return web.json_response(number.view())
        number = self._owned(e164, "number")
        if request.method == "DELETE":
            del numbers[e164]
        return web.json_response(number.view())

    def _owned(self, e164: str, name: str) -> Number:
        number = self.world.account.numbers.get(e164)
        if number is None:
            raise Refused(404 if name == "number" else 400,
                          f"{name}: {e164!r} is not a number of the account")
        return number

    # Phones

    def _phone(self, request: web.Request) -> Phone:
        return self.world.phones.get(request.match_info["phone"])

    async def list_phones(self, _request: web.Request) -> web.Response:
        return web.json_response({"phones": [p.view() for p in self.world.phones.all()]})

    async def get_phone(self, request: web.Request) -> web.Response:
        return web.json_response(self._phone(request).view())

    async def put_phone(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        phone.update(await body_of(request))
        return web.json_response(phone.view())

    async def wait(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        state = one_of(dict(request.query), "state", STATES)
        text = request.query.get("timeout", "5")
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text):
            raise Refused(400, f"timeout: {text!r} is not a number of seconds")
        timeout = min(float(text), MAX_WAIT)
        reached = asyncio.Event()

        def look() -> None:
            if phone.state == state:
                reached.set()

        phone.watch(look)
        try:
            look()
            await asyncio.wait_for(reached.wait(), timeout)
        except asyncio.TimeoutError as error:
            raise Refused(408, f"state: {phone.number} is {phone.state}, not {state}, after "
                               f"{timeout:g} s") from error
        finally:
            phone.unwatch(look)
        return web.json_response(phone.view())

    async def call(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        body = await body_of(request, "to", "from", "wait", "params")
        number = self._owned(check_number("to", body.get("to")), "to")
        shown = text_of(body, "from", phone.number)
        if not is_address(shown):
            raise Refused(400, f"from: {shown!r} is neither an E.164 number nor a word such as "
                               "anonymous")
        wait = body.get("wait", False)
        if not isinstance(wait, bool):
            raise Refused(400, f"wait: {wait!r} is neither true nor false")
        params = body.get("params", {})
        if not isinstance(params, dict) or not all(isinstance(v, str) for v in params.values()):
            raise Refused(400, "params: an object of strings expected")
        if not number.voice_url:
            raise Refused(409, f"to: {number.number} has no voice_url")
        if phone.call is not None:
            raise Refused(409, f"phone: {phone.number} is {phone.state} already")
        leg = self.world.place_call(phone, number, shown, params)
        if wait:
            await leg.activity.settle()
        return web.json_response(leg.view(), status=201)

    async def _act(self, request: web.Request, states: tuple,
                   act: Callable[[Leg], None]) -> web.Response:
        phone = self._phone(request)
        if phone.state not in states or phone.call is None:
            raise Refused(409, f"phone: {phone.number} is {phone.state}; this needs "
                               + " or ".join(states))
        leg = phone.call
        act(leg)
        await leg.activity.settle()
        return web.json_response(phone.view())

    async def answer(self, request: web.Request) -> web.Response:
        return await self._act(request, ("ringing",), lambda leg: leg.answer())

    async def reject(self, request: web.Request) -> web.Response:
        return await self._act(request, ("ringing",), lambda leg: leg.end("busy"))

    async def hangup(self, request: web.Request) -> web.Response:
        def end(leg: Leg) -> None:
            leg.end("no-answer" if leg.direction == "inbound" else "busy")
        return await self._act(request, ("calling", "ringing", "talking"), end)

    async def press(self, request: web.Request) -> web.Response:
        body = await body_of(request, "digits")
        digits = text_of(body, "digits")
        if not digits or not set(digits) <= KEYS:
            raise Refused(400, f"digits: {digits!r} must consist of 0-9 * #")

        def press(leg: Leg) -> None:
            for key in digits:
                leg.press(key)
        return await self._act(request, ("calling", "talking"), press)

    async def say(self, request: web.Request) -> web.Response:
        body = await body_of(request, "text")
        text = text_of(body, "text")

        def speak(leg: Leg) -> None:
            if leg.peer:
                leg.peer.hear(voice_of=leg.phone.number, says=text)
        return await self._act(request, ("talking",), speak)

    async def message(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        body = await body_of(request, "to", "body", "media")
        number = self._owned(check_number("to", body.get("to")), "to")
        text, media = text_of(body, "body", ""), body.get("media", [])
        if len(text) > messages.MAX_BODY:
            raise Refused(400, f"body: {len(text)} characters, {messages.MAX_BODY} allowed")
        if not isinstance(media, list) or not all(isinstance(url, str) for url in media):
            raise Refused(400, "media: a list of URLs expected")
        if not number.sms_url:
            raise Refused(409, f"to: {number.number} has no sms_url")
        inbound = messages.receive(self.world, phone, number, text, media)
        await inbound.run()
        view = inbound.message.view()
        view["errors"] = self.world.record.errors(view["sid"])
        return web.json_response(view, status=201)

    # Calls, exchanges, errors

    async def list_calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": [leg.view() for leg in self.world.calls.all()]})

    async def get_call(self, request: web.Request) -> web.Response:
        leg = self.world.calls.get(request.match_info["sid"])
        if leg is None:
            raise Refused(404, f"call: {request.match_info['sid']!r} is unknown")
        return web.json_response(leg.view())

    async def list_exchanges(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if not since.isdigit():
            raise Refused(400, f"since: {since!r} is not the id of an exchange")
        found = self.world.record.exchanges(request.query.get("kind"), request.query.get("call"),
                                            int(since))
        return web.json_response({"exchanges": self.world.record.views(found)})

    async def delete_exchanges(self, _request: web.Request) -> web.Response:
        self.world.record.clear_exchanges()
        return web.json_response({})

    def _exchange(self, request: web.Request):
        number = request.match_info["id"]
        exchange = self.world.record.exchange(int(number)) if number.isdigit() else None
        if exchange is None:
            raise Refused(404, f"exchange: {number!r} is unknown")
        return exchange

    async def get_exchange(self, request: web.Request) -> web.Response:
        return web.json_response(self._exchange(request).view())

    async def replay(self, request: web.Request) -> web.Response:
        old = self._exchange(request)
        answer = await self.world.webhooks.deliver(old.source, attempt=old.attempt + 1,
                                                   retries=False, replay_of=old.id)
        return web.json_response(answer.exchanges[-1].view())

    async def post_callbacks(self, request: web.Request) -> web.Response:
        body = await body_of(request, "mode")
        self.world.callbacks.mode = one_of(body, "mode", ("deliver", "hold"))
        return web.json_response({"mode": self.world.callbacks.mode,
                                  "held": self.world.callbacks.held()})

    async def release(self, request: web.Request) -> web.Response:
        body = await body_of(request, "order", "times")
        order = one_of(body, "order", ("forward", "reverse"), "forward")
        times = one_of(body, "times", (1, 2), 1)
        sent = await self.world.callbacks.release(order, times)
        return web.json_response({"exchanges": self.world.record.views(sent)})

    async def list_errors(self, request: web.Request) -> web.Response:
        return web.json_response({"errors": self.world.record.errors(request.query.get("call"))})
