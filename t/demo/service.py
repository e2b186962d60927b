"""The service of the demonstration, made through the Proxy API with Twilio's own client."""

from __future__ import annotations

from typing import Any

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from demo.settings import (ACCOUNT_SID, HANAKO, NUMBER, SERVICE, SESSION, TARO, DemoError,
                           Settings)

NAMES = {HANAKO: "花子", TARO: "太郎"}


def _fetch(resource: Any) -> Any:
    """What is there, or None."""
    try:
        return resource.fetch()
    except TwilioRestException as error:
        if error.status == 404:
            return None
        raise


def make_service(settings: Settings) -> str:
    """One number and one session of two people, if they are not there yet; the service's SID."""
    client = Client(ACCOUNT_SID, settings.token())
    client.proxy.base_url = settings.api_url
    try:
        found = _fetch(client.proxy.services(SERVICE))
        made = found or client.proxy.services.create(unique_name=SERVICE)
        service = client.proxy.services(made.sid)
        if not service.phone_numbers.list():
            service.phone_numbers.create(phone_number=NUMBER)
        session = _fetch(service.sessions(SESSION)) or service.sessions.create(unique_name=SESSION)
        if session.status == "closed":
            service.sessions(session.sid).update(status="in-progress")
        participants = service.sessions(session.sid).participants
        there = {participant.identifier for participant in participants.list()}
        for phone, name in NAMES.items():
            if phone not in there and len(there) < 2:
                participants.create(identifier=phone, friendly_name=name)
                there.add(phone)
    except TwilioRestException as error:
        raise DemoError(f"The API refused the demonstration's service: {error.msg} ({error.code}). "
                        "See the error log.") from None
    return made.sid
