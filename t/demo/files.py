"""The files of the demonstration: directories, token, httpd.conf, the lab's configuration."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import secrets
from pathlib import Path

from demo.settings import (ACCOUNT_SID, HANAKO, HOST, NUMBER, SABURO, SPARE_NUMBERS, TARO,
                           DemoError, Settings, shown)
from httpd_config import MODULE, SERVER_USER, SYSTEM_MODULES, is_root

MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_basic", "reqtimeout",
           "dbd")

# Seconds for each character, so quick that the caller hears a sentence before a key is pressed.
SPEECH_RATE = 0.03

_HTTPD_CONF = """\
# Written by `make run` at each start.

{load}
LoadModule twvoice_module "{module}"

ServerRoot         "{root}"
DefaultRuntimeDir  "{root}/tmp"
Mutex              default:tmp
PidFile            tmp/httpd.pid
ServerName         localhost
ServerTokens       Prod
Listen             {host}:{port}
{user}
ErrorLog           logs/error.log
LogLevel           warn twvoice:info
LogFormat          "%t \\"%r\\" %>s %{{twv-session}}n %{{twv-call}}n %{{ms}}T ms" twvoice
CustomLog          logs/access.log twvoice

StartServers       1
ServerLimit        4
ThreadsPerChild    16
MinSpareThreads    8
MaxSpareThreads    48
MaxRequestWorkers  64

<Directory />
    AllowOverride None
    Require all denied
</Directory>

DBDriver           sqlite3
DBDParams          "{root}/data/twvoice.db"

TwVoiceAccountSid  {account_sid}
TwVoiceAuthToken   "file:{root}/auth_token"
{numbers}
TwVoicePublicURL   http://{host}:{port}

<Location "/twilio">
    SetHandler twvoice-webhook
    Require twilio-signature
</Location>

<Location "/proxy">
    SetHandler twvoice-proxy
    AuthType Basic
    AuthName "twvoice"
    AuthBasicProvider twvoice
    Require valid-user
</Location>
"""


def _check_path(directory: Path) -> None:
    """The path stands in quotes in httpd.conf, and the server's user must get to it."""
    if any(character in str(directory) for character in '"\\\n$'):
        raise DemoError(f"{directory} has a character that httpd.conf does not take: set "
                        "TWVOICE_RUN_DIR to another directory.")
    if not is_root():
        return
    for parent in directory.parents:
        if parent.exists() and not parent.stat().st_mode & 0o001:
            raise DemoError(
                f"As root the server runs as {SERVER_USER}, who cannot enter {parent}. Use a "
                "directory elsewhere:\n\n    TWVOICE_RUN_DIR=/var/tmp/twvoice-run make run")


def link_default_directory(default: Path) -> None:
    """Where the server's user cannot enter the checkout (root's home is closed to others), the
    default directory becomes a link to one that he can."""
    if not is_root() or default.exists() or all(
            parent.stat().st_mode & 0o001 for parent in default.parents):
        return
    name = hashlib.sha256(str(default).encode()).hexdigest()[:12]
    target = Path("/var/lib") / f"twvoice-run-{name}"
    target.mkdir(mode=0o755, exist_ok=True)
    if default.is_symlink():
        default.unlink()
    default.symlink_to(target)
    print(f"{default} is a link to {target}: {SERVER_USER}, as whom the server runs, cannot enter "
          f"{default.parent}.", flush=True)


def _make_directories(directory: Path) -> None:
    for path in (directory, *(directory / name for name in ("data", "logs", "tmp"))):
        path.mkdir(parents=True, exist_ok=True)
    if not is_root():
        return
    directory.chmod(0o755)
    user = pwd.getpwnam(SERVER_USER)
    data = directory / "data"
    for path in (directory / "tmp", data, *data.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid)


def _make_token(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(16) + "\n")


def _httpd_conf(settings: Settings) -> str:
    load = "\n".join(f"LoadModule {name}_module {SYSTEM_MODULES}/mod_{name}.so"
                     for name in MODULES)
    numbers = "\n".join(f"TwVoiceNumber      {number}" for number in (NUMBER, *SPARE_NUMBERS))
    user = ""
    if is_root():
        user = f"User               {SERVER_USER}\nGroup              {SERVER_USER}\n"
    return _HTTPD_CONF.format(load=load, module=MODULE, root=settings.directory, host=HOST,
                              port=settings.httpd_port, user=user, account_sid=ACCOUNT_SID,
                              numbers=numbers)


def _lab_json(settings: Settings) -> str:
    """What an operator enters at Twilio for each number, and the telephones of three people."""
    webhooks = f"{settings.httpd_url}/twilio"
    number = {"voice_url": f"{webhooks}/voice", "sms_url": f"{webhooks}/sms",
              "status_callback": f"{webhooks}/status#rc=3&rp=all"}
    phones = {phone: {"answer": "manual"} for phone in (HANAKO, TARO, SABURO)}
    numbers = dict.fromkeys((NUMBER, *SPARE_NUMBERS), number)
    return json.dumps({"numbers": numbers, "phones": phones,
                       "settings": {"speech_rate": SPEECH_RATE}}, indent=2) + "\n"


def write_files(settings: Settings) -> None:
    """Everything that the two servers need; the database and the token of last time are kept."""
    directory = settings.directory
    try:
        _check_path(directory)
        _make_directories(directory)
        _make_token(settings.token_file)
        (directory / "httpd.conf").write_text(_httpd_conf(settings), "utf-8")
        (directory / "lab.json").write_text(_lab_json(settings), "utf-8")
    except PermissionError as error:
        raise DemoError(f"{error.filename} cannot be written: {shown(directory)} was made by "
                        "another user. Delete it, or run this as that user.") from None
