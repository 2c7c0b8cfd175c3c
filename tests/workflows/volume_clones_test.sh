#!/usr/bin/env bash
# W2: four suites, each with its own copy of one seeded PostgreSQL, three ways on a real engine: whole copies, a pool,
# and an array (the simulator, its volumes as images in a pool, and our volume driver where the vendor's stands). Then
# broken on purpose. `volume_clones_test.sh CAIRN [start|modern]`: on Debian's engine, or on a current one (tests/engine).
# Needs root, Docker's programs and mmdebstrap.
set -eu
cairn="$(realpath "$1")"
engine="${2:-start}"
here="$(cd "$(dirname "$0")" && pwd)"
[ "$(id -u)" = 0 ] || { echo "skipped: needs root for an engine and for mounts"; exit 77; }
for tool in dockerd docker mmdebstrap mkfs.xfs curl; do command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }; done

work="$(mktemp -d)"
name="clones$$"; driver="pure$$"; socket="$work/engines/$name/plugins/$driver.sock"
simulator=""
export CAIRN_ENGINES="$work/engines" CAIRN_POOLS="$work/none"
cleanup() {
  "$here/../engine/stop.sh" "$name" >/dev/null 2>&1 || true
  [ -z "$simulator" ] || { kill "$simulator" 2>/dev/null && wait "$simulator" 2>/dev/null || true; }
  for where in "$work"/mounts/array/data/mounts/*/; do ! mountpoint -q "$where" || umount "$where"; done
  for pool in default array; do "$cairn" pool --folder "$work/mounts" remove "$pool" --with-clones >/dev/null 2>&1 || true; done
  umount "$work/mounts" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "FAILED: $*"; grep -v ' | ' "$work/project/out" 2>/dev/null | tail -60 || true; tail -5 "$work/simulator.log" 2>/dev/null || true; exit 1; }

# What is mounted here later has to be seen by the engine.
mkdir "$work/mounts" "$work/project"
mount --bind "$work/mounts" "$work/mounts" && mount --make-shared "$work/mounts"
DOCKER_HOST="unix://$("$here/../engine/$engine.sh" "$name")" || { echo "skipped: no engine"; exit 77; }
export DOCKER_HOST
inside() { nsenter --net="/run/netns/cairn-$name" "$@"; }
fresh() { tar -C "$here/../../examples/volume-clones" --exclude=./.cairn -cf - . | tar -C "$work/project" -xf -; }
fresh
cd "$work/project"
"$here/../../examples/volume-clones/base/make.sh" >out 2>&1 || fail "no base image"

objects() { docker ps -aq | wc -l; docker volume ls -q | wc -l; docker network ls -q | wc -l; }
before="$(objects)"
nothing_left() {  # WHERE
  [ "$(objects)" = "$before" ] || { docker ps -a; docker volume ls; fail "something is left on the engine: $1"; }
  [ -z "$(find "$work/mounts/default" -mindepth 1 -maxdepth 2 2>/dev/null)" ] || fail "something is left in the pool: $1"
  [ -z "$simulator" ] || [ "$(on_array)" = "" ] || { on_array; fail "something is left on the array: $1"; }
}
# expect CODE WORDS ARGUMENTS…: runs it and looks for the words.
expect() {
  local wanted="$1" words="$2" code=0
  shift 2
  inside "$cairn" run test --output plain "$@" >out 2>&1 || code=$?
  [ "$code" = "$wanted" ] || fail "exit code $code instead of $wanted ($words)"
  grep -q -- "$words" out || fail "nothing says \"$words\""
}
# green METHOD ARGUMENTS…: and how the clones have to be made.
green() {
  local method="$1"
  shift
  expect 0 '16 tests' --junit junit.xml "$@"
  [ "$(grep -c "^test.data.*| $method: " out)" = 4 ] || fail "the clones were not made by $method"
  [ "$(grep -c '<testcase' junit.xml)" = 16 ] || fail "the merged report has not every test"
  nothing_left "$method"
}

green copy
sed -i "s/, 'tax is lower/ + 1, 'tax is lower/" database/suites/less_tax.sql
expect 1 'tax is lower by what was changed'
nothing_left "a failing test"
fresh

"$cairn" pool --folder "$work/mounts" create --size 4 >out 2>&1 || fail "no pool"
CAIRN_POOLS="$work/mounts" green reflink

# What somebody else uses is refused by looking; what `up` has made stays with the next one.
mkdir "$work/project/seed" && echo one >"$work/project/seed/x"
cat >"$work/project/used.stack" <<'STACK'
volume theirs { external = true ; name = "theirs" }
stage copies { clone copy { from = theirs } }
stage overwrites { clone over { from = "./seed" ; onto = theirs } }
STACK
docker volume create theirs >/dev/null
docker run -d --name theirs --network none -v theirs:/d postgres-base:bookworm sleep 1000 >/dev/null
for case in "copies is in use by the container .theirs." "overwrites is mounted by the container .theirs."; do
  code=0
  inside "$cairn" run "${case%% *}" -f used.stack --output plain >out 2>&1 || code=$?
  [ "$code" = 1 ] && grep -q "${case#* }" out || fail "a volume in use was not refused: $case"
done
docker rm -f theirs >/dev/null
inside "$cairn" run overwrites -f used.stack --output plain >out 2>&1 || fail "an overwrite of a volume that nobody uses"
[ "$(docker run --rm --network none -v theirs:/d postgres-base:bookworm cat /d/x)" = one ] || fail "the volume was not overwritten"
docker volume rm theirs >/dev/null
nothing_left "volumes in use"
cat >"$work/project/used.stack" <<'STACK'
clone copy { from = "./seed" }
service user { image = "postgres-base:bookworm" ; command = ["sleep", "1000"] ; stop_signal = "SIGKILL" ; mounts = { "/d" = copy } }
STACK
for pools in "$work/none" "$work/mounts"; do
  CAIRN_POOLS="$pools" inside "$cairn" up -f used.stack --output plain >out 2>&1 || fail "up with a clone"
  docker exec "$(docker ps -q)" sh -c 'echo two >/d/x'
  CAIRN_POOLS="$pools" inside "$cairn" up -f used.stack --output plain >out 2>&1 || fail "up again with a clone"
  [ "$(docker exec "$(docker ps -q)" cat /d/x)" = two ] || fail "a second up has made the clone anew"
  CAIRN_POOLS="$pools" inside "$cairn" down --volumes -f used.stack >out 2>&1 || fail "down with a clone"
  nothing_left "up and down with a clone, $pools"
done
rm used.stack

"$cairn" pool --folder "$work/mounts" create array --size 8 >out 2>&1 || fail "no pool for the array"
start_simulator() {
  rm -f "$work/address"; mkfifo "$work/address"
  nsenter --net="/run/netns/cairn-$name" "$cairn" simulate flasharray --port "${port:-0}" --data "$work/mounts/array/data" --plugin "$socket" --namespace ca \
    >"$work/address" 2>>"$work/simulator.log" &  # no function: $! is the simulator itself
  simulator=$!
  read -r _ url _ PFA_FINGERPRINT _ PFA_API_TOKEN _ <"$work/address" || fail "no simulator: $(cat "$work/simulator.log")"
  port="${url##*:}"  # it comes back where it was
  export PFA_FINGERPRINT PFA_API_TOKEN
}
ask() { inside curl -ksS "$url/simulator/$1" ${2:+-d "$2"}; }
on_array() { ask state | python3 -c 'import json, sys; s = json.load(sys.stdin); print(*[v["name"] for v in s["volumes"]], *[x["suffix"] for x in s["snapshots"]], *s["connections"])'; }
start_simulator
on="-p array=${url#https://} -p driver=$driver -p prefix=ca-docker-"
green array $on
[ "$(ask hazards)" = "[]" ] || fail "hazards: $(ask hazards)"

sed -i "s/, 'tax is lower/ + 1, 'tax is lower/" database/suites/less_tax.sql
expect 1 'tax is lower by what was changed' $on
nothing_left "a failing test on the array"
fresh

PFA_API_TOKEN=wrong expect 3 'Invalid API token' $on
ask clock '{"advance_ms": 86400001}' >/dev/null  # the seed, which its driver made, and nobody could eradicate
nothing_left "a wrong token"

docker volume create --driver "$driver" --opt size=400m taken-less_stock >/dev/null
sed -i 's/clone data { from = cut }/clone data { from = cut ; name = "taken-${suite}" }/' shards.stack
expect 1 'has a volume `ca-docker-taken-less_stock` already' $on
docker volume rm taken-less_stock >/dev/null
for left in $(on_array); do [ "$left" = ca-docker-taken-less_stock ] || fail "left on the array beside the taken name: $left"; done
ask clock '{"advance_ms": 86400001}' >/dev/null  # what was destroyed here by hand
nothing_left "a taken name"
fresh

ask faults '{"count": 1000, "path": "volume-snapshots", "method": "POST", "status": 503}' >/dev/null
expect 3 '503' $on
kill "$simulator"; wait "$simulator" 2>/dev/null || true; start_simulator
on="-p array=${url#https://} -p driver=$driver -p prefix=ca-docker-"
nothing_left "an array out of order"

ask settings '{"safe_mode": true}' >/dev/null
expect 0 'SafeMode' $on
[ "$(objects)" = "$before" ] || fail "something is left on the engine: SafeMode"
ask settings '{"safe_mode": false}' >/dev/null
ask clock '{"advance_ms": 345600001}' >/dev/null  # the clock was turned before, and the simulator began anew
nothing_left "SafeMode, days later"

# Down in the middle: the array and its driver are gone when the clones are to be made, and come back later.
code=0
inside "$cairn" run test --output plain $on >out 2>&1 &
run=$!
while ! grep -q '^test.cut: succeeded' out && kill -0 "$run" 2>/dev/null; do read -r -t 0.05 _ <> <(:) || true; done
kill -9 "$simulator"; wait "$simulator" 2>/dev/null || true
wait "$run" || code=$?
[ "$code" = 3 ] || fail "exit code $code instead of 3 when the array went away"
pinned="$PFA_FINGERPRINT"
start_simulator
sed -i "s/$pinned/$PFA_FINGERPRINT/" .cairn/runs/*/arrays  # an array keeps its certificate, the simulator makes a new one
inside "$cairn" clean >out 2>&1 || true
nothing_left "an array that went away, after clean"
echo "volume clones ($engine): copies, a pool and an array, and every way of breaking them is explained"
