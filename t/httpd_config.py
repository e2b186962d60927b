"""Writes the configuration of a private httpd: modules, directories, one listener."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Iterable

ROOT = Path(__file__).resolve().parent.parent
# The Makefile names another one when it builds somewhere else.
MODULE = Path(os.environ.get("TWVOICE_MODULE", ROOT / "build" / "mod_twvoice.so"))
SERVER_USER = "www-data"
SYSTEM_MODULES = Path("/usr/lib/apache2/modules")

# Compiled into Debian's server: watchdog, unixd, log_config, logio, version, so.
MODULES = (
    "authn_core", "authz_core", "authz_user", "authz_host", "auth_basic", "authn_file",
    "mime", "dir", "alias", "env", "setenvif", "headers", "rewrite", "reqtimeout",
    "proxy", "proxy_http", "dbd", "status",
)

_BASE = """\
ServerRoot "{root}"
DefaultRuntimeDir "{root}/run"
PidFile "{root}/run/httpd.pid"
Mutex default:{root}/run
ServerName localhost
ServerTokens Prod
TypesConfig /etc/mime.types
ErrorLog "{root}/logs/error.log"
LogLevel info twvoice:debug
LogFormat "%m %U%q %>s %B" test
CustomLog "{root}/logs/access.log" test
{load}
Listen 127.0.0.1:{port}
{user}
{mpm}
Timeout 20
KeepAliveTimeout 5
GracefulShutdownTimeout 5
DocumentRoot "{root}/htdocs"
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "{root}/htdocs">
    Require all granted
</Directory>
"""

_MPM = {
    "event": """\
StartServers 2
ServerLimit 4
ThreadsPerChild 16
ThreadLimit 16
MinSpareThreads 16
MaxSpareThreads 64
MaxRequestWorkers 64
""",
    "prefork": """\
StartServers 4
MinSpareServers 2
MaxSpareServers 10
ServerLimit 20
MaxRequestWorkers 20
""",
}


def is_root() -> bool:
    """Whether the server can change to a user of its own."""
    return os.geteuid() == 0


def make_tree(root: Path) -> None:
    """The directories of a ServerRoot; those that the children write to are theirs."""
    root.chmod(0o755)
    for name in ("conf", "logs", "run", "htdocs", "data"):
        (root / name).mkdir()
    if is_root():
        user = pwd.getpwnam(SERVER_USER)
        os.chown(root / "data", user.pw_uid, user.pw_gid)
        os.chown(root / "run", user.pw_uid, user.pw_gid)


def base_config(root: Path, port: int, mpm: str, modules: Iterable[str],
                module_file: Path = MODULE) -> str:
    """Everything before what a test adds."""
    names = [f"mpm_{mpm}", *MODULES, *modules]
    load = [f"LoadModule {name}_module {SYSTEM_MODULES}/mod_{name}.so"
            for name in dict.fromkeys(names)]
    load.append(f"LoadModule twvoice_module {module_file}")
    user = f"User {SERVER_USER}\nGroup {SERVER_USER}" if is_root() else ""
    return _BASE.format(root=root, port=port, load="\n".join(load), user=user, mpm=_MPM[mpm])
