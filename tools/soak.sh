#!/usr/bin/env bash
# Starts and stops jobs in a row, in four ways (left to end, killed, stopped once, stopped twice), each stop at another
# moment, and fails if a process, socket or runtime folder is left behind. Prints a row for docs/soak.md.
#
# usage: tools/soak.sh [count of each way, default 50]      WISP_BIN: the program, default build/release/bin/wisp
set -euo pipefail
cd "$(dirname "$0")/.."

count=${1:-50}
export WISP_SOAK=$count
export WISP_BIN=${WISP_BIN:-$PWD/build/release/bin/wisp}
if [ ! -x "$WISP_BIN" ]; then
  echo "there is no $WISP_BIN; build it: cmake --preset release && cmake --build build/release" >&2
  exit 1
fi
python=/usr/bin/python3
[ -x "$python" ] || python=python3

figures=$("$python" -B tests/system/crash_test.py Soak | grep ' starts in ')
echo "| $("$WISP_BIN" version | head -1) | $(date -u +%F) | $(nproc) cores | $figures |"
