#!/usr/bin/env bash
# Demonstrations on hosts of this machine: namespaces with an sshd each. Root only.
#
# usage: tools/demo.sh slow-link [--only news20,lenet,isega] [--data FOLDER] [--quick] [--rate 20mbit] [--out FOLDER]
#        tools/demo.sh power-off [--host h1]
#
# slow-link: a master and eight workers behind a rate limit; dense and sparse, and OpenMPI's all-reduce on the same
# links. Prints a table, and writes it with a figure for each part into a folder. docs/slow-link.md says what is
# measured and what we found. FOLDER of data: libsvm/news20_bin.gz and mnist/*-ubyte.gz (default: WISP_TEST_DATA); what
# is not there is made from a seed. --quick: under a minute, on small data made from a seed. Needs the packages of the
# group "demo" of tools/packages.txt, and for LeNet those of "torch".
#
# power-off: a run whose master's host, or another, is switched off with its disk, and goes on: docs/power-off.md.
#
# Both need a built wisp (WISP_BIN, else build/release).
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '4,5s/^# \{0,1\}//p' "$0" >&2
  exit 64
}

case ${1:-} in
  slow-link) program=slow_link.py ;;
  power-off) program=power_off.py ;;
  *) usage ;;
esac
shift
export WISP_BIN="${WISP_BIN:-$PWD/build/release/bin/wisp}"
if [ ! -x "$WISP_BIN" ]; then
  echo "demo: there is no $WISP_BIN: cmake --preset release && cmake --build build/release --target wisp_cli" >&2
  exit 2
fi
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export PYTHONPATH="tests/testbed:tools/reproduce${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" -B "tools/demo/$program" "$@"
