"""A private PostgreSQL: one cluster for the whole run, one database for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg2

from httpd_server import free_port
from polling import until

USER = "postgres"


def _programs() -> Path:
    """Where Debian keeps the newest server's programs."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                      key=lambda path: int(path.parent.parent.name))
    assert versions, "PostgreSQL is not installed (t/packages.sh test)"
    return versions[-1].parent


class PostgresqlServer:
    """A cluster in a temporary directory, owned by user postgres where tests run as root."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="twvoice-postgresql-"))
        self.port = free_port()
        self._programs = _programs()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(self.root, user.pw_uid, user.pw_gid)

    def start(self) -> None:
        """Make the cluster and start it; returns when it answers."""
        data = str(self.root / "data")
        self._run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8",
                  "--no-locale", "--no-sync")
        self.resume()

    def resume(self) -> None:
        """Start the cluster that start() made, again after pause().

        Nothing waits for the disk; what was committed survives pause(), though not a power cut.
        """
        with open(self.root / "server.log", "ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", str(self.root / "data"),
                 "-c", "listen_addresses=127.0.0.1", "-p", str(self.port),
                 "-c", f"unix_socket_directories={self.root}", "-c", "fsync=off",
                 "-c", "full_page_writes=off", "-c", "max_connections=200"],
                cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._identity())
        until(self._answers, 30, "start of PostgreSQL")

    def pause(self) -> None:
        """Shut down at once, as a crash of the database's machine would."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(3)  # SIGQUIT: immediate shutdown
            process.wait(20)

    def stop(self) -> None:
        """End it and remove the cluster."""
        self.pause()
        shutil.rmtree(self.root, ignore_errors=True)

    def create_database(self) -> str:
        """A new empty database; returns its name."""
        self._made += 1
        name = f"twvoice_{self._made}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove it together with whoever is still connected."""
        self.execute("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def parameters(self, name: str) -> str:
        """libpq's connection string."""
        return (f"host=127.0.0.1 port={self.port} user={USER} dbname={name} "
                f"connect_timeout=3 application_name=twvoice")

    def execute(self, name: str, sql: str, arguments: tuple[Any, ...] = ()) -> list[tuple]:
        """Run one statement outside a transaction; returns its rows."""
        connection = psycopg2.connect(self.parameters(name))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, arguments or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, \
            (self.root / "server.log").read_text(errors="replace")
        try:
            self.execute("postgres", "SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self._programs / program, *arguments], cwd=self.root, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **self._identity())

    @staticmethod
    def _identity() -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        user = pwd.getpwnam(USER)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
