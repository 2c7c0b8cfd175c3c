#!/usr/bin/env bash
# Runs every test of a built folder: `tests/run.sh build [options of ctest]`. As root it starts the private engines that the engine tests
# use, Debian's own and a current one, and stops them again, however it ends. Without root, or with CAIRN_TEST_ENGINES
# set ("name=socket name=socket"), it starts none.
set -eu
build="$(cd "$1" && pwd)"
shift
here="$(cd "$(dirname "$0")" && pwd)"

engines=""
stop() { for name in $engines; do "$here/engine/stop.sh" "$name" >/dev/null || true; done; }
trap stop EXIT

# begin NAME SCRIPT: starts one engine and gives it the image of the tests.
begin() {
  local socket
  if ! socket="$("$here/engine/$2" "$1")"; then
    echo "tests: no engine \`$1\`: what needs it is skipped"
    return
  fi
  engines="$engines $1"
  curl -fsS -X POST -H 'Content-Type: application/x-tar' --data-binary "@$("$here/engine/image.sh")" --unix-socket "$socket" http://docker/images/load >/dev/null
  export CAIRN_TEST_ENGINES="${CAIRN_TEST_ENGINES:+$CAIRN_TEST_ENGINES }$1=$socket"
}
if [ "$(id -u)" = 0 ] && [ -z "${CAIRN_TEST_ENGINES:-}" ]; then
  begin debian start.sh
  if command -v go >/dev/null; then begin modern modern.sh; else echo "tests: no Go, so no current engine: only Debian's is tested"; fi
fi

# The tests of single rooms (label `room`) are built and run by the test `sanitizers`.
[ $# -gt 0 ] || set -- -LE '^room$'
# One more than processors: sanitizers take what is left of them, and those that wait for engines leave much.
ctest --test-dir "$build" --output-on-failure -j "$(($(nproc) + 1))" --timeout 900 "$@"
