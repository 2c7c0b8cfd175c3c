#!/bin/bash
# The source workflow on a real engine: volumes by driver `pure`, start, stop, overwrite on the array, start; then the
# driver is killed and comes back. usage: engine_volume_test.sh SIMULATOR   (root, dockerd, busybox-static, curl)
set -euo pipefail
simulator=$(realpath "$1")
skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root to mount"
for tool in dockerd docker curl ip nsenter mkfs.xfs; do command -v $tool >/dev/null || skip "$tool is not installed"; done
file=$(command -v busybox) || skip "busybox-static is not installed"

work=$(mktemp -d); space=cairn$$; driver=pure$$; socket=/run/docker/plugins/$driver.sock
loops_before=$(losetup -a | sort); simulated= ; engine=
finish() {
  code=$?
  [ -n "$engine" ] && kill "$engine" 2>/dev/null && wait "$engine" 2>/dev/null || true
  [ -n "$simulated" ] && kill "$simulated" 2>/dev/null && wait "$simulated" 2>/dev/null || true
  for where in "$work"/array/mounts/*/; do mountpoint -q "$where" && umount "$where"; done
  ip netns del $space 2>/dev/null || true
  [ $code = 0 ] || { echo "FAILED, the engine's last words:"; tail -20 "$work/engine.log"; cat "$work/simulator.log"; }
  rm -rf "$work"; exit $code
}
trap finish EXIT
expect() { [ "$2" = "$3" ] || { echo "$1: expected \`$3\`, got \`$2\`"; exit 1; }; }

start_simulator() {
  rm -f "$work/address"; mkfifo "$work/address"
  "$simulator" --data "$work/array" --plugin $socket --namespace ca > "$work/address" 2>> "$work/simulator.log" & simulated=$!
  read -r _ url _ < "$work/address"
}
start_simulator
ip netns add $space; ip -n $space link set lo up
nsenter --net=/run/netns/$space dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" \
  -H "unix://$work/docker.sock" --bridge=none --iptables=false > "$work/engine.log" 2>&1 & engine=$!
export DOCKER_HOST=unix://$work/docker.sock
for _ in $(seq 120); do docker info >/dev/null 2>&1 && break; sleep 0.25; done
mkdir "$work/image"; cp -L "$file" "$work/image/busybox"; tar -C "$work/image" -c . | docker import - box >/dev/null
array() {  # METHOD PATH [BODY], signed in
  local token; token=$(curl -ksS -D - -o /dev/null -X POST -H "api-token: e701be70-14fe-8e83-c2a3-a872eaaf46da" "$url/api/2.26/login" |
    tr -d '\r' | awk 'tolower($1)=="x-auth-token:"{print $2}')
  curl -ksS -X "$1" -H "x-auth-token: $token" -H "Content-Type: application/json" ${3:+-d "$3"} "$url/api/2.26/$2"
}

for name in Seed Volume01; do docker volume create --driver $driver --opt o=size=400m $name >/dev/null; done
docker run --rm --network none -v Seed:/d box /busybox sh -c 'echo tpch > /d/rows'
docker run -d --network none --name side -v Volume01:/d box /busybox sleep 1000 >/dev/null
expect "a blank volume" "$(docker exec side /busybox ls /d)" ""
docker stop -t 0 side >/dev/null
array POST "volumes?names=ca-docker-Volume01&overwrite=true" '{"source":{"name":"ca-docker-Seed"}}' > "$work/answer"
grep -q '"ca-docker-Volume01"' "$work/answer" || { cat "$work/answer"; exit 1; }
docker start side >/dev/null
expect "the seed's rows in the clone" "$(docker exec side /busybox cat /d/rows)" tpch
expect "hazards" "$(curl -ksS "$url/simulator/hazards")" "[]"

kill -9 $simulated; wait $simulated 2>/dev/null || true; start_simulator
docker rm -f side >/dev/null
docker volume rm Seed Volume01 >/dev/null
expect "volumes left" "$(docker volume ls -q)" ""
expect "connections left" "$(array GET connections | grep -c '"lun"' || true)" 0
expect "loop devices" "$(losetup -a | sort)" "$loops_before"
expect "mounts" "$(grep -c "$work/array" /proc/self/mountinfo || true)" 0
echo "ok: the source workflow runs on a real engine, and its driver may be killed"
