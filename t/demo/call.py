"""One call in the demonstration: what the phones show, then what the module has logged of it."""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo.settings import (ACCOUNT_SID, HANAKO, NUMBER, DemoError, Settings,  # noqa: E402
                           read_settings)
from lab.client import Lab, LabError  # noqa: E402
from lab.show import Show  # noqa: E402

# The last status callback may come a moment after the call's end.
LOG_PATIENCE = 10.0
_HEADINGS = ("direction", "from", "to", "status", "start", "answer", "end", "seconds")


def _incoming(lab: Lab) -> dict[str, dict]:
    """The legs that phones began, by SID."""
    return {leg["sid"]: leg for leg in lab.calls() if not leg["parent_call_sid"]}


def _fetch_legs(settings: Settings, call_sid: str) -> list[dict]:
    """The legs of one call from the module's API, the caller's first."""
    login = base64.b64encode(f"{ACCOUNT_SID}:{settings.token()}".encode()).decode()
    request = Request(f"{settings.api_url}/v1/Calls?PageSize=20",
                      headers={"Authorization": f"Basic {login}"})
    with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
        legs = json.load(answer)["calls"]
    legs = [leg for leg in legs if call_sid in (leg["sid"], leg["parent_call_sid"])]
    return sorted(legs, key=lambda leg: leg["parent_call_sid"] is not None)


def _finished_legs(settings: Settings, call_sid: str) -> list[dict]:
    deadline = time.monotonic() + LOG_PATIENCE
    while True:
        legs = _fetch_legs(settings, call_sid)
        if legs and all(leg["end_time"] for leg in legs) or time.monotonic() > deadline:
            return legs
        time.sleep(0.1)


def _print_log(settings: Settings, legs: list[dict]) -> None:
    rows = [_HEADINGS] + [tuple(leg[name] or "-" for name in (
        "direction", "from", "to", "status", "start_time", "answer_time", "end_time", "duration"))
        for leg in legs]
    widths = [max(map(len, column)) for column in zip(*rows)]
    print(f"\nlog of the module (GET {settings.api_url}/v1/Calls):")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phone", default=HANAKO, help=f"who calls ({HANAKO})")
    parser.add_argument("--number", default=NUMBER, help=f"the number that is called ({NUMBER})")
    parser.add_argument("--press", default="", help="keys that the caller presses in a menu")
    return parser.parse_args()


def main() -> int:
    """Exit status 0 only if two people were connected."""
    options = _arguments()
    try:
        settings = read_settings()
        settings.token()
        lab = Lab(settings.lab_url)
        before = _incoming(lab)
        connected = Show(lab, options.phone, options.number, options.press, "").run(60.0)
        call_sid = next(sid for sid in _incoming(lab) if sid not in before)
        _print_log(settings, _finished_legs(settings, call_sid))
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2
    except (LabError, HTTPError) as error:
        print(f"call.py: {error}", file=sys.stderr)
        return 2
    except (URLError, OSError) as error:
        print(f"The demonstration does not run ({error}): start `make run` in another terminal, "
              "and leave it running.", file=sys.stderr)
        return 2
    print("\nconnected" if connected else "\nnot connected")
    return 0 if connected else 1


if __name__ == "__main__":
    sys.exit(main())
