#!/bin/sh
# A database server that lets everybody in: it lives for one test run, on a network of its own.
set -eu
mkdir -p /run/mysqld && chown mysql:mysql /run/mysqld /var/lib/mysql
if [ ! -d /var/lib/mysql/mysql ]; then
  mariadb-install-db --user=mysql --skip-test-db >/dev/null
fi
printf '%s\n' "create or replace user 'test'@'%';" "grant all on *.* to 'test'@'%';" >/run/mysqld/first.sql
exec mariadbd --user=mysql --bind-address=0.0.0.0 --skip-name-resolve --init-file=/run/mysqld/first.sql
