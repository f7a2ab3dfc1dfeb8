#!/usr/bin/env bash
# What takes too long for every day: runs one of the soaks and prints rows for docs/soak.md. Fails if it does.
#
# usage: tools/soak.sh <name> [count]    WISP_BIN: the program, default build/release/bin/wisp; its tests lie beside it
#
#   starts        [50]     jobs of the whole program, started and ended in four ways, <count> of each
#   hosts         [200]    runs of a job on four hosts of the testbed, which only root can make
#   busy-reader   [1]      readers that compute for 60 s while messages wait for them
#   stopped-node  [1]      nodes that are stopped, killed, or left by their driver
#   memory        [1]      receivers that are ten times slower than those who send to them
#   registration  [1000]   drivers whose nodes join at any time and call each other at once
#   races         [1000]   ends and cancellations of actors and nodes among calls
#   simulation    [10000]  seeds of each simulated world
#   recovery      [100000] seeds of a run that is brought back whatever ends
#   kills         [300]    seconds of kill -9 of workers and master, in each world; and 20 schedules of it in rounds
#   churn         [3600]   seconds of a job of 64 workers who are killed one by one, with strangers at their doors
#   damage        [2000]   lengths to which a checkpoint is cut, and bytes of which a bit is changed: all that there are
#   power-off     [20]     hosts of the testbed that are switched off, <count> for each method; only root can make them
#   async-sgd     [3]      seeds of P1's claims in the size of the reference: 32 workers, 1 % of the coordinates
#   clang         [1]      the tests of the runtime, built by clang 14 (tools/install_packages.sh dev)
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '4,20s/^# \{0,1\}//p' "$0" >&2
  exit 64
}

name=${1:-}
count=${2:-}
[ $# -le 2 ] && [[ $count =~ ^[0-9]*$ ]] || usage
export WISP_BIN=${WISP_BIN:-$PWD/build/release/bin/wisp}
bin=$(dirname "$WISP_BIN")

need() {
  [ -x "$1" ] && return
  echo "there is no $1; build it: cmake --preset release && cmake --build build/release" >&2
  exit 1
}

row() {
  local load
  load=$(cut -d' ' -f1 /proc/loadavg)
  echo "| $name | $("$WISP_BIN" version | head -1) | $(date -u +%F) | $(nproc) cores, load $load | $1 |"
}

# The tests that match, and a row for each line of figures that they print.
real() {
  need "$bin/real_tests"
  WISP_SOAK=$count "$bin/real_tests" --gtest_filter="$1" >"$said" 2>&1 || { cat "$said" >&2; exit 1; }
  grep '^figures: ' "$said" | while IFS= read -r line; do row "${line#figures: }"; done
}

# One test over `count` seeds; its speed is that of the processor's time, whatever else the machine does.
seeds() {
  local seconds
  TIMEFORMAT=%U
  seconds=$( { time WISP_SEEDS=$count "$bin/sim_tests" --gtest_filter="$1" >"$said" 2>&1; } 2>&1) ||
    { cat "$said" >&2; exit 1; }
  row "$1: $count seeds without a violation, $(awk "BEGIN { printf \"%.0f\", $count / $seconds * 60 }") a minute a core"
}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
need "$WISP_BIN"
case $name in
  starts)
    export WISP_SOAK=${count:-50}
    python=/usr/bin/python3
    [ -x "$python" ] || python=python3
    figures=$("$python" -B tests/system/crash_test.py Soak | grep ' starts in ')
    row "$figures"
    ;;
  churn)
    need "$bin/test_tally.so"
    WISP_SOAK=${count:-3600} PYTHONPATH=tests/system /usr/bin/python3 -B tests/system/churn_test.py 2>&1 |
      tee "$said" >&2
    sed -n 's/^.*figures: //p' "$said" | while IFS= read -r line; do row "$line"; done
    ;;
  damage)
    export WISP_SOAK=${count:-2000} PYTHONPATH=tests/system
    figures=$(python3 -B tests/system/damaged_checkpoints_test.py Damaged | grep ' damages of ')
    row "$figures"
    ;;
  hosts)
    export WISP_SOAK=${count:-200} PYTHONPATH=tests/system
    python=/usr/bin/python3
    [ -x "$python" ] || python=python3
    figures=$("$python" -B tests/testbed/soak_test.py | grep ' runs on 4 hosts ')
    row "$figures"
    ;;
  busy-reader)
    count=${count:-1}
    real '*.readers_that_compute_*'
    ;;
  stopped-node)
    count=${count:-1}
    for ((i = 0; i < count; ++i)); do real '*StoppedNode.*:*.end_when_their_driver_is_silent/*'; done
    ;;
  memory)
    count=${count:-1}
    for ((i = 0; i < count; ++i)); do real '*RealMemory.*'; done
    ;;
  registration)
    count=${count:-1000}
    real 'RealRegistration.*'
    ;;
  races)
    count=${count:-1000}
    need "$bin/runtime_tests"
    tests=$("$bin/runtime_tests" --gtest_list_tests --gtest_filter='*Race.*' | grep -c '^ ') ||
      { echo "no race tests in $bin/runtime_tests" >&2; exit 1; }
    WISP_REPEATS=$count "$bin/runtime_tests" --gtest_filter='*Race.*' --gtest_brief=1 >&2
    row "$tests race tests within a process, $count times each"
    real 'RealRace.*'
    ;;
  simulation)
    count=${count:-10000}
    need "$bin/sim_tests"
    tests=$("$bin/sim_tests" --gtest_list_tests | awk '/^[^ ]/ { suite = $1 } / .*every_seed/ { print suite $1 }')
    for test in $tests; do seeds "$test"; done
    ;;
  recovery)
    count=${count:-100000}
    need "$bin/sim_tests"
    seeds 'Recovery.holds_for_every_seed'
    ;;
  kills)
    need "$bin/test_tally.so"
    WISP_SOAK=${count:-300} PYTHONPATH=tests/system:tests/testbed:tests/docs \
      /usr/bin/python3 -B tests/system/kills_test.py >"$said" 2>&1 || { cat "$said" >&2; exit 1; }
    sed -n 's/^test_.* \.\.\. //; /kills in\|schedules,/p' "$said" | while read -r line; do row "$line"; done
    ;;
  power-off)
    export WISP_SOAK=${count:-20} PYTHONPATH=tests/system
    python=/usr/bin/python3
    [ -x "$python" ] || python=python3
    "$python" -B tests/testbed/recovery_test.py PowerOff >"$said" 2>&1 || { cat "$said" >&2; exit 1; }
    sed -n 's/^.*figures: //p' "$said" | while IFS= read -r line; do row "$line"; done
    ;;
  async-sgd)
    need "$bin/optim_tests"
    WISP_SOAK=${count:-3} "$bin/optim_tests" --gtest_filter='AsyncSgdClaims.*' >"$said" 2>&1 ||
      { cat "$said" >&2; exit 1; }
    grep '^figures: ' "$said" | while IFS= read -r line; do row "${line#figures: }"; done
    ;;
  clang)
    count=${count:-1}
    { cmake --preset clang -DWISP_BUILD_TESTS=ON && cmake --build build/clang --parallel "$(nproc)" \
      --target base_tests runtime_tests real_tests sim_tests; } >&2
    for tests in base_tests runtime_tests sim_tests real_tests; do
      "build/clang/bin/$tests" --gtest_brief=1 --gtest_repeat="$count" >"$said" 2>&1 || { cat "$said" >&2; exit 1; }
      row "$tests: $(sed -n 's/^\[==*\] \([0-9]* tests\).*ran.*/\1/p' "$said" | head -1), $count times, none failed"
    done
    ;;
  *) usage ;;
esac
