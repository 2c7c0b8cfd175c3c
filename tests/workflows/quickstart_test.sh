#!/usr/bin/env bash
# The quickstart as the README promises it: green, with its reports, and nothing left; then broken on purpose.
set -eu
cairn="$1"
example="$(cd "$(dirname "$0")/../../examples/quickstart" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp "$example"/*.py "$example"/*.stack "$work"
cd "$work"

fail() { echo "FAILED: $*"; cat "$work/out" 2>/dev/null || true; exit 1; }

"$cairn" lint >out 2>&1 || fail "lint finds something"
"$cairn" run test --output plain --junit junit.xml >out 2>&1 || fail "the run is not green"
grep -q '10 tests' out || fail "ten tests were expected"
python3 - <<'P' || fail "the merged report does not hold ten passed cases"
import xml.etree.ElementTree as tree
cases = list(tree.parse("junit.xml").iter("testcase"))
assert len(cases) == 10, len(cases)
assert not list(tree.parse("junit.xml").iter("failure"))
P
[ -s .cairn/last/report.html ] || fail "there is no report.html"
[ -z "$(ls .cairn/last/volumes)" ] || fail "a volume is left"
! grep -lsa "CAIRN_PROJECT=$(ls .cairn >/dev/null; basename "$work")" /proc/[0-9]*/environ || fail "a process is left"

# A failing test: named, with its message; everything is torn down; exit code 1.
sed -i 's/product\["cents"\] >= 250/product["cents"] >= 300/' checks.py
code=0; "$cairn" run test --output plain >out 2>&1 || code=$?
[ $code = 1 ] || fail "a failing test should give exit code 1, not $code"
grep -q 'mug red costs only 250 cents' out || fail "the message of the failing test is not shown"
[ -z "$(ls .cairn/last/volumes)" ] || fail "a volume is left after a failure"

# A service that dies before it is ready: its last words are shown.
cp "$example/checks.py" .
sed -i '1a raise SystemExit("the catalogue is closed")' api.py
code=0; "$cairn" run test --output plain >out 2>&1 || code=$?
[ $code = 1 ] || fail "a dead service should give exit code 1, not $code"
grep -q 'exited 1' out && grep -q 'the catalogue is closed' out || fail "nothing says why the service died"

# A mistake in the file: exit code 2, nothing runs.
sed 's/within = 10s/within = 10/' "$example/shop.stack" >shop.stack
code=0; "$cairn" run test >out 2>&1 || code=$?
[ $code = 2 ] || fail "a mistake in the file should give exit code 2, not $code"
grep -q '10s' out || fail "the help does not say what to write"
echo "quickstart: green, and every way of breaking it is explained"
