#!/usr/bin/env bash
# Prints tables of ratios, each from one run: `tests/bench/run.sh build`. Needs a built cairn, ninja and make, and for
# the front end `ninja parse_bench front_bench`: how fast files are read, what programs of every shape take. As root it
# starts the two engines of the tests for the part with containers, or takes those of CAIRN_TEST_ENGINES ("name=socket
# name=socket"). CAIRN_BENCH_COMPOSE may name a `docker` with Compose, which is then measured beside cairn.
set -eu
build="$(realpath "$1")"
here="$(cd "$(dirname "$0")" && pwd)"

engines=""
stop() { for name in $engines; do "$here/../engine/stop.sh" "$name" >/dev/null || true; done; }
trap stop EXIT

begin() {
  local socket
  if ! socket="$("$here/../engine/$2" "$1")"; then
    echo "bench: no engine \`$1\`"
    return
  fi
  engines="$engines $1"
  CAIRN_TEST_ENGINES="${CAIRN_TEST_ENGINES:+$CAIRN_TEST_ENGINES }$1=$socket"
}
if [ "$(id -u)" = 0 ] && [ -z "${CAIRN_TEST_ENGINES:-}" ]; then
  begin bench-20.10 start.sh
  if command -v go >/dev/null; then begin bench-current modern.sh; fi
fi

for bench in parse_bench front_bench; do
  if [ -x "$build/tests/$bench" ]; then "$build/tests/$bench"; elif [ -x "$build/$bench" ]; then "$build/$bench"; fi
done
python3 -B "$here/steps.py" "$build/cairn"
for engine in ${CAIRN_TEST_ENGINES:-}; do
  curl -fsS -X POST -H 'Content-Type: application/x-tar' --data-binary "@$("$here/../engine/image.sh")" --unix-socket "${engine#*=}" http://docker/images/load >/dev/null
  # The addresses of containers are the engine's network namespace's, if it has one of its own.
  name="${engine%%=*}"
  inside=""
  [ -e "/run/netns/cairn-$name" ] && inside="nsenter --net=/run/netns/cairn-$name"
  $inside python3 -B "$here/engines.py" "$build/cairn" "$engine"
done
