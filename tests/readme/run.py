#!/usr/bin/env python3
"""Extract the code blocks of a README and build or run them.  run.py SOURCE_DIR BUILD_DIR README

A fence's info string says what a block is; blocks without one of these words are only shown.
  ```c file=NAME                     a C file, and append=NAME what continues it; compiled at the end, as a plugin (test_*: as a
                                     program's object). Shell blocks compile with cc $CFLAGS: the build's own compiler and sanitizers
  ```c stmt=NAME [self=T] [m=T]      statements of a handler; wrapped in one, and appended to a copy of NAME
  ```sh test                         run by bash -e in a directory that looks like the source tree
  ```sh start                        the same in the background, until the end; awaited until it says READY=1 (sd_notify)
  ```text output                     what the block before it prints; a line "..." skips lines, "*" matches within a line
  ```ini file=NAME                   a file for the blocks that follow
"""
import fnmatch, os, re, select, signal, socket, subprocess, sys, tempfile

FLAGS = "-std=gnu11 -Wall -Wextra -Wconversion -Werror -Wno-unused-function -fPIC -shared -fvisibility=hidden -Wl,-z,defs"

READY_TIMEOUT_S = float(os.environ.get("READY_TIMEOUT_S", "30"))


def blocks(path):
    info, body, start = None, [], 0
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        fence = re.match(r"```(.*)$", line)
        if not fence:
            if info is not None:
                body.append(line)
        elif info is None:
            info, body, start = fence.group(1).split(), [], number
        else:
            yield start, info, "".join(body)
            info = None
    if info is not None:
        raise SystemExit(f"{path}:{start}: the block has no end")


def matches(want, got):
    """Lines of want in got, in order; "..." skips any number of lines."""
    got, skip = got.splitlines(), False
    at = 0
    for pattern in want.splitlines():
        if pattern.strip() == "...":
            skip = True
            continue
        while skip and at < len(got) and not fnmatch.fnmatchcase(got[at], pattern.replace("[", "[[]")):
            at += 1
        if at >= len(got) or not fnmatch.fnmatchcase(got[at], pattern.replace("[", "[[]")):
            return f"expected: {pattern}\n     got: {got[at] if at < len(got) else '(nothing more)'}"
        at, skip = at + 1, False
    return None if skip or at == len(got) else f"expected no more, got: {got[at]}"


class Page:
    """One README in a folder that looks like the source tree."""

    def __init__(self, source, build, readme, tmp):
        self.source, self.readme, self.tmp = source, readme, tmp
        self.files, self.wrapped, self.daemons, self.output = {}, {}, [], None
        self.compiled = self.ran = 0
        for entry in os.listdir(source):
            if not entry.startswith((".", "build")):
                os.symlink(os.path.join(source, entry), os.path.join(tmp, entry))
        os.symlink(build, os.path.join(tmp, "build"))
        os.mkdir(tmp + "/run")
        self.log = open(tmp + "/daemons.log", "w+")
        self.env = dict(os.environ, XDG_RUNTIME_DIR=tmp + "/run", XDG_STATE_HOME=tmp + "/state", HOME=tmp)
        self.env.setdefault("CFLAGS", "")

    def die(self, line, text):
        with open(self.log.name) as f:
            said = f.read()
        raise SystemExit(f"{self.readme}:{line}: {text}" + (f"\n--- its daemons said:\n{said}" if said else ""))

    def block(self, line, info, body):
        words = dict(w.partition("=")[::2] for w in info)
        if "file" in words or "append" in words:
            self.file(line, info[0], words, body)
        elif "stmt" in words:
            self.wrapped.setdefault(words["stmt"], []).append((line, words, body))
        elif info[:2] == ["sh", "test"]:
            self.run(line, body)
        elif info[:2] == ["sh", "start"]:
            self.start(line, body)
        elif info[:2] == ["text", "output"]:
            wrong = matches(body, self.output or "")
            if wrong:
                self.die(line, f"{wrong}\n--- all of it:\n{self.output}")

    def file(self, line, language, words, body):
        name = words.get("file") or words["append"]
        if "append" in words and name not in self.files:
            self.die(line, f"nothing to append to: {name}")
        if language == "c":
            body = f'#line {line + 1} "{self.readme}"\n{body}'
        self.files[name] = (self.files.get(name, "") if "append" in words else "") + body
        with open(os.path.join(self.tmp, name), "w") as f:
            f.write(self.files[name])

    def run(self, line, body):
        body = 'cc() { command "${README_CC:-cc}" "$@"; }\n' + body
        r = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=self.tmp, env=self.env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        self.output = r.stdout
        if r.returncode:
            self.die(line, f"exit {r.returncode}\n{r.stdout}")
        self.ran += 1

    def start(self, line, body):
        """A daemon, in a process group of its own."""
        path = f"{self.tmp}/notify{len(self.daemons)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(path)
            self.daemons.append(subprocess.Popen(["bash", "-euo", "pipefail", "-c", body], cwd=self.tmp,
                                                 env=dict(self.env, NOTIFY_SOCKET=path), stdin=subprocess.DEVNULL,
                                                 stdout=self.log, stderr=self.log, start_new_session=True))
            if not select.select([ready], [], [], READY_TIMEOUT_S)[0] or b"READY=1" not in ready.recv(4096):
                self.die(line, "it does not say that it is ready")
        self.ran += 1

    def compile(self):
        for name, text in self.files.items():
            if not name.endswith(".c"):
                continue
            for i, (line, words, body) in enumerate(self.wrapped.get(name, [])):
                text += (f"static actor_result stmt_{i}(actor_ctx *ctx, {words.get('self', 'shop')} *self, "
                         f"const {words.get('m', 'order')} *m)\n{{\n    (void)ctx, (void)self, (void)m;\n"
                         f'#line {line + 1} "{self.readme}"\n{body}    return ACTOR_OK;\n}}\n')
            path = os.path.join(self.tmp, "checked_" + name)
            with open(path, "w") as f:
                f.write(text)
            if name.startswith("test_"):
                flags = ["-std=gnu11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-c"]
            else:
                flags = FLAGS.split()
            r = subprocess.run(["cc", *flags, "-I", self.source + "/sdk/include", "-o", path + ".so", path])
            if r.returncode:
                self.die(0, f"{name} does not compile")
            self.compiled += 1 + len(self.wrapped.get(name, []))

    def close(self):
        for d in self.daemons:
            if d.poll() is None:
                os.killpg(d.pid, signal.SIGKILL)
            d.wait()
        self.log.close()


def main():
    source, build, readme = (os.path.abspath(a) for a in sys.argv[1:4])
    with tempfile.TemporaryDirectory(prefix="actord-readme.") as tmp:
        page = Page(source, build, readme, tmp)
        try:
            for line, info, body in blocks(readme):
                page.block(line, info, body)
            page.compile()
        finally:
            page.close()
    if not page.compiled + page.ran:
        raise SystemExit(f"{readme}: no block to check")
    print(f"{os.path.relpath(readme, source)}: {page.compiled} pieces of C compiled, {page.ran} shell blocks run")


main()
