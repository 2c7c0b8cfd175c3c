#!/bin/sh
# The tests of one shard: it sees the whole seed, and nothing of what the others write.
set -eu
shard="$1"
ask() { mariadb --host="$MYSQL_HOST" --user=test --batch --skip-column-names --execute="$1" shop; }
mkdir -p /reports
report="/reports/shard-$shard.xml"
failed=0
cases=""
expect() { # NAME EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then
    cases="$cases<testcase classname=\"shard$shard\" name=\"$1\"/>"
  else
    failed=$((failed + 1))
    cases="$cases<testcase classname=\"shard$shard\" name=\"$1\"><failure message=\"expected $2, got $3\"/></testcase>"
  fi
}
expect "sees the whole seed" 20000 "$(ask 'select count(*) from orders')"
ask "delete from orders where id % 4 = $shard; insert into orders (customer, cents) values ('shard $shard', 1)"
expect "sees its own changes" 15001 "$(ask 'select count(*) from orders')"
expect "sees nobody else's" 0 "$(ask "select count(*) from orders where customer like 'shard %' and customer <> 'shard $shard'")"
echo "<testsuite name=\"orders\" tests=\"3\" failures=\"$failed\">$cases</testsuite>" >"$report"
exit "$failed"
