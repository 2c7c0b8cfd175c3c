#!/usr/bin/env bash
# Prints tables of ratios, each from one run: `tests/bench/run.sh build`. Needs a built cairn, ninja and make, and
# `ninja parse_bench front_bench clone_bench`: how fast files are read, what programs of every shape take, what clones cost
# (as root, 16 GiB of disk). As root it starts the two engines of the tests for the part with containers, or takes those of
# CAIRN_TEST_ENGINES ("name=socket name=socket"). CAIRN_BENCH_COMPOSE may name a `docker` with Compose, which is then
# measured beside cairn.
set -eu
build="$(realpath "$1")"
here="$(cd "$(dirname "$0")" && pwd)"

engines="" copies=""
stop() {
  for name in $engines; do "$here/../engine/stop.sh" "$name" >/dev/null || true; done
  [ -z "$copies" ] || { umount -R "$copies" 2>/dev/null || true; rm -rf "$copies"; }
}
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
load_image() {  # SOCKET
  curl -fsS -X POST -H 'Content-Type: application/x-tar' --data-binary "@$("$here/../engine/image.sh")" --unix-socket "$1" http://docker/images/load >/dev/null
}
# An engine of its own sees what is mounted below a folder only if that is shared before it starts.
clones() {
  copies="$(mktemp -d)"
  mount --bind "$copies" "$copies" && mount --make-shared "$copies"
  local socket image=""
  if socket="$("$here/../engine/start.sh" bench-clones)"; then
    engines="$engines bench-clones"
    load_image "$socket" && image=cairn-test:1
  fi
  DOCKER_HOST="unix://$socket" CAIRN_BENCH_IMAGE="$image" "$build/clone_bench" "$copies"
}
if [ "$(id -u)" = 0 ] && [ -z "${CAIRN_TEST_ENGINES:-}" ]; then
  begin bench-20.10 start.sh
  if command -v go >/dev/null; then begin bench-current modern.sh; fi
fi

for bench in parse_bench front_bench; do
  if [ -x "$build/tests/$bench" ]; then "$build/tests/$bench"; elif [ -x "$build/$bench" ]; then "$build/$bench"; fi
done
python3 -B "$here/steps.py" "$build/cairn"
if [ "$(id -u)" = 0 ] && [ -x "$build/clone_bench" ]; then clones; fi
for engine in ${CAIRN_TEST_ENGINES:-}; do
  load_image "${engine#*=}"
  # The addresses of containers are the engine's network namespace's, if it has one of its own.
  name="${engine%%=*}"
  inside=""
  [ -e "/run/netns/cairn-$name" ] && inside="nsenter --net=/run/netns/cairn-$name"
  $inside python3 -B "$here/engines.py" "$build/cairn" "$engine"
  python3 -B "$here/ready_bench.py" "$build/cairn" "${engine#*=}"
done
