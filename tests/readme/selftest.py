#!/usr/bin/env python3
"""run.py must refuse a README whose blocks do not work.  selftest.py SOURCE_DIR BUILD_DIR"""
import os, subprocess, sys, tempfile

GOOD = "```sh test\necho one; echo two; echo three\n```\n```text output\none\n...\nth*e\n```\n"
CASES = {  # name: (README, what run.py must say; None: it must pass)
    "good": (GOOD, None),
    "shell": ("```sh test\necho before\nfalse\n```\n", "exit 1"),
    "output": (GOOD.replace("one\n...", "two\n..."), "expected: two"),
    "too much output": (GOOD.replace("...\nth*e\n", "two\n"), "expected no more"),
    "c": ("```c file=x.c\nint x = ;\n```\n", "x.c does not compile"),
    "statements": ("```c file=x.c\n#include <actor/actor.h>\nACTOR_STATELESS(a)\nACTOR_SIGNAL(b, 1)\n```\n"
                   "```c stmt=x.c self=a m=b\nnothing();\n```\n", "x.c does not compile"),
    "append": ("```c append=x.c\nint x;\n```\n", "nothing to append to"),
    "no end": ("```sh test\ntrue\n", "has no end"),
    "empty": ("text\n```c\nint shown_only;\n```\n", "no block to check"),
    "daemon": ("```sh start\nsleep 60\n```\n", "does not say that it is ready"),
}

run = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")
failed = 0
with tempfile.TemporaryDirectory() as tmp:
    for name, (text, word) in CASES.items():
        path = os.path.join(tmp, "README.md")
        with open(path, "w") as f:
            f.write(text)
        r = subprocess.run([sys.executable, run, *sys.argv[1:3], path], capture_output=True, text=True,
                           env=dict(os.environ, READY_TIMEOUT_S="1"))
        said = r.stdout + r.stderr
        if (r.returncode == 0) != (word is None) or (word and word not in said) or "Traceback" in said:
            print(f"FAILED: {name}: exit {r.returncode}: {said}")
            failed = 1
sys.exit(failed)
