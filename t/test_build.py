"""What the build makes: one exported name, an installable tree."""

from __future__ import annotations

import subprocess
from pathlib import Path

from httpd_config import MODULE, ROOT


def exported_names() -> set[str]:
    """Names that the module offers to the dynamic linker."""
    output = subprocess.run(["nm", "-D", "--defined-only", MODULE], check=True, text=True,
                            capture_output=True).stdout
    return {line.split()[-1] for line in output.splitlines()}


def test_the_module_exports_its_record_and_nothing_else() -> None:
    assert exported_names() == {"twvoice_module"}


def test_the_server_loads_the_module_without_any_directive_of_ours(httpd) -> None:
    (httpd.htdocs / "hello.txt").write_text("hello\n")
    httpd.start()
    assert httpd.request("GET", "/hello.txt").text == "hello\n"
    assert len(httpd.log.lines("TWV0001: mod_twvoice with APR ")) == 1


def test_make_install_follows_the_layout_of_debian(tmp_path: Path) -> None:
    subprocess.run(["make", "--no-print-directory", "install", f"DESTDIR={tmp_path}",
                    f"BUILD={MODULE.parent}"], cwd=ROOT, check=True, capture_output=True)
    installed = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert {
        "usr/lib/apache2/modules/mod_twvoice.so",
        "etc/apache2/mods-available/twvoice.load",
        "etc/apache2/mods-available/twvoice.conf",
        "var/lib/twvoice",
        "usr/share/doc/libapache2-mod-twvoice/examples",
    } <= installed
    assert (tmp_path / "usr/lib/apache2/modules/mod_twvoice.so").read_bytes() == MODULE.read_bytes()
    assert (tmp_path / "var/lib/twvoice").stat().st_mode & 0o007 == 0
