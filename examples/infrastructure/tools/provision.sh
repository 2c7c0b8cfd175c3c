#!/bin/sh
# `provision.sh PLAYBOOK MACHINE`: brings one machine, over SSH, to what the playbook says.
set -eu
exec ansible-playbook --inventory "$2," "$1"
