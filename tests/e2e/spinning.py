#!/usr/bin/env python3
"""A worker that runs out of work looks around for 40 us before it sleeps. A tick every 10 ms: what do the workers burn for each?

  spinning.py ACTORD PLUGIN

One worker never spins, as nobody else could make work for it. Several may burn one spin more than that, whatever their number, and
60 us for noise; the least of several parts counts, since others on this machine only add.
"""
import glob, math, os, sys
from daemon import Daemon, Wrong

SPIN_US, SLACK_US, PARTS, TICKS = 40, 60, 4, 25
INI = """[scheduler]
threads = {threads}
[plugin stuck]
path = {plugin}
[actor ticker]
behaviour = ticker
arg.every_ms = 10
"""


def workers_ns(pid):
    """CPU time of all workers so far."""
    total = 0
    for folder in glob.glob(f"/proc/{pid}/task/*"):
        with open(folder + "/comm") as f:
            if not f.read().startswith("worker"):
                continue
        with open(folder + "/schedstat") as f:
            total += int(f.read().split()[0])
    return total


def measure(actord, plugin, threads):
    with Daemon(actord, INI.format(threads=threads, plugin=plugin)) as d:
        d.wait(r"/user/ticker: tick 10$")
        at, parts = workers_ns(d.process.pid), []
        for part in range(PARTS):
            d.wait(rf"/user/ticker: tick {10 + (part + 1) * TICKS}$")
            before, at = at, workers_ns(d.process.pid)
            parts.append((at - before) / TICKS / 1000)
        d.stop(0, 10)
    print(f"{threads} worker(s): {min(parts):.1f} to {max(parts):.1f} us of CPU a tick")
    return min(parts)


try:
    actord, plugin = map(os.path.abspath, sys.argv[1:])
    least = {}
    for n in (1, 2, 4) * 2:
        least[n] = min(least.get(n, math.inf), measure(actord, plugin, n))
    for n in (2, 4):
        if least[n] - least[1] > SPIN_US + SLACK_US:
            raise Wrong(f"{n} workers burn {least[n] - least[1]:.1f} us a tick more than one; {SPIN_US + SLACK_US} at most")
except Wrong as e:
    raise SystemExit(f"spinning: {e}")
