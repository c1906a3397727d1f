#!/usr/bin/env python3
"""The Spin model of mailbox and scheduling: the code as it is passes, and each re-check that is removed is missed.

spin.py ROOT WORK [--deep]     ROOT: the source tree; WORK: where the verifiers are built

Checks the quotes first: a comment "/*= FILE: TEXT */" in the model says which line of the code a step stands for, and TEXT must
still be in FILE. Exit code 77 (skipped) when spin is not installed.
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = ("sched.pml", "cell.pml", "mutants.h")

# name: what the model is built with. Small on purpose: all interleavings of each are tried.
SCENARIOS = {
    "mail": "-DPRODUCERS=2 -DSENDS=1",                # two workers, two producers
    "chain": "-DPRODUCERS=2 -DCHAIN=1 -DWORKERS=1",   # whole outboxes
    "order": "-DPOKES=1 -DSENDS=1",                   # mail and a control order
    "orders": "-DPOKES=2 -DSENDS=1 -DWORKERS=1",
    "held": "-DFAIL=1 -DPOKES=1 -DSENDS=1 -DWORKERS=1",  # a failure, its directive, another order
    "fan": "-DFORWARD=2 -DSENDS=1",                   # a turn makes two cells runnable: slot, ring, thief
    "leave": "-DFORWARD=2 -DSENDS=1 -DLEAVES=1",      # light work is spread over fewer workers
    "hand": "-DPRODUCERS=2 -DFORWARD=1 -DSENDS=1 -DLEAVES=1 -DHAND=1 -DWORKERS=1",  # a sleeper is given a task
    "over": "-DFORWARD=1 -DSENDS=1 -DSPARES=1 -DWORKERS=1",  # take-over
}
DEEP = {
    "three": "-DWORKERS=3 -DSENDS=2",
    "two": "-DPRODUCERS=2 -DSENDS=2 -DWORKERS=1",
    "talk": "-DFORWARD=1 -DSENDS=2",
    "held2": "-DFAIL=1 -DPOKES=1 -DSENDS=1",
    "over2": "-DFORWARD=1 -DSENDS=1 -DSPARES=1",
}
# Each execution that is fair to all threads handles everything.
LIVE = {"mail": SCENARIOS["mail"], "failure": "-DFAIL=1 -DSENDS=1"}
LIVE_MUTANTS = ("NO_WAKE", "NO_SECOND_LOOK")

failures = 0


def say(ok, text):
    global failures
    failures += not ok
    print(("ok    " if ok else "FAIL  ") + text, flush=True)


def squeeze(text):
    """Code without its comments, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", " ", text, flags=re.S))


def check_quotes(root):
    count = 0
    for name in MODEL:
        with open(os.path.join(HERE, name)) as f:
            text = f.read()
        for m in re.finditer(r"/\*= *([^:\s]+): *(.*?) *\*/", text, re.S):
            count += 1
            with open(os.path.join(root, m.group(1))) as f:
                if squeeze(m.group(2)) not in squeeze(f.read()):
                    line = text.count("\n", 0, m.start()) + 1
                    say(False, f"{name}:{line}: no longer in {m.group(1)}: {squeeze(m.group(2))}\n"
                               "      Does the step still stand for the code? Then quote it anew; else change the model.")
    say(count > 0, f"{count} quotes of the code")


def mutants():
    with open(os.path.join(HERE, "mutants.h")) as f:
        return re.findall(r"^#define (\w+) +(\d+) +/\* (\w+): (.*) \*/$", f.read(), re.M)


class Verifier:
    def __init__(self, work, name, flags, live=False):
        self.dir, self.live = os.path.join(work, name + ("-live" if live else "")), live
        self.flags = flags.split() + (["-DLIVE"] if live else [])
        os.makedirs(self.dir, exist_ok=True)
        for f in MODEL:
            shutil.copy(os.path.join(HERE, f), self.dir)
        made = subprocess.run(["spin", *self.flags, "-a", "sched.pml"], cwd=self.dir, capture_output=True, text=True)
        if made.returncode != 0 or "rror" in made.stdout:
            sys.exit(f"FAIL  {name}: spin: {made.stdout}{made.stderr}")
        how = ["-DNFAIR=6"] if live else ["-DSAFETY"]
        cc = os.environ.get("CC", "cc").split()
        made = subprocess.run([*cc, "-O1" if "--deep" in sys.argv else "-O0", "-w", "-DVECTORSZ=4096", *how, "-o", "pan", "pan.c"], cwd=self.dir)
        if made.returncode != 0:
            sys.exit(f"FAIL  {name}: the verifier does not compile")

    def run(self, mutant=0):
        """What is wrong, or None; states tried."""
        args = ["-a", "-f"] if self.live else []
        out = subprocess.run(["./pan", *args, "-m200000", "-w22"], cwd=self.dir, capture_output=True, text=True,
                             env={**os.environ, "MUTANT": str(mutant)}).stdout
        states = re.search(r"(\d+) states, stored", out)
        wrong = re.search(r"^pan:1: (.*?) \(at depth", out, re.M)
        if wrong:
            return wrong.group(1), int(states.group(1))
        if "errors: 0" not in out or "max search depth too small" in out or "Search not completed" in out:
            return "the search did not end: " + out[-300:], 0
        return None, int(states.group(1))

    def hint(self, mutant=0):
        return f"cd {self.dir}; MUTANT={mutant} ./pan -m200000; spin {' '.join(self.flags)} -t -p -g sched.pml"


def main():
    root, work, deep = sys.argv[1], sys.argv[2], "--deep" in sys.argv
    check_quotes(root)
    if shutil.which("spin") is None:
        print("skipped: the Debian package spin is not installed (tools/setup installs it)")
        sys.exit(1 if failures else 77)
    rows = mutants()
    for name, flags in {**SCENARIOS, **(DEEP if deep else {})}.items():
        v = Verifier(work, name, flags)
        wrong, states = v.run()
        say(wrong is None, f"{name}: {states} states" + ("" if wrong is None else f": {wrong}\n      {v.hint()}"))
        for mutant, number, scenario, text in rows:
            if scenario == name:
                wrong, states = v.run(number)
                say(wrong is not None, f"{name} without {mutant.lower()}: {wrong or 'NOT missed'} [{text}]")
    for row in rows:
        if row[2] not in SCENARIOS:
            say(False, f"{row[0]}: no scenario {row[2]}")
    for name, flags in LIVE.items():
        v = Verifier(work, name, flags, live=True)
        wrong, states = v.run()
        say(wrong is None, f"{name}, always served: {states} states" + ("" if wrong is None else f": {wrong}\n      {v.hint()}"))
        for mutant, number, _, _ in rows:
            if mutant in LIVE_MUTANTS:
                wrong, _ = v.run(number)
                say(wrong is not None, f"{name}, always served without {mutant.lower()}: {wrong or 'NOT missed'}")
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


main()
