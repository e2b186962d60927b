"""Reads what -D DUMP_TWVOICE prints, and the directives that tests of the configuration share."""

from __future__ import annotations

import re
from pathlib import Path

ACCOUNT = "AC00000000000000000000000000000001"
OTHER_ACCOUNT = "AC00000000000000000000000000000002"
KEY = "SK00000000000000000000000000000001"
# Some variable that is set for every server of the tests.
TOKEN = "env:TZ"


def account(source: str = TOKEN, sid: str = ACCOUNT) -> str:
    """The two directives that an account needs."""
    return f"TwVoiceAccountSid {sid}\nTwVoiceAuthToken {source}\n"


def dump(httpd, config: str) -> dict[str, list[str]]:
    """Server or place -> the lines that -D DUMP_TWVOICE prints for it, with single blanks."""
    ok, output = httpd.configtest(config, "-D", "DUMP_TWVOICE")
    assert ok, output
    parts: dict[str, list[str]] = {}
    server = title = ""
    for line in output.split("mod_twvoice configuration:\n")[1].splitlines():
        if line.startswith("    "):
            name, value = line.split(None, 1)
            parts[title].append(f"{name} {value}")
        elif line.startswith("  "):
            title = f"{server} {line.strip()}"
            parts[title] = []
        elif line != "Syntax OK":
            server = title = re.sub(r" \(.*", "", line)
            parts[title] = []
    return parts


def values(lines: list[str], directive: str) -> list[str]:
    """The values of one directive in a part of the dump."""
    return [line.split(None, 1)[1] for line in lines if line.split()[0] == directive]


def secret_file(path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    """A file that only its owner can read, unless told otherwise."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path
