#!/usr/bin/env bash
# Feeds every target with what libFuzzer makes up, one after the other.
#
#   fuzz/run.sh SECONDS [TARGET …]     seconds in all, shared evenly; without names every target
#
# The stable toolchain does: coverage comes from the compiler's own pass, and no sanitizer is needed where the
# code has no `unsafe`. What is looked for is a panic, a sum that overflows, a text of over 2 GiB, a minute
# without an end. With a nightly toolchain and cargo-fuzz, `cargo +nightly fuzz run TARGET` adds
# AddressSanitizer, for the libraries underneath.
#
# What fails is kept in fuzz/artifacts/TARGET: mend it, and move the file to fuzz/corpus/TARGET.
set -euo pipefail
cd "$(dirname "$0")"

total=${1:?how many seconds in all}
shift
../tests/support/need.sh c++ g++ libc6-dev # libFuzzer is C++.
if [ $# = 0 ]; then
  mapfile -t targets < <(sed -n 's/^name = "\(.*\)"/\1/p' Cargo.toml | tail -n +2)
else
  targets=("$@")
fi
each=$((total / ${#targets[@]}))
[ "$each" -gt 0 ] || { echo "fuzz/run.sh: ${#targets[@]} targets need a second each" >&2; exit 2; }

host=$(rustc -vV | sed -n 's/^host: //p')
cover="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
cover+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
cover+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
# With --target the flags are not for build scripts.
RUSTFLAGS="$cover" cargo build --locked --release --target "$host"

failed=()
for target in "${targets[@]}"; do
  found=target/found/$target # Grows from run to run; the corpus only by hand.
  mkdir -p "$found" "artifacts/$target"
  log=target/found/$target.log
  if "target/$host/release/$target" -max_total_time="$each" -timeout=60 -rss_limit_mb=2048 -max_len=16384 \
    -print_final_stats=1 -artifact_prefix="artifacts/$target/" "$found" "corpus/$target" >"$log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, nothing found"
  else
    echo "$target: FAILED, see fuzz/$log and fuzz/artifacts/$target" >&2
    failed+=("$target")
  fi
done
[ ${#failed[@]} = 0 ] || { echo "fuzz/run.sh: failed: ${failed[*]}" >&2; exit 1; }
