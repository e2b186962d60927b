"""The database of one test, as httpd is told about it and as the test looks into it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol

from postgresql_server import PostgresqlServer


class Database(Protocol):
    """What tests may use without knowing which database it is. SQL takes ? for a value."""

    kind: str

    def directives(self) -> str:
        """For httpd.conf."""

    def query(self, sql: str, *values: Any) -> list[tuple]:
        """Rows of a statement, committed at once."""


class Sqlite:
    """A file in a directory that the server's user may write to."""

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def directives(self) -> str:
        """For httpd.conf."""
        return f"DBDriver sqlite3\nDBDParams {self.path}"

    def query(self, sql: str, *values: Any) -> list[tuple]:
        """Rows of a statement, committed at once. The file must be there: the server makes it."""
        connection = sqlite3.connect(f"file:{self.path}?mode=rw", uri=True, timeout=10,
                                     isolation_level=None)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


class Postgresql:
    """A database of the run's cluster."""

    kind = "postgresql"

    def __init__(self, server: PostgresqlServer) -> None:
        self.server = server
        self.name = server.create_database()

    def directives(self) -> str:
        """For httpd.conf."""
        return f'DBDriver pgsql\nDBDParams "{self.server.parameters(self.name)}"'

    def query(self, sql: str, *values: Any) -> list[tuple]:
        """Rows of a statement, committed at once."""
        statement = sql.replace("%", "%%").replace("?", "%s") if values else sql
        return self.server.execute(self.name, statement, values)
