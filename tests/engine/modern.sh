#!/usr/bin/env bash
# A current Docker engine (API 1.56, containerd image store) for tests, beside Debian's own of API 1.41: Debian has
# none, so it is built once from its Go modules and kept in the cache folder.
#
#   tests/engine/modern.sh --build   only makes sure that it is built; prints the folder of its programs
#   tests/engine/modern.sh NAME      starts it as tests/engine/start.sh does, and prints its socket's path
set -euo pipefail

engine=v2.0.0-beta.24
containerd=v2.2.1
runc=v1.5.2

what="${1:?modern.sh: --build, or which NAME?}"
here="$(cd "$(dirname "$0")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/cairn-tests"
programs="$cache/engine-$engine-$containerd-$runc"

if [ ! -e "$programs/complete" ]; then
  mkdir -p "$cache"
  exec 8>"$cache/engine.lock"
  flock 8
  if [ ! -e "$programs/complete" ]; then
    command -v go >/dev/null || { echo "modern.sh: Go (1.24 or newer) is needed to build the engine" >&2; exit 1; }
    pkg-config --exists libseccomp || { echo "modern.sh: libseccomp-dev and pkg-config are needed" >&2; exit 1; }
    mkdir -p "$programs"
    export GOBIN="$programs" GOFLAGS="${GOFLAGS:-} -trimpath"
    {
      nice go install "github.com/moby/moby/v2/cmd/dockerd@$engine" "github.com/moby/moby/v2/cmd/docker-proxy@$engine"
      nice go install "github.com/containerd/containerd/v2/cmd/containerd@$containerd" \
        "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@$containerd"
      nice go install -tags seccomp "github.com/opencontainers/runc@$runc"
    } >"$cache/engine-build.log" 2>&1 8>&- || {
      echo "modern.sh: the engine could not be built; the end of $cache/engine-build.log:" >&2
      tail -20 "$cache/engine-build.log" >&2
      exit 1
    }
    touch "$programs/complete"
  fi
  exec 8>&-
fi

if [ "$what" = --build ]; then
  echo "$programs"
else
  CAIRN_ENGINE_PATH="$programs" exec "$here/start.sh" "$what"
fi
