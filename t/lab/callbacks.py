"""Status callbacks: who asked for which events, and sending them, at once or held back.

Callbacks of one leg are sent one after the other, those of different legs independently. In mode
`hold` they queue, with the content and time stamp of the event, until they are released.
"""

import asyncio
import math
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Optional

from .activity import Activity
from .calls import Leg
from .clock import Clock
from .record import Exchange
from .webhooks import WebhookRequest, Webhooks

EVENTS = ("initiated", "ringing", "answered", "completed")
SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487",
             "failed": "404"}


@dataclass
class Subscription:
    """Where the events of one leg or message go; counts what was sent, and keeps the order."""

    url: str
    method: str = "POST"
    events: FrozenSet[str] = frozenset(("completed",))
    sent: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Callbacks:
    """The sender of status callbacks."""

    def __init__(self, webhooks: Webhooks, clock: Clock):
        self._webhooks, self._clock = webhooks, clock
        self.mode = "deliver"
        self._held: List[WebhookRequest] = []

    def leg_event(self, leg: Leg, event: str) -> None:
        """Called at each event of a leg; the body of the answer is ignored."""
        subscription = leg.subscription
        if subscription is None or event not in subscription.events:
            return
        params = leg.params()
        params.update(self._stamp(subscription))
        if event == "completed":
            params["CallDuration"] = str(leg.duration)
            params["Duration"] = str(math.ceil(leg.duration / 60))
            if leg.parent:
                params["SipResponseCode"] = SIP_CODES[leg.status]
        request = WebhookRequest("status", subscription.url, subscription.method, params,
                                 leg.sid, leg.cookies)
        self.send(request, subscription, leg.activity)

    def send(self, request: WebhookRequest, subscription: Subscription,
             activity: Activity) -> None:
        if self.mode == "hold":
            self._held.append(request)
        else:
            activity.spawn(self._in_turn(request, subscription))

    def held(self) -> int:
        return len(self._held)

    async def release(self, order: str, times: int) -> List[Exchange]:
        """Sends what was held, each one `times` times in a row."""
        held, self._held = self._held, []
        if order == "reverse":
            held.reverse()
        exchanges: List[Exchange] = []
        for request in held:
            for _ in range(times):
                exchanges += (await self._webhooks.deliver(request)).exchanges
        return exchanges

    def clear(self) -> None:
        self.mode = "deliver"
        self._held = []

    def _stamp(self, subscription: Subscription) -> Dict[str, str]:
        number, subscription.sent = subscription.sent, subscription.sent + 1
        return {"Timestamp": self._clock.rfc2822(), "SequenceNumber": str(number),
                "CallbackSource": "call-progress-events"}

    async def _in_turn(self, request: WebhookRequest, subscription: Subscription) -> None:
        async with subscription.turn:
            await self._webhooks.deliver(request)


def subscribe(url: Optional[str], method: str, events: FrozenSet[str]) -> Optional[Subscription]:
    return Subscription(url, method, events) if url else None
