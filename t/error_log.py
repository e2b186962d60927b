"""The server's error log: new lines, and which of them nobody expected."""

from __future__ import annotations

import re
from pathlib import Path

# "[time] [module:level] [pid ...] text"
_LEVEL = re.compile(r"^\[[^\]]+\] \[(?P<module>[\w-]*):(?P<level>\w+)\] ")
_LOUD = {"emerg", "alert", "crit", "error", "warn"}
# What a crash, a lost child or a sanitizer leaves behind, at whatever level.
_CRASH = re.compile(
    r"exit signal|Segmentation|AH00051|AH00052|long lost child|glibc detected|"
    r"double free|corrupted|Assertion .*failed|pool concurrency check|"
    r"AddressSanitizer|runtime error:"
)


class ErrorLog:
    """Reads the error log of one server; knows what a test announced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._expected: list[re.Pattern[str]] = []

    def text(self) -> str:
        """Everything that was logged so far."""
        return self.path.read_text(errors="replace") if self.path.exists() else ""

    def lines(self, pattern: str) -> list[str]:
        """The lines that match a regular expression."""
        return [line for line in self.text().splitlines() if re.search(pattern, line)]

    def expect(self, pattern: str) -> None:
        """Lines at warn and above that match are no reason to fail."""
        self._expected.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """Lines at warn and above, and traces of a crash, that nobody announced."""
        return [line for line in self.text().splitlines() if self._is_unexpected(line)]

    def _is_unexpected(self, line: str) -> bool:
        level = _LEVEL.match(line)
        is_loud = bool(level) and level["level"] in _LOUD
        if not is_loud and not _CRASH.search(line):
            return False
        return not any(pattern.search(line) for pattern in self._expected)
