#!/usr/bin/env python3
"""A node with all example plugins and a few actors, left alone: how much memory, how many wake-ups, how much CPU?

  idle.py ACTORD PLUGINS

IDLE_S=60 in the environment measures the full minute; 5 seconds otherwise. The limits are those of a minute: 10 MiB resident,
60 context switches over all threads, one clock tick of CPU; the switches in proportion to the time.
"""
import glob, os, re, sys, time
from daemon import Daemon, Wrong

RSS_MIB, SWITCHES_MINUTE, TICKS = 10, 60, 1
PLUGINS = {"greeter": "greeter", "counter": "counter-1", "bank": "bank", "crash": "crash", "traffic": "traffic", "sink": "sink-1"}
ACTORS = {"hello": "greeter", "ours": "bank", "count": "counter", "target": "sink"}


def sample(pid):
    """Per thread: (name, context switches), and the clock ticks of the process."""
    threads = {}
    for folder in glob.glob(f"/proc/{pid}/task/*"):
        with open(folder + "/status") as f:
            text = f.read()
        threads[folder] = (re.search(r"Name:\t(.*)", text).group(1), sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", text))))
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return threads, int(fields[11]) + int(fields[12])


def switches(threads):
    return sum(n for _, n in threads.values())


def settle(pid):
    """Starting is over once nothing moves for half a second."""
    end = time.monotonic() + 20
    last = sample(pid)
    while True:
        time.sleep(0.5)
        now = sample(pid)
        if now == last:
            return now
        if time.monotonic() > end:
            raise Wrong(f"the node does not come to rest: {last} {now}")
        last = now


def main(actord, plugins):
    seconds = float(os.environ.get("IDLE_S", "5"))
    ini = "".join(f"[plugin {name}]\npath = {plugins}/{file}.so\n" for name, file in PLUGINS.items())
    ini += "".join(f"[actor {name}]\nbehaviour = {behaviour}\n" for name, behaviour in ACTORS.items())
    with Daemon(actord, ini) as d:
        d.wait(r"is up: 6 plugins, 4 actors")
        pid = d.process.pid
        before, ticks_before = settle(pid)
        time.sleep(seconds)  # the measurement itself
        after, ticks_after = sample(pid)
        with open(f"/proc/{pid}/status") as f:
            rss = int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024
        moved, ticks = switches(after) - switches(before), ticks_after - ticks_before
        who = ", ".join(f"{name} {n - before.get(key, (name, 0))[1]}" for key, (name, n) in sorted(after.items()))
        print(f"idle {seconds:.0f} s: {rss:.1f} MiB resident, {moved} context switches ({who}), {ticks} clock ticks")
        if rss > RSS_MIB:
            raise Wrong(f"{rss:.1f} MiB resident; {RSS_MIB} at most")
        if moved > SWITCHES_MINUTE * seconds / 60:
            raise Wrong(f"{moved} context switches in {seconds:.0f} s; {SWITCHES_MINUTE * seconds / 60:.0f} at most")
        if ticks > TICKS:
            raise Wrong(f"{ticks} clock ticks of CPU; {TICKS} at most")
        d.stop(0, 10)


try:
    main(*sys.argv[1:])
except Wrong as e:
    raise SystemExit(f"idle: {e}")
