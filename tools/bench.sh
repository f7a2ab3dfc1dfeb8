#!/usr/bin/env bash
# Builds and runs the measurements of bench/: all of them, or those of the rooms given. One JSON row a line on stdout
# (and in build/bench.jsonl), the talk on stderr. Exit status 1 if a program fails or a goal does not hold.
#
# usage: tools/bench.sh [room ...]
# Measures a release build; close other programs first. Real data is taken from the folder WISP_TEST_DATA.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_packages.sh build bench
options=(-DWISP_BUILD_BENCH=ON)
[ -f build/release/CMakeCache.txt ] || options+=(-DWISP_BUILD_TESTS=OFF)  # they want more packages
cmake --preset release "${options[@]}" >&2
cmake --build build/release --target wisp_cli wisp_benches --parallel "$(nproc)" >&2
python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" -B tools/bench_rows.py --binaries build/release/bin --rows build/bench.jsonl "$@"
