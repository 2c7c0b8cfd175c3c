#!/usr/bin/env bash
# Builds the fuzz targets with clang, ASan and UBSan, and runs each for CAIRN_FUZZ_SECONDS (default 60), all of them
# side by side. Seeds are the examples, the library and the golden files; what was once found lies in
# tests/fuzz/found/TARGET and is run first.
# CAIRN_FUZZ_SEED: where the generator begins, default 0: elsewhere each time.
#   tests/fuzz/run.sh [TARGET…]          CAIRN_FUZZ_BUILD: the build folder, default build/fuzz
# Ends with 1 when something was found, and says how to keep it; with 77 where there is no clang.
set -eu
root="$(cd "$(dirname "$0")/../.." && pwd)"
build="$(realpath -m "${CAIRN_FUZZ_BUILD:-$root/build/fuzz}")"
seconds="${CAIRN_FUZZ_SECONDS:-60}"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(parse_fuzz format_fuzz evaluate_fuzz load_fuzz)

command -v clang++ >/dev/null || { echo "fuzz: skipped, there is no clang++ (Debian: apt-get install clang)"; exit 77; }
grep -qs 'CAIRN_FUZZ:BOOL=ON' "$build/CMakeCache.txt" ||
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
    -DCAIRN_SANITIZE=address,undefined -DCAIRN_FUZZ=ON >/dev/null
nice ninja -C "$build" -j "${JOBS:-$(nproc)}" "${targets[@]}" >"$build/fuzz-build.log" 2>&1 || { tail -30 "$build/fuzz-build.log"; exit 1; }
export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1

seeds="$build/seeds"
rm -rf "$seeds"
python3 - "$root" "$seeds" <<'P'
import hashlib
import pathlib
import re
import sys

root, seeds = map(pathlib.Path, sys.argv[1:])
files = [f for where in ("examples", "stdlib", "tests/golden") for f in sorted((root / where).rglob("*.stack"))]


def seed(kind, data):
    folder = seeds / kind
    folder.mkdir(parents=True, exist_ok=True)
    if len(data) <= 4096:
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


for file in files:
    data = file.read_bytes()
    seed("text", data)
    if "stdlib/kinds" not in str(file) and "stdlib/functions" not in str(file):
        seed("program", data)
    for value in re.findall(rb"^\s*(?:let )?[a-z_]+ *= (.+)$", data, re.M):
        seed("expression", value)
library = (root / "stdlib/postgres.stack").read_bytes()
seed("program", b'use "./lib.stack"\nstage test {\n  lib.server db\n  run t { image = "x:1" ; env = db.env("PG") }\n}\n=== lib.stack\n' + library)
seed("program", b'use "./a.stack"\nlet x = a.y\n=== a.stack\nuse "./b.stack" as c\nlet y = c.z\n=== b.stack\nlet z = 1\n')
P

declare -A kind=([parse_fuzz]=text [format_fuzz]=text [evaluate_fuzz]=expression [load_fuzz]=program)
for target in "${targets[@]}"; do
  mkdir -p "$build/corpus/$target" "$build/crashes"
  if compgen -G "$root/tests/fuzz/found/$target/*" >/dev/null; then
    "$build/$target" "$root/tests/fuzz/found/$target/"* >"$build/$target.found.log" 2>&1 ||
      { tail -40 "$build/$target.found.log"; exit 1; }
  fi
done
run_one() {
  "$build/$1" -seed="${CAIRN_FUZZ_SEED:-0}" -dict="$root/tests/fuzz/stack.dict" -max_len=4096 -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
    -max_total_time="$seconds" -artifact_prefix="$build/crashes/$1-" "$build/corpus/$1" "$seeds/${kind[$1]}" >"$build/$1.log" 2>&1
}
status=0
for target in "${targets[@]}"; do
  { run_one "$target" && echo clean >"$build/$target.result" || echo found >"$build/$target.result"; } &
done
wait
for target in "${targets[@]}"; do
  runs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.log")"
  printf '%-14s %4s s %10s runs  %s\n' "$target" "$seconds" "${runs:-?}" "$(cat "$build/$target.result")"
  if [ "$(cat "$build/$target.result")" != clean ]; then
    grep -vE '^#[0-9]+|^(INFO|	NEW)' "$build/$target.log" | tail -60
    echo "fuzz: keep it as tests/fuzz/found/$target/NAME: $(ls -t "$build/crashes/$target"-* 2>/dev/null | head -1)"
    status=1
  fi
done
exit $status
