#!/bin/bash
# A tarball of wisp for machines that have none of its packages: the program with its libraries, examples and licences.
# Whoever unpacks it, wherever, runs bin/wisp; nothing has to be installed and nobody has to be root.
#
# usage: tools/package.sh [-b BUILD_FOLDER] [-o TARBALL]
#   -b  package what was built there; default: builds build/release first
#   -o  default: build/wisp-<version>-<system>-<machine>.tar.gz
set -euo pipefail
cd "$(dirname "$0")/.."

build=
tarball=
while getopts "b:o:" option; do
  case $option in
    b) build=$OPTARG ;;
    o) tarball=$OPTARG ;;
    *) sed -n 's/^# \{0,1\}//; 2,7p' "$0" >&2; exit 2 ;;
  esac
done
if [ -z "$build" ]; then
  build=build/release
  cmake --preset release >&2
  cmake --build --preset release --target wisp_cli >&2
fi

version=$(sed -n 's/^project(wisp VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=wisp-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
tarball=$(realpath -m "${tarball:-build/$name.tar.gz}")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage/$name
mkdir -p "$root/bin" "$root/lib" "$root/licences"

cp "$build/bin/wisp" "$root/bin/"
cp -r examples LICENSE "$root/"

# The program and its libraries find each other by a path relative to themselves. What belongs to the C library stays
# with the machine's own loader.
of_c_library='^(ld-linux|libc\.so|libm\.so|libmvec|libpthread|libdl\.so|librt\.so|libutil|libanl|libresolv|libnsl'
of_c_library+='|libnss_|linux-vdso)'
ldd "$build/bin/wisp" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r library; do
  file=$(basename "$library")
  if [[ $file =~ $of_c_library ]]; then continue; fi
  cp -L "$library" "$root/lib/$file"
  package=$(dpkg-query -S "$(realpath "$library")" 2>/dev/null | head -n 1 | cut -d : -f 1 || true)
  if [ -n "$package" ] && [ -e "/usr/share/doc/$package/copyright" ]; then
    cp "/usr/share/doc/$package/copyright" "$root/licences/$package"
  fi
done
strip --strip-unneeded "$root/bin/wisp" "$root"/lib/*
chmod -R u+rwX,go+rX,go-w "$root"

libc=$(grep -aoh 'GLIBC_[0-9][0-9.]*' "$root/bin/wisp" "$root"/lib/* | sed 's/GLIBC_//' | sort -V | tail -n 1)
cat > "$root/README.md" <<END
# wisp $version

A lightweight actor runtime for distributed optimization. This folder has the program with the libraries it needs; it
can lie anywhere, and be moved.

It needs: $(uname -s) on $(uname -m), the GNU C library $libc or later (\`getconf GNU_LIBC_VERSION\` tells which one is
there). For jobs on several hosts: an OpenSSH client here, and on the hosts sshd, sh, tar, gzip and the same C library;
wisp sends itself there.

    export PATH="\$PWD/bin:\$PATH"
    wisp run examples/quickstart.yaml
    wisp help

The licence of wisp is in LICENSE; those of the libraries are in licences/.
END

mkdir -p "$(dirname "$tarball")"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$stage" -cf - "$name" | gzip -9n > "$tarball.new"
mv "$tarball.new" "$tarball"
echo "$tarball"
