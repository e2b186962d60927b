"""The bench: a miniature run measures and prints everything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent / "bench" / "bench.py"
ROWS = ("static file", "signed file", "masked call", "status callback",
        "masked call, event, 32 connections", "masked call, prefork, 32 connections",
        "masked call, twilio-python", "Sessions", "Calls", "Calls, From=")
TARGETS = ("masked call with 50 sessions", "masked call with 500 sessions",
           "masked call, event, 32 connections: none over 1 s", "Calls: page within 50 ms",
           "no errors: 0")


def run_miniature(cache: Path) -> str:
    """A run of a few seconds; what it printed."""
    done = subprocess.run(
        [sys.executable, BENCH, "--rounds=1", "--seconds=0.2", "--few=50", "--many=500",
         "--legs=12000", "--live=4000", f"--cache={cache}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_miniature_run_prints_every_row_and_target_and_keeps_its_data(tmp_path: Path) -> None:
    printed = run_miniature(tmp_path)
    for row in ROWS:
        assert re.search(rf"^  {re.escape(row)} +[\d.]+ ", printed, re.MULTILINE), (row, printed)
    for target in TARGETS:
        assert re.search(rf"^  (met    |NOT MET) +{target}", printed, re.MULTILINE), printed
    assert printed.count("filled a database") == 2
    kept = {path.name for path in tmp_path.iterdir()}
    assert len(kept) == 2
    assert "filled a database" not in run_miniature(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_it_needs_no_package_of_the_tests() -> None:
    program = ("import sys; sys.modules['pytest'] = None; "
               f"sys.path[:0] = [{str(BENCH.parent)!r}]; import bench")
    subprocess.run([sys.executable, "-c", program], check=True)
