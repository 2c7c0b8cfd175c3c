#!/bin/sh
# A MySQL-compatible server that takes the settings of the official images: MYSQL_DATABASE, MYSQL_USER,
# MYSQL_PASSWORD, MYSQL_ROOT_PASSWORD.
set -eu
data=/var/lib/mysql
mkdir -p /run/mysqld && chown mysql:mysql /run/mysqld "$data"
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --user=mysql --datadir="$data" --skip-test-db >/dev/null
fi
{
  echo "alter user 'root'@'localhost' identified by '${MYSQL_ROOT_PASSWORD}';"
  echo "create database if not exists \`${MYSQL_DATABASE}\`;"
  echo "create or replace user '${MYSQL_USER}'@'%' identified by '${MYSQL_PASSWORD}';"
  echo "grant all on *.* to '${MYSQL_USER}'@'%';"
} >/run/mysqld/first.sql
chown mysql:mysql /run/mysqld/first.sql && chmod 400 /run/mysqld/first.sql
exec mariadbd --user=mysql --datadir="$data" --bind-address=0.0.0.0 --skip-name-resolve --init-file=/run/mysqld/first.sql
