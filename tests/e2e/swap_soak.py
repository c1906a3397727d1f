#!/usr/bin/env python3
"""Swap a plugin to and fro under full load: nothing lost, doubled or reordered, and memory stays bounded.

  swap_soak.py [--swaps N] [--counters N] [--growth MIB] BUILD_DIR
"""
import argparse, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/tour"))
from node import Node, Refused, Violation  # noqa: E402


def soak(node, swaps, counters, growth_mib):
    for name in ("counter-1", "traffic"):
        node.ctl("load", f"{node.build}/plugins/{name}.so")
    node.ctl("spawn", "fleet", "fleet", {"behaviour": "counter", "targets": counters, "run": 16})
    node.wait("the counters", lambda: node.ask("/user/fleet", "query")["ready"])
    node.ctl("tell", "/user/fleet", "go", {})
    to = [f"{node.build}/plugins/counter-2.so", "1.0.0", "2.0.0"]
    warm, messages = None, 0
    for i in range(swaps):
        got = node.ctl("swap", "counter", to[0] if i == 0 else to[1 + (i + 1) % 2])
        if (got["switched"], got["kept"], got["failed"]) != (counters, 0, 0):
            raise Violation(f"swap {i + 1}: switched {got['switched']}, kept {got['kept']}, failed {got['failed']} of {counters}")
        messages += got["messages"]
        if i + 1 == max(1, swaps // 10):  # pools, tables and versions have their size now
            warm = node.ctl("status")["rss_bytes"]
    grown = (node.ctl("status")["rss_bytes"] - warm) / 2**20
    node.ctl("tell", "/user/fleet", "halt", {})
    node.ctl("tell", "/user/fleet", "audit_all", {})
    sums = node.wait("the audit", lambda: next(
        (q for q in [node.ask("/user/fleet", "query")] if q["audited"]), None), timeout=120)
    print(f"{swaps} swaps of {counters} counters, {messages:,} messages during swaps, sent {sums['sent']:,}, handled "
          f"{sums['handled']:,}: lost {sums['lost']}, doubled {sums['doubled']}, reordered {sums['reordered']}; "
          f"memory grew by {grown:.1f} MiB after the first tenth")
    if (sums["lost"], sums["doubled"], sums["reordered"]) != (0, 0, 0) or sums["handled"] != sums["sent"]:
        raise Violation("the ledger does not balance")
    if sums["answered"] != counters or sums["sent"] == 0 or messages == 0:
        raise Violation("there was no load to speak of")
    if grown > growth_mib:
        raise Violation(f"memory grew by {grown:.1f} MiB, {growth_mib} MiB allowed")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--swaps", type=int, default=1000)
    p.add_argument("--counters", type=int, default=1000)
    p.add_argument("--growth", type=float, default=16)
    a = p.parse_args()
    node = Node(a.build, name="soak")
    try:
        node.start()
        soak(node, a.swaps, a.counters, a.growth)
        status = node.stop()
        if status != 0:
            raise Violation(f"the node ended with {status}\n{node.words()}")
    except (Violation, Refused) as v:
        raise SystemExit(f"swap soak failed: {v}\n--- the node's last words:\n{node.words()}")
    finally:
        node.close()


if __name__ == "__main__":
    main()
