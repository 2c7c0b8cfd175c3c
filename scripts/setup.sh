#!/usr/bin/env bash
# Installs the Debian packages that a build needs, and those that the tests need with `setup.sh test`. Does nothing
# when all are there. Without root and without sudo it prints what to install and stops.
set -eu

build="g++ cmake ninja-build pkg-config ccache mold
  libfmt-dev libspdlog-dev nlohmann-json3-dev tao-pegtl-dev libboost-graph-dev libcurl4-openssl-dev libssl-dev
  libarchive-dev libre2-dev libpugixml-dev libcli11-dev libcpp-httplib-dev libgtest-dev libgmock-dev python3"
tests="docker.io openssh-server docker-registry postgresql-15 mariadb-server-core mariadb-client-core libmariadb3 libpq5 libsqlite3-0 iptables iproute2 util-linux busybox-static openssl python3-venv xfsprogs btrfs-progs git curl clang
  libclang-rt-14-dev clang-format strace chromium chromium-driver python3-selenium mmdebstrap libseccomp-dev"

wanted="$build"
[ "${1:-build}" = test ] && wanted="$build $tests"

missing=""
for package in $wanted; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: this script knows Debian and its relatives only; cairn needs the equivalents of:$missing" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then as_root=""; elif command -v sudo >/dev/null; then as_root="sudo"; else
  echo "setup: these packages are missing, and there is neither root nor sudo to install them:$missing" >&2
  echo "setup: ask an administrator for: apt-get install$missing" >&2
  exit 1
fi
echo "setup: installing$missing"
$as_root apt-get update -qq
# The Docker engine of the tests is started privately; the package must not start one of its own.
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
