#!/usr/bin/env python3
"""A fault in a plugin ends the node, which says first where it came from.

  crashes.py BUILD_DIR PLUGIN
"""
import os, re, signal, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/tour"))
from node import Node, Refused, Violation

FAULTS = {"null": signal.SIGSEGV, "divide": signal.SIGFPE, "overflow": signal.SIGSEGV, "trap": signal.SIGILL}


def crash(build, plugin, message, sig):
    node = Node(build, f"[plugin fatal]\npath = {plugin}\n\n[actor poor]\nbehaviour = victim\n", "fragile")
    try:
        node.start()
        try:
            node.ctl("tell", "/user/poor", message)
        except (Refused, Violation):
            pass  # the node may be gone before it answers
        status = node.process.wait(20)
        if status != -sig:
            raise Violation(f"{message}: ended with {status}, not by {sig.name}\n{node.words()}")
        for path in (os.path.join(node.dir, "stderr"), node.log):
            with open(path) as f:
                text = f.read()
            for part in (rf"actord: crashed: {sig.name} at address 0x[0-9a-f]+ in thread 'worker \d+' of node fragile\n",
                         r"  code: plugin fatal 1\.2\.3, /.*\.so \+ 0x[0-9a-f]+\n",
                         rf"  actor: /user/poor \(\d+\.\d+\), behaviour fatal\.victim 1\.2\.3, message fatal\.{message}\n"):
                if not re.search(part, text):
                    raise Violation(f"{message}: no {part!r} in {path}:\n{text}")
    finally:
        node.close()


def main():
    for message, sig in FAULTS.items():
        crash(sys.argv[1], os.path.abspath(sys.argv[2]), message, sig)
    print(f"{len(FAULTS)} faults, each told of with plugin, actor and message")


if __name__ == "__main__":
    try:
        main()
    except (Violation, Refused) as e:
        sys.exit(f"crashes: {e}")
