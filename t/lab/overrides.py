"""Connection overrides: the fragment of a webhook URL that tunes time-outs and retries.

Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

from dataclasses import dataclass
from typing import FrozenSet
from urllib.parse import parse_qsl, urldefrag

POLICIES = frozenset(("4xx", "5xx", "ct", "rt", "all"))
_RANGES = {"ct": (100, 10000), "rt": (100, 15000), "tt": (100, 15000), "rc": (0, 5)}


class OverrideError(ValueError):
    """The fragment names a value that Twilio does not allow."""


@dataclass(frozen=True)
class Overrides:
    """Seconds, number of retries, and the outcomes that are retried."""

    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    total_timeout: float = 15.0
    retries: int = 1
    policy: FrozenSet[str] = frozenset(("ct",))

    def retry(self, outcome: str) -> bool:
        return outcome in self.policy or ("all" in self.policy and outcome != "2xx")


def split(url: str) -> tuple:
    """Returns the URL as it is sent and signed, and the Overrides of its fragment."""
    bare, fragment = urldefrag(url)
    return bare, parse(fragment)


def parse(fragment: str) -> Overrides:
    """Reads `ct=2000&rc=2`; a fragment without any known key is not an override."""
    values = dict(parse_qsl(fragment, keep_blank_values=True))
    known = {}
    for key, value in values.items():
        if key in _RANGES:
            low, high = _RANGES[key]
            if not value.isdigit() or not low <= int(value) <= high:
                raise OverrideError(f"connection override {key}={value}: {low} to {high} expected")
            known[key] = int(value)
    policy = Overrides.policy
    if "rp" in values:
        policy = frozenset(values["rp"].split(","))
        if not policy <= POLICIES:
            raise OverrideError(f"connection override rp={values['rp']}: "
                                f"a list of {', '.join(sorted(POLICIES))} expected")
    return Overrides(known.get("ct", 5000) / 1000, known.get("rt", 15000) / 1000,
                     known.get("tt", 15000) / 1000, known.get("rc", 1), policy)
