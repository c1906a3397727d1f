"""The bars: what must be reached, and what is the goal.

Most are fractions of the floor, measured in the same passes: 0.30 of the floor means 0.30 of its speed, or 1 / 0.30 of its time. A
few have no floor and are absolute. A "must" beats every peer that was measured by a clear margin; a "goal" is about half of the floor.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    must: float
    goal: float
    absolute: bool = False  # at most so much, in the metric's unit


BARS = {
    ("pingpong", "throughput"): Bar(0.33, 0.50),
    ("fanin", "throughput"): Bar(0.60, 0.95),
    ("ring1", "throughput"): Bar(0.28, 0.50),
    ("ring100", "throughput"): Bar(0.42, 0.60),
    ("spawn", "per_spawn"): Bar(0.204, 0.34),
    ("idle", "rss_per_actor"): Bar(0.375, 0.50),
    ("skynet", "time"): Bar(0.393, 0.59),
    ("big", "throughput"): Bar(0.30, 0.50),
    ("ask", "throughput"): Bar(0.116, 0.29),
    ("ask_notimeout", "throughput"): Bar(0.23, 0.43),
    ("timers", "schedule"): Bar(0.072, 0.29),
    ("timers", "cancel"): Bar(0.149, 0.448),
    ("timers", "fire"): Bar(0.14, 0.44),
    ("swap", "time"): Bar(2.0, 0.5, absolute=True),
    ("swap", "added_p999"): Bar(5.0, 1.0, absolute=True),
}
SECOND_THREAD = 0.9  # of one thread, by paired medians


def verdict(bar, share, ours):
    """"pass", "goal" (passed that too) or "FAIL"; share: of the floor."""
    if bar.absolute:
        return "goal" if ours <= bar.goal else "pass" if ours <= bar.must else "FAIL"
    return "goal" if share >= bar.goal else "pass" if share >= bar.must else "FAIL"
