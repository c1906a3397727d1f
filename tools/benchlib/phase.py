"""The machine's phase: a guest runs at one speed and a moment later at another, and the fraction of the floor moves with it.

The rule is fixed before the first figure is seen: a group of runs counts when the probe before it and the probe after it
reach the limit. The limit is given, or 0.85 of the best of 10 probes at the start. Out of phase before: wait and probe again, as
long as the patience lasts. Out of phase after: the group is repeated, twice at most. What had to be taken as it was is counted.
"""
import contextlib, fcntl, statistics, time
from concurrent.futures import ThreadPoolExecutor

REPEATS, PAUSE_S, SHARE = 2, 1.0, 0.85


class Phase:
    def __init__(self, floor, cpus, limit=None, patience_s=120.0, lock=None):
        """limit 0: every phase will do. lock: a file; whoever holds it measures, others wait."""
        self.floor, self.cpus, self.lock = floor, cpus, lock
        self.patience_s, self.probes = patience_s, []
        self.waits = self.repeated = self.accepted = 0
        self.limit = limit if limit is not None else SHARE * max(self.probe() for _ in range(10))

    def probe(self):
        """The slower of the first CPUs, in billions of adds a second."""
        with ThreadPoolExecutor(2) as pool:
            value = min(pool.map(lambda i: self.floor.phase(i), range(min(2, self.cpus))))
        self.probes.append(value)
        return value

    def good(self):
        return not self.limit or self.probe() >= self.limit

    def attempt(self, group):
        """(were both probes good?, the result); waits for a good probe before, and lets others measure meanwhile."""
        while True:
            with held(self.lock):
                good = self.good()
                if good or self.patience_s <= 0:
                    result = group()
                    return good and self.good(), result
            self.waits += 1
            self.patience_s -= PAUSE_S
            time.sleep(PAUSE_S)

    def run(self, group):
        """What group() returns, measured between two probes that are good, if they can be had."""
        for again in range(REPEATS + 1):
            good, result = self.attempt(group)
            if good:
                return result
            if again == REPEATS or self.patience_s <= 0:
                break
            self.repeated += 1
        self.accepted += 1
        return result

    def words(self):
        if not self.limit:
            return "phase not watched"
        return (f"phase: limit {self.limit:.2f} Gadd/s, median {statistics.median(self.probes):.2f} of {len(self.probes)} probes; "
                f"{self.repeated} groups repeated, {self.waits} waits, {self.accepted} groups taken out of phase")


@contextlib.contextmanager
def held(path):
    if path is None:
        yield
        return
    with open(path, "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield
