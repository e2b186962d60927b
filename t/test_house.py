"""The rules of the house that a machine can check: who may include whom, what a file opens with."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "mod_twvoice").rglob("*.[ch]"))
C_FILES = SOURCES + sorted((ROOT / "t").rglob("*.[ch]"))

# From the top floor down: a file may include its own floor and those that its floor names.
FLOORS = {
    "http": {"http", "config", "calls", "store", "twilio"},
    "jobs": {"jobs", "http", "config", "calls", "store", "twilio"},
    "config": {"config", "calls", "twilio"},
    "calls": {"calls", "store", "twilio"},
    "store": {"store", "twilio"},
    "twilio": {"twilio"},
}
HTTPD_HEADER = re.compile(r'#include\s*[<"](httpd|http_\w+|util_\w+|ap_\w+|mod_\w+|mpm_\w+)\.h')


def floor_of(path: Path) -> str:
    """The directory below mod_twvoice/."""
    return path.relative_to(ROOT / "mod_twvoice").parts[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_looks_up(path: Path):
    floor = floor_of(path)
    text = path.read_text()
    if floor in FLOORS:
        included = {name.split("/")[0] for name in re.findall(r'#include "(\w+/\w+\.h)"', text)}
        assert included <= FLOORS[floor] | {"apr"}
    if floor in ("calls", "store", "twilio"):
        assert not HTTPD_HEADER.search(text), "the library floors know nothing of httpd"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_first_what_it_holds(path: Path):
    text = path.read_text()
    assert text.startswith("/*"), "the first lines say what the file holds"
    assert len(text.splitlines()) <= 600


def test_only_the_store_knows_sql():
    sql = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE (TABLE|INDEX))\s')
    knowing = {str(path.relative_to(ROOT)) for path in SOURCES if sql.search(path.read_text())
               and floor_of(path) != "store"}
    assert knowing == set()


def test_the_code_is_formatted():
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, C_FILES)], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()[:4000]


def test_nothing_is_left_undone_in_the_tree():
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")
    files = [path for name in ("mod_twvoice", "t", "conf") for path in (ROOT / name).rglob("*")
             if path.is_file() and path.suffix != ".pyc"]
    found = [str(path) for path in [*files, ROOT / "Makefile", ROOT / "README.md"]
             if words.search(path.read_text(errors="replace"))]
    assert found == []
