#!/usr/bin/env bash
# From a fresh checkout to a converged run: installs what building needs, builds wisp, runs the first example.
# Exit status: the run's. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\nquickstart: %s\n' "$*" >&2; }

say "1/3 packages (listed in tools/packages.txt)"
tools/install_packages.sh build

say "2/3 building wisp (release; a few minutes the first time)"
options=()
[ -f build/release/CMakeCache.txt ] || options=(-DWISP_BUILD_TESTS=OFF)  # they want more packages
cmake --preset release "${options[@]}" >&2
cmake --build build/release --target wisp_cli --parallel "$(nproc)" >&2

say "3/3 running examples/quickstart.yaml: ISEGA, 8 worker processes on this machine"
wisp=build/release/bin/wisp
status=0
"$wisp" run examples/quickstart.yaml || status=$?

jobs="${XDG_STATE_HOME:-$HOME/.local/state}/wisp/jobs"
if [ "$status" != 0 ]; then
  say "the run ended with exit status $status; its folder is $jobs/latest"
  exit "$status"
fi
cat >&2 <<TEXT

quickstart: it converged. Everything about the run is in $jobs/latest/
  logs/<actor>/<attempt>.log   what each actor said
  result.json                  the summary as one object

Try next, from this folder:
  $wisp logs -n 3                                    the last lines of every actor
  $wisp plan examples/quickstart.yaml                what would be started, and the method's numbers
  $wisp run examples/quickstart.yaml --workers 4     another number of workers
  $wisp run examples/quickstart.yaml -d              in the background; then: $wisp ps, $wisp down
  $wisp help                                         everything else
TEXT
