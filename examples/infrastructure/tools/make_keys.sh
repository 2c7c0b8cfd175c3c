#!/bin/sh
# Keys of this run: one for the machines to be known by, one to log in with.
set -eu
cd /keys
ssh-keygen -q -t ed25519 -N '' -C 'the machines of this run' -f host
ssh-keygen -q -t ed25519 -N '' -C 'the tools of this run' -f user
printf '* %s\n' "$(cut -d' ' -f1,2 host.pub)" >known_hosts
