"""The store's unit tests, which `make unit` runs on SQLite, on the run's PostgreSQL."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from httpd_config import MODULE
from postgresql_server import PostgresqlServer

ROOT = Path(__file__).resolve().parent.parent
NAMES = sorted(path.stem for path in (ROOT / "t" / "unit").glob("test_store_*.c"))


@pytest.fixture
def conninfo(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """A database of its own."""
    name = postgresql_server.create_database()
    yield postgresql_server.parameters(name)
    postgresql_server.drop_database(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_store_keeps_its_promises_on_postgresql(name: str, conninfo: str):
    program = MODULE.parent / "unit" / name
    if not program.exists():
        pytest.skip(f"{program} is not built: make unit-programs")
    done = subprocess.run(
        [str(program)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=120, check=False,
        env={**os.environ, "TWV_TEST_POSTGRESQL": conninfo, "CK_FORK": "no",
             "CK_DEFAULT_TIMEOUT": "60"})
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, output
