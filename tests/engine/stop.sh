#!/usr/bin/env bash
# Ends an engine that tests/engine/start.sh started and removes everything of it.
#
#   tests/engine/stop.sh NAME
set -uo pipefail

quiet="" locked=""
while :; do
  case "${1:-}" in
    --quiet) quiet=1; shift ;;
    --locked) locked=1; shift ;;
    *) break ;;
  esac
done
name="${1:?stop.sh: which NAME?}"
place="${CAIRN_ENGINES:-/tmp/cairn-engines}/$name"
namespace="cairn-$name"
PATH="$PATH:/usr/sbin:/sbin"

if [ -z "$locked" ] && [ -d "$(dirname "$place")" ]; then
  exec 9>"$place.lock"
  flock 9
fi

# The engine's own processes (dockerd, containerd, the shims) carry its folder in their arguments.
processes() {
  for process in $(pgrep -f -- "$place/"); do
    case "$(cat "/proc/$process/comm" 2>/dev/null)" in dockerd | containerd*) echo "$process" ;; esac
  done
}
gone() {
  for _ in $(seq "$1"); do
    [ -z "$(processes)" ] && return 0
    sleep 0.1
  done
  return 1
}

if [ -n "$(processes)" ]; then
  ids="$(curl -fsS --max-time 5 --unix-socket "$place/docker.sock" http://docker/containers/json 2>/dev/null |
    grep -o '"Id":"[0-9a-f]*"' | cut -d'"' -f4)"
  for id in $ids; do
    curl -fsS --max-time 10 -X POST --unix-socket "$place/docker.sock" "http://docker/containers/$id/kill" \
      >/dev/null 2>&1 &
  done
  wait
  [ -s "$place/pid" ] && kill "$(cat "$place/pid")" 2>/dev/null
  if ! gone 100; then
    # The shims' children are the containers.
    for process in $(processes); do
      pkill -KILL -P "$process" 2>/dev/null
      kill -KILL "$process" 2>/dev/null
    done
    gone 50 || echo "stop.sh: some processes of the engine $name are left: $(processes | tr '\n' ' ')" >&2
  fi
fi
if [ -e "/run/netns/$namespace" ]; then ip netns delete "$namespace"; fi
if [ -d "$place" ]; then
  grep -o " $place/[^ ]*" /proc/self/mounts | sort -r | while read -r mounted; do umount -l "$mounted"; done
  rm -rf "$place"
fi
[ -z "$locked" ] && rm -f "$place.lock"
[ -z "$quiet" ] && echo "the engine $name is gone"
exit 0
