#!/bin/sh
# A database server that lets everybody in: it lives for one test run, on a network of its own.
set -eu
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
mkdir -p "$PGDATA" && chown postgres:postgres "$PGDATA" && chmod 0700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  as_postgres initdb --username=shop --auth=trust --encoding=UTF8 --no-locale --no-sync >/dev/null
  echo "host all all all trust" >>"$PGDATA/pg_hba.conf"
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups \
  postgres -c listen_addresses='*' -c unix_socket_directories=/tmp -c shared_buffers=32MB
