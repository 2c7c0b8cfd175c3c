#!/bin/sh
# `test.sh MACHINE`: Testinfra's tests on one machine, over SSH; each test is a case of /reports/MACHINE.xml.
set -eu
exec pytest -p no:cacheprovider --quiet --hosts="ssh://root@$1" --junit-xml="/reports/$1.xml" -o junit_suite_name="$1" /tests
