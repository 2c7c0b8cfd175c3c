#!/bin/sh
# What init does on a real server: starts what is installed, then the SSH server. Keys come from /keys, a volume of the
# run, so that an image that is made of this machine holds none.
set -eu
mkdir -p /run/sshd
[ ! -x /etc/init.d/nginx ] || service nginx start
exec /usr/sbin/sshd -D -e -h /keys/host -o AuthorizedKeysFile=/keys/user.pub -o PasswordAuthentication=no -o UsePAM=no -o LogLevel=ERROR
