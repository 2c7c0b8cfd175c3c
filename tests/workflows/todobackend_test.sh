#!/usr/bin/env bash
# The to-do service (W1) on real engines: Django, MariaDB, uWSGI, nginx, Mocha and a registry. Green on each engine, then
# broken on the first one, in every way that its authors would break it.
# `todobackend_test.sh CAIRN`; needs root, and engines started by tests/engine/start.sh (CAIRN_TEST_ENGINES).
set -eu
cairn="$(realpath "$1")"
here="$(cd "$(dirname "$0")" && pwd)"
engines="${CAIRN_TEST_ENGINES:-}"
[ -n "$engines" ] || { echo "skipped: no engine (CAIRN_TEST_ENGINES is not set)"; exit 77; }
command -v docker-registry >/dev/null || { echo "skipped: docker-registry is not installed"; exit 77; }

work="$(mktemp -d)"
registry=""
stop_registry() { [ -z "$registry" ] || { kill "$registry" 2>/dev/null; wait "$registry" 2>/dev/null; } || true; registry=""; }
cleanup() { stop_registry; rm -rf "$work"; }
trap cleanup EXIT
cp -r "$here/../../examples/todobackend/." "$work"
cd "$work"
rm -rf .cairn
fail() { echo "FAILED on $name: $*"; grep -v ' | ' "$work/out" 2>/dev/null | tail -60 || true; exit 1; }
inside() { nsenter --net="/run/netns/cairn-$name" "$@"; }
objects() { docker ps -aq | wc -l; docker volume ls -q | wc -l; docker network ls -q | wc -l; }

# green NAME SOCKET: one command from the sources to two tags in a registry.
green() {
  name="$1"
  export DOCKER_HOST="unix://$2"
  "$here/../../examples/todobackend/base/make.sh" || fail "no base image"
  rm -rf "$work/registry"
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s/registry}}\nhttp: {addr: 127.0.0.1:5000}\n' "$work" >registry.yml
  nsenter --net="/run/netns/cairn-$name" docker-registry serve registry.yml >registry.log 2>&1 &  # no function: $! is the server itself
  registry=$!
  before="$(objects)"
  inside "$cairn" run publish --output plain --junit junit.xml >out 2>&1 || fail "publish is not green"
  grep -q '13 tests' out || fail "nine unit tests and four acceptance tests were expected"
  inside curl -fsS http://127.0.0.1:5000/v2/todobackend/tags/list | grep -q '0.1.0' || fail "the image is not in the registry"
  [ "$(objects)" = "$before" ] || fail "something is left on the engine"
}
for engine in $engines; do
  case "$engine" in "${engines%% *}") continue ;; esac  # the first one comes last: it is broken then
  green "${engine%%=*}" "${engine#*=}"
  stop_registry
done
green "${engines%%=*}" "$(first="${engines%% *}"; echo "${first#*=}")"

# expect CODE WORDS STAGE: runs it and looks for the words.
expect() {
  local code=0
  inside "$cairn" run "$3" --output plain >out 2>&1 || code=$?
  [ "$code" = "$1" ] || fail "exit code $code instead of $1 ($2)"
  grep -q "$2" out || fail "nothing says \"$2\""
  [ "$(objects)" = "$before" ] || fail "something is left on the engine ($2)"
}
# broken FILE EDIT CODE WORDS STAGE: the edit (of sed) breaks the file for one run.
broken() {
  sed -i "$2" "$1"
  ! cmp -s "$1" "$here/../../examples/todobackend/$1" || fail "the edit of $1 changes nothing"
  expect "$3" "$4" "$5"
  cp "$here/../../examples/todobackend/$1" "$1"
}

broken src/todo/tests.py 's/assertFalse(TodoItem.objects.get().completed)/assertTrue(TodoItem.objects.get().completed)/' 1 test_is_not_completed test
broken src/todo/models.py 's/^    order = .*/&\n    due = models.DateField(null=True, blank=True)/' 1 "Unknown column 'todo_todoitem.due'" test
broken docker/database/start.sh 's/exec mariadbd/echo "no space for tables" >\&2; exit 3; exec mariadbd/' 1 'no space for tables' test
broken docker/database/start.sh 's/MYSQL_PASSWORD}/MYSQL_USER}/' 1 'Access denied' test
broken specs/test/todos.js "s/=> item.title), \['Walk the dog'\]/=> item.title), ['Walk the cat']/" 1 'the to-do list.keeps what was added' release
stop_registry
expect 3 '127.0.0.1:5000' publish
echo "todobackend: green, and every way of breaking it is explained"
