#!/usr/bin/env bash
# Makes the example's base image, PostgreSQL 15 with pgTAP, from Debian's own packages and loads it into the engine:
# `make.sh [IMAGE]`. No image registry is asked. The file system is kept in the cache folder, so that only the first
# call takes a minute. Needs mmdebstrap and root (or user namespaces), and DOCKER_HOST as docker has it.
set -eu
image="${1:-postgres-base:bookworm}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/cairn-examples"
packages="postgresql-15,postgresql-15-pgtap"
tar="$cache/postgres-$(printf %s "$packages" | sha256sum | cut -c1-12).tar"

docker image inspect "$image" >/dev/null 2>&1 && exit 0
mkdir -p "$cache"
if [ ! -s "$tar" ]; then
  echo "making a Debian file system with PostgreSQL and pgTAP (a minute, once)"
  # The package makes a cluster of its own when it is installed; the image has none.
  mmdebstrap --quiet --variant=minbase --include="$packages" \
    --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "${tar%.tar}.part.tar"
  mv "${tar%.tar}.part.tar" "$tar"
fi
docker import "$tar" "$image" >/dev/null
