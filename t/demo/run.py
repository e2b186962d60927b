"""`make run`: starts httpd and the lab, prints what to try, stops both on Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo.files import link_default_directory, write_files  # noqa: E402
from demo.settings import (ACCOUNT_SID, HANAKO, HOST, NUMBER, ROOT, SABURO,  # noqa: E402
                           SESSION, TARO, DemoError, Settings, environment_of, read_settings,
                           shown)
from demo.servers import Server, check_ports, start_httpd, start_lab, watch  # noqa: E402
from httpd_config import MODULE  # noqa: E402

_GUIDE = """
mod_twvoice answers on {httpd_url}, and the lab plays Twilio on {lab_url}.
Number {number}. Session {session}: Hanako {hanako}, Taro {taro}.

In another terminal, in {root}:

  1. Hanako calls the number, Taro's phone rings and shows the number, they talk and hang up:

    {call}

  2. The same API as Twilio Proxy:

    curl -s -u {account_sid}:$(cat {token}) {api_url}/v1/Services
    curl -s -u {account_sid}:$(cat {token}) {api_url}/v1/Services/{service_sid}/Sessions
    curl -s -u {account_sid}:$(cat {token}) {api_url}/v1/Calls.csv

  3. A second session of Hanako's with the same number; now she hears a menu and presses a key:

    curl -s -u {account_sid}:$(cat {token}) {api_url}/v1/Services/{service_sid}/Sessions \\
        -d UniqueName=hanako-and-saburo \\
        --data-urlencode 'Participants={{"Identifier":"{hanako}","FriendlyName":"花子"}}' \\
        --data-urlencode 'Participants={{"Identifier":"{saburo}","FriendlyName":"三郎"}}'
    {call} --press 1

Logs: {logs}/error.log, access.log, lab.log. Configuration: {directory}/httpd.conf
Database: {directory}/data/twvoice.db (kept; delete {directory} to begin anew)

Ctrl-C stops both.
"""


def _guide(settings: Settings, service_sid: str) -> str:
    directory = settings.directory
    script = shown(Path(__file__).resolve().parent / "call.py")
    return _GUIDE.format(
        httpd_url=settings.httpd_url, lab_url=settings.lab_url, api_url=settings.api_url,
        number=NUMBER, hanako=HANAKO, taro=TARO, saburo=SABURO, session=SESSION, root=ROOT,
        call=f"{environment_of(settings)}/usr/bin/python3 {script}", account_sid=ACCOUNT_SID,
        token=shown(settings.token_file), service_sid=service_sid, directory=shown(directory),
        logs=shown(directory / "logs"))


def _run(settings: Settings) -> None:
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda caught, frame: stopped.append(caught))
    if not MODULE.exists():
        raise DemoError(f"{shown(MODULE)} is not there: run `make` first.")
    check_ports(settings)
    write_files(settings)
    servers: list[Server] = []
    try:
        for start in (start_lab, start_httpd):
            servers.append(start(settings))
        for server in servers:
            server.wait_until_it_answers()
        print(_guide(settings, _make_service(settings)), flush=True)
        watch(servers, lambda: bool(stopped))
    finally:
        for server in reversed(servers):
            server.stop()
    print("stopped", flush=True)


def _make_service(settings: Settings) -> str:
    try:
        from demo.service import make_service
    except ImportError:
        raise DemoError("Twilio's client for Python is missing: apt-get install python3-twilio"
                        ) from None
    return make_service(settings)


def main() -> int:
    """Exit status 0 after a stop that was asked for."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = HOST
    try:
        if not os.environ.get("TWVOICE_RUN_DIR"):
            link_default_directory(ROOT / "run")
        _run(read_settings())
    except DemoError as error:
        print(f"\nmake run: {error}\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
