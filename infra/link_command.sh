#!/bin/sh
# Puts this checkout's `odamesh` on PATH: in /usr/local/bin for root, in ~/.local/bin for others.
# The first checkout of a machine has the link; another one says so and takes nothing away (`quiet`: says nothing).
# ODAMESH_BIN names another directory; empty: no link.
set -eu
cd "$(dirname "$0")/.."
own="$PWD/.venv/bin/odamesh"

if [ "$(id -u)" = 0 ]; then
    usual=/usr/local/bin
else
    usual=${HOME:-}/.local/bin
fi
bin=${ODAMESH_BIN-$usual}
[ -n "$bin" ] || exit 0
link="$bin/odamesh"

say() {
    [ "${1:-}" = quiet ] || echo "  $2"
}

if [ -L "$link" ] && [ ! -e "$link" ]; then
    rm -f "$link" 2>/dev/null || true  # of a checkout that is gone
fi
if [ ! -e "$link" ]; then
    if ! { mkdir -p "$bin" && ln -s "$own" "$link"; } 2>/dev/null; then
        say "${1:-}" "no link $link could be made: call $own, or set ODAMESH_BIN to a directory on PATH"
        exit 0
    fi
    case ":$PATH:" in
        *":$bin:"*) ;;
        *) say "${1:-}" "add $bin to PATH: odamesh is there now" ;;
    esac
elif [ "$(readlink -f "$link")" != "$(readlink -f "$own")" ]; then
    say "${1:-}" "$link stays what it is: $(readlink -f "$link"); this checkout's command is $own"
    say "${1:-}" "to change that: ln -sf $own $link"
fi
