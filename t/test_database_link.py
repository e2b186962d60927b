"""The server's database connections: which host has one, and one writer at a time on SQLite."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from databases import Database
from httpd_server import Httpd
from polling import until
from postgresql_server import PostgresqlServer
from proxy_api import PLACE, ProxyApi, start_proxy_api
from twilio_account import account

MECHANISMS = {"flock": "flock:{root}/run", "fcntl": "fcntl:{root}/run", "sysvsem": "sysvsem",
              "posixsem": "posixsem", "pthread": "pthread"}
IS_LOST = "AH00051|AH00052|exit signal"


def services(database: Database) -> int:
    """How many services are in the database."""
    return database.query("SELECT COUNT(*) FROM twv_service")[0][0]


def create_many(api: ProxyApi, prefix: str, count: int, at_once: int = 8) -> list[int]:
    """Create services in parallel; the statuses of the answers."""
    def create(number: int) -> int:
        return api.ask("POST", "/Services", {"UniqueName": f"{prefix}{number}"}).status
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(create, range(count)))


def test_many_write_at_once_and_all_succeed(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    assert set(create_many(api, "shop", 80, at_once=16)) == {201}
    assert services(database) == 80


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_write_lock_works_with_every_mechanism_of_the_mutex_directive(
        httpd: Httpd, database: Database, mechanism: str) -> None:
    mutex = MECHANISMS[mechanism].format(root=httpd.root)
    api = start_proxy_api(httpd, f"Mutex {mutex} twvoice-write")
    assert set(create_many(api, "shop", 24)) == {201}
    assert services(database) == 24


def test_what_was_answered_is_there_after_a_reload_amid_writing(
        httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(create_many, api, "shop", 60, 4)
        until(lambda: httpd.access_log())
        httpd.graceful()
        assert set(writing.result()) == {201}
    assert services(database) == 60
    assert create_many(api, "more", 1) == [201]


def test_a_killed_child_leaves_the_lock_to_the_others(httpd: Httpd, database: Database) -> None:
    httpd.expect_log(IS_LOST)
    api = start_proxy_api(httpd)
    assert set(create_many(api, "shop", 8)) == {201}
    for round_number in range(3):
        children = httpd.children()
        for child in children:
            os.kill(child, signal.SIGKILL)
        until(lambda: set(httpd.children()).isdisjoint(children) and httpd.children(),
              what="new children")
        assert set(create_many(api, f"round{round_number}-", 8)) == {201}
    assert services(database) == 32


def test_only_the_virtual_host_with_a_database_has_one(httpd: Httpd, database: Database) -> None:
    here = database.directives()
    httpd.directives = ""
    hosts = "".join(f"""
        <VirtualHost *:{httpd.port}>
            ServerName {name}
            {account(httpd)}
            {directives}
            {PLACE}
        </VirtualHost>
    """ for name, directives in (("with.example.jp", here), ("without.example.jp", "")))
    httpd.start(hosts)
    api = ProxyApi(httpd)
    created = api.ask("POST", "/Services", {"UniqueName": "x"}, {"Host": "with.example.jp"})
    refused = api.ask("POST", "/Services", {"UniqueName": "x"}, {"Host": "without.example.jp"})
    assert (created.status, refused.status) == (201, 503)


def test_a_virtual_host_inherits_the_database(httpd: Httpd, database: Database) -> None:
    httpd.start(f"<VirtualHost *:{httpd.port}>\nServerName a\n{account(httpd)}\n{PLACE}\n"
                "</VirtualHost>")
    assert create_many(ProxyApi(httpd), "shop", 1) == [201]
    assert services(database) == 1


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_writing_goes_on_when_postgresql_is_back(httpd: Httpd, database: Database,
                                                 postgresql_server: PostgresqlServer) -> None:
    httpd.expect_log("AH0063|AH0062|AH02655|TWV02")
    api = start_proxy_api(httpd)
    assert create_many(api, "before", 4) == [201] * 4
    postgresql_server.pause()
    assert set(create_many(api, "down", 4)) == {503}
    postgresql_server.resume()
    until(lambda: create_many(api, "after", 1) == [201], 20, "an answer with PostgreSQL back")
    assert services(database) == 5
