#!/usr/bin/env bash
# The docker client's plugin buildx for tests. Debian 12 has none, so it is built once from its Go modules, without the
# drivers that no test uses (Kubernetes' client is half of it) and unoptimised: 67 seconds of a processor instead of 250.
# Kept in the cache folder. Where there is no Go, the machine's own.
#
#   tests/engine/buildx.sh   prints the path of the program
set -euo pipefail

version=v0.15.1

cache="${XDG_CACHE_HOME:-$HOME/.cache}/cairn-tests"
folder="$cache/buildx-$version"

if [ ! -e "$folder/complete" ]; then
  mkdir -p "$cache"
  exec 8>"$cache/buildx.lock"
  flock 8
  if [ ! -e "$folder/complete" ]; then
    if ! command -v go >/dev/null; then
      for folder in ~/.docker /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
        [ ! -x "$folder/cli-plugins/docker-buildx" ] || { echo "$folder/cli-plugins/docker-buildx"; exit; }
      done
      echo "buildx.sh: there is no buildx on this machine, and Go (1.24 or newer) is needed to build it" >&2
      exit 1
    fi
    rm -rf "$folder"
    mkdir -p "$folder/source"
    cat >"$folder/source/main.go" <<'END'
package main

import (
	"fmt"
	"os"

	"github.com/docker/buildx/commands"
	_ "github.com/docker/buildx/driver/docker"
	_ "github.com/docker/buildx/driver/docker-container"
	"github.com/docker/cli/cli-plugins/manager"
	"github.com/docker/cli/cli-plugins/plugin"
	"github.com/docker/cli/cli/command"
	"github.com/moby/buildkit/solver/errdefs"
)

func main() {
	client, err := command.NewDockerCli()
	if err == nil {
		about := manager.Metadata{SchemaVersion: "0.1.0", Vendor: "cairn's tests", Version: "VERSION"}
		err = plugin.RunPlugin(client, commands.NewRootCmd("buildx", true, client), about)
	}
	if err != nil {
		for _, source := range errdefs.Sources(err) {
			_ = source.Print(os.Stderr)
		}
		fmt.Fprintln(os.Stderr, "ERROR:", err)
		os.Exit(1)
	}
}
END
    sed -i "s/VERSION/$version/" "$folder/source/main.go"
    # Ours alone: the standard library stays as the engine's build has left it in Go's cache.
    quick=()
    for origin in github.com golang.org google.golang.org go.opentelemetry.io gopkg.in k8s.io sigs.k8s.io; do
      quick+=("-gcflags=$origin/...=-N -l -dwarf=false")
    done
    (
      cd "$folder/source"
      export GOFLAGS="-trimpath -mod=mod" GOWORK=off
      nice go mod init buildx.test
      nice go get "github.com/docker/buildx@$version"
      nice go build "${quick[@]}" -ldflags="-s -w" -o "$folder/docker-buildx" .
    ) >"$cache/buildx-build.log" 2>&1 8>&- || {
      echo "buildx.sh: buildx could not be built; the end of $cache/buildx-build.log:" >&2
      tail -20 "$cache/buildx-build.log" >&2
      exit 1
    }
    rm -rf "$folder/source"
    touch "$folder/complete"
  fi
  exec 8>&-
fi
echo "$folder/docker-buildx"
