#!/usr/bin/env bash
# The slow-link demonstration: a master and eight workers on nine hosts of this machine (namespaces with an sshd each),
# behind a rate limit; dense and sparse, and OpenMPI's all-reduce on the same links. Prints a table, and writes it with
# a figure for each part into a folder. docs/slow-link.md says what is measured and what we found.
#
# usage: tools/demo.sh slow-link [--only news20,lenet,isega] [--data FOLDER] [--quick] [--rate 20mbit] [--out FOLDER]
# FOLDER of data: libsvm/news20_bin.gz and mnist/*-ubyte.gz (default: WISP_TEST_DATA); what is not there is made from a
# seed. --quick: under a minute, on small data made from a seed. Root only. Needs a built wisp (WISP_BIN, else
# build/release), the packages of the group "demo" of tools/packages.txt, and for LeNet those of "torch".
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '6,9s/^# \{0,1\}//p' "$0" >&2
  exit 64
}

[ "${1:-}" = slow-link ] || usage
shift
export WISP_BIN="${WISP_BIN:-$PWD/build/release/bin/wisp}"
if [ ! -x "$WISP_BIN" ]; then
  echo "demo: there is no $WISP_BIN: cmake --preset release && cmake --build build/release --target wisp_cli" >&2
  exit 2
fi
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export PYTHONPATH="tests/testbed:tools/reproduce${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" -B tools/demo/slow_link.py "$@"
