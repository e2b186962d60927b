"""`make bench`: what a masked call costs, as a share of what a static file costs.

Everything is measured in one run, against the same server with the same settings, by the same
client: wrk with one thread, which shares the processors with the server. Rows that are compared
are measured in turn, round after round, and the medians of the rounds are shown with their spread,
because machines are noisy. A static file is asked for with GET (httpd serves none by POST), with
the same headers as the webhooks, and is as long as the answer to a call.

    LEGS=10000000 make bench     with ten million legs in the large database
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH.parent), str(BENCH)]

from bench_data import Dataset, caller, partner, prepare  # noqa: E402
from bench_lists import measure_lists  # noqa: E402
from bench_server import SIGNED, STATIC, BenchServer, PythonServer, first_database  # noqa: E402
from load import BenchError, RequestFile, run_wrk  # noqa: E402
from report import Report, Row  # noqa: E402
from signed_requests import (masked_call_requests, signed_file_requests,  # noqa: E402
                             static_requests, status_requests, voice_parameters)

CONNECTIONS, CALLERS = 16, 32


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """The options; the defaults are what `make bench` shows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is measured")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--few", type=int, default=1000, help="sessions of the small database")
    parser.add_argument("--many", type=int, default=1_000_000, help="and of the large one")
    parser.add_argument("--legs", type=int, default=int(os.environ.get("LEGS") or 1_000_000),
                        help="legs in the large database")
    parser.add_argument("--live", type=int, default=40_000, help="live calls in each")
    parser.add_argument("--cache", type=Path, default=BENCH.parent.parent / "build" / "bench",
                        help="where filled databases are kept")
    return parser.parse_args(given)


class Bench:
    """One run: its options, its directory, its report."""

    def __init__(self, options: argparse.Namespace, directory: Path) -> None:
        self.options = options
        self.directory = directory
        self.report = Report()
        self.static = static_requests(directory, STATIC)
        self.signed = signed_file_requests(directory, SIGNED)

    def _calls(self, port: int, dataset: Dataset, seconds: float) -> RequestFile:
        """Calls for that long: as many as the speed of a few shows, and twice as many again."""
        first = masked_call_requests(self.directory / "first-calls", dataset, 3000)
        speed = run_wrk(port, first, CONNECTIONS, 0.2).per_second
        return masked_call_requests(self.directory / "calls", dataset,
                                    int(speed * seconds * 3) + 5000)

    def _prepare(self, server: BenchServer, dataset: Dataset) -> None:
        """Ask for one call, which must be connected; the static files are as long."""
        number = dataset.sessions // 2
        parameters = voice_parameters("CA" + "9" * 32, caller(number))
        document = server.webhook("/twilio/voice", parameters)
        if partner(number).encode() not in document:
            raise BenchError(f"the call was not connected: {document!r}")
        server.make_files(document)

    def compare(self, dataset: Dataset, database: Path) -> None:
        """Static file, signed file, masked call and status callback in turn; then the lists."""
        options = self.options
        self.report.section(f"{dataset.sessions} sessions, {dataset.legs} legs; event,"
                            f" {CONNECTIONS} connections")
        with BenchServer(self.directory / f"compare-{dataset.name}", "event", database) as server:
            self._prepare(server, dataset)
            calls = self._calls(server.port, dataset, options.rounds * options.seconds)
            files = {"static file": self.static, "signed file": self.signed, "masked call": calls,
                     "status callback": status_requests(self.directory, dataset)}
            rows = {name: Row(name) for name in files}
            for _ in range(options.rounds):
                for name, file in files.items():
                    rows[name].add(run_wrk(server.port, file, CONNECTIONS, options.seconds))
                for row in rows.values():
                    row.compare_last(rows["static file"])
            for row in rows.values():
                self.report.add(row)
            self._check_log(server, dataset, rows["masked call"].answered)
            if dataset.name == "many":
                self.report.lists(measure_lists(server, max(options.rounds * 8, 8)))
        self.report.targets(dataset, rows["masked call"])
        shutil.rmtree(self.directory / f"compare-{dataset.name}")

    @staticmethod
    def _check_log(server: BenchServer, dataset: Dataset, answered: int) -> None:
        """What was answered is in the log."""
        logged = server.database.query("SELECT count(*) FROM twv_call")[0][0]
        before = 2 * (dataset.old_calls + dataset.live_calls)
        if logged < before + answered:
            raise BenchError(f"{answered} calls were answered, {logged - before} are in the log")

    def callers_at_once(self, dataset: Dataset, database: Path) -> None:
        """Many callers over several processes: nobody waits for long, nothing fails."""
        self.report.section(f"{CALLERS} callers at once, {dataset.sessions} sessions")
        seconds = self.options.seconds * 2
        for mpm in ("event", "prefork"):
            row = Row(f"masked call, {mpm}, {CALLERS} connections")
            with BenchServer(self.directory / mpm, mpm, database) as server:
                self._prepare(server, dataset)
                calls = self._calls(server.port, dataset, seconds)
                static = Row("static file")
                static.add(run_wrk(server.port, self.static, CALLERS, self.options.seconds))
                row.add(run_wrk(server.port, calls, CALLERS, seconds))
                row.compare_last(static)
                self._check_log(server, dataset, row.answered)
            self.report.add(row)
            self.report.slowest(row)

    def python(self, dataset: Dataset, database: Path) -> None:
        """The same work by twilio-python."""
        self.report.section("the same call by twilio-python, Flask and sqlite3, gunicorn with"
                            " 2 workers")
        row = Row("masked call, twilio-python")
        with PythonServer(self.directory / "python", database) as server:
            rounds = min(self.options.rounds, 3)
            calls = self._calls(server.port, dataset, self.options.seconds * rounds)
            for _ in range(rounds):
                row.add(run_wrk(server.port, calls, CONNECTIONS, self.options.seconds))
        self.report.add_without_ratio(row)

    def run(self) -> None:
        """Everything."""
        options = self.options
        first = first_database(self.directory / "first")
        few = Dataset("few", options.few, min(100_000, options.legs), options.live)
        many = Dataset("many", options.many, options.legs, options.live)
        databases = {dataset: prepare(first, dataset, options.cache, print)
                     for dataset in (few, many)}
        for dataset, database in databases.items():
            self.compare(dataset, database)
        self.callers_at_once(few, databases[few])
        self.python(few, databases[few])


def main(given: Sequence[str]) -> int:
    """0 unless something failed; a target that is not met is no failure."""
    options = arguments(given)
    start = time.monotonic()
    # Not /tmp, which is memory on some systems.
    directory = Path(tempfile.mkdtemp(prefix="twvoice-bench-", dir="/var/tmp"))
    directory.chmod(0o755)
    bench = Bench(options, directory)
    try:
        bench.run()
    except (AssertionError, BenchError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    bench.report.print_targets()
    print(f"\n{time.monotonic() - start:.0f} s")
    return 1 if bench.report.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
