#!/bin/sh
# One suite of pgTAP tests; each writes to whole tables, which is why it has a database of its own.
set -eu
psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --set=rows="$ROWS" --file="/sql/$1.sql"
