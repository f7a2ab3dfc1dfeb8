#!/usr/bin/env bash
# Builds the fuzz targets of tests/fuzz with clang and runs them, two at a time, each for so long. Prints a line a
# target. What breaks a promise, takes too long or too much memory is kept in build/fuzz/findings, with the command
# that repeats it; exit status 1 if there is any. The next run begins with what was found, and with the new inputs in
# build/fuzz/corpus: a finding is one until it is mended, or removed. Nothing is written into the source tree.
#
# usage: tools/fuzz.sh [SECONDS [TARGET...]]        default: 600 seconds, all targets
#        tools/fuzz.sh --quick                      what continuous integration runs
set -uo pipefail
cd "$(dirname "$0")/.."

build=build/fuzz
input_max=4096   # bytes
one_max=10       # seconds for one input
memory_max=2048  # MiB of a target
piece_max=256    # MiB that a target asks for at once
at_once=2

network=(frame indices message node pack vector)  # the decoders of bytes from the network

fail() { echo "fuzz: $*" >&2; exit 2; }

mapfile -t all < <(cd tests/fuzz && printf '%s\n' *_fuzz.cc | sed 's/_fuzz\.cc$//')
seconds=600
seconds_of_files=""
targets=("${all[@]}")
if [ "${1:-}" = --quick ]; then
  [ $# = 1 ] || fail "--quick stands alone"
  seconds=60
  seconds_of_files=10
elif [ $# -gt 0 ]; then
  seconds=$1
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "usage: tools/fuzz.sh [SECONDS [TARGET...]] | --quick"
  shift
  [ $# = 0 ] || targets=("$@")
fi
for target in "${targets[@]}"; do
  [ -f "tests/fuzz/${target}_fuzz.cc" ] || fail "there is no target '$target'; there are: ${all[*]}"
done

command -v clang++-14 >/dev/null || fail "clang 14 is not installed: tools/install_packages.sh build test"
cmake --preset fuzz >/dev/null && cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}" ||
  fail "the targets can't be built"

is_of_network() {
  local each
  for each in "${network[@]}"; do [ "$each" = "$1" ] && return; done
  return 1
}

seconds_for() {
  if [ -n "$seconds_of_files" ] && ! is_of_network "$1"; then echo "$seconds_of_files"; else echo "$seconds"; fi
}

dictionary_of() { [ ! -f "tests/fuzz/dictionaries/$1" ] || echo "-dict=tests/fuzz/dictionaries/$1"; }

run() {  # run <target>: in its own folder; libFuzzer's exit status
  local target=$1
  mkdir -p "$build/corpus/$target" "$build/logs" "$build/findings/$target"
  # shellcheck disable=SC2046  # none or one word
  UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0 \
    "$build/bin/fuzz/$target" -max_total_time="$(seconds_for "$target")" -max_len=$input_max -timeout=$one_max \
    -rss_limit_mb=$memory_max -malloc_limit_mb=$piece_max -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="$build/findings/$target/" $(dictionary_of "$target") \
    "$build/corpus/$target" "tests/fuzz/corpus/$target" "$build/findings/$target" \
    </dev/null >"$build/logs/$target" 2>&1
}

summary() {  # summary <target> <status>
  local target=$1 status=$2 log="$build/logs/$1" runs rate coverage inputs peak
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
  coverage=$(grep -aoE ' cov: [0-9]+' "$log" | tail -n 1 | tr -dc 0-9)
  inputs=$(find "$build/corpus/$target" -type f | wc -l)
  printf '%-10s %12s %9s %9s %8s %6s   %s\n' "$target" "${runs:-?}" "${rate:-?}" "${coverage:-?}" "$inputs" \
    "${peak:-?}" "$([ "$status" = 0 ] && echo none || echo "FOUND ($status)")"
}

printf '%-10s %12s %9s %9s %8s %6s   %s\n' target runs runs/s coverage inputs MiB findings
found=()
statuses=$(mktemp -d)
trap 'rm -rf "$statuses"' EXIT
judge() {  # judge <target>: runs it and says how it went
  local status
  run "$1"
  status=$?
  echo "$status" >"$statuses/$1"
  summary "$1" "$status"
}
running=0
for target in "${targets[@]}"; do
  [ $((running++)) -lt $at_once ] || wait -n
  judge "$target" &
done
wait

for target in "${targets[@]}"; do
  [ "$(cat "$statuses/$target" 2>/dev/null)" = 0 ] || found+=("$target")
done
for target in "${found[@]}"; do
  printf '\n== %s\n' "$target"
  grep -aE -A16 '^(ERROR|==[0-9]+== ?ERROR|.*: check failed|.*runtime error)' "$build/logs/$target" | head -n 60
  for input in "$build/findings/$target"/*; do
    [ ! -f "$input" ] || echo "again: $build/bin/fuzz/$target $input"
  done
  echo "all of it: $build/logs/$target"
done
[ ${#found[@]} = 0 ]
