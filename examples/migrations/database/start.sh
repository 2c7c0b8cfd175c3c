#!/bin/sh
# A PostgreSQL server that takes the settings of the official images: POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD and
# PGDATA. While it makes the database it listens on its socket only, so whoever is answered is answered by the finished one.
set -eu
if [ "$(id -u)" = 0 ]; then
  install --directory --owner=postgres --mode=0700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" >/tmp/password
  initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl --wait --silent --options="-c listen_addresses=''" start
  createdb --host=/var/run/postgresql --username="$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl --wait --silent --mode=fast stop
fi
exec postgres -c listen_addresses='*'
