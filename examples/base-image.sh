#!/usr/bin/env bash
# Makes a base image for an example from Debian's own packages and loads it into the engine:
#
#   base-image.sh IMAGE PACKAGES [options of mmdebstrap]
#
# No image registry is asked. The file system is kept in the cache folder, so that only the first call takes minutes.
# Needs mmdebstrap and root (or user namespaces), and DOCKER_HOST as docker has it.
set -eu
image="$1" packages="$2"
shift 2
cache="${XDG_CACHE_HOME:-$HOME/.cache}/cairn-examples"
tar="$cache/base-$(printf '%s\n' "$packages" "$@" | sha256sum | cut -c1-12).tar"

docker image inspect "$image" >/dev/null 2>&1 && exit 0
mkdir -p "$cache"
if [ ! -s "$tar" ]; then
  echo "making a Debian file system with ${packages//,/, } (a minute or more, once)"
  mmdebstrap --quiet --variant=minbase --include="$packages" "$@" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "${tar%.tar}.part.tar"
  mv "${tar%.tar}.part.tar" "$tar"
fi
docker import "$tar" "$image" >/dev/null
