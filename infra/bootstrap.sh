#!/bin/sh
# From a fresh Debian 12 and a checkout to `.venv` with every dependency of requirements.lock, hashes checked, and the
# web page built.
# Can be repeated: done already, it ends at once; interrupted, it goes on.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "odamesh: $1" >&2
    exit 1
}

stamp=$(cat requirements.lock pyproject.toml infra/bootstrap.sh | sha256sum | cut -d ' ' -f 1)
if [ -x .venv/bin/odamesh ] && [ "$(cat .venv/odamesh-stamp 2>/dev/null)" = "$stamp" ]; then
    sh infra/build_page.sh
    exec sh infra/link_command.sh quiet
fi

# A Python 3.11 that can make environments. Version switchers put scripts on PATH that may answer with any
# version, or none: each candidate is asked.
suits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${ODAMESH_PYTHON:-} /usr/bin/python3.11 python3.11 python3; do
        if suits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1 \
    || ! { [ -x .venv/bin/uv ] || .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
    python=$(find_python)
    if [ -z "$python" ]; then
        command -v apt-get >/dev/null || fail "no Python 3.11 with venv: install one and set ODAMESH_PYTHON to it"
        [ "$(id -u)" = 0 ] || fail "no Python 3.11 with venv: run \`sudo apt-get install python3.11-venv\`, then this again"
        echo "  installing python3.11-venv"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get -qq update \
            && apt-get -qq --yes --no-install-recommends install python3.11-venv ca-certificates; } >/dev/null \
            || fail "apt-get could not install python3.11-venv (Debian 12): install Python 3.11 and set ODAMESH_PYTHON"
        python=$(find_python)
        [ -n "$python" ] || fail "no Python 3.11 with venv: install one and set ODAMESH_PYTHON to it"
    fi
    "$python" -m venv --clear .venv
fi

# uv reads neither pip's variables nor pip's files: what the machine says there holds for uv too.
bundle=${SSL_CERT_FILE:-${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}}
if [ -r "$bundle" ]; then
    export SSL_CERT_FILE="$bundle"
fi
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}}
if [ -n "$index" ]; then
    export UV_DEFAULT_INDEX="$index"
fi

pinned=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.lock)
if [ ! -x .venv/bin/uv ]; then
    echo "  installing uv $pinned"
    # The lock's own lines for uv: version and hashes.
    awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements.lock >.venv/uv.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock \
        || fail "pip could not install uv $pinned: see its message above (PIP_INDEX_URL names another index)"
fi

echo "  installing the locked dependencies"
.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock \
    || fail "uv could not install requirements.lock: see its message above (UV_DEFAULT_INDEX names another index)"
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . \
    || fail "uv could not install the project itself: see its message above"
echo "$stamp" >.venv/odamesh-stamp
sh infra/build_page.sh
sh infra/link_command.sh
