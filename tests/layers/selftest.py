#!/usr/bin/env python3
"""Each rule of check.py is broken on purpose in a copy of the sources; the break must be found, and nothing else.

selftest.py ROOT    (CC in the environment: the compiler for the object rules)
"""
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check.py")

# (file, text to append, what the finding must say)
SOURCE_BREAKS = [
    ("host/base/planted.c", '#include "sched/task.h"\n', "base (floor 0) includes sched/task.h (floor 2)"),
    ("host/base/planted.c", '#include <sched/task.h>\n', "base (floor 0) includes sched/task.h (floor 2)"),
    ("host/mailbox/planted.c", '#include "wire/planted.h"\n', "mailbox (floor 1) includes wire/planted.h (floor 1)"),
    ("host/msg/planted.c", '#include "mailbox/planted.h"\n', "msg (floor 1) includes mailbox/planted.h (floor 1)"),
    ("host/actor/planted.c", '#include "sched/planted_priv.h"\n', "stays inside sched"),
    ("host/base/planted.c", '#include "../sched/task.h"\n', "include by path"),
    ("host/base/planted.c", '#include "nowhere.h"\n', "not found under host/"),
    ("host/attic/planted.c", "int attic;\n", "attic is not in host/LAYERS"),
    ("host/actor/planted.c", "static const struct hook k = {0};\n", "is filled in and not in host/LAYERS"),
    ("host/node/wire.c", "void f(struct hook *h) { h->call = 0; }\n", "is filled in and not in host/LAYERS"),
    ("host/actor/planted.c", "void f(void) { g(&(struct log_sink){0}); }\n", "is filled in outside node/wire.c"),
    ("host/actor/planted.c", "void f(void) {\n    struct log_sink k;\n    k.write = 0;\n}\n", "is filled in outside node/wire.c"),
    ("host/base/planted.c", "int x;\n" * 601, "601 lines, 600 at most"),
    ("host/base/planted.c", "void f(void) { atomic_thread_fence(5); }\n", "standalone fence"),
    ("sdk/include/actor/planted.h", '#include "base/err.h"\n', "sdk includes base/err.h of host"),
    ("host/actor/planted_name.h", "int x;\n", "sdk/include/actor has a header of the same name"),
    ("plugins/planted/planted.c", "#include <uv.h>\n", "a plugin includes only"),
    ("plugins/planted/planted.c", '#include "../../host/base/err.h"\n', "a plugin includes only"),
    ("discovery/planted/planted.c", '#include "base/err.h"\n', "a plugin includes only"),
]
# These look alike and are allowed.
SOURCE_FINE = [
    ("host/actor/planted.c", '#include "sched/task.h"\n#include "base/err.h"\n#include <stdio.h>\n#include <actor/actor.h>\n'),
    ("host/mailbox/planted.c", '#include "msg/planted.h"\n'),
    ("host/base/planted.c", '/* #include "sched/task.h" and atomic_thread_fence */\n'),
    ("host/node/wire.c", "static const struct log_sink k = {0};\n"),
    ("host/sched/planted.c", "static const struct hook k = {0};\n"),
    ("host/actor/planted.c", "void f(struct hook *h) { if (h->call == 0) h->call(); }\n"),
    ("plugins/planted/planted.c", "#include <actor/actor.h>\n#include <stdio.h>\n#include <sys/mman.h>\n"),
    ("plugins/planted/planted.c", '#include "../neighbor/types.h"\n'),
]
# (archive, object, code, what the finding must say or None)
OBJECT_BREAKS = [
    ("base", "planted", "int planted = 1;", "mutable global planted in .data"),
    ("base", "planted", "int planted;", "mutable global planted in .bss"),
    ("base", "planted", "int f(void);int f(void) { static int calls; return calls++; }", "mutable global calls"),
    ("base", "planted", "_Thread_local int planted;", "mutable global planted in .tbss"),
    ("base", "planted", "extern int x; const int *const planted = &x; const char *const t[] = {\"a\"};", None),
    ("actor", "planted", "#include <stdlib.h>\nvoid *f(void);void *f(void) { return malloc(1); }", "may not call malloc"),
    ("msg", "planted", "#include <time.h>\nlong f(void);long f(void) { return time(0); }", "may not call time"),
    ("mailbox", "planted", "int uv_run(void);int f(void);int f(void) { return uv_run(); }", "may not call uv_run"),
    ("supervision", "planted", "#include <stdio.h>\nvoid f(void);void f(void) { puts(\"a\"); }", "may not call puts"),
    ("sched", "planted", "int pthread_self(void);int f(void);int f(void) { return pthread_self(); }",
     "may not call pthread_self"),
    ("sched", "planted_thread", "int pthread_self(void);int f(void);int f(void) { return pthread_self(); }", None),
    ("base", "planted", "#include <stdlib.h>\nvoid *f(void);void *f(void) { return malloc(1); }", None),
    ("msg", "planted", "#include <stdio.h>\n#include <stdarg.h>\nint f(char *b, const char *t, va_list a);"
     "int f(char *b, const char *t, va_list a) { return vsnprintf(b, 9, t, a); }", None),
]
# Files that the lines above name.
SCENERY = {"host/sched/task.h": "\n", "host/sched/planted_priv.h": "\n", "host/wire/planted.h": "\n",
           "host/mailbox/planted.h": "\n", "sdk/include/actor/planted_name.h": "\n",
           "host/msg/planted.h": "\n", "plugins/neighbor/types.h": "\n",
           "host/sched/planted_hook.h": "struct hook {\n    int a;\n    void (*call)(void);\n};\n"}


def findings(*args):
    r = subprocess.run([sys.executable, CHECK, *args], capture_output=True, text=True)
    if r.returncode not in (0, 1) or not r.stdout:
        sys.exit(f"check.py failed: {r.stdout}{r.stderr}")
    return set(r.stdout.splitlines()[:-1])


def write(root, path, text):
    full = os.path.join(root, path)
    was = None
    if os.path.exists(full):
        with open(full) as f:
            was = f.read()
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as f:
        f.write(text)
    return was


def remove(root, path, was):
    if was is None:
        os.remove(os.path.join(root, path))
    else:
        write(root, path, was)


def sources(root, say):
    for path, text in SCENERY.items():
        if not os.path.exists(os.path.join(root, path)):
            write(root, path, text)
    before = findings("sources", root)
    for path, text, expected in SOURCE_BREAKS + [(p, t, None) for p, t in SOURCE_FINE]:
        was = write(root, path, text)
        new = findings("sources", root) - before
        remove(root, path, was)
        what = f"{path}: {text.splitlines()[0]}"
        if expected is None:
            say(not new, f"allowed, yet found: {what}: {new}")
        else:
            say(len(new) == 1 and expected in next(iter(new)), f"{what}: expected one finding with '{expected}': {new}")


def objects(root, work, say):
    compiler = shlex.split(os.environ.get("CC", "cc"))
    for folder, name, code, expected in OBJECT_BREAKS:
        archive = os.path.join(work, f"libhost_{folder}.a")
        source, obj = os.path.join(work, name + ".c"), os.path.join(work, name + ".c.o")
        with open(source, "w") as f:
            f.write(code + "\n")
        if os.path.exists(archive):
            os.remove(archive)
        subprocess.run(compiler + ["-std=gnu11", "-O1", "-fPIC", "-fno-builtin", "-c", source, "-o", obj], check=True)
        subprocess.run(["ar", "rcT" if len(code) % 2 else "rc", archive, obj], check=True)
        new = {line for line in findings("objects", root, archive) if not line.endswith(" archives")}
        if expected is None:
            say(not new, f"allowed, yet found: {code}: {new}")
        else:
            say(len(new) == 1 and expected in next(iter(new)), f"{code}: expected one finding with '{expected}': {new}")


def main():
    bad, total = [], 0

    def say(ok, text):
        nonlocal total
        total += 1
        if not ok:
            bad.append(text)

    with tempfile.TemporaryDirectory() as work:
        copy = os.path.join(work, "copy")
        for folder in ("host", "sdk", "plugins", "discovery", "tests/layers"):
            if os.path.isdir(os.path.join(sys.argv[1], folder)):
                shutil.copytree(os.path.join(sys.argv[1], folder), os.path.join(copy, folder))
        sources(copy, say)
        objects(copy, work, say)
    print("\n".join(bad))
    print(f"{total - len(bad)} of {total} plants judged rightly")
    sys.exit(1 if bad else 0)


main()
