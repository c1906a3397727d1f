#!/usr/bin/env python3
"""A handler that does not return: it is reported with actor and message, others go on, and the node still stops in time.

  stuck.py ACTORD STUCK_PLUGIN [SLACK]       SLACK: how many times slower than usual the build is, 1 by default
"""
import os, sys
from daemon import Daemon, Wrong

STOP_S = 2
INI = """[node]
stop_timeout = {stop}s
[scheduler]
threads = {threads}
[plugin stuck]
path = {plugin}
[actor ticker]
behaviour = ticker
arg.every_ms = 50
"""
SPINNER = """[actor {name}]
behaviour = {behaviour}
arg.after_ms = 300
arg.ms = {ms}
"""


def reported(d, name, behaviour, slack):
    """Ticks before, the report within a second, ticks after it."""
    d.wait(r"/user/ticker: tick \d+")
    _, began = d.wait(rf"/user/{name}: spins")
    m, told = d.wait(r"watchdog: (\S+) is stuck in a handler: message=(\S+) ")
    if m.groups() != (f"/user/{name}", "stuck.spin"):
        raise Wrong(f"reported {m.groups()}")
    if told - began > 1.0 * slack:
        raise Wrong(f"reported after {told - began:.3f} s")
    first = int(d.wait(r"/user/ticker: tick (\d+)")[0].group(1))
    for _ in range(10):
        last = int(d.wait(r"/user/ticker: tick (\d+)")[0].group(1))
    if last != first + 10:
        raise Wrong(f"tick {last} ten ticks after {first}")
    return told - began


def for_ever(actord, plugin, threads, behaviour, slack):
    ini = INI.format(stop=STOP_S, threads=threads, plugin=plugin) + SPINNER.format(name="loop", behaviour=behaviour, ms=0)
    with Daemon(actord, ini) as d:
        after = reported(d, "loop", behaviour, slack)
        # the deadline, and what is left to do after it: the last lines of the log, half a second at most
        took = d.stop(1, STOP_S + 1.0 * slack)
        if not any("did not stop in time" in line for line in d.lines):
            raise Wrong("the log does not say what did not stop")
        print(f"{behaviour}, {threads} worker(s): reported after {after:.3f} s, stopped in {took:.2f} s")


def two_stuck(actord, plugin, slack):
    """The worker that took over gets stuck too; a third goes on."""
    ini = INI.format(stop=STOP_S, threads=1, plugin=plugin)
    ini += SPINNER.format(name="one", behaviour="spinner", ms=0) + SPINNER.format(name="two", behaviour="spinner", ms=0)
    with Daemon(actord, ini) as d:
        names = {d.wait(r"watchdog: /user/(\S+) is stuck in a handler")[0].group(1) for _ in range(2)}
        if names != {"one", "two"}:
            raise Wrong(f"reported: {names}")
        for _ in range(5):
            d.wait(r"/user/ticker: tick \d+")
        d.stop(1, STOP_S + 1.0 * slack)
        print("two stuck one after the other: a third thread goes on")


def returns(actord, plugin, slack):
    """One that comes back goes on as before, and the stop is an orderly one."""
    ini = INI.format(stop=10, threads=1, plugin=plugin) + SPINNER.format(name="slow", behaviour="asking_spinner", ms=1500)
    with Daemon(actord, ini) as d:
        reported(d, "slow", "asking_spinner", slack)
        d.wait(r"/user/slow: returns")
        d.wait(r"/user/slow: lives on")
        for _ in range(3):
            d.wait(r"/user/ticker: tick \d+")
        d.stop(0, 10)
        print("asking_spinner, 1.5 s: reported, came back, stopped orderly")


def main(actord, plugin, slack="1"):
    slack, plugin = float(slack), os.path.abspath(plugin)
    for threads in (1, 2):
        for_ever(actord, plugin, threads, "spinner", slack)
    for_ever(actord, plugin, 1, "asking_spinner", slack)
    two_stuck(actord, plugin, slack)
    returns(actord, plugin, slack)


try:
    main(*sys.argv[1:])
except Wrong as e:
    raise SystemExit(f"stuck: {e}")
