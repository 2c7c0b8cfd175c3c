#!/bin/sh
# `unpack.sh ARCHIVE FOLDER`: its files, as new as this step.
set -eu
rm -rf "$2"
mkdir -p "$2"
tar --extract --gzip --touch --no-same-owner --file "$1" --directory "$2"
