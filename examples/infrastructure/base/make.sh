#!/usr/bin/env bash
# Makes the two images that the example builds on, from Debian's own packages, and loads them into the engine:
#   infrastructure-server:bookworm   what a server is before anybody has provisioned it: Python and an SSH server
#   infrastructure-tools:bookworm    Ansible and Testinfra
# No image registry is asked, and provisioning needs no network: the packages of nginx lie in the server's apt cache,
# not yet installed. The file systems are kept in the cache folder, so that only the first call takes minutes. Needs
# mmdebstrap and root (or user namespaces), and DOCKER_HOST as docker has it.
set -eu
cache="${XDG_CACHE_HOME:-$HOME/.cache}/cairn-examples"
mkdir -p "$cache"

# make IMAGE PACKAGES [LATER]: LATER are fetched and not installed.
make() {
  docker image inspect "$1" >/dev/null 2>&1 && return
  local tar hook=()
  tar="$cache/${1%%:*}-$(printf %s "$2 ${3:-}" | sha256sum | cut -c1-12).tar"
  if [ ! -s "$tar" ]; then
    echo "making the Debian file system of $1 (a minute or two, once)"
    [ -z "${3:-}" ] || hook=(--skip=cleanup/apt --customize-hook="chroot \"\$1\" apt-get install --yes --quiet --download-only --no-install-recommends $3")
    mmdebstrap --quiet --variant=minbase --include="$2" ${hook[@]+"${hook[@]}"} \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      bookworm "${tar%.tar}.part.tar"
    mv "${tar%.tar}.part.tar" "$tar"
  fi
  docker import "$tar" "$1" >/dev/null
}
make infrastructure-server:bookworm python3,python3-apt,openssh-server,procps nginx-light
make infrastructure-tools:bookworm ansible-core,python3-testinfra,python3-pytest,openssh-client
