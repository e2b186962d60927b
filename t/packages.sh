#!/bin/bash
# Installs the Debian packages that a target of the Makefile needs, and says which and why.
#
#   t/packages.sh run|test|bench
#
# Does nothing when all of them are there. Starts no service: the server comes as apache2-bin, which
# has no unit to start, and PostgreSQL without a cluster.
set -euo pipefail

purpose=${1:-}

build=(
    "gcc|compiles the module"
    "make|runs this build"
    "pkg-config|finds the unit test library"
    "apache2-bin|the server that loads the module"
    "apache2-dev|headers of httpd"
    "libapr1-dev|Apache Portable Runtime"
    "libaprutil1-dev|its database and utility layer"
    "libaprutil1-dbd-sqlite3|the default database"
    "libjansson-dev|JSON"
    "libcurl4-openssl-dev|requests to Twilio"
    "libexpat1-dev|checks TwiML"
    "libssl-dev|signatures"
    "python3|the lab, the demonstration and the tests"
    "python3-aiohttp|the lab, a stand-in for Twilio"
    "python3-twilio|official signatures and the official client"
    "curl|the commands that are printed for you to try"
)
database=(
    "libaprutil1-dbd-pgsql|the driver for PostgreSQL"
    "postgresql|a private PostgreSQL, started by the tests only"
    "python3-psycopg2|lets the tests look into PostgreSQL"
)
tests=(
    "check|unit tests in C"
    "python3-pytest|module tests"
    "clang-format|checks how the code is laid out"
)
bench=(
    "wrk|makes the load"
    "python3-flask|the same service without the module"
    "gunicorn|serves it"
)

case $purpose in
    run) wanted=("${build[@]}") ;;
    test) wanted=("${build[@]}" "${database[@]}" "${tests[@]}" "${bench[@]}") ;;
    bench) wanted=("${build[@]}" "${database[@]}" "${bench[@]}") ;;
    *)
        echo "usage: $0 run|test|bench" >&2
        exit 2
        ;;
esac

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for entry in "${wanted[@]}"; do
    package=${entry%%|*}
    is_installed "$package" && continue
    [ ${#missing[@]} -gt 0 ] || echo "Packages that 'make $purpose' needs and that are missing:"
    printf '  %-26s %s\n' "$package" "${entry#*|}"
    missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Installing them needs root, and there is no sudo here. As root:" >&2
        echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# A first installation of PostgreSQL would make and start a cluster of its own; the setting is gone
# again afterwards.
no_cluster=/etc/postgresql-common/createcluster.d/twvoice-tests.conf
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    trap '"${as_root[@]}" rm -f "$no_cluster"' EXIT
    "${as_root[@]}" mkdir -p "${no_cluster%/*}"
    echo "create_main_cluster = false" | "${as_root[@]}" tee "$no_cluster" >/dev/null
fi

apt_install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}

# The lists are refreshed only when what the machine has does not lead to the packages.
if ! apt_install; then
    "${as_root[@]}" apt-get update
    apt_install
fi
