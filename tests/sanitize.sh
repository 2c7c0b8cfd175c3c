#!/usr/bin/env bash
# Builds the tests that need no engine with clang's sanitizers, and runs them: `tests/sanitize.sh BUILD asan` under
# ASan, LeakSanitizer and UBSan (in BUILD/asan), `tests/sanitize.sh BUILD tsan` those of the rooms with threads under TSan
# (in BUILD/tsan; the rooms without threads are taken from BUILD as they are), `all` both. With names behind it, these
# tests only: `tests/sanitize.sh build asan test_kinds`. CAIRN_SANITIZE_SEEDS: how many simulated runs.
set -eu
build="$(cd "$1" && pwd)"
which="$2"
shift 2
root="$(cd "$(dirname "$0")/.." && pwd)"
folder="$build/$which"
tests="$*"

if [ "$which" = all ]; then
  "$0" "$build" asan
  "$0" "$build" tsan
  exit
fi

# Lines are what reports name; all that -g writes besides is a seventh of the time. Files of a room compiled sixteen at once
# are a quarter of it; names within a room's unnamed namespaces must differ for that.
options=(-DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-gline-tables-only
         -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=16)
case "$which" in
  asan)
    options+=(-DCAIRN_SANITIZE=address,undefined)
    all="grammar interpreter plan effects http keeper docker report scribe progress reach database array clone execute kinds sim"
    ;;
  tsan)
    options+=(-DCAIRN_SANITIZE=thread -DCAIRN_PURE_ROOMS_OF="$build")
    all="effects http keeper docker report scribe progress reach database array execute kinds sim"
    chrt --idle 0 ninja -C "$build" cairn_grammar cairn_stdlib cairn_interpreter >/dev/null
    ;;
  *)
    echo "sanitize: \`asan\`, \`tsan\` or \`all\`, not \`$which\`" >&2
    exit 2
    ;;
esac
[ -n "$tests" ] || tests="$(printf 'test_%s ' $all)"

[ -f "$folder/build.ninja" ] || cmake -S "$root" -B "$folder" -G Ninja "${options[@]}" >/dev/null
# Compiled with the processor time that nobody else wants; the tests themselves have deadlines.
# shellcheck disable=SC2086
chrt --idle 0 ninja -C "$folder" -j "${JOBS:-$(nproc)}" $tests >"$folder/build.log" 2>&1 || { tail -40 "$folder/build.log"; exit 1; }

# What is slower by an order of magnitude is repeated less often; the plain build does the numbers.
export CAIRN_SEEDS="${CAIRN_SANITIZE_SEEDS:-100}"
unset CAIRN_TEST_ENGINES
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
# Brains that tests kill, or let go without a word, end with threads that nobody joins: what is looked for is races.
export TSAN_OPTIONS="suppressions=$root/tests/thread.supp second_deadlock_stack=1 report_thread_leaks=0"
wanted="$(printf '%s|' $tests)"
ctest --test-dir "$folder" --output-on-failure -j "${JOBS:-$(nproc)}" --timeout 900 -R "^(${wanted%|})\$"
