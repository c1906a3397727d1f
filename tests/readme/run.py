#!/usr/bin/env python3
"""Extract the code blocks of a README and build or run them.  run.py SOURCE_DIR BUILD_DIR README [--node]

A fence's info string says what a block is; blocks without one of these words are only shown.
  ```c file=NAME                     a C file (a second block with append=NAME continues it); compiled at the end
  ```c stmt=NAME [self=T] [m=T]      statements of a handler; wrapped in one, and appended to a copy of NAME
  ```sh test                         run by bash -e in a directory that looks like the source tree
  ```text output                     what the block before it prints; a line "..." skips lines, "*" matches within a line
  ```ini file=NAME                   a file for the blocks that follow
Blocks with the word `node` need actord and are run with --node only.
"""
import fnmatch, os, re, subprocess, sys, tempfile

FLAGS = "-std=gnu11 -Wall -Wextra -Wconversion -Werror -Wno-unused-function -fPIC -shared -fvisibility=hidden -Wl,-z,defs"


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


def die(readme, line, text):
    raise SystemExit(f"{readme}:{line}: {text}")


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


def main():
    source, build, readme = (os.path.abspath(a) for a in sys.argv[1:4])
    node = "--node" in sys.argv
    done = {"c": 0, "sh": 0}
    with tempfile.TemporaryDirectory(prefix="actord-readme.") as tmp:
        for entry in os.listdir(source):
            if not entry.startswith((".", "build")):
                os.symlink(os.path.join(source, entry), os.path.join(tmp, entry))
        os.symlink(build, os.path.join(tmp, "build"))
        env = dict(os.environ, XDG_RUNTIME_DIR=tmp + "/run", XDG_STATE_HOME=tmp + "/state", HOME=tmp)
        os.mkdir(tmp + "/run")
        files, wrapped, output = {}, {}, None
        for line, info, body in blocks(readme):
            words = dict(w.partition("=")[::2] for w in info)
            if "node" in words and not node:
                continue
            if "file" in words or "append" in words:
                name = words.get("file") or words["append"]
                if "append" in words and name not in files:
                    die(readme, line, f"nothing to append to: {name}")
                files[name] = files.get(name, "") + f'#line {line + 1} "{readme}"\n' * (info[0] == "c") + body
                with open(os.path.join(tmp, name), "w") as f:
                    f.write(files[name] if info[0] == "c" else body)
                done["c"] += info[0] == "c"
            elif "stmt" in words:
                wrapped.setdefault(words["stmt"], []).append((line, words, body))
                done["c"] += 1
            elif info[:2] == ["sh", "test"]:
                r = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=tmp, env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
                output = r.stdout
                if r.returncode:
                    die(readme, line, f"exit {r.returncode}\n{output}")
                done["sh"] += 1
            elif info[:2] == ["text", "output"]:
                wrong = matches(body, output or "")
                if wrong:
                    die(readme, line, f"{wrong}\n--- all of it:\n{output}")
        for name, text in files.items():
            if not name.endswith(".c"):
                continue
            for i, (line, words, body) in enumerate(wrapped.get(name, [])):
                text += (f"static actor_result stmt_{i}(actor_ctx *ctx, {words.get('self', 'shop')} *self, "
                         f"const {words.get('m', 'order')} *m)\n{{\n    (void)ctx, (void)self, (void)m;\n"
                         f'#line {line + 1} "{readme}"\n{body}    return ACTOR_OK;\n}}\n')
            path = os.path.join(tmp, "checked_" + name)
            with open(path, "w") as f:
                f.write(text)
            for cc in ["cc"]:
                r = subprocess.run([cc, *FLAGS.split(), "-I", source + "/sdk/include", "-o", path + ".so", path])
                if r.returncode:
                    die(readme, 0, f"{name} does not compile with {cc}")
    if not any(done.values()):
        die(readme, 0, "no block to check")
    print(f"{os.path.relpath(readme, source)}: {done['c']} C blocks compiled, {done['sh']} shell blocks run")


main()
