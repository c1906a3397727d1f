#!/usr/bin/env python3
"""Plugin files that must not get in, on a real node: each kind has an error of its own, and the node serves on.

  bad_files.py BUILD_DIR STEP     a file cut at every STEP bytes
"""
import json, os, shutil, struct, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/tour"))
from node import Node, Refused, Violation

# file of tests/abi, words of its error
KINDS = {
    "bad_no_symbol": "does not export 'actor_plugin_entry'",
    "bad_extra_export": "exports 'helper_of_mine'",
    "bad_other_major": "another major number",
    "bad_newer_minor": "needs ABI 1.9",
    "bad_note_mismatch": "the file's note says",
    "bad_schema_differs": "is not the one that the file's notes describe",
    "bad_row_missing": "missing in its ACTOR_BEHAVIOUR",
    "bad_no_behaviour": "which is no behaviour of this plugin",
    "bad_two_files_differ": "define it differently",
    "bad_unique": "is unique in the process",
    "bad_exec_stack": "executable stack",
    "bad_tls_static": "static thread-local storage",
    "bad_threads": "calls pthread_create()",
    "bad_wrong_policy": "ACTOR_ROW_SUPERVISES",
    "bad_message_conflict": "field by",
}


def refused(node, *args):
    """The text of the refusal, without the name of the file."""
    try:
        node.ctl(*args)
    except Refused as e:
        if args[0] == "load" and os.path.basename(args[-1]) not in e.text:
            raise Violation(f"{args} does not name the file: {e.text}")
        return e.text.replace(args[-1], "")
    raise Violation(f"{args} was not refused")


def serves(node):
    node.ask("/user/g", "greet", {"name": "x"})


def each_kind(node):
    said = {}
    node.ctl("load", f"{node.build}/tests/abi/counter2.so")  # what bad_message_conflict does not fit
    for name, words in KINDS.items():
        text = refused(node, "load", f"{node.build}/tests/abi/{name}.so")
        if words not in text:
            raise Violation(f"{name}: '{words}' is not in: {text}")
        if text in said:
            raise Violation(f"{name} and {said[text]} have one error: {text}")
        said[text] = name
        serves(node)


def other_machine(node):
    path = os.path.join(node.dir, "machine.so")
    shutil.copy(f"{node.build}/plugins/greeter.so", path)
    with open(path, "r+b") as f:
        f.seek(18)
        machine = struct.unpack("<H", f.read(2))[0]
        f.seek(18)
        f.write(struct.pack("<H", 243 if machine != 243 else 62))
    text = refused(node, "load", path)
    if "machine" not in text:
        raise Violation(f"another machine: {text}")
    serves(node)


def cut(node, step):
    path = os.path.join(node.dir, "cut.so")
    with open(f"{node.build}/plugins/greeter.so", "rb") as f:
        whole = f.read()
    for n in range(0, len(whole), step):
        with open(path, "wb") as f:
            f.write(whole[:n])
        refused(node, "load", path)
    serves(node)
    return (len(whole) + step - 1) // step


def alone(node, *args):
    """The same without a node."""
    r = subprocess.run([node.actorctl, "--json", *args], env=dict(os.environ, XDG_RUNTIME_DIR=node.dir),
                       stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if r.returncode not in (0, 6):
        raise Violation(f"{args} without a node: {r.stderr}")
    return r.returncode, json.loads(r.stdout)


def same_without_a_node(node):
    for code, args in ((0, ("inspect", f"{node.build}/plugins/bank.so")),
                       (0, ("check", f"{node.build}/plugins/counter-2.so", "--against", f"{node.build}/plugins/counter-1.so")),
                       (6, ("check", f"{node.build}/plugins/counter-3.so", "--against", f"{node.build}/plugins/counter-2.so"))):
        got, want = alone(node, *args), (code, node.ctl(*args, ok=(code,)))
        if got != want:
            raise Violation(f"{args}: a node says {want}, without one it is {got}")


def constructor(node, trace):
    path = f"{node.build}/tests/abi/bad_constructor.so"
    node.ctl("inspect", path)
    node.ctl("check", path)
    alone(node, "inspect", path)
    alone(node, "check", path)
    if os.path.exists(trace):
        raise Violation("inspect or check ran the plugin's constructor")
    node.ctl("load", path)
    if not os.path.exists(trace):
        raise Violation("the constructor proves nothing: a load does not run it either")


def migration(node):
    path = f"{node.build}/tests/abi/bad_counter3.so"
    node.ctl("spawn", "counter.counter", "c")
    text = refused(node, "swap", "counter", path)
    if "field" not in text:
        raise Violation(f"an impossible migration does not name the field: {text}")
    node.ctl("tell", "/user/c", "counter.add", {"by": 2})
    if node.ask("/user/c", "read")["total"] != 2:
        raise Violation("the old version does not serve on")


def main():
    build, step = sys.argv[1], int(sys.argv[2])
    node = Node(build, "[actor g]\nbehaviour = greeter\n\n[plugin greeter]\n", "bad")
    trace = os.path.join(node.dir, "constructor-ran")
    os.environ["ACTOR_TEST_CONSTRUCTOR"] = trace
    try:
        node.start()
        same_without_a_node(node)
        each_kind(node)
        other_machine(node)
        migration(node)
        n = cut(node, step)
        constructor(node, trace)
        if node.stop() != 0:
            raise Violation(f"the node did not stop in order\n{node.words()}")
    finally:
        node.close()
    print(f"{len(KINDS) + 2} kinds of bad files refused, one cut at {n} places; inspect and check ran nothing")


if __name__ == "__main__":
    try:
        main()
    except (Violation, Refused) as e:
        sys.exit(f"bad_files: {e}")
