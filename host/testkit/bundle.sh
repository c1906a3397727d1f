#!/bin/sh
# bundle.sh OUT.a LIB.a...: one archive of the testkit and all it stands on. Only what the header declares stays visible, so that
# no name of the host meets one of an author's test.
set -eu
out=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ld -r -o "$tmp/testkit.o" --whole-archive "$@" --no-whole-archive
# The type objects of host files are no business of the test: its own section of that name holds those that it declares.
objcopy --localize-hidden --rename-section actor_types=actor_host_types "$tmp/testkit.o"
rm -f "$out"
ar rcs "$out" "$tmp/testkit.o"
