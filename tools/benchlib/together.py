"""Builds and the floor at the same time on one CPU, by the CPU time that a message takes.

A guest changes its speed within milliseconds, so runs that alternate meet different phases. Of runs at the same time the kernel
gives the CPU to each in turn, every few milliseconds: all meet the same phases. Two copies of one build differ by 1 %.
"""
import dataclasses, statistics
from concurrent.futures import ThreadPoolExecutor
from benchlib.measure import COST, measure
from benchlib.table import Figures

LONGER = 4  # than usual, so that each run has the CPU hundreds of times


def knows(scenario):
    """Whether it is about messages, and about nothing but a worker."""
    return scenario.main == "throughput" and not scenario.feature


def priced(scenario):
    """The same scenario, longer, and what it tells is its cost."""
    longer = () if "burst" in scenario.args else ("n", "pings")  # a longer burst is another scenario
    args = {k: v * LONGER if k in longer else v for k, v in scenario.args.items()}
    return dataclasses.replace(scenario, args=args, units={COST: "ns"}, more=())


def run(scenarios, builds, floor, cpu, runs, tiny, say):
    """Figures of (scenario, "NAME:METRIC") for builds, {NAME: Build}, and for "floor"."""
    got = Figures()
    for i in range(runs):
        for s in map(priced, scenarios):
            with ThreadPoolExecutor(len(builds)) as pool:
                nodes = {name: pool.submit(measure, b, s, [cpu], tiny) for name, b in builds.items()}
                below = [floor.cost(s)]
                while not all(n.done() for n in nodes.values()):
                    below.append(floor.cost(s))
            got.add(s.name, f"floor:{COST}", "ns", statistics.median(below))
            for name, node in nodes.items():
                got.add(s.name, f"{name}:{COST}", "ns", node.result()[COST])
        say(f"# pass {i + 1} of {runs}")
    return got


def rows(got, ours, others):
    """Rows of the usual form. over:NAME is ours over theirs, of_floor the floor over ours: ratios within a pass, then their median."""
    for scenario in dict.fromkeys(s for s, _ in got.values):
        mine, below = (got.values[scenario, f"{who}:{COST}"] for who in (ours, "floor"))
        yield scenario, COST, *spread(mine), "ns"
        for name in others:
            theirs = got.values[scenario, f"{name}:{COST}"]
            yield scenario, f"{name}:{COST}", *spread(theirs), "ns"
            yield scenario, f"over:{name}", *spread([a / b for a, b in zip(mine, theirs)]), "ratio"
        yield scenario, f"floor:{COST}", *spread(below), "ns"
        yield scenario, "of_floor", *spread([b / a for a, b in zip(mine, below)]), "ratio"


def spread(values):
    return statistics.median(values), min(values), max(values)
