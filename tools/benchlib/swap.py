"""The swap scenario: 1M live actors change their plugin's version; once at rest, once under full load."""
import time
from benchlib.failed import Failed
from benchlib.measure import FIGURE
from benchlib.node import Node

CALM_S = 1.0  # probes before the swap, to know what the load alone costs


def measure(build, scenario, cpus, tiny=False):
    args = {**scenario.args, **(scenario.tiny if tiny else {})}
    values = {"time": swap_once(build, args, cpus, 0.0)["time"]}
    loaded = swap_once(build, {**args, "load": "true"}, cpus, 0.05 if tiny else CALM_S)
    values.update({"time_loaded": loaded["time"], "p999_calm": loaded["calm_p999"] / 1e6, "p999": loaded["swap_p999"] / 1e6})
    values["added_p999"] = max(0.0, values["p999"] - values["p999_calm"])
    return {m: values[m] for m in scenario.units}


def swap_once(build, args, cpus, calm_s):
    node, orderly = Node(build, {"swapload": "swapload", "swap": "swap-1"}, "swapload.boss", args, cpus), False
    try:
        node.wait("bench running")
        tell_phase(node, 1)
        time.sleep(calm_s)  # the measured part itself: it is to last so long
        tell_phase(node, 2)
        answer = node.ctl("swap", "swap", build.plugin("swap-2"))
        tell_phase(node, 3)
        done = node.wait(r"bench done failed=(\d+)")
        if int(done[1]) or answer["switched"] < args["n"]:
            raise Failed(f"swap: {done[1]} visits or actors are wrong, {answer['switched']} actors switched:\n{node.text[-3000:]}")
        node.settle()
        orderly = True
        return {"time": answer["elapsed_ms"] / 1e3, **{m: int(ns) for m, _, ns in FIGURE.findall(node.text)}}
    finally:
        node.close(orderly)


def tell_phase(node, phase):
    node.ctl("tell", "/user/bench", "phase", f'{{"phase":{phase}}}')
