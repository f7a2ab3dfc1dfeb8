#!/usr/bin/env bash
# Formats every C++ file of the project; with --check only says which are not. Exit status 77: no clang-format-14.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v clang-format-14 >/dev/null; then
  echo "format: clang-format-14 is not installed (tools/install_packages.sh test); skipped" >&2
  exit 77
fi
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run -Werror)
find . \( -path ./build -o -path ./.git \) -prune -o \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 -r clang-format-14 "${mode[@]}"
