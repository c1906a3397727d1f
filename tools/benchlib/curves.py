"""Cost curves: one scenario at many sizes. A point is a scenario of its own name, "actors/1000", so its lines look like all others.

actors   2M hops of 100 tokens over a circle of 1 to 10M actors, and what an actor weighs
workers  fanin, ring100, big and ask with 1 to 64 workers asked for, on all CPUs there are
payload  a parcel of 1 B to 1 MiB passed to and fro
backlog  1 to 10M messages piled up at one actor
"""
from benchlib.measure import measure
from benchlib.scenarios import BY_NAME, Scenario

ALL = ("actors", "workers", "payload", "backlog")
POWERS = [10 ** i for i in range(8)]
WORKERS = [2 ** i for i in range(7)]
PAYLOADS = [1, 8, 16, 32, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576]
MIB_MOVED = 512  # by each point of the payload curve, but 1M messages at most


class Point:
    """One size: a scenario, what its node's ini says besides, and how much memory it takes."""

    def __init__(self, scenario, extra="", needs_bytes=0):
        self.scenario, self.extra, self.needs_bytes = scenario, extra, needs_bytes

    def fits(self):
        with open("/proc/meminfo") as f:
            free = next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemAvailable"))
        return self.needs_bytes < 0.8 * free

    def measure(self, build, cpus):
        return measure(build, self.scenario, cpus, extra=self.extra)


def points(curve, tiny=False):
    """All of a curve; tiny: its first three."""
    some = list({"actors": actors, "workers": workers, "payload": payload, "backlog": backlog}[curve](tiny))
    return some[:3] if tiny else some


def actors(tiny):
    for n in sorted(POWERS + [3_000_000]):
        tokens = min(100, n)
        yield Point(Scenario(f"actors/{n}", "", "ring", {"n": 20_000 if tiny else 2_000_000, "tokens": tokens, "actors": n}, {},
                             {"throughput": "hop/s", "node_rss_per_actor": "B"}, weigh="actors"), needs_bytes=400 * n)


def workers(tiny):
    for n in WORKERS:
        for name in ("fanin", "ring100", "big", "ask"):
            s = BY_NAME[name]
            yield Point(Scenario(f"workers/{n}/{name}", "", s.plugin, {**s.args, **(s.tiny if tiny else {})}, {},
                                 {s.main: s.units[s.main]}), f"[scheduler]\nthreads = {n}\n")


def payload(tiny):
    for size in PAYLOADS:
        n = 1000 if tiny else min(1_000_000, MIB_MOVED * 1048576 // size)
        yield Point(Scenario(f"payload/{size}", "", "payload", {"n": n, "bytes": size}, {},
                             {"throughput": "msg/s", "per_message": "ns"}))


def backlog(tiny):
    for n in POWERS:
        yield Point(Scenario(f"backlog/{n}", "", "backlog", {"n": n}, {},
                             {"throughput": "msg/s", "per_message": "ns", "peak": "count"}), needs_bytes=200 * n)


def run(curve, build, cpus, runs, tiny, got, say):
    for i in range(runs):
        for p in points(curve, tiny):
            if not p.fits():
                say(f"# {p.scenario.name}: needs {p.needs_bytes >> 20} MiB; left out")
                continue
            for metric, value in p.measure(build, cpus).items():
                got.add(p.scenario.name, metric, p.scenario.units[metric], value)
        say(f"# pass {i + 1} of {runs}")
