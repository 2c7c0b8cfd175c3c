#!/usr/bin/env bash
# The to-do service (W1) on a real engine: Django, MariaDB, uWSGI, nginx, Mocha and a registry. Green, then broken.
# `todobackend_test.sh CAIRN`; needs root, and an engine started by tests/engine/start.sh (CAIRN_TEST_ENGINES).
set -eu
cairn="$1"
here="$(cd "$(dirname "$0")" && pwd)"
engine="${CAIRN_TEST_ENGINES:-}"
[ -n "$engine" ] || { echo "skipped: no engine (CAIRN_TEST_ENGINES is not set)"; exit 77; }
command -v docker-registry >/dev/null || { echo "skipped: docker-registry is not installed"; exit 77; }
engine="${engine%% *}"
name="${engine%%=*}"
export DOCKER_HOST="unix://${engine#*=}"
inside() { nsenter --net="/run/netns/cairn-$name" "$@"; }

work="$(mktemp -d)"
registry=""
cleanup() { [ -z "$registry" ] || kill "$registry" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
cp -r "$here/../../examples/todobackend/." "$work"
cd "$work"
rm -rf .cairn
fail() { echo "FAILED: $*"; grep -v ' | ' "$work/out" 2>/dev/null | tail -60 || true; exit 1; }
objects() { docker ps -aq | wc -l; docker volume ls -q | wc -l; docker network ls -q | wc -l; }

base/make.sh || fail "no base image"
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s/registry}}\nhttp: {addr: 127.0.0.1:5000}\n' "$work" >registry.yml
nsenter --net="/run/netns/cairn-$name" docker-registry serve registry.yml >registry.log 2>&1 &  # no function: $! is the server itself
registry=$!
before="$(objects)"

inside "$cairn" run publish --output plain --junit junit.xml >out 2>&1 || fail "publish is not green"
grep -q '13 tests' out || fail "nine unit tests and four acceptance tests were expected"
inside curl -fsS http://127.0.0.1:5000/v2/todobackend/tags/list | grep -q '0.1.0' || fail "the image is not in the registry"
[ "$(objects)" = "$before" ] || fail "something is left on the engine"

# expect CODE WORDS STAGE: runs it and looks for the words.
expect() {
  local code=0
  inside "$cairn" run "$3" --output plain >out 2>&1 || code=$?
  [ "$code" = "$1" ] || fail "exit code $code instead of $1 ($2)"
  grep -q "$2" out || fail "nothing says \"$2\""
  [ "$(objects)" = "$before" ] || fail "something is left on the engine ($2)"
}
restore() { cp -r "$here/../../examples/todobackend/$1" "$(dirname "$1")/"; }

sed -i 's/assertFalse(TodoItem.objects.get().completed)/assertTrue(TodoItem.objects.get().completed)/' src/todo/tests.py
expect 1 'test_is_not_completed' test
restore src

sed -i 's/exec mariadbd/echo "no space for tables" >\&2; exit 3; exec mariadbd/' docker/database/start.sh
expect 1 'no space for tables' test
restore docker

sed -i 's/MYSQL_PASSWORD}/MYSQL_USER}/' docker/database/start.sh
expect 1 'Access denied' test
restore docker

kill "$registry"; wait "$registry" 2>/dev/null || true; registry=""
expect 3 '127.0.0.1:5000' publish
echo "todobackend: green, and every way of breaking it is explained"
