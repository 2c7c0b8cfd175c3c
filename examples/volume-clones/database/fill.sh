#!/bin/sh
set -eu
psql --quiet --no-psqlrc --dbname=postgres --command='create database shop'
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=rows="$ROWS" --file=/sql/seed.sql
echo "$ROWS lines of orders"
