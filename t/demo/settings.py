"""Where the demonstration lives and listens, and who takes part in it.

TWVOICE_RUN_DIR, TWVOICE_RUN_HTTPD_PORT and TWVOICE_RUN_LAB_PORT name another place.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
ACCOUNT_SID = "AC00000000000000000000000000000000"
NUMBER = "+815000000000"
# Declared, but in no service yet: for whoever tries the API from its beginning.
SPARE_NUMBERS = ("+815000000001", "+815000000002")
HANAKO, TARO, SABURO = "+819000000001", "+819000000002", "+819000000003"
SERVICE, SESSION = "demo", "hanako-and-taro"


class DemoError(Exception):
    """Why the demonstration cannot go on; the text says what to do."""


@dataclass(frozen=True)
class Settings:
    """One demonstration."""

    directory: Path
    httpd_port: int
    lab_port: int

    @property
    def httpd_url(self) -> str:
        """Where the server under test listens."""
        return f"http://{HOST}:{self.httpd_port}"

    @property
    def lab_url(self) -> str:
        """Where the lab listens."""
        return f"http://{HOST}:{self.lab_port}"

    @property
    def api_url(self) -> str:
        """The Proxy API, without the version."""
        return f"{self.httpd_url}/proxy"

    @property
    def token_file(self) -> Path:
        """The account's auth token."""
        return self.directory / "auth_token"

    def token(self) -> str:
        """The auth token; somebody must have run the demonstration once."""
        try:
            return self.token_file.read_text("ascii").strip()
        except FileNotFoundError:
            raise DemoError(f"{shown(self.token_file)} is not there: start `make run` first, and "
                            "leave it running in another terminal.") from None
        except PermissionError:
            raise DemoError(f"{shown(self.token_file)} belongs to the user who ran `make run`: "
                            "run this as that user.") from None


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise DemoError(f"{name} is {text!r}; allowed is a port number, 1 to 65535.")
    return int(text)


def read_settings() -> Settings:
    """As the environment says."""
    directory = Path(os.environ.get("TWVOICE_RUN_DIR") or ROOT / "run").resolve()
    return Settings(directory, _port("TWVOICE_RUN_HTTPD_PORT", 8080),
                    _port("TWVOICE_RUN_LAB_PORT", 8081))


def shown(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return shlex.quote(str(path.relative_to(Path.cwd())))
    except ValueError:
        return shlex.quote(str(path))


def environment_of(settings: Settings) -> str:
    """What must stand before a command so that it finds this demonstration."""
    own = {"TWVOICE_RUN_DIR": str(settings.directory),
           "TWVOICE_RUN_HTTPD_PORT": str(settings.httpd_port),
           "TWVOICE_RUN_LAB_PORT": str(settings.lab_port)}
    return "".join(f"{name}={shlex.quote(value)} " for name, value in own.items()
                   if os.environ.get(name))
