#!/bin/sh
# Packs the application into /build, installs exactly that, and runs the command with it.
set -eu
pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir /build .
pip install --quiet --no-index --no-deps --break-system-packages --find-links /build todobackend
exec "$@"
