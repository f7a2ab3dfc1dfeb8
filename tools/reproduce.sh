#!/usr/bin/env bash
# Runs the claims of the two papers (examples/papers), all of them or those named, and writes a table (claim, expected,
# measured, seeds) and a figure each into a folder. Exit status 1 if a claim does not hold, or can't be run.
#
# usage: tools/reproduce.sh [claim ...] [--seeds 101,102,103] [--out FOLDER] [--list]
# A claim is a number of docs/papers (7), or the name of a job file (p2-fig2). What has been run once with the same
# program is not run again: FOLDER/state keeps it. Needs a built wisp (WISP_BIN, else build/release) and the packages of
# the group "papers" of tools/packages.txt. 16b and 17b (p1-lenet) need examples/torch, built in build/torch or named by
# WISP_LENET, and the four files of MNIST in the folder mnist of WISP_TEST_DATA, too.
set -euo pipefail
cd "$(dirname "$0")/.."

export WISP_BIN="${WISP_BIN:-build/release/bin/wisp}"
if [ ! -x "$WISP_BIN" ]; then
  echo "reproduce: there is no $WISP_BIN: cmake --preset release && cmake --build build/release --target wisp_cli" >&2
  exit 2
fi
python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" -B tools/reproduce/main.py "$@"
