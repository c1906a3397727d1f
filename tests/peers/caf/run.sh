#!/bin/sh
# CAF baselines (Debian libcaf-dev, 0.17). Usage: run.sh [OUTDIR] [RUNS].
# Prints "caf scenario metric value unit" ("caf_1t" for one scheduler thread). Loopback only.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-${TMPDIR:-/tmp}/actor-peers/caf}
runs=${2:-5}
mkdir -p "$out"
[ -e /usr/include/caf/all.hpp ] || { echo "caf: not installed (Debian packages libcaf-dev, g++)" >&2; exit 77; }
if [ ! -x "$out/bench" ] || [ "$here/bench.cpp" -nt "$out/bench" ]; then
  g++ -std=c++17 -O3 -march=native -w -pthread -o "$out/bench" "$here/bench.cpp" -lcaf_io -lcaf_core >&2
fi
lim="timeout ${LIMIT_S:-60}"
port=${PORT:-24680}
i=0
while [ "$i" -lt "$runs" ]; do
  i=$((i + 1))
  for t in ${THREADS:-2 1}; do
    for s in pingpong fanin ring1 ring100 spawn skynet big bigburst ask ask_notimeout timers; do
      $lim "$out/bench" "$s" "$t" || echo "# caf $s threads=$t failed or ran past the limit" >&2
    done
  done
  for s in rtell rask1 rask64; do
    port=$((port + 1))
    $lim "$out/bench" server 2 "$port" & pid=$!
    sleep 1
    $lim "$out/bench" "$s" 2 "$port" || echo "# caf $s failed or ran past the limit" >&2
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
done
