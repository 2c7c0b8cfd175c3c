#!/usr/bin/env bash
# Runs every test of a built folder: `tests/run.sh build`. Starts the private engines that the engine tests use,
# and stops them again, however it ends.
set -eu
build="$(cd "$1" && pwd)"
here="$(cd "$(dirname "$0")" && pwd)"

engines=""
stop() { for name in $engines; do "$here/engine/stop.sh" "$name" || true; done; }
trap stop EXIT

if [ "$(id -u)" = 0 ] && [ -x "$here/engine/start.sh" ] && [ -z "${CAIRN_TEST_ENGINES:-}" ]; then
  if socket="$("$here/engine/start.sh" debian)"; then
    engines="debian"
    export CAIRN_TEST_ENGINES="debian=$socket"
  fi
fi

ctest --test-dir "$build" --output-on-failure -j "$(nproc)" --timeout 600
