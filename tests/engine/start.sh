#!/usr/bin/env bash
# Starts a Docker engine of its own for tests and prints its socket's path. Needs root.
#
#   tests/engine/start.sh NAME
#
# Everything of it lies below $CAIRN_ENGINES/NAME (default: /tmp/cairn-engines) and in the network namespace
# cairn-NAME, so that neither an engine of the host nor a second one of ours is disturbed; sockets of volume drivers
# are in NAME/plugins. Started again under the same name it prints the same path. $CAIRN_ENGINE_PATH, when set, is searched first for dockerd, containerd and runc.
# tests/engine/stop.sh NAME takes all of it away.
set -euo pipefail

name="${1:?start.sh: which NAME?}"
place="${CAIRN_ENGINES:-/tmp/cairn-engines}/$name"
socket="$place/docker.sock"
namespace="cairn-$name"
here="$(cd "$(dirname "$0")" && pwd)"
PATH="${CAIRN_ENGINE_PATH:+$CAIRN_ENGINE_PATH:}$PATH:/usr/sbin:/sbin"
export PATH

answers() { curl -fsS --max-time 5 --unix-socket "$socket" http://docker/_ping >/dev/null 2>&1; }

mkdir -p "$place"
exec 9>"$place.lock"
flock 9
if answers; then
  echo "$socket"
  exit 0
fi
[ "$(id -u)" = 0 ] || { echo "start.sh: a Docker engine can be started by root only" >&2; exit 1; }
for program in dockerd containerd runc iptables ip nsenter unshare curl; do
  command -v "$program" >/dev/null || { echo "start.sh: \`$program\` is missing (scripts/setup.sh test)" >&2; exit 1; }
done

"$here/stop.sh" --quiet --locked "$name"
mkdir -p "$place"
ip netns add "$namespace"
ip -n "$namespace" link set lo up

# Its own view of the mounts, too: what it mounts ends with it, what the host mounts later it still sees. Volume
# drivers of others are not its own: it finds those in $place/plugins.
mkdir -p "$place/plugins" /run/docker/plugins
nsenter --net="/run/netns/$namespace" unshare --mount --propagation slave \
  sh -c 'mount --bind "$0" /run/docker/plugins && exec "$@"' "$place/plugins" \
  dockerd --data-root "$place/data" --exec-root "$place/exec" --pidfile "$place/pid" \
  --host "unix://$socket" --shutdown-timeout 3 ${CAIRN_ENGINE_FLAGS:-} \
  >"$place/dockerd.log" 2>&1 9>&- </dev/null &
engine=$!
for _ in $(seq 300); do
  answers && break
  kill -0 "$engine" 2>/dev/null || break
  sleep 0.2
done
if ! answers; then
  echo "start.sh: the engine did not come up; the end of its log:" >&2
  tail -20 "$place/dockerd.log" >&2
  "$here/stop.sh" --quiet --locked "$name"
  exit 1
fi
disown "$engine"
echo "$socket"
