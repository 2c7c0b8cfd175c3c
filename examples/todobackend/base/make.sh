#!/usr/bin/env bash
# The image that all others of the example build on: Python, Django, uWSGI, nginx, MariaDB, Node and Mocha. `make.sh [IMAGE]`
set -eu
packages="ca-certificates,python3,python3-pip,python3-setuptools,python3-wheel,python3-venv,python3-django,python3-djangorestframework"
packages="$packages,python3-mysqldb,python3-xmlrunner,uwsgi-core,uwsgi-plugin-python3,nginx-light,mariadb-server,nodejs,mocha"
exec "$(dirname "$0")/../../base-image.sh" "${1:-todobackend-base:bookworm}" "$packages"
