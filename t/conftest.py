"""Fixtures of the module tests: a private httpd, its database, the lab.

Each test runs for every multi-processing module and database that it can tell apart:

* a test that uses ``httpd`` runs under event and under prefork;
* a test that uses ``httpd`` and ``database`` runs under both on SQLite and on PostgreSQL;
* a test that says itself which (``parametrize("database_kind", ["sqlite"])``) is not asked;
* ``--mpm`` and ``--database`` narrow that.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from back_end import BackEnd  # noqa: E402
from databases import Database, Postgresql, Sqlite  # noqa: E402
from httpd_server import Httpd  # noqa: E402
from lab.client import Lab  # noqa: E402
from lab.testing import Customer, LabProcess  # noqa: E402
from masking import Masking  # noqa: E402
from postgresql_server import PostgresqlServer  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    """What may be narrowed."""
    parser.addoption("--mpm", default="event,prefork", help="event,prefork or one of them")
    parser.addoption("--database", default="sqlite,postgresql",
                     help="sqlite,postgresql or one of them")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives each test the combinations that it can tell apart."""
    mpms = metafunc.config.getoption("--mpm").split(",")
    kinds = metafunc.config.getoption("--database").split(",")
    names = metafunc.fixturenames
    marks = metafunc.definition.iter_markers("parametrize")
    chosen = {name.strip() for mark in marks for name in str(mark.args[0]).split(",")}
    for name, values in (("mpm", mpms), ("database_kind", kinds)):
        if name in names and name not in chosen:
            metafunc.parametrize(name, values)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The run's PostgreSQL cluster."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A directory that other users can enter, which pytest's own cannot be."""
    path = Path(tempfile.mkdtemp(prefix="twvoice-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def database(database_kind: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database, SQLite or PostgreSQL."""
    if database_kind == "sqlite":
        directory = request.getfixturevalue("scratch") / "database"
        directory.mkdir()
        if os.geteuid() == 0:
            user = pwd.getpwnam("www-data")
            os.chown(directory, user.pw_uid, user.pw_gid)
        yield Sqlite(directory / "twvoice.db")
        return
    server = request.getfixturevalue("postgresql_server")
    postgresql = Postgresql(server)
    yield postgresql
    server.drop_database(postgresql.name)


@pytest.fixture
def httpd(mpm: str, scratch: Path, request: pytest.FixtureRequest) -> Iterator[Httpd]:
    """A server that is not started yet; has the test's database when the test asks for one."""
    directives = ""
    if "database" in request.fixturenames:
        directives = request.getfixturevalue("database").directives()
    root = scratch / "httpd"
    root.mkdir()
    server = Httpd(root, mpm, directives)
    yield server
    server.stop()
    print(server.log.text())  # shown when the test failed
    unexpected = server.log.unexpected()
    assert not unexpected, "the error log has lines that nobody expected:\n" + "\n".join(unexpected)


@pytest.fixture(scope="session")
def lab_process() -> Iterator[LabProcess]:
    """The run's lab, with a clock that stands still until told otherwise."""
    with LabProcess() as process:
        yield process


@pytest.fixture
def lab(lab_process: LabProcess) -> Iterator[Lab]:
    """The lab's client; no call, phone or held callback is left from the test before."""
    client = Lab(lab_process.url)
    client.reset()
    client.deliver_callbacks()
    yield client


@pytest.fixture
def back_end() -> Iterator[BackEnd]:
    """A web server to stand behind mod_proxy."""
    server = BackEnd()
    yield server
    server.stop()


@pytest.fixture
def masking(httpd: Httpd, database: Database, request: pytest.FixtureRequest) -> Masking:
    """A server for masked calls, not started yet; has a lab when the test asks for one."""
    lab = request.getfixturevalue("lab") if "lab" in request.fixturenames else None
    return Masking(httpd, database, lab)


@pytest.fixture
def operator() -> Iterator[Customer]:
    """The operator's program: gets the callbacks of a service and answers them as a test says."""
    program = Customer()
    yield program
    program.close()
