"""Starts the lab: `python3 -m lab --account-sid AC… --auth-token … [--listen HOST:PORT]`."""

import argparse
import asyncio
import json
import re
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

from aiohttp import web

from .account import FieldError
from .clock import MODES, Clock
from .control import Control
from .world import World


def _listen(text: str) -> tuple:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _account_sid(text: str) -> str:
    if not re.match(r"AC[0-9a-f]{32}\Z", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not AC and 32 lower-case hex digits")
    return text


def _epoch(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time") from error
    return moment.replace(tzinfo=moment.tzinfo or timezone.utc).astimezone(timezone.utc)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab", description="A stand-in for Twilio with "
                                     "virtual phones, controlled over HTTP under /lab.")
    parser.add_argument("--listen", type=_listen, default=("127.0.0.1", 8081),
                        help="HOST:PORT of the control interface (127.0.0.1:8081; port 0: any)")
    parser.add_argument("--account-sid", type=_account_sid, required=True)
    parser.add_argument("--auth-token", required=True, help="signs the webhooks")
    parser.add_argument("--config", type=Path, help="JSON file: numbers, phones, settings")
    parser.add_argument("--clock", choices=MODES, default="real")
    parser.add_argument("--epoch", type=_epoch, help="time at which the clock starts (now)")
    parser.add_argument("--port-file", type=Path, help="the port is written here when ready")
    parser.add_argument("--ca-file", help="certificates trusted beside https webhooks' usual ones")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    world = World(options.account_sid, options.auth_token, Clock(options.clock, options.epoch),
                  options.ca_file)
    runner = web.AppRunner(Control(world).application(), access_log=None)
    try:
        if options.config:
            world.configure(json.loads(options.config.read_text("utf-8")))
        await runner.setup()
        host, port = options.listen
        site = web.TCPSite(runner, host, port, shutdown_timeout=1.0)
        await site.start()
        port = runner.addresses[0][1]
        print(f"lab listening on http://{host}:{port}", flush=True)
        if options.port_file:
            partial = options.port_file.with_suffix(".partial")
            partial.write_text(f"{port}\n", "ascii")
            partial.rename(options.port_file)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await world.close()
        await runner.cleanup()


def main() -> int:
    try:
        asyncio.run(serve(arguments()))
    except (FieldError, OSError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
