"""README.md against the sources: log ids, directives, error codes, targets, packages, links; and
its commands against the demonstration."""

from __future__ import annotations

import re
import sqlite3

import pytest

from demo_process import Demo, demo  # noqa: F401
from httpd_config import ROOT
from httpd_server import Httpd
from twilio_account import ACCOUNT_SID

README = (ROOT / "README.md").read_text("utf-8")
SOURCES = {path: path.read_text("utf-8") for path in (ROOT / "mod_twvoice").rglob("*.[ch]")}
ID = r"TWV\d{4}"


def blocks(language: str, heading: str = "") -> list[str]:
    """The fenced blocks of a language, of the whole text or of one section."""
    text = README
    if heading:
        text = re.split(rf"^## {re.escape(heading)}$", text, flags=re.M)[1]
        text = re.split(r"^## ", text, flags=re.M)[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def code() -> str:
    """Everything that stands as code."""
    fenced = "\n".join(re.findall(r"^ *```\w*\n(.*?)^ *```$", README, re.M | re.S))
    without = re.sub(r"^ *```.*?^ *```$", "", README, flags=re.M | re.S)
    return fenced + "\n" + "\n".join(re.findall(r"`([^`\n]+)`", without))


def table_of_ids() -> dict[str, str]:
    """Id -> level, from the table of log messages."""
    rows = re.findall(rf"^\| ({ID}) \| (\w+) \| ..+ \| .+ \|$", README, re.M)
    assert len(rows) == len(dict(rows)) == len(re.findall(rf"^\| {ID} ", README, re.M))
    return dict(rows)


def logged_ids() -> dict[str, set[str]]:
    """Id -> levels, from the sources; a level that is not beside the id is missing."""
    found: dict[str, set[str]] = {}
    for source in SOURCES.values():
        text = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
        for name in re.findall(rf'"({ID})"', text):
            found.setdefault(name, set())
        for level, name in re.findall(
                rf'APLOG_MARK,\s*APLOG_(\w+),[^;]*?TWV_LOG\("({ID})"\)', text):
            found[name].add("error" if level == "ERR" else level.lower())
    return found


def test_every_log_id_is_explained_and_no_other() -> None:
    assert set(table_of_ids()) == set(logged_ids())


def test_log_levels_are_those_of_the_sources() -> None:
    told = table_of_ids()
    differing = {name: levels for name, levels in logged_ids().items()
                 if levels and levels != {told.get(name)}}
    assert differing == {}


def test_ids_in_the_text_are_in_the_table() -> None:
    assert set(re.findall(ID, README)) <= set(table_of_ids())


def test_named_directives_exist() -> None:
    table = SOURCES[ROOT / "mod_twvoice" / "config" / "directives.c"]
    existing = set(re.findall(r'AP_INIT_\w+\(\s*"(TwVoice\w+)"', table))
    assert set(re.findall(r"\bTwVoice\w+", README)) <= existing


def test_named_make_targets_exist() -> None:
    existing = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"\bmake ([a-z][\w-]*)", code()))
    assert {"run", "test", "install"} <= named <= existing


def test_named_error_codes_exist() -> None:
    table = SOURCES[ROOT / "mod_twvoice" / "twilio" / "error.c"]
    existing = set(re.findall(r"\{((?:20|80)\d{3}), ", table))
    assert set(re.findall(r"\b(?:20[0-5]\d\d|80\d{3})\b(?! s)", README)) <= existing


def test_named_files_exist() -> None:
    named = set(re.findall(r"\b(?:t|conf|mod_twvoice)/[\w./-]*\w", code()))
    assert named and [name for name in named if not (ROOT / name).exists()] == []


def test_the_packages_are_those_that_are_installed() -> None:
    script = (ROOT / "t" / "packages.sh").read_text()
    lists = {name: re.findall(r'"([\w.+-]+)\|', body)
             for name, body in re.findall(r"^(\w+)=\(\n(.*?)^\)", script, re.M | re.S)}
    run = re.search(r"^\| `make run` \| (.*) \|$", README, re.M)[1]
    more = re.search(r"^\| `make test` \| the same and (.*) \|$", README, re.M)[1]
    told = set(re.split(r"[,;] ", run))
    assert told == {*lists["build"]}
    told_more = set(re.split(r"[,;] ", re.sub(r" \([^)]*\)", "", more)))
    assert told_more == {*lists["database"], *lists["tests"], *lists["bench"]}


def test_links_within_the_text_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


@pytest.mark.parametrize("number", range(2))
def test_the_configurations_are_right(httpd: Httpd, number: int) -> None:
    httpd.load("ssl", "socache_shmcb")
    token = httpd.root / "conf" / "auth_token"
    token.write_text("0" * 32)
    token.chmod(0o600)
    text = blocks("apache")[number]
    text = text.replace("AC" + "x" * 32, ACCOUNT_SID)
    text = text.replace("/etc/twvoice/auth_token", str(token))
    text = re.sub(r"SSLEngine +on", "SSLEngine off", text)
    text = re.sub(r"SSLCertificate\w+ .*", "", text)
    fine, output = httpd.configtest(text)
    assert fine, output


def test_the_site_is_the_one_among_the_examples() -> None:
    assert blocks("apache")[0] in (ROOT / "conf" / "examples" / "masked-calls.conf").read_text()


def test_the_first_call_works_as_written(demo: Demo) -> None:  # noqa: F811
    demo.start()
    section = README.split("## A first masked call")[1]
    first, call, client, second_call = re.findall(r"^```(?:sh|python)\n(.*?)^```$", section,
                                                  re.M | re.S)[:4]
    additions, = blocks("sh", "How a call is answered")

    def here(text: str) -> str:
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{demo.http_port}")
        return text.replace("run/auth_token", f"{demo.directory}/auth_token")

    shown = demo.shell("set -e\n" + here(first + call + additions))
    assert re.search(r"\+819000000006 +rings, shows \+815000000001", shown)
    assert re.search(r'"unique_name":"order-2".*"pin":"\d{6}","call_time_limit":600', shown)
    program = demo.directory / "first.py"
    program.write_text(here(client))
    assert "Nurse dials +815000000002" in demo.shell(f"/usr/bin/python3 {program}")
    assert re.search(r"\+819000000007 +rings, shows \+815000000002", demo.shell(second_call))
    queries, = blocks("sql")
    with sqlite3.connect(f"file:{demo.directory}/data/twvoice.db?mode=ro", uri=True) as database:
        rows = [database.execute(query).fetchall() for query in queries.split(";")[:-1]]
    assert len(rows) == 4 and all(rows)
