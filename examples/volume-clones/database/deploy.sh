#!/bin/sh
set -eu
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --file=/release.sql
psql --no-psqlrc --tuples-only --command="select 'deployed version ' || number from version"
