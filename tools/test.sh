#!/usr/bin/env bash
# Installs what tests need, builds, and runs every test: all of them in release; the quick ones again under the address
# sanitizer, and those of the rooms with threads under the thread sanitizer; under both, jobs whose processes are
# killed. Compiles each header alone, too, and looks for inputs that break a decoder. Ends with one line a stage, after
# the last lines of those that failed. Exit status 1 if any stage failed.
#
# usage: tools/test.sh [--quick]        --quick: the dev preset's quick tests only
# Tests that want real data take it from the folder WISP_TEST_DATA, and say that they skip where it is not set.
set -uo pipefail
cd "$(dirname "$0")/.."

quick=no
case "${1:-}" in
  "") ;;
  --quick) quick=yes ;;
  *) echo "usage: tools/test.sh [--quick]" >&2; exit 2 ;;
esac

summary=()
failures=()
outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT

stage() {  # stage <name> <command...>: runs it, notes how it went
  local name=$1 begin=$SECONDS verdict=ok status=0
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  "$@" 2>&1 | tee "$outputs/$name"
  status=${PIPESTATUS[0]}
  if [ "$status" != 0 ]; then verdict="FAILED ($status)"; failures+=("$name"); fi
  summary+=("$(printf '%-16s %-12s %5d s' "$name" "$verdict" $((SECONDS - begin)))")
  return "$status"
}

report() {
  local name
  for name in "${failures[@]}"; do
    printf '\n== what failed in %s\n' "$name"
    tail -n 12 "$outputs/$name"
    grep -a -n -A25 -E '^FAILED: |error: |\*\*\*(Failed|Timeout|Exception)|^\[  FAILED' "$outputs/$name" | head -n 100
  done
  printf '\n== summary\n'
  [ -n "${WISP_TEST_DATA:-}" ] || echo "WISP_TEST_DATA is not set: tests on real data were skipped"
  printf '%s\n' "${summary[@]}"
  printf '%-16s %-12s %5d s\n' all "$([ ${#failures[@]} = 0 ] && echo ok || echo FAILED)" "$SECONDS"
  [ ${#failures[@]} = 0 ]
  exit
}

build() {  # build <preset> [target...]
  local preset=$1
  shift
  cmake --preset "$preset" -DWISP_BUILD_TESTS=ON &&
    cmake --build "build/$preset" --parallel "$(nproc)" ${1:+--target "$@"}
}

# The rooms that have threads; the others are pure, and their tests would only repeat what asan has seen.
threaded=(base runtime sim launcher actors)

# What is marked RUN_SERIAL (the system tests) runs alone, after the rest. Chaos has its turn with the sanitizers.
test_plainly() {
  ctest --preset release --no-tests=error --parallel "$(nproc)" -LE '^chaos$'
}

test_with_addresses() {
  ctest --preset asan --no-tests=error && ctest --preset asan-chaos --no-tests=error
}

test_with_threads() {
  local fixed_layout=()
  setarch -R true 2>/dev/null && fixed_layout=(setarch -R)
  local rooms
  rooms=$(IFS='|'; echo "${threaded[*]}")
  "${fixed_layout[@]}" ctest --preset tsan --no-tests=error -R "^($rooms)\\." &&
    "${fixed_layout[@]}" ctest --preset tsan-chaos --no-tests=error
}

stage packages tools/install_packages.sh build test torch || report
if [ "$quick" = yes ]; then
  stage quick cmake --workflow --preset quick
  report
fi
stage release-build build release && stage release-test test_plainly
stage headers cmake --build build/release --target all_verify_interface_header_sets --parallel "$(nproc)"
stage asan-build build asan && stage asan-test test_with_addresses
stage fuzz tools/fuzz.sh --quick
stage tsan-build build tsan "${threaded[@]/%/_tests}" wisp_cli test_tally && stage tsan-test test_with_threads
report
