#!/bin/sh
# Hardware floors. Usage: run.sh [OUTDIR] [RUNS]. Prints "limit scenario metric value unit".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-${TMPDIR:-/tmp}/actor-peers/limit}
runs=${2:-5}
mkdir -p "$out"
command -v gcc >/dev/null || { echo "limit: needs gcc (Debian packages gcc, libc6-dev)" >&2; exit 77; }
for p in 0 1; do
  gcc -std=gnu11 -O3 -march=native -Wall -Wno-unused-function -DPLAIN=$p \
    -pthread -o "$out/limit$p" "$here/limit.c" >&2
done
i=0
while [ "$i" -lt "$runs" ]; do
  i=$((i + 1))
  for s in smt line wake pingpong fanin1 fanin8 fanin64 recycle1 recycle32 xhop spsc \
           faninsame faninsamedrain ring1 ring100 spawn \
           skynet big bigburst ask timers timersvec rtell1 rtell64 rtell1024 rask1 rask1spin rask64; do
    "$out/limit0" "$s"
  done
  for s in pingpong faninsame faninsamedrain ring1 ring100 skynet big bigburst ask; do "$out/limit1" "$s"; done
done
