#!/usr/bin/env python3
"""The tour: takes a node with the example plugins through its main job and verifies every figure that it prints.

  tour.py [--keep] [--counters N] BUILD_DIR

Ends with 0, or with 1 and the first expectation that did not hold. --keep leaves a node up and says what to type next.
"""
import argparse, os, statistics, subprocess, sys, time

from node import Node, Refused, Violation

PLUGINS = ["greeter", "counter-1", "bank", "crash", "traffic"]
COUNTERS = 250_000  # a sleeping worker moves 100,000 in 10 ms: too soon for a million messages
MESSAGES_DURING_SWAP = 1_000_000
RUN = 64  # items in a row to one counter: most counters lie idle at any time, and the sweep has work
step_number = 0


def step(title):
    global step_number
    step_number += 1
    print(f"\n{step_number}. {title}", flush=True)


def say(text):
    print(f"   {text}", flush=True)


def expect(what, got, want):
    if got != want:
        raise Violation(f"{what}: expected {want}, got {got}")


def at_least(what, got, least):
    if got < least:
        raise Violation(f"{what}: expected at least {least:,}, got {got:,}")


def refused(what, words, call, *args, **more):
    """The call must be refused, with a text that holds all the words."""
    try:
        call(*args, **more)
    except Refused as r:
        for word in words:
            if word not in r.text:
                raise Violation(f"{what} is refused, but the reason does not name '{word}':\n{r.text}")
        return r.text
    raise Violation(f"{what} is accepted, but must be refused")


def load_and_show(node):
    step("Load the plugins, read their schemas")
    for name in PLUGINS:
        got = node.ctl("load", f"{node.build}/plugins/{name}.so")
        say(f"{got['plugin']:8} {got['version']}  {got['behaviours']} behaviours, {got['types']} types"
            f"{', pure' if got['pure'] else ''}, loaded in {got['elapsed_us'] / 1000:.1f} ms")
    fields = node.ctl("inspect", "greeter")["fields"]
    shown = {(f["type"], f["name"]): f for f in fields}
    for type_name, name, kind in (("greeter.greet", "name", "str"), ("greeter.greet", "times", "u32"),
                                  ("greeter.greeter", "greeted", "u64"), ("greeter.greeter", "last", "str")):
        if (type_name, name) not in shown:
            raise Violation(f"inspect greeter does not show {type_name}.{name}")
        expect(f"kind of {type_name}.{name}", shown[type_name, name]["kind"], kind)
    expect("default of greeter.greet.times", str(shown["greeter.greet", "times"]["dflt"]), "1")
    for type_name in ("greeter.greet", "greeter.greeter"):
        listed = ", ".join(f"{f['name']}: {f['kind']}" for f in fields if f["type"] == type_name)
        say(f"{type_name} {{{listed}}}")


def talk(node):
    step("Tell and ask")
    node.ctl("spawn", "greeter", "hello", {})
    node.ctl("tell", "/user/hello", "greet", {"name": "tell", "times": 3})
    got = node.ask("/user/hello", "greet", {"name": "ask"})
    expect("greetings after a tell of 3 and an ask of the default 1", got["total"], 4)
    state = node.ctl("actor", "/user/hello", "--state")["state_value"]
    expect("state of /user/hello", state, {"greeted": 4, "last": "ask"})
    say(f"/user/hello answered {got}; its state is {state}")
    refused("an unknown message", ["grete"], node.ctl, "tell", "/user/hello", "grete", {})
    refused("an unknown field", ["nmae"], node.ctl, "tell", "/user/hello", "greet", {"nmae": "x"})


def supervise(node):
    step("A crash is supervised")
    node.ctl("spawn", "crash", "crash", {})
    text = refused("a failing turn", ["42"], node.ask, "/user/crash", "fail", {"code": 42, "text": "on request"})
    got = node.ask("/user/crash", "query")
    expect("what the failed turn wrote, sent", (got["touched"], got["echoes"]), (0, 0))
    say(f"the asker is told: {text}")
    say("the turn is undone, the actor resumed")
    for code in (43, 44):
        node.ctl("tell", "/user/crash", "fail", {"code": code})
    node.ask("/user/crash", "query")
    incarnation = node.ctl("actor", "/user/crash")["incarnation"]
    expect("incarnation after 3 failures in 10 s", incarnation, 1)
    say("3 failures in 10 s: restarted with fresh state, same reference")
    text = refused("a failing start", ["5"], node.ctl, "spawn", "crash", "stillborn", {"start_code": 5})
    node.ctl("tell", "/user/crash", "child", {"name": "kid", "start_code": 6})
    got = node.wait("the child's end", lambda: next(
        (q for q in [node.ask("/user/crash", "query")] if q["terminated"]), None))
    expect("code that the parent is told of", got["code"], 6)
    say(f"{text}; the parent of such a child hears of it with its code")


def counter_of(node, name):
    return next((c["value"] for c in node.ctl("counters", name)["counters"] if c["name"] == name), 0)


def ending(node):
    step("What ends, ends")
    before = counter_of(node, "dead_stopped")
    node.ctl("spawn", "crash", "leaver", {})
    node.ctl("tell", "/user/leaver", "quit", {"mail": 1000})
    node.wait("the end of /user/leaver", lambda: not any(
        a["path"] == "/user/leaver" for a in node.ctl("actors", "--plugin", "crash")["actors"]))
    expect("dead letters of what it left unread", counter_of(node, "dead_stopped") - before, 1000)
    say("1,000 messages in the mailbox of an actor that stops: 1,000 dead letters, reason \"stopped\"")

    node.ctl("spawn", "crash", "ticker", {})
    node.ctl("tell", "/user/ticker", "tick", {"every_ms": 1})
    node.wait("ticks", lambda: node.ask("/user/ticker", "query")["echoes"] >= 3)
    node.ctl("stop", "/user/ticker")
    dead = node.ctl("status")["dead"]
    for i in range(16):  # some of them live where the child with code 6 did
        node.ctl("tell", "/user/crash", "child", {"name": f"heir-{i}"})
    expect("dead letters of a stopped timer", node.ctl("status")["dead"] - dead, 0)
    expect("status of a message to a child that is gone", node.ask("/user/crash", "haunt")["status"], -100005)
    say("its timers end with it, and a reference to it never reaches another")


def bank(node):
    step("A failed transfer leaves all money in place")
    node.ctl("spawn", "bank", "bank", {})
    for name, amount in (("ann", 1000), ("bob", 500)):
        node.ask("/user/bank", "deposit", {"account": name, "amount": amount})
    got = node.ask("/user/bank", "transfer", {"from": "ann", "to": "bob", "amount": 100})
    expect("a transfer within one actor", (got["done"], got["balance"]), (True, 900))
    refused("a power cut after the withdrawal", ["2"], node.ask, "/user/bank", "transfer",
            {"from": "ann", "to": "bob", "amount": 300, "fail_midway": True})
    refused("a transfer to nobody", ["1"], node.ask, "/user/bank", "transfer",
            {"from": "ann", "to": "eve", "amount": 300})
    have = {name: node.ask("/user/bank", "balance", {"account": name})["balance"] for name in ("ann", "bob")}
    total = node.ask("/user/bank", "total")["balance"]
    expect("balances after two failed transfers", (have, total), ({"ann": 900, "bob": 600}, 1500))
    say(f"in one actor: {have}, together {total}, as before the power cut")

    for name in ("ann", "bob"):
        node.ctl("spawn", "account", name, {})
        node.ask(f"/user/{name}", "deposit", {"amount": 1000})
    node.ctl("spawn", "clerk", "clerk", {})
    for to, amount in (("/user/bob", 250), ("/user/nobody", 300), ("/user/bob", 5000)):
        node.ctl("tell", "/user/clerk", "transfer", {"from": "/user/ann", "to": to, "amount": amount})
    done = node.wait("the clerk", lambda: next(
        (q for q in [node.ask("/user/clerk", "query")] if q["paid"] + q["returned"] + q["refused"] == 3), None))
    expect("paid, returned, refused", (done["paid"], done["returned"], done["refused"]), (1, 1, 1))
    have = {name: node.ask(f"/user/{name}", "balance")["balance"] for name in ("ann", "bob")}
    expect("accounts after 1 paid, 1 returned, 1 refused", have, {"ann": 750, "bob": 1250})
    say(f"between actors: {have}, together {sum(have.values())}; 1 paid, 1 returned, 1 refused")


def quiet_rate(node, window_ms=400):
    """Messages a second over a window, by the node's own counts and clock."""
    first = node.ctl("status")
    last = node.wait("traffic", lambda: next(
        (s for s in [node.ctl("status")] if s["uptime_ms"] - first["uptime_ms"] >= window_ms), None))
    return (last["handled"] - first["handled"]) * 1000 / (last["uptime_ms"] - first["uptime_ms"])


def audit(node, counters, on_both):
    """Halt the traffic, ask every counter, return the sums."""
    node.ctl("tell", "/user/fleet", "halt", {})
    node.ctl("tell", "/user/fleet", "audit_all", {})
    sums = node.wait("the audit", lambda: next(
        (q for q in [node.ask("/user/fleet", "query")] if q["audited"]), None), timeout=300)
    expect("counters that answered", (sums["answered"], sums["silent"]), (counters, 0))
    if on_both is not None:
        expect("counters that handled mail on both versions", sums["on_both"], on_both)
    say(f"sent {sums['sent']:,}, handled {sums['handled']:,}: lost {sums['lost']}, doubled {sums['doubled']}, "
        f"reordered {sums['reordered']}")
    expect("lost, doubled, reordered", (sums["lost"], sums["doubled"], sums["reordered"]), (0, 0, 0))
    expect("handled", sums["handled"], sums["sent"])
    return sums


def swap_under_load(node, counters):
    step(f"Swap {counters:,} live counters between versions 1 and 2 under traffic")
    node.ctl("spawn", "counter", "one", {})
    node.ask("/user/one", "add", {"by": 7})
    node.ctl("spawn", "fleet", "fleet", {"behaviour": "counter", "targets": counters, "run": RUN})
    node.wait("the counters", lambda: node.ask("/user/fleet", "query")["ready"])
    plan = node.ctl("check", f"{node.build}/plugins/counter-2.so")
    changes = {c["field"]: c["change"] for c in plan["changes"] if c["type"] == "counter.counter"}
    expect("plan from 1 to 2", changes, {"handled": "widened", "total": "renamed", "step": "added"})
    say("plan: " + ", ".join(f"{field} {change}" for field, change in changes.items()) + f" ({plan['verdict']})")

    node.ctl("tell", "/user/fleet", "go", {})
    node.wait("traffic", lambda: node.ctl("status")["handled"] > 2 * RUN * counters)
    shares = []
    # There, back and there again: the machine has other things to do, so one swap is no measure.
    for to in (f"{node.build}/plugins/counter-2.so", "1.0.0", "2.0.0", "1.0.0", "2.0.0"):
        without = quiet_rate(node)
        got = node.ctl("swap", "counter", to, timeout=300)
        during = got["messages"] * 1000 / max(1, got["elapsed_ms"])
        shares.append(during / without)
        expect("switched, kept, failed", (got["switched"], got["kept"], got["failed"]), (counters + 1, 0, 0))
        say(f"{got['from_version']} to {got['to_version']}: {got['switched']:,} actors switched in {got['elapsed_ms']} ms, "
            f"{got['messages']:,} messages handled meanwhile;")
        say(f"    {without / 1e6:.1f} M msg/s without a swap, {during / 1e6:.1f} with it ({shares[-1]:.0%})")
        if counters >= COUNTERS:
            at_least("messages between plan and last switch", got["messages"], MESSAGES_DURING_SWAP)
    if counters >= COUNTERS:  # fewer are over too soon to be measured
        at_least("rate with a swap, in percent of the rate without (median)", int(100 * statistics.median(shares)), 50)
    after = node.ctl("status")
    node.wait("mail on version 2", lambda: node.ctl("status")["handled"] - after["handled"] > 2 * RUN * counters)
    audit(node, counters, counters)
    value = node.ask("/user/one", "get")
    expect("a counter that had 7", (value["total"], value["handled"], value["version"], value["step"]), (7, 1, 2, 1))
    say(f"each counter handled mail on both versions; /user/one says {value}")


def refuse_v3(node, counters):
    step("Version 3 cannot migrate: refused, version 2 serves on")
    text = refused("counter 3", ["total"], node.ctl, "swap", "counter", f"{node.build}/plugins/counter-3.so")
    say(text)
    serving = [p["version"] for p in node.ctl("plugins", "counter")["plugins"] if p["state"] == "serving"]
    expect("version that serves", serving, ["2.0.0"])
    got = node.ask("/user/one", "add", {"by": 3})
    expect("a counter after the refusal", (got["total"], got["version"]), (10, 2))
    say(f"/user/one still counts: {got}")


def swap_back(node, counters):
    step("Swap version 1 back in")
    node.ctl("spawn", "counter", "wide", {})
    node.ctl("tell", "/user/wide", "preset", {"handled": 5_000_000_000})
    node.ask("/user/wide", "get")
    node.ctl("tell", "/user/fleet", "go", {})
    got = node.ctl("swap", "counter", "1.0.0", timeout=300, ok=(8,))
    expect("switched, failed", (got["switched"], got["failed"]), (counters + 1, 0))
    expect("kept", [k["path"] for k in got["kept_actors"]], ["/user/wide"])
    if "handled" not in got["kept_actors"][0]["reason"]:
        raise Violation(f"the reason for keeping /user/wide does not name the field: {got['kept_actors'][0]['reason']}")
    say(f"{got['switched']:,} back on version 1 in {got['elapsed_ms']} ms; kept: {got['kept_actors'][0]['path']}, "
        f"{got['kept_actors'][0]['reason']}")
    value = node.ask("/user/one", "get")
    expect("a counter that went 1, 2, 1", (value["total"], value["handled"], value["version"]), (10, 2, 1))
    wide = node.ask("/user/wide", "get")
    expect("the counter that does not fit", (wide["handled"], wide["version"]), (5_000_000_000, 2))
    audit(node, counters, counters)
    say("total is called sum again, step is gone, no count was cut")


def balance(node):
    step("The books balance")
    s = node.wait("a quiet node", lambda: next((s for s in [node.ctl("status")] if s["queued"] == 0), None))
    fates = {name: s[name] for name in ("handled", "failed", "dead", "queued")}
    say(f"accepted {s['accepted']:,} = " + " + ".join(f"{v:,} {k}" for k, v in fates.items()))
    expect("accepted messages, by their fates", sum(fates.values()), s["accepted"])


def orderly_stop(node):
    step("Orderly stop")
    began = time.monotonic()
    status = node.stop()
    expect("exit status of the node", status, 0)
    say(f"stopped in {time.monotonic() - began:.2f} s, every actor in its turn")


def keep_one(build):
    plugins = "".join(f"[plugin {name}]\n\n" for name in PLUGINS if name != "counter-1")
    node = Node(build, plugins + f"[plugin counter]\npath = {build}/plugins/counter-1.so\n\n"
                "[actor hello]\nbehaviour = greeter\n", name="run")
    node.start(session=True)
    ctl = f"{os.path.relpath(node.actorctl)} -s {node.sock}"
    print(f"\nA node is up (process {node.process.pid}, {node.ini}). Try:\n\n"
          f"  {ctl} ask /user/hello greet '{{\"name\": \"you\"}}'\n"
          f"  {ctl} tree\n  {ctl} status\n"
          f"  {ctl} spawn counter mine\n  {ctl} ask /user/mine add '{{\"by\": 5}}'\n"
          f"  {ctl} swap counter {os.path.relpath(build)}/plugins/counter-2.so\n"
          f"  {ctl} shutdown")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--keep", action="store_true", help="leave a node up afterwards")
    p.add_argument("--counters", type=int, default=COUNTERS)
    a = p.parse_args()
    build = os.path.abspath(a.build)
    node = None
    began = time.monotonic()
    try:
        node = Node(build)
        node.start()
        s = node.ctl("status")
        print(f"actord {s['version']}, {s['workers']} workers, {s['rss_bytes'] / 2**20:.1f} MiB")
        load_and_show(node)
        talk(node)
        supervise(node)
        ending(node)
        bank(node)
        swap_under_load(node, a.counters)
        refuse_v3(node, a.counters)
        swap_back(node, a.counters)
        balance(node)
        orderly_stop(node)
        print(f"\nThe tour is done in {time.monotonic() - began:.1f} s: every figure above was checked.")
        if a.keep:
            keep_one(build)
    except Refused as r:
        raise SystemExit(f"\nTOUR FAILED at step {step_number}: actorctl ended with {r.code}: {r.text}")
    except (Violation, subprocess.TimeoutExpired, KeyError) as v:
        words = f"\n--- the node's last words:\n{node.words()}" if node else ""
        raise SystemExit(f"\nTOUR FAILED at step {step_number}: {v!r}{words}" if isinstance(v, KeyError)
                         else f"\nTOUR FAILED at step {step_number}: {v}{words}")
    finally:
        if node:
            node.close()


if __name__ == "__main__":
    main()
