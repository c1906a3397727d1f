#!/usr/bin/env python3
"""Every command of the control socket on a real node, with what can go wrong: actord and actorctl as they are built.

  commands.py BUILD_DIR [NAME...]     only the tests whose name holds one of NAME
"""
import json, os, signal, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/tour"))
from node import Node, Refused, Violation

USAGE, NOTFOUND, REFUSED, TIMEOUT, PARTIAL, RETRY = 2, 5, 6, 7, 8, 75
TESTS = []


def test(f):
    TESTS.append(f)
    return f


def equal(what, got, want):
    if got != want:
        raise Violation(f"{what}: expected {want!r}, got {got!r}")


def holds(what, ok):
    if not ok:
        raise Violation(what)


def fails(node, code, words, *args):
    """The command ends with this exit code and names all the words. Returns the answer."""
    args = [json.dumps(a) if isinstance(a, (dict, list)) else str(a) for a in args]
    r = subprocess.run([node.actorctl, "-s", node.sock, "--json", *args], stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, timeout=120)
    text = r.stdout + r.stderr
    equal(f"exit code of {' '.join(args)} ({text})", r.returncode, code)
    for word in words:
        holds(f"{' '.join(args)} does not name '{word}': {text}", word in text)
    answers = [line for line in text.splitlines() if line.startswith('{"schema"')]
    return json.loads(answers[-1]) if answers else None


def plugin(node, name):
    return f"{node.build}/plugins/{name}.so"


def shifty(node, version):
    return f"{node.build}/tests/e2e/shifty-{version}.so"


def load(node, *names):
    for name in names:
        node.ctl("load", plugin(node, name))


@test
def status_counts_what_happens(node):
    s = node.ctl("status")
    equal("node, state, pid", (s["node"], s["state"], s["pid"]), ("e2e", "running", node.process.pid))
    holds(f"memory and threads: {s}", s["rss_bytes"] > 1 << 20 and s["threads"] > s["workers"] >= 1)
    load(node, "greeter")
    node.ctl("spawn", "greeter", "g")
    for _ in range(3):
        node.ask("/user/g", "greet", {"name": "x"})
    t = node.wait("a quiet node", lambda: next((t for t in [node.ctl("status")] if t["queued"] == 0), None))
    equal("plugins, versions, actors", (t["plugins"], t["versions"], t["actors"]), (1, 1, 1))
    equal("handled: 3 asks and their answers", t["handled"] - s["handled"], 6)


@test
def a_plugin_is_loaded_once_and_broken_files_are_refused(node):
    got = node.ctl("load", plugin(node, "greeter"))
    equal("loaded", (got["plugin"], got["version"], got["pure"], got["types"]), ("greeter", "1.0.0", True, 3))
    again = node.ctl("load", plugin(node, "greeter"))
    holds(f"a second load says so: {again['notices']}", "before" in again["notices"][0]["text"])
    fails(node, NOTFOUND, ["/nowhere/x.so"], "load", "/nowhere/x.so")
    broken = os.path.join(node.dir, "broken.so")
    with open(plugin(node, "bank"), "rb") as f, open(broken, "wb") as out:
        out.write(f.read()[:5000])
    fails(node, REFUSED, ["broken.so"], "load", broken)
    fails(node, REFUSED, ["actor_plugin_entry"], "load", f"{node.build}/tests/abi/bad_no_symbol.so")
    fails(node, REFUSED, ["threads"], "load", f"{node.build}/tests/abi/bad_threads.so")
    equal("plugins", [p["name"] for p in node.ctl("plugins")["plugins"]], ["greeter"])
    fails(node, NOTFOUND, ["gretter", "greeter"], "plugins", "gretter")
    p = node.ctl("plugins", "greeter")["plugins"][0]
    equal("where it came from", (p["state"], p["file"]), ("serving", plugin(node, "greeter")))


@test
def inspect_and_check_read_files_and_run_nothing(node):
    got = node.ctl("inspect", plugin(node, "bank"))
    equal("bank", (got["name"], got["loadable"]), ("bank", True))
    holds(f"behaviours: {got['behaviours']}", {"bank.bank", "bank.account"} <= {b["name"] for b in got["behaviours"]})
    holds("handles", {"behaviour": "bank.account", "message": "bank.deposit"} in got["handles"])
    got = node.ctl("inspect", f"{node.build}/tests/abi/bad_threads.so")
    equal("loadable", got["loadable"], False)
    holds(f"why not: {got['reason']}", "threads" in got["reason"])
    fails(node, NOTFOUND, ["nothing"], "inspect", "nothing")
    got = node.ctl("check", plugin(node, "counter-1"))
    holds(f"no plan: {got['reason']}", got["verdict"] is None and "nothing to swap" in got["reason"])
    load(node, "counter-2")
    got = node.ctl("check", plugin(node, "counter-3"), ok=(REFUSED,))
    equal("verdict of counter 3", got["verdict"], "impossible")
    holds(f"names the field: {got['reason']}", "field" in got["reason"])
    fails(node, NOTFOUND, ["bank"], "check", plugin(node, "counter-1"), "--against", "bank")
    equal("plugins", [p["name"] for p in node.ctl("plugins")["plugins"]], ["counter"])


@test
def actors_are_spawned_with_arguments_below_a_parent(node):
    load(node, "crash", "greeter")
    got = node.ctl("spawn", "crash.crash", "one", {"stop_code": 3})
    equal("spawned", (got["path"], got["behaviour"], got["version"]), ("/user/one", "crash.crash", "1.0.0"))
    equal("argument", node.ctl("actor", "/user/one", "--state")["state_value"]["stop_code"], 3)
    fails(node, 1, ["one", "already"], "spawn", "crash", "one", {})
    fails(node, USAGE, ["start_coed", "start_code"], "spawn", "crash", "x", {"start_coed": 1})
    fails(node, USAGE, ["stop_code"], "spawn", "crash", "x", {"stop_code": "many"})
    fails(node, USAGE, ["name"], "spawn", "crash", "-x", {})
    fails(node, USAGE, ["no start arguments"], "spawn", "greeter", "x", {"a": 1})
    fails(node, 1, ["code 5", "/user/bad"], "spawn", "crash", "bad", {"start_code": 5})
    fails(node, NOTFOUND, ["cresh", "crash"], "spawn", "cresh", "x")
    fails(node, NOTFOUND, ["/user/nobody"], "spawn", "crash", "x", {}, "--parent", "/user/nobody")
    fails(node, REFUSED, ["/system"], "spawn", "crash", "x", {}, "--parent", "/system")
    child = node.ctl("spawn", "greeter", "kid", {}, "--parent", "/user/one")
    equal("path", child["path"], "/user/one/kid")
    anonymous = node.ctl("spawn", "greeter")
    equal("an anonymous one", anonymous["path"], f"/user/{anonymous['ref']}")
    equal("by its reference", node.ctl("actor", anonymous["ref"])["path"], anonymous["path"])


@test
def tell_and_ask_know_the_messages_of_their_actor(node):
    load(node, "greeter", "crash")
    node.ctl("spawn", "greeter", "g")
    got = node.ctl("tell", "/user/g", "greeter.greet", {"name": "a", "times": 3})
    equal("told", (got["path"], got["message"]), ("/user/g", "greeter.greet"))
    got = node.ctl("ask", "/user/g", "greet", {"name": "b"})
    equal("asked", (got["message"], got["answer"]), ("greeter.greeted", {"total": 4}))
    fails(node, NOTFOUND, ["grete", "greet"], "tell", "/user/g", "grete", {})
    fails(node, USAGE, ["nmae", "name"], "ask", "/user/g", "greet", {"nmae": "x"})
    fails(node, USAGE, ["times"], "tell", "/user/g", "greet", {"times": "many"})
    fails(node, USAGE, ["times"], "tell", "/user/g", "greet", {"times": -1})
    fails(node, USAGE, [], "tell", "/user/g", "greet", "{not json")
    fails(node, NOTFOUND, ["/user/f", "/user/g"], "ask", "/user/f", "greet")
    fails(node, REFUSED, ["/user"], "tell", "/user", "greet")
    node.ctl("spawn", "crash", "c", {})
    fails(node, 1, ["code 42", "actorctl actor /user/c"], "ask", "/user/c", "fail", {"code": 42})
    r = subprocess.run([node.actorctl, "-s", node.sock, "ask", "/user/c", "fail"], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True)
    holds(f"words for people, no empty line: {r.stderr!r}", r.stderr.strip() and all(map(str.strip, r.stderr.splitlines())))
    fails(node, 1, ["no answer"], "ask", "/user/c", "echo")


@test
def an_ask_ends_at_its_deadline_and_lists_stay_readable_meanwhile(node):
    node.ctl("load", shifty(node, 1))
    node.ctl("spawn", "shifty", "s")
    node.ctl("spawn", "shifty", "free")
    node.ctl("tell", "/user/s", "hold", {"ms": 4000})
    fails(node, TIMEOUT, ["/user/s"], "ask", "/user/s", "get", {}, "--timeout", "50ms")
    fails(node, TIMEOUT, ["/user/s"], "actor", "/user/s", "--timeout", "50ms")
    rows = {r["path"]: r["state"] for r in node.ctl("actors")["actors"]}
    equal("actors", rows, {"/user/s": "running", "/user/free": "idle"})
    rows = {r["path"]: r["state"] for r in node.ctl("tree", "/user")["tree"]}
    equal("tree", rows, {"/user": "idle", "/user/s": "running", "/user/free": "idle"})
    equal("answers after all", node.ask("/user/s", "get", {}, )["version"], 1)


@test
def one_actor_is_shown_with_its_state(node):
    node.ctl("load", shifty(node, 1))
    node.ctl("spawn", "shifty", "s")
    node.ctl("tell", "/user/s", "set", {"n": 7, "tags": ["a", "b"]})
    a = node.ctl("actor", "/user/s", "--state")
    equal("state", a["state_value"], {"n": 7, "tags": ["a", "b"]})
    equal("facts", (a["behaviour"], a["plugin"], a["version"], a["parent"], a["turns"], a["state"], a["failures"]),
          ("shifty.shifty", "shifty", "1.0.0", "/user", 1, "idle", 0))
    holds(f"supervision: {a['supervision']}", "resume" in a["supervision"])
    holds("no state unless asked", node.ctl("actor", "/user/s")["state_value"] is None)
    load(node, "crash")
    node.ctl("spawn", "crash", "c", {})
    fails(node, 1, ["42"], "ask", "/user/c", "fail", {"code": 42, "text": "on request"})
    a = node.ctl("actor", "/user/c")
    equal("last failure", (a["failures"], a["failure_code"], a["failure"]), (1, 42, "on request"))
    equal("the root", node.ctl("actor", "/")["children"], 2)
    fails(node, NOTFOUND, ["/user/d"], "actor", "/user/d")


@test
def lists_come_in_pages_and_filtered(node):
    load(node, "greeter", "crash")
    for i in range(7):
        node.ctl("spawn", "greeter", f"g{i}")
    node.ctl("spawn", "crash", "c", {})
    node.ctl("spawn", "greeter", "below", {}, "--parent", "/user/c")
    seen, after = [], []
    while True:
        page = node.ctl("actors", "--plugin", "greeter", "--limit", "3", *after)
        equal("total", page["total"], 8)
        seen += [r["path"] for r in page["actors"]]
        holds("a page is full unless it is the last", page["shown"] == 3 or page["next"] is None)
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    equal("all of them once", sorted(seen), sorted([f"/user/g{i}" for i in range(7)] + ["/user/c/below"]))
    equal("below", [r["path"] for r in node.ctl("actors", "/user/c")["actors"]], ["/user/c/below"])
    equal("by behaviour", [r["path"] for r in node.ctl("actors", "--behaviour", "crash")["actors"]], ["/user/c"])
    equal("by state", node.ctl("actors", "--state", "suspended")["actors"], [])
    fails(node, USAGE, ["sleepy"], "actors", "--state", "sleepy")
    fails(node, USAGE, ["cursor"], "actors", "--after", "x")
    fails(node, NOTFOUND, ["crush", "crash"], "actors", "--plugin", "crush")
    t = node.ctl("tree", "/user/c")["tree"]
    equal("tree", [(r["depth"], r["path"], r["children"]) for r in t], [(0, "/user/c", 1), (1, "/user/c/below", 0)])
    t = node.ctl("tree", "/user", "--depth", "1")
    equal("depth 1", (t["shown"], t["tree"][0]["children"]), (1, 8))
    equal("limit", node.ctl("tree", "--limit", "2")["shown"], 2)
    order = [r["path"] for r in node.ctl("tree", "/user")["tree"]]
    equal("parents first, oldest first", order,
          ["/user"] + [f"/user/g{i}" for i in range(7)] + ["/user/c", "/user/c/below"])


@test
def actors_stop_at_once_or_after_their_mail(node):
    node.ctl("load", shifty(node, 1))
    for mode in ([], ["--drain"]):
        node.ctl("spawn", "shifty", "s")
        node.ctl("spawn", "shifty", "kid", {}, "--parent", "/user/s")
        node.ctl("tell", "/user/s", "hold", {"ms": 2000})
        for _ in range(5):
            node.ctl("tell", "/user/s", "set", {"n": 1})
        got = node.ctl("stop", "/user/s", *mode)
        equal(f"stopped {mode}", (got["path"], got["dead"]), ("/user/s", 0 if mode else 5))
        fails(node, NOTFOUND, ["/user/s"], "actor", "/user/s")
        fails(node, NOTFOUND, [], "actor", "/user/s/kid")
    node.ctl("spawn", "shifty", "s")
    node.ctl("tell", "/user/s", "hold", {"ms": 1500})
    fails(node, TIMEOUT, ["/user/s"], "stop", "/user/s", "--timeout", "50ms")
    node.wait("its end", lambda: "/user/s" not in [r["path"] for r in node.ctl("tree", "/user")["tree"]])
    fails(node, NOTFOUND, ["/user/s"], "stop", "/user/s")
    for guardian in ("/", "/user", "/system", "/system/control"):
        fails(node, REFUSED, [guardian], "stop", guardian)
        fails(node, REFUSED, [guardian], "restart", guardian)


@test
def a_restart_gives_fresh_state_to_the_same_reference(node):
    load(node, "greeter", "crash")
    ref = node.ctl("spawn", "greeter", "g")["ref"]
    node.ask("/user/g", "greet", {"name": "a"})
    got = node.ctl("restart", "/user/g")
    equal("restarted", (got["path"], got["ref"], got["incarnation"]), ("/user/g", ref, 1))
    equal("fresh state", node.ask(ref, "greet", {"name": "a"})["total"], 1)
    equal("again", node.ctl("restart", ref)["incarnation"], 2)
    fails(node, NOTFOUND, ["/user/h"], "restart", "/user/h")


@test
def a_swap_moves_actors_and_can_go_back(node):
    load(node, "counter-1")
    node.ctl("spawn", "counter", "one")
    node.ask("/user/one", "add", {"by": 7})
    dry = node.ctl("swap", "counter", plugin(node, "counter-2"), "--dry-run")
    equal("dry run", (dry["verdict"], dry["actors"], dry["to_version"]), ("automatic", 1, "2.0.0"))
    equal("nothing changed", [p["version"] for p in node.ctl("plugins")["plugins"]], ["1.0.0"])
    got = node.ctl("swap", "counter", plugin(node, "counter-2"), "--rehearse")
    equal("swapped", (got["switched"], got["kept"], got["failed"], got["from_version"], got["to_version"]),
          (1, 0, 0, "1.0.0", "2.0.0"))
    equal("state came along", node.ask("/user/one", "get")["total"], 7)
    equal("states", [(p["version"], p["state"]) for p in node.ctl("plugins")["plugins"]],
          [("1.0.0", "old"), ("2.0.0", "serving")])
    equal("new actors", node.ctl("spawn", "counter", "two")["version"], "2.0.0")
    fails(node, 1, ["2.0.0"], "swap", "counter", "2.0.0")
    fails(node, NOTFOUND, ["9.9"], "swap", "counter", "9.9")
    fails(node, NOTFOUND, ["conter", "counter"], "swap", "conter", plugin(node, "counter-2"))
    fails(node, USAGE, ["bank", "counter"], "swap", "counter", plugin(node, "bank"))
    fails(node, NOTFOUND, ["/nowhere.so"], "swap", "counter", "/nowhere.so")
    got = fails(node, REFUSED, ["total", "MIGRATE"], "swap", "counter", plugin(node, "counter-3"))
    holds("rows say why", got["result"]["plans"][0]["verdict"] == "impossible")
    node.ctl("tell", "/user/two", "preset", {"handled": 5_000_000_000})
    node.ask("/user/two", "get")
    got = node.ctl("swap", "counter", "1.0.0", ok=(PARTIAL,))
    equal("back", (got["switched"], got["kept"], got["kept_actors"][0]["path"]), (1, 1, "/user/two"))
    holds(f"why: {got['kept_actors']}", "handled" in got["kept_actors"][0]["reason"])
    equal("versions", (node.ask("/user/one", "get")["version"], node.ask("/user/two", "get")["version"]), (1, 2))


@test
def a_swap_that_one_actor_cannot_follow_is_taken_back(node):
    node.ctl("load", shifty(node, 1))
    for i in range(20):
        node.ctl("spawn", "shifty", f"s{i}")
        node.ctl("tell", f"/user/s{i}", "set", {"n": i, "tags": ["t"]})
    got = fails(node, REFUSED, ["/user/s13", "unlucky"], "swap", "shifty", shifty(node, 2), "--rehearse")
    equal("rehearsal names it", [k["path"] for k in got["result"]["kept_actors"]], ["/user/s13"])
    fails(node, REFUSED, ["/user/s13", "unlucky", "1.0.0"], "swap", "shifty", shifty(node, 2))
    for i in (0, 13, 19):
        equal(f"s{i}", node.ask(f"/user/s{i}", "get"), {"n": i, "version": 1})
    equal("a list came back", node.ctl("actor", "/user/s3", "--state")["state_value"], {"n": 3, "tags": ["t"]})
    node.ctl("stop", "/user/s13")
    equal("switched", node.ctl("swap", "shifty", "2.0.0")["switched"], 19)
    equal("s19", node.ask("/user/s19", "get"), {"n": 19, "version": 2})


@test
def a_swap_whose_time_is_up_names_who_is_missing_and_goes_on(node):
    node.ctl("load", shifty(node, 1))
    node.ctl("spawn", "shifty", "slow")
    node.ctl("spawn", "shifty", "quick")
    node.ctl("tell", "/user/slow", "hold", {"ms": 2500})
    got = node.ctl("swap", "shifty", shifty(node, 2), "--timeout", "200ms", ok=(PARTIAL,))
    equal("missing", [k["path"] for k in got["kept_actors"]], ["/user/slow"])
    equal("quick", node.ask("/user/quick", "get")["version"], 2)
    fails(node, RETRY, ["under way"], "swap", "shifty", "1.0.0")
    equal("slow, when it is back", node.ask("/user/slow", "get")["version"], 2)
    node.wait("the end of the swap", lambda: [p["state"] for p in node.ctl("plugins")["plugins"]] == ["old", "serving"])


@test
def versions_without_actors_are_unloaded(node):
    load(node, "counter-1", "greeter")
    node.ctl("spawn", "counter", "one")
    fails(node, RETRY, ["1 actor"], "unload", "counter")
    node.ctl("swap", "counter", plugin(node, "counter-2"))
    got = node.ctl("unload", "counter", "1.0.0")["unloaded"]
    equal("unloaded", [(u["version"], u["unloaded"]) for u in got], [("1.0.0", True)])
    equal("greeter", node.ctl("unload", "greeter")["unloaded"][0]["unloaded"], True)
    fails(node, NOTFOUND, ["greeter"], "spawn", "greeter", "g")
    fails(node, NOTFOUND, ["greeter"], "unload", "greeter")
    equal("left", [(p["name"], p["version"]) for p in node.ctl("plugins")["plugins"]], [("counter", "2.0.0")])
    load(node, "greeter")
    equal("and back", node.ctl("spawn", "greeter", "g")["path"], "/user/g")


@test
def log_counters_and_recorder_tell_what_happened(node):
    load(node, "greeter", "crash")
    node.ctl("spawn", "greeter", "g")
    node.ask("/user/g", "greet", {"name": "somebody"})
    lines = node.wait("the line", lambda: [l for l in node.ctl("logs")["lines"] if "hello, somebody" in l["text"]])
    equal("line", (lines[0]["level"], lines[0]["source"]), ("info", "/user/g"))
    equal("none above", node.ctl("logs", "--level", "error")["lines"], [])
    fails(node, USAGE, ["loud"], "logs", "--level", "loud")
    c = {r["name"]: r["value"] for r in node.ctl("counters")["counters"]}
    holds(f"counters: {c}", c["spawned"] >= 2 and c["handled_user"] >= 2 and "dead_unhandled" in c)
    names = [r["name"] for r in node.ctl("counters", "dead_", "--nonzero")["counters"]]
    equal("none dead", names, [])
    node.ctl("spawn", "crash", "c", {})
    node.ctl("tell", "/user/c", "ignore")
    node.ask("/user/c", "query")
    equal("one dead", [(r["name"], r["value"]) for r in node.ctl("counters", "dead_", "--nonzero")["counters"]],
          [("dead_unhandled", 1)])
    records = node.ctl("recorder", "/user/g")["records"]
    holds(f"a slice of it: {records}", any(r["event"] == "SLICE" and r["turn"] == 1 for r in records))
    equal("limit", len(node.ctl("recorder", "--limit", "1")["records"]), 1)
    fails(node, NOTFOUND, ["/user/x"], "recorder", "/user/x")


@test
def logs_can_be_followed(node):
    load(node, "greeter")
    node.ctl("spawn", "greeter", "g")
    p = subprocess.Popen([node.actorctl, "-s", node.sock, "--json", "logs", "--follow", "--limit", "0"],
                         stdout=subprocess.PIPE, text=True)
    try:
        for i in range(3):
            node.ask("/user/g", "greet", {"name": f"n{i}"})
        holds("the last line comes", any("hello, n2" in line for line in iter(p.stdout.readline, "")))
    finally:
        p.send_signal(signal.SIGINT)
        p.wait(10)
        p.stdout.close()


@test
def a_swap_goes_on_when_its_client_leaves(node):
    node.ctl("load", shifty(node, 1))
    node.ctl("spawn", "shifty", "slow")
    node.ctl("tell", "/user/slow", "hold", {"ms": 1500})
    p = subprocess.Popen([node.actorctl, "-s", node.sock, "--json", "swap", "shifty", shifty(node, 2)],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    holds("it says that it switches", any('"switch"' in line for line in iter(p.stderr.readline, "")))
    p.kill()
    p.wait(10)
    p.stderr.close()
    equal("version", node.ask("/user/slow", "get")["version"], 2)


@test
def shutdown_ends_what_is_going_on(node):
    node.ctl("load", shifty(node, 1))
    node.ctl("spawn", "shifty", "s")
    node.ctl("tell", "/user/s", "hold", {"ms": 1000})
    p = subprocess.Popen([node.actorctl, "-s", node.sock, "--json", "ask", "/user/s", "get", "{}", "--timeout", "20s"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    node.wait("the ask", lambda: node.ctl("status")["queued"] > 0 or p.poll() is not None)
    got = node.ctl("shutdown", "--timeout", "20s")
    equal("deadline", got["deadline_ms"], 20000)
    out, _ = p.communicate(timeout=30)
    holds(f"the ask is told or answered ({p.returncode}): {out}", p.returncode in (0, 1, 4, NOTFOUND, RETRY))
    equal("exit status", node.process.wait(30), 0)


def run(build, f):
    node = Node(build, "[scheduler]\nthreads = 2\n", name="e2e")
    try:
        node.start(timeout=60)
        f(node)
        if node.process.poll() is None:
            node.process.send_signal(signal.SIGTERM)
        equal(f"exit status after SIGTERM\n{node.words()}", node.process.wait(60), 0)
        with open(os.path.join(node.dir, "stderr"), errors="replace") as s:
            equal("words on standard error", s.read(), "")
    finally:
        node.close()


def main():
    build, wanted, bad = sys.argv[1], sys.argv[2:], 0
    for f in TESTS:
        if wanted and not any(w in f.__name__ for w in wanted):
            continue
        try:
            run(build, f)
            print(f"ok   {f.__name__}", flush=True)
        except (Violation, Refused, subprocess.TimeoutExpired, KeyError, IndexError, ValueError) as e:
            bad += 1
            print(f"FAIL {f.__name__}: {e!r}", flush=True)
    sys.exit(1 if bad else 0)


main()
