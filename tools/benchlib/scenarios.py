"""The scenarios: which plugin runs them with which counts, what they tell, and what the floor and the peers call the same.

A figure of a scenario comes as "n things took ns" (tools/bench-plugin/bench.h); its unit says what to make of the two.
"""
from dataclasses import dataclass, field


def per_second(n, ns):
    return n * 1e9 / ns


UNITS = {
    "msg/s": per_second,
    "hop/s": per_second,
    "ask/s": per_second,
    "op/s": per_second,
    "ns": lambda n, ns: ns / n,
    "us": lambda n, ns: ns / n / 1e3,
    "ms": lambda n, ns: ns / n / 1e6,
    "s": lambda n, ns: ns / n / 1e9,
    "ratio": lambda n, ns: n / ns,
    "count": lambda n, ns: ns / n,
    "B": lambda n, ns: ns / n,
}
LESS_IS_MORE = {"ns", "us", "ms", "s", "B"}  # units in which the smaller figure is the better one


@dataclass(frozen=True)
class Scenario:
    name: str
    what: str                                   # for --help
    plugin: str
    args: dict
    tiny: dict                                  # counts that replace those of args in a test
    units: dict                                 # metric -> unit, the main metric first
    floor: dict = field(default_factory=dict)   # metric -> (scenario, metric) of tests/peers/limit
    peers: dict = field(default_factory=dict)   # metric -> {peer: (scenario, metric) of that peer}
    weigh: str = ""                             # arg that counts the actors to weigh
    more: tuple = ()                            # the same again with other args: ((args, {metric: renamed}), ...)
    judged: tuple = ()                          # metrics that a second thread must not harm; the main one by default
    swap: bool = False                          # replaces a plugin while the scenario runs: benchlib/swap.py
    file: str = ""                              # of the plugin, if it is not one of tools/bench-plugin
    feature: bool = False                       # says how something behaves, not how fast it is

    @property
    def main(self):
        return next(iter(self.units))

    def better(self, metric, ours, theirs):
        """How far we are: 1 is as good as they are, whichever direction is better."""
        more, less = (theirs, ours) if self.units[metric] in LESS_IS_MORE else (ours, theirs)
        return 1.0 if more == less else more / less if less else float("inf")


def both(scenario, metric, caf=None, erlang=None):
    """CAF and Erlang by the same names, or by those given."""
    return {"caf": caf or (scenario, metric), "erlang": erlang or (scenario, metric)}


ALL = [
    Scenario("pingpong", "two actors pass one token; counts hops", "pingpong", {"n": 4_000_000}, {"n": 4_000},
             {"throughput": "msg/s"}, {"throughput": ("pingpong", "throughput")},
             {"throughput": both("pingpong", "throughput")}),
    Scenario("fanin", "8 producers to one consumer, 100 a turn", "fanin", {"n": 8_000_000}, {"n": 8_000},
             {"throughput": "msg/s"}, {"throughput": ("faninsame", "throughput")},
             {"throughput": both("fanin", "throughput", erlang=("fanin_offheap", "throughput"))}),
    Scenario("ring1", "1,000 actors in a circle, 1 token", "ring", {"n": 5_000_000}, {"n": 5_000},
             {"throughput": "hop/s"}, {"throughput": ("ring1", "throughput")},
             {"throughput": both("ring1", "throughput")}),
    Scenario("ring100", "the same with 100 tokens", "ring", {"n": 5_000_000, "tokens": 100}, {"n": 5_000},
             {"throughput": "hop/s"}, {"throughput": ("ring100", "throughput")},
             {"throughput": both("ring100", "throughput")}),
    Scenario("spawn", "1M actors, one message each", "spawn", {"n": 1_000_000}, {"n": 2_000},
             {"per_spawn": "ns", "rss_per_actor": "B"}, {"per_spawn": ("spawn", "per_spawn")},
             {"per_spawn": both("spawn", "per_spawn")}, weigh="n"),
    Scenario("idle", "what 1M of them weigh at rest, and after their stop", "spawn", {"n": 1_000_000}, {"n": 2_000},
             {"rss_per_actor": "B", "rss_after_stop": "B"}, {"rss_per_actor": ("spawn", "rss_per_actor")},
             {"rss_per_actor": both("spawn", "rss_per_actor")}, weigh="n", feature=True),
    Scenario("skynet", "a tree with 1M leaves; time_stop: each stops when it has spoken, as in the peers", "skynet",
             {"n": 1_000_000}, {"n": 1_000}, {"time": "ms", "time_stop": "ms"}, {"time": ("skynet", "time")},
             {"time_stop": both("skynet", "time")}, judged=("time", "time_stop"), more=(({"stop": "true"}, {"time": "time_stop"}),)),
    Scenario("big", "500 actors, 2,000 pings each to the others, one out at a time", "big", {"pings": 2_000},
             {"pings": 10}, {"throughput": "msg/s"}, {"throughput": ("big", "throughput")},
             {"throughput": both("big", "throughput")}),
    Scenario("bigburst", "the same, all 2,000 at once", "big", {"pings": 2_000, "burst": 1}, {"pings": 10},
             {"throughput": "msg/s"}, {"throughput": ("bigburst", "throughput")},
             {"throughput": both("bigburst", "throughput")}),
    Scenario("ask", "8 clients ask one server, 5 s of patience", "ask", {"n": 2_000_000}, {"n": 4_000},
             {"throughput": "ask/s"}, {"throughput": ("ask", "throughput")},
             {"throughput": both("ask", "throughput")}),
    Scenario("ask_notimeout", "the same without a deadline: a tell and a reply to it", "ask", {"n": 2_000_000, "timeout_ms": 0},
             {"n": 4_000}, {"throughput": "ask/s"}, {"throughput": ("ask", "throughput")},
             {"throughput": both("ask_notimeout", "throughput", erlang=("ask_raw", "throughput"))}),
    Scenario("timers", "1M timers: armed, canceled, fired; fire_wall: due in 1 to 100 ms; expire: all due at once",
             "timers", {"n": 1_000_000}, {"n": 5_000},
             {"schedule": "op/s", "cancel": "op/s", "fire": "op/s", "expire": "op/s", "fire_wall": "op/s"},
             {"schedule": ("timers", "schedule"), "cancel": ("timers", "cancel"),
              "fire": ("timersvec", "schedule_and_fire")},
             {"schedule": both("timers", "schedule", caf=("timers", "schedule_posted")),
              "cancel": both("timers", "cancel", caf=("timers", "schedule_and_cancel")),
              "fire_wall": both("timers", "schedule_and_fire")}, judged=("schedule", "cancel", "fire")),
    Scenario("swap", "1M live actors change version with their state; then again under full load", "swapload",
             {"n": 1_000_000}, {"n": 2_000},
             {"time": "s", "time_loaded": "s", "added_p999": "ms", "p999": "ms", "p999_calm": "ms"}, judged=("time", "time_loaded"),
             swap=True),
    Scenario("fairness", "busy equals beside hogs, and a timer amid them", "fairness", {"time_ms": 2_000},
             {"time_ms": 100}, {"share": "ratio", "hog_share": "ratio", "wait_p50": "us", "wait_p99": "us"}, feature=True),
    Scenario("blocking", "jobs on threads of their own; hops while those sleep", "blocking",
             {"n": 80_000, "hops": 2_000_000}, {"n": 800, "hops": 20_000},
             {"throughput": "op/s", "hop_alone": "ns", "hop_blocked": "ns"}, feature=True),
    Scenario("wake", "a node at rest gets a tick, or a message of another thread, and with it a burst of 800; beside bare threads", "wake",
             {"ticks": 200}, {"ticks": 10},
             {m: "us" for m in ("outside_p50", "outside_p99", "outside_floor", "outside_burst_p50", "late_p50", "late_p99",
                                "late_floor", "burst_p50", "burst_p99")}, feature=True),
    Scenario("price", "a hop: plain, without state to put back, with 256 B of it, as an ask, with a text, watched", "price",
             {"n": 1_000_000}, {"n": 2_000},
             {"hop": "ns", "hop_nofail": "ns", "hop_256": "ns", "hop_ask": "ns", "hop_text": "ns", "hop_watch": "ns"},
             feature=True),
    Scenario("plugincall", "what a call from the plugin costs, and a turn", "plugincall", {"n": 1_000_000},
             {"n": 20_000},
             {"turn": "ns", "tell": "ns", "self": "ns", "sender": "ns", "now": "ns", "random": "ns", "alloc": "ns",
              "set": "ns"}, feature=True),
]
BY_NAME = {s.name: s for s in ALL}
