#!/usr/bin/env bash
# Installs those packages of tools/packages.txt that are missing.
#
# usage: tools/install_packages.sh [build|test|papers|bench|demo|torch|dev ...]        default: build
set -euo pipefail
list="$(dirname "$0")/packages.txt"

say() { echo "packages: $*" >&2; }
fail() { say "$*"; exit 1; }

packages_of() {  # the names in the sections given
  awk -v wanted=" $* " '
    /^\[/ { section = substr($1, 2, length($1) - 2); next }
    /^[a-z0-9]/ && index(wanted, " " section " ") { print $1 }' "$list" | sort -u
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then env "$@"; else sudo env "$@"; fi
}

apt() { as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 -q "$@" >&2; }

sections=("${@:-build}")
for section in "${sections[@]}"; do
  grep -q "^\[$section\]" "$list" || fail "no section [$section] in $list"
done
mapfile -t wanted < <(packages_of "${sections[@]}")
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  fail "this is no Debian or Ubuntu; install what these packages hold, then build: ${wanted[*]}"
fi

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  say "all ${#wanted[@]} for ${sections[*]} are installed"
  exit 0
fi

command="apt-get install --no-install-recommends ${missing[*]}"
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || fail "not root, and there is no sudo; ask somebody who is to run: $command"
  if [ ! -t 0 ] && ! sudo -n true 2>/dev/null; then
    fail "not root, and sudo wants a password but there is no terminal to ask at; run: sudo $command"
  fi
fi

say "installing ${missing[*]}"
has_candidate() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }
for package in "${missing[@]}"; do
  if ! has_candidate "$package"; then
    say "apt does not know $package yet; fetching its lists"
    apt update
    break
  fi
done
if ! apt install -y --no-install-recommends "${missing[@]}"; then
  say "that failed; fetching newer lists and trying once more"
  apt update
  apt install -y --no-install-recommends "${missing[@]}" || fail "could not install; run by hand: $command"
fi
say "done"
