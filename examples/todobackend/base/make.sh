#!/usr/bin/env bash
# Makes the example's base image from Debian's own packages and loads it into the engine: `make.sh [IMAGE]`.
# No image registry is asked. The file system is kept in the cache folder, so that only the first call takes
# minutes. Needs mmdebstrap and root (or user namespaces), and DOCKER_HOST as docker has it.
set -eu
image="${1:-todobackend-base:bookworm}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/cairn-examples"
packages="ca-certificates,python3,python3-pip,python3-setuptools,python3-wheel,python3-venv,python3-django,python3-djangorestframework"
packages="$packages,python3-mysqldb,python3-xmlrunner,uwsgi-core,uwsgi-plugin-python3,nginx-light,mariadb-server,nodejs,mocha"
tar="$cache/base-$(printf %s "$packages" | sha256sum | cut -c1-12).tar"

docker image inspect "$image" >/dev/null 2>&1 && exit 0
mkdir -p "$cache"
if [ ! -s "$tar" ]; then
  echo "making a Debian file system with Python, Django, uWSGI, nginx, MariaDB, Node and Mocha (a few minutes, once)"
  mmdebstrap --quiet --variant=minbase --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "${tar%.tar}.part.tar"
  mv "${tar%.tar}.part.tar" "$tar"
fi
docker import "$tar" "$image" >/dev/null
