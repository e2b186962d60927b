"""The annotated reference conf/twvoice.conf against the directive table and the server, and the
configuration records against their merges."""

from __future__ import annotations

import re
from pathlib import Path

from httpd_config import ROOT

CONFIG = ROOT / "mod_twvoice" / "config"
REFERENCE = ROOT / "conf" / "twvoice.conf"
TABLE_ENTRY = re.compile(r'AP_INIT_\w+\(\s*"(TwVoice\w+)",\s*\w+,\s*NULL,\s*(\w+),')
CONTEXTS = {"SERVER": "server", "PLACE": "place"}


def contexts_of_the_table() -> dict[str, str]:
    """Directive -> context, from directives.c."""
    source = (CONFIG / "directives.c").read_text()
    entries = TABLE_ENTRY.findall(source)
    assert len(entries) == source.count("AP_INIT_"), "an entry of the table was not understood"
    return {name: CONTEXTS[context] for name, context in entries}


def sections() -> dict[str, str]:
    """Directive -> its annotated section in the reference, up to the directive itself."""
    text = REFERENCE.read_text()
    found = re.findall(r"^# (TwVoice\w+) .*\n((?:#.*\n)*?)^#(TwVoice\w+) .*$", text, re.M)
    for heading, _, directive in found:
        assert heading == directive, f"the section of {heading} ends with {directive}"
    return {heading: body for heading, body, _ in found}


def directive_lines() -> list[str]:
    """The directives that are commented out."""
    return re.findall(r"^#(TwVoice\w+ .*)$", REFERENCE.read_text(), re.M)


def struct_members(header: Path, name: str) -> list[str]:
    """Members of a struct as it is typed in a header."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    body = re.search(r"typedef struct \{([^{}]*)\} " + name + ";", text)
    assert body, f"{name} is not in {header}"
    return re.findall(r"(\w+)(?:\[\w+\])?;", body[1])


def test_the_reference_has_every_directive_of_the_table_and_no_other() -> None:
    assert set(sections()) == set(contexts_of_the_table())


def test_the_reference_has_each_directive_once() -> None:
    names = [line.split()[0] for line in directive_lines()]
    assert sorted(names) == sorted(set(names))


def test_each_section_tells_the_context_of_the_table() -> None:
    told = {name: re.search(r"^# Context: (\w+)$", body, re.M)[1]
            for name, body in sections().items()}
    assert told == contexts_of_the_table()


def test_the_reference_directs_nothing_by_itself() -> None:
    lines = REFERENCE.read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_lines_of_the_reference_fit_the_page() -> None:
    assert [line for line in REFERENCE.read_text().splitlines() if len(line) > 100] == []


def test_the_server_takes_every_directive_of_the_reference_as_it_stands(httpd, scratch) -> None:
    secret = scratch / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    secret.chmod(0o600)
    lines = [re.sub(r"file:\S+", f"file:{secret}", line) for line in directive_lines()]
    ok, output = httpd.configtest("\n".join(lines))
    assert ok and output == "Syntax OK\n", output


def test_the_defaults_of_the_reference_are_those_of_the_server(httpd) -> None:
    ok, output = httpd.configtest("", "-D", "DUMP_TWVOICE")
    assert ok, output
    defaults = dict(re.findall(r"^    (TwVoice\w+) +(.*) \(default\)$", output, re.M))
    for name, body in sections().items():
        told = re.search(r"^# Default: (.*)$", body, re.M)[1]
        if name in defaults and told != "none":
            assert told.startswith(defaults[name]), name


def test_a_directive_with_a_default_stands_there_with_it() -> None:
    values = dict(line.split(None, 1) for line in directive_lines())
    for name, body in sections().items():
        told = re.search(r"^# Default: (.*)$", body, re.M)[1]
        if " " not in told and told != "none":
            assert values[name] == told


def test_the_reference_explains_every_event_of_a_prompt(httpd) -> None:
    ok, output = httpd.configtest("TwVoicePrompt nonsense text")
    assert not ok
    allowed = re.search(r"allowed: (.*)$", output, re.M)[1].split(", ")
    assert re.findall(r"^#   ([a-z-]+)  ", sections()["TwVoicePrompt"], re.M) == allowed


def test_every_setting_is_merged() -> None:
    records = CONFIG / "records.h"
    for name, source in (("twv_server_settings_t", "server_config.c"),
                         ("twv_directory_config_t", "directory_config.c")):
        text = (CONFIG / source).read_text()
        members = struct_members(records, name)
        assert members
        missing = [member for member in members
                   if not re.search(r"merged->" + member + r"(\.\w+(\[i\])?)?\s*=[^=]", text)]
        assert not missing, f"{source} does not merge {missing} of {name}"


def test_every_member_of_speech_is_merged() -> None:
    text = (CONFIG / "directory_config.c").read_text()
    members = struct_members(ROOT / "mod_twvoice" / "calls" / "prompts.h", "twv_speech_t")
    missing = [member for member in members
               if not re.search(r"merged->speech\." + member + r"(\[i\])?\s*=[^=]", text)]
    assert not missing


def test_every_member_of_the_policy_is_filled() -> None:
    text = (CONFIG / "server_config.c").read_text()
    members = struct_members(ROOT / "mod_twvoice" / "calls" / "policy.h", "twv_policy_t")
    assert [member for member in members if f"policy->{member} =" not in text] == []
