"""One run of one scenario on a node of its own, so that no run profits from the pools of another."""
import re, time
from benchlib.failed import Failed
from benchlib.node import Node
from benchlib.scenarios import UNITS

COST = "cpu_per_message"  # CPU time of the whole node, in ns
FIGURE = re.compile(r"bench figure (\S+) n=(\d+) ns=(\d+)")


def measure(build, scenario, cpus, tiny=False, args=None, extra=""):
    """The figures {metric: value}. Raises Failed when the scenario, or the node's counters, miss a message.

    args replaces counts of the scenario; extra is appended to the node's ini."""
    values = {}
    for more, renamed in ((({}, {}),) + scenario.more):
        full = {**scenario.args, **(scenario.tiny if tiny else {}), **(args or {}), **more}
        node, orderly = Node(build, {scenario.plugin: scenario.file or scenario.plugin}, f"{scenario.plugin}.boss",
                              full, cpus, extra), False
        try:
            got = run(node, scenario, full)
            orderly = True
        finally:
            node.close(orderly)
        values.update({renamed[k]: v for k, v in got.items() if k in renamed} if more else got)
    missing = [m for m in scenario.units if m not in values]
    if missing:
        raise Failed(f"{scenario.name}: no figure {', '.join(missing)}")
    return {m: values[m] for m in scenario.units}


def run(node, scenario, args):
    node.wait("bench ready")
    before, cpu = node.rss(), node.cpu_ns()
    done = node.wait(r"bench done failed=(\d+)")
    if int(done[1]):
        raise Failed(f"{scenario.name}: {done[1]} things went wrong:\n{node.text[-3000:]}")
    values = {}
    if scenario.weigh:
        values["rss_per_actor"] = (node.rss() - before) / args[scenario.weigh]
        values["node_rss_per_actor"] = node.rss() / args[scenario.weigh]
    for name, n, ns in FIGURE.findall(node.text):
        ns = max(1, int(ns))
        if name in scenario.units:
            values[name] = UNITS[scenario.units[name]](int(n), ns)
        if name == "throughput":
            values["per_message"] = ns / int(n)
            values[COST] = (node.cpu_ns() - cpu) / int(n)
    node.settle()
    if "rss_after_stop" in scenario.units:
        values.update(weigh(node, before, args[scenario.weigh]))
    return values


def weigh(node, before, actors):
    """Bytes per actor at rest, and what is left of them when all have stopped."""
    values = {"rss_per_actor": lightest(node, before) / actors}
    node.ctl("stop", "/user/bench")
    while node.ctl("status")["actors"] != 0:
        time.sleep(0.02)
    values["rss_after_stop"] = lightest(node, before) / actors
    return values


def lightest(node, before):
    """The node gives back what nobody has used for a second: until it weighs the same for longer than that."""
    least, since = node.rss(), time.monotonic()
    while time.monotonic() - since < 1.5:
        time.sleep(0.02)
        now = node.rss()
        if now < least:
            least, since = now, time.monotonic()
    return least - before
