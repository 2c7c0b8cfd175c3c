#!/usr/bin/env bash
# The image that the example's database builds on: PostgreSQL 15 with pgTAP. `make.sh [IMAGE]`
set -eu
exec "$(dirname "$0")/../../base-image.sh" "${1:-postgres-pgtap:bookworm}" postgresql-15,postgresql-15-pgtap
