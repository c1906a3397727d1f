#!/usr/bin/env python3
"""A node at rest gets a burst: how long after a bare thread does its worker run, and how often is it woken for all of it?

  waking.py ACTORD PLUGIN SLOW_WAKE

PLUGIN is the scenario `wake` of tools/bench: in each round a timer's tick and a message of another thread, 800 messages behind each
of them, and beside both what a bare thread needs on the same machine at the same time. By medians a message of another thread may
be handled 29 us after the bare thread, which is what one more wake-up costs where spec/performance.md was measured, a tick 40 us;
each burst is over before its worker sleeps again: four sleeps a round, and now and then one more. The least of several parts counts, since others on this machine only add.

SLOW_WAKE is preloaded in a last part, in which each wake-up of a worker becomes two; it must fail all three.
"""
import glob, os, re, sys
from daemon import Daemon, Wrong

OUTSIDE_US, TICK_US, SLEEPS, PARTS, ROUNDS = 29, 40, 5, 3, 50
FIGURES = ("outside_p50", "outside_floor", "late_p50", "late_floor")
INI = """[scheduler]
threads = {threads}
[plugin wake]
path = {plugin}
[actor bench]
behaviour = wake.boss
arg.ticks = {rounds}
"""


def sleeps(pid):
    """How often workers went to sleep so far."""
    total = 0
    for folder in glob.glob(f"/proc/{pid}/task/*"):
        with open(folder + "/status") as f:
            text = f.read()
        if text.startswith("Name:\tworker"):
            total += int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", text).group(1))
    return total


def measure(actord, plugin, threads):
    """How much longer than a bare thread, in us: a message of another thread, a tick; and a worker's sleeps a round."""
    with Daemon(actord, INI.format(threads=threads, plugin=plugin, rounds=ROUNDS)) as d:
        d.wait(r"bench ready")
        before, us = sleeps(d.process.pid), {}
        while len(us) < len(FIGURES):
            m, _ = d.wait(r"bench figure (\S+) n=1 ns=(\d+)")
            if m[1] in FIGURES:
                us[m[1]] = int(m[2]) / 1000
        d.wait(r"bench done failed=0")
        slept = sleeps(d.process.pid) - before
        d.stop(0, 10)
    print(f"{threads} worker(s): " + ", ".join(f"{k} {v:.1f}" for k, v in us.items()) + f" us; {slept / ROUNDS:.2f} sleeps a round")
    return us["outside_p50"] - us["outside_floor"], us["late_p50"] - us["late_floor"], slept / ROUNDS


def wrongs(threads, least):
    for what, is_, most in zip(("us from a message of another thread", "us from a tick", "sleeps a round"), least,
                               (OUTSIDE_US, TICK_US, SLEEPS)):
        if is_ > most:
            yield f"{threads} worker(s): {is_:.1f} {what}; {most} at most"


try:
    actord, plugin, slow_wake = map(os.path.abspath, sys.argv[1:])
    for n in (1, 2):
        found = list(wrongs(n, map(min, zip(*(measure(actord, plugin, n) for _ in range(PARTS))))))
        if found:
            raise Wrong("; ".join(found))
    os.environ["LD_PRELOAD"] = slow_wake
    for n in (1, 2):
        found = list(wrongs(n, measure(actord, plugin, n)))
        print("planted: " + "; ".join(found))
        if len(found) != 3:
            raise Wrong("a second wake-up before each message is not seen")
except Wrong as e:
    raise SystemExit(f"waking: {e}")
