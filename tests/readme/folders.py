#!/usr/bin/env python3
"""Every folder has a README that says purpose, threads, invariants, failure modes and tests, or is named in its parent's.

  folders.py ROOT [selftest]
"""
import os, re, sys

POINTS = ("Threads", "Invariants", "Failure modes", "Tests")
OWN = ("host", "tools")  # their folders need a README of their own unless the parent's table names them with a slash


def says(text, point):
    point = point.replace(" ", r"\s+")
    return re.search(rf"(?m)(?:^#+ |^- |^|\*\*){point}\b|[.] {point}:", text) is not None


def purpose(text):
    """Something between the title and the first heading or point."""
    lines = text.strip().splitlines()
    return bool(lines) and lines[0].startswith("# ") and (":" in lines[0] or any(
        l and not l.startswith(("#", "**Threads")) for l in lines[1:4]))


def findings(files):
    """files: path -> text of every README, and path -> None of all other files."""
    folders = sorted({os.path.dirname(f) for f in files if os.path.dirname(f)})
    for folder in folders:
        parts, readme = folder.split("/"), f"{folder}/README.md"
        if parts[0].startswith("."):
            continue
        if readme not in files:
            parent = files.get(f"{os.path.dirname(folder)}/README.md", "")
            if len(parts) == 1 or (parts[0] == "host" and len(parts) == 2):
                yield f"{folder}: no README.md"
            elif len(parts) == 2 and parts[-1] not in (parent or ""):
                yield f"{folder}: no README.md, and {parts[0]}/README.md does not name it"
            continue
        if not purpose(files[readme]):
            yield f"{readme}: begin with what the folder is for"
        for point in POINTS:
            if not says(files[readme], point):
                yield f"{readme}: nothing about '{point}'"


def selftest():
    good = "# a: what it is\n\nMore.\n\n**Threads**: one. **Invariants**: x. **Failure modes**: y. **Tests**: z.\n"
    as_list = "# a\n\nWhat it is.\n- Threads: one\n- Invariants\n## Failure modes\n\nTests: z\n"
    cases = [({"host/a/README.md": good, "host/README.md": good}, 0), ({"host/a/README.md": as_list, "host/README.md": good}, 0),
             ({"host/a/x.c": None, "host/README.md": good}, 1), ({"sdk/x.h": None}, 1),
             ({"plugins/README.md": good, "plugins/p/x.c": None}, 1), ({"plugins/README.md": good + "`p/`", "plugins/p/x.c": None}, 0),
             ({"sdk/README.md": good.replace("Threads", "Ropes")}, 1), ({"sdk/README.md": "# a\n\n" + good[good.index("**"):]}, 1),
             ({".ci/run": None}, 0), ({"README.md": "# actord\n"}, 0)]
    for files, want in cases:
        got = list(findings(files))
        if len(got) != want:
            sys.exit(f"selftest: {files}: {want} findings expected, got {got}")


def main():
    root = sys.argv[1]
    if sys.argv[2:] == ["selftest"]:
        return selftest()
    names = []
    for d, subfolders, fs in os.walk(root):
        subfolders[:] = [s for s in subfolders if not s.startswith((".", "__pycache__"))
                         and not (d == root and s.startswith("build"))]
        names += [os.path.relpath(os.path.join(d, f), root) for f in fs]
    files = {n: open(os.path.join(root, n)).read() if n.endswith("README.md") else None
             for n in names if os.path.exists(os.path.join(root, n))}
    found = list(findings(files))
    print("\n".join(found) or f"{sum(n.endswith('README.md') for n in files)} READMEs are complete")
    sys.exit(1 if found else 0)


main()
