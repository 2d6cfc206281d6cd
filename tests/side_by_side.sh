#!/bin/sh
# Every test, on the stack that is up: tests that only compute run beside those that wait for servers and containers.
# Their report follows at the end, so that two reports do not mix.
set -u
cd "$(dirname "$0")/.."

# Fits run in a container of the engine, which other tests restart: they belong to the servers.
engine=tests/science/spectral_fit
computing="tests/contract tests/fuzz tests/science tests/unit"
# Whatever is new runs with the servers, until somebody finds that it needs none.
others=""
for folder in tests/contract tests/fuzz tests/unit tests/science/*/; do
    [ "${folder%/}" = "$engine" ] || others="$others --ignore=${folder%/}"
done

report=$(mktemp)
trap 'rm -f "$report"' EXIT
# shellcheck disable=SC2086
nice -n 5 .venv/bin/python -m pytest --ignore="$engine" $computing "$@" >"$report" 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null' INT TERM
# shellcheck disable=SC2086
.venv/bin/python -m pytest $others "$@" tests
waited=$?
wait "$beside"
computed=$?
cat "$report"
[ "$waited" -eq 0 ] && [ "$computed" -eq 0 ]
