#!/usr/bin/env bash
# The image that the example's databases build on: PostgreSQL 15 with pgTAP, without the cluster that the package would make
# when it is installed. `make.sh [IMAGE]`
set -eu
# mmdebstrap says where the file system is in "$1".
exec "$(dirname "$0")/../../base-image.sh" "${1:-postgres-base:bookworm}" postgresql-15,postgresql-15-pgtap \
  --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"'
