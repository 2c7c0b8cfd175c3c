#!/bin/sh
# Packs the change of the schema into one script, as `release.sql`: what is deployed is what was built once.
set -eu
{
  echo "begin;"
  cat /release/*.sql
  echo "commit;"
} >/tmp/release.sql
sha256sum /tmp/release.sql
