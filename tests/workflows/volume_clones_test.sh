#!/usr/bin/env bash
# Four shards, each with its own copy of one seeded database, two ways: whole copies where the engine's volumes lie on
# a file system that cannot share blocks, and reflinks on an engine whose volumes lie in a pool.
# `volume_clones_test.sh CAIRN`; needs root and an engine of tests/engine/start.sh (CAIRN_TEST_ENGINES).
set -eu
cairn="$(realpath "$1")"
here="$(cd "$(dirname "$0")" && pwd)"
engine="${CAIRN_TEST_ENGINES:-}"
[ -n "$engine" ] || { echo "skipped: no engine (CAIRN_TEST_ENGINES is not set)"; exit 77; }
engine="${engine%% *}"
work="$(mktemp -d)"
second=""
cleanup() {
  [ -z "$second" ] || CAIRN_ENGINES="$work/pools/default" "$here/../engine/stop.sh" "$second" >/dev/null 2>&1 || true
  "$cairn" pool --folder "$work/pools" remove --with-clones >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
cp -r "$here/../../examples/volume-clones/." "$work"
cd "$work"
rm -rf .cairn
fail() { echo "FAILED: $*"; tail -60 "$work/out" || true; exit 1; }

# green NAME WAY: the engine's name (its network namespace) and how the clones have to be made there.
green() {
  "$here/../../examples/todobackend/base/make.sh" || fail "no base image"
  nsenter --net="/run/netns/cairn-$1" "$cairn" run test --output plain --junit junit.xml >out 2>&1 || fail "not green on $1"
  grep -q '12 tests' out || fail "three tests of four shards were expected"
  [ "$(grep -c "| $2: " out)" -ge 4 ] || fail "the clones were not made by $2"
  [ "$(docker ps -aq | wc -l)" = 0 ] && [ "$(docker volume ls -q | wc -l)" = 0 ] || fail "something is left on $1"
}

export DOCKER_HOST="unix://${engine#*=}"
green "${engine%%=*}" copy

if "$cairn" pool --folder "$work/pools" create --size 8 >out 2>&1; then
  second="pooled$$"
  DOCKER_HOST="unix://$(CAIRN_ENGINES="$work/pools/default" "$here/../engine/start.sh" "$second")"
  green "$second" reflink
else
  echo "skipped the pool: $(head -1 out)"
fi
echo "volume clones: every shard saw its own copy"
