#!/bin/sh
set -eu
mariadb --host="$MYSQL_HOST" --user=test <<'SQL'
create database shop;
use shop;
create table orders (id int primary key auto_increment, customer varchar(80) not null, cents int not null);
insert into orders (customer, cents) select concat('customer ', seq), 100 + seq % 900 from seq_1_to_20000;
SQL
echo "20000 orders"
