#!/bin/sh
# BEAM baselines. Usage: run.sh [OUTDIR] [RUNS]. Prints "erlang scenario metric value unit".
# Distribution is confined to 127.0.0.1. THREADS="2 1" picks the scheduler counts for local scenarios.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-${TMPDIR:-/tmp}/actor-peers/erlang}
runs=${2:-5}
mkdir -p "$out"
command -v erlc >/dev/null || { echo "erlang: not installed (Debian packages erlang-base, erlang-dev)" >&2; exit 77; }
erlc -o "$out" "$here/bench.erl" >&2
export ERL_EPMD_ADDRESS=127.0.0.1
if ! epmd -names >/dev/null 2>&1; then
  epmd -daemon -address 127.0.0.1
  trap 'epmd -kill >/dev/null 2>&1 || true' EXIT
fi
flags="-noshell -noinput -pa $out +P 2097152"
dist="-setcookie bench$$ -kernel inet_dist_use_interface {127,0,0,1} -kernel dist_auto_connect once"
remote() {
  srv="srv$$@127.0.0.1"
  erl $flags +S 2:2 -name "$srv" $dist -eval "bench:main([server])." >/dev/null 2>&1 &
  pid=$!
  sleep 1
  timeout ${LIMIT_S:-60} erl $flags +S 2:2 -name "cli$$@127.0.0.1" $dist -eval "bench:main([$1,'$srv'])." || true
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
i=0
while [ "$i" -lt "$runs" ]; do
  i=$((i + 1))
  for t in ${THREADS:-2 1}; do
    for s in pingpong fanin fanin_offheap ring1 ring100 spawn skynet big bigburst ask ask_raw timers; do
      timeout ${LIMIT_S:-60} erl $flags +S "$t:$t" -eval "bench:main([$s])." ||
        echo "# erlang $s schedulers=$t failed or ran past the limit" >&2
    done
  done
  for s in rtell rask1 rask64; do remote "$s"; done
done
