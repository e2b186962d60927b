"""Twilio's official client against the Proxy API, as the users' programs use it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from databases import Database
from httpd_server import Httpd
from proxy_api import MOUNT, start_proxy_api
from twilio_account import ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, HANAKO, PROXY_NUMBER, TARO


def start(httpd: Httpd, user: str = ACCOUNT_SID, password: str = AUTH_TOKEN) -> Any:
    """client.proxy of a client that was given our base URL."""
    start_proxy_api(httpd)
    # Connections that its pool kept open would keep the server from stopping.
    client = Client(user, password, account_sid=ACCOUNT_SID,
                    http_client=TwilioHttpClient(pool_connections=False))
    client.proxy.base_url = f"{httpd.url}{MOUNT}"
    return client.proxy


def test_the_whole_way_of_a_session(httpd: Httpd, database: Database) -> None:
    proxy = start(httpd)
    service = proxy.services.create(unique_name="shop", default_ttl=60)
    number = proxy.services(service.sid).phone_numbers.create(phone_number=PROXY_NUMBER,
                                                              is_reserved=False)
    assert number.capabilities["voice_inbound"] and number.in_use == 0
    expiry = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    sessions = proxy.services(service.sid).sessions
    made = sessions.create(unique_name="order-1", ttl=600, date_expiry=expiry, mode="voice-only",
                           participants=[{"Identifier": HANAKO, "FriendlyName": "Hanako"}])
    assert (made.status, made.ttl, made.date_expiry) == ("open", 600, expiry)
    session = proxy.services(service.sid).sessions("order-1").fetch()
    assert session.sid == made.sid and session.date_created == made.date_created
    context = proxy.services(service.sid).sessions(session.sid)
    taro = context.participants.create(identifier=TARO, proxy_identifier=PROXY_NUMBER)
    assert [p.identifier for p in context.participants.list()] == [TARO, HANAKO]
    assert context.participants(taro.sid).fetch().proxy_identifier_sid == number.sid
    assert context.interactions.list(limit=20) == []
    assert context.participants(taro.sid).delete() is True
    assert context.update(status="closed").closed_reason == "api"
    assert context.update(status="in-progress").date_ended is None
    assert context.delete() is True
    assert proxy.services(service.sid).phone_numbers(number.sid).update(
        is_reserved=True).is_reserved is True
    assert proxy.services(service.sid).phone_numbers(number.sid).delete() is True
    assert proxy.services(service.sid).update(callback_url="https://example.jp/").callback_url
    assert proxy.services(service.sid).delete() is True
    assert proxy.services.list() == []


def test_lists_are_read_over_many_pages(httpd: Httpd, database: Database) -> None:
    proxy = start(httpd)
    service = proxy.services.create(unique_name="shop").sid
    sessions = proxy.services(service).sessions
    made = {sessions.create(unique_name=f"order {i}").sid for i in range(120)}
    assert {session.sid for session in sessions.list()} == made
    assert len(sessions.list(limit=70)) == 70
    assert len(list(sessions.stream(page_size=7))) == 120
    page = sessions.page(page_size=100)
    following = page.next_page()
    assert len(list(page)) == 100 and len(list(following)) == 20
    assert following.next_page() is None
    assert len(list(following.previous_page())) == 100


def test_errors_are_twilios(httpd: Httpd, database: Database) -> None:
    proxy = start(httpd)
    proxy.services.create(unique_name="shop")
    with pytest.raises(TwilioRestException) as raised:
        proxy.services.create(unique_name="shop")
    assert (raised.value.status, raised.value.code) == (400, 80602)
    assert "unique" in raised.value.msg
    with pytest.raises(TwilioRestException) as raised:
        proxy.services("KS" + "0" * 32).fetch()
    assert (raised.value.status, raised.value.code) == (404, 20404)


def test_an_api_key_is_as_good_as_the_token(httpd: Httpd, database: Database) -> None:
    assert start(httpd, API_KEY, API_SECRET).services.list() == []


def test_a_wrong_password_is_refused_as_twilio_does(httpd: Httpd, database: Database) -> None:
    httpd.expect_log("AH01617")
    with pytest.raises(TwilioRestException) as raised:
        start(httpd, password="x" * 32).services("shop").fetch()
    assert (raised.value.status, raised.value.code) == (401, 20003)
