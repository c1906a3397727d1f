#!/usr/bin/env python3
"""Does the house still stand? Checks the rules of host/LAYERS on sources, and on objects what only objects show.

check.py sources ROOT                 includes, calls upward, file lengths, fences
check.py objects ROOT ARCHIVE...      mutable globals of host/ archives; what the pure parts call
check.py exports ROOT LIBRARY         the daemon's library exports its entry and nothing else

Each finding is one line "file:line: text". Exit code 1 when there is any.
"""
import os
import re
import subprocess
import sys

MAX_LINES = 600
LONG = ("tests/peers/",)  # programs to measure against: each is one file on purpose
CODE_DIRS = ("host", "sdk", "plugins", "discovery", "tools", "tests")

# Folders whose objects call nothing of the operating system, but for files named *_thread.c and *_io.c.
PURE = ("msg", "mailbox", "sched", "actor", "supervision")
PURE_EXCEPT = re.compile(r"_(thread|io)$")
IMPURE = re.compile(
    r"(clock_gettime|gettimeofday|time|clock|nanosleep|clock_nanosleep|usleep|sleep|"
    r"s?rand(om)?(_r)?|[dlmnej]+rand48|arc4random.*|getrandom|getentropy|"
    r"malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign|memalign|strn?dup|v?asprintf|"
    r"pthread_.*|sem_.*|uv_.*|syscall|"
    r"(open|openat|creat|fopen|read|pread|write|pwrite|mmap|lseek)(64)?|close|fclose|munmap|madvise|mprotect|"
    r"readv|writev|socket|connect|send.*|recv.*|poll|select|epoll_.*|ioctl|fork|exec.*|dlopen|getenv|"
    r"(__)?v?f?printf(_chk)?|v?dprintf|puts|fputs|putc|fputc|putchar|_IO_putc|fwrite|fread|fflush|perror|"
    r"stdin|stdout|stderr|signal|sigaction|raise|kill)")

LIBC = set("""assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
    argp byteswap dirent dlfcn elf endian fcntl fnmatch getopt glob grp ifaddrs langinfo libgen link malloc netdb poll
    pthread pwd regex sched search semaphore spawn strings syslog termios ucontext unistd""".split())
LIBC_DIRS = ("sys", "net", "netinet", "arpa", "linux", "bits", "asm")


class Layers:
    """host/LAYERS: floors, order inside a floor, structs that may hold function pointers, libraries of plugins."""

    def __init__(self, path):
        self.floor, self.below, self.up, self.seam, self.lib = {}, set(), {}, set(), set()
        with open(path) as f:
            for number, line in enumerate(f, 1):
                words = line.split("#")[0].split()
                if not words:
                    continue
                if words[0].isdigit():
                    for folder in words[1:]:
                        self.floor[folder] = int(words[0])
                elif len(words) == 3 and words[1] == "<":
                    self.below.add((words[0], words[2]))
                elif words[0] == "up" and len(words) >= 3:
                    self.up[words[1], words[2]] = ["node/wire.c", "testkit/wire.c"] + words[3:]
                elif words[0] in ("seam", "lib") and len(words) == 3:
                    getattr(self, words[0]).add((words[1], words[2]))
                else:
                    sys.exit(f"{path}:{number}: not understood: {line.strip()}")

    def allows(self, user, used):
        """May a file of folder `user` include one of folder `used`?"""
        if user == used or self.floor[used] < self.floor[user]:
            return True
        return (used, user) in self.below


def files(root, folders, endings):
    for folder in folders:
        for at, subdirs, names in os.walk(os.path.join(root, folder)):
            subdirs[:] = sorted(d for d in subdirs if not d.startswith(("build", ".")) and d != "__pycache__")
            for name in sorted(names):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(at, name), root)


def read(root, path):
    with open(os.path.join(root, path), errors="replace") as f:
        return f.read()


def code_only(text):
    """Comments and strings out, lines kept."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def includes(text):
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)
    for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text, re.M):
        yield text.count("\n", 0, m.start()) + 1, m.group(1), m.group(2)


def check_includes(root, layers):
    for path in files(root, ["host"], (".c", ".h", ".def")):
        parts = path.split("/")
        folder = parts[1]
        if len(parts) < 3 or folder not in layers.floor:
            yield f"{path}:1: {folder} is not in host/LAYERS"
            continue
        for line, kind, name in includes(read(root, path)):
            head = name.split("/")[0]
            if name.startswith(".") or "/../" in name:
                yield f"{path}:{line}: include by path from host/: {name}"
            elif "/" in name and head in layers.floor and os.path.exists(os.path.join(root, "host", name)):
                if not layers.allows(folder, head):
                    yield (f"{path}:{line}: {folder} (floor {layers.floor[folder]}) includes {name} "
                           f"(floor {layers.floor[head]})")
                elif head != folder and name.endswith("_priv.h"):
                    yield f"{path}:{line}: {name} stays inside {head}"
            elif kind == '"' and not os.path.exists(os.path.join(root, os.path.dirname(path), name)):
                yield f"{path}:{line}: not found under host/ or beside the file: {name}"

    for path in files(root, ["sdk"], (".c", ".h", ".def")):
        for line, kind, name in includes(read(root, path)):
            if os.path.exists(os.path.join(root, "host", name)) and not os.path.exists(f"{root}/sdk/include/{name}"):
                yield f"{path}:{line}: sdk includes {name} of host"
    # Both folders are on the include path of host files: which one would be taken depends on the order.
    for path in files(root, ["host/actor"], (".h",)):
        if os.path.exists(os.path.join(root, "sdk/include/actor", os.path.basename(path))):
            yield f"{path}:1: sdk/include/actor has a header of the same name"

    for path in files(root, ["plugins", "discovery"], (".c", ".h", ".def")):
        top, own = path.split("/")[0], "/".join(path.split("/")[:2])
        for line, kind, name in includes(read(root, path)):
            beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
            # Also a neighbor's header: message types are shared that way.
            if kind == '"' and beside.startswith(top + "/") and os.path.exists(os.path.join(root, beside)):
                continue
            head = name.split("/")[0]
            if head == "actor" or name[:-2] in LIBC or head in LIBC_DIRS or (own, name) in layers.lib:
                continue
            yield f"{path}:{line}: a plugin includes only <actor/...>, libc and headers of plugins, not {name}"


STRUCT = re.compile(r"\bstruct\s+(\w+)\s*\{")
POINTER = re.compile(r"\(\s*\*\s*(\w+)\s*\)\s*\(")


def body(text, at):
    depth = 0
    for i in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return text[at:i + 1]
    return text[at:]


def pointer_structs(root):
    """Structs of host/ headers with function pointers: (file under host/, name, names of the pointers)."""
    for path in files(root, ["host"], (".h",)):
        text = code_only(read(root, path))
        for m in STRUCT.finditer(text):
            # Of nested structs only the inner one counts.
            inside = re.sub(r"\{[^{}]*\}", "{}", body(text, m.end() - 1)[1:-1])
            members = POINTER.findall(inside)
            if members:
                yield path[len("host/"):], m.group(1), members


def check_upward(root, layers):
    """A struct that another folder fills in is a call out of its folder: LAYERS says which are meant."""
    texts = [(path, code_only(read(root, path))) for path in files(root, ["host"], (".c", ".h"))]
    for header, name, members in pointer_structs(root):
        home = header.split("/")[0]
        filled = re.compile(r"\bstruct\s+" + name + r"\s*(\)|\w+(\[\w*\])?\s*=)\s*\{")
        assigned = re.compile(r"(\.|->)\s*(" + "|".join(members) + r")\s*=[^=]")
        mentioned = re.compile(r"\bstruct\s+" + name + r"\b")
        for path, text in texts:
            folder = path.split("/")[1]
            if folder == home or (header, name) in layers.seam:
                continue
            m = filled.search(text) or (mentioned.search(text) and assigned.search(text))
            if not m:
                continue
            at = f"{path}:{text.count(chr(10), 0, m.start()) + 1}: struct {name} of {header}"
            meant = layers.up.get((header, name))
            if meant is None:
                yield f"{at} is filled in and not in host/LAYERS (up: a call upward; seam: no such call)"
            elif path[len("host/"):] not in meant:
                yield f"{at} is filled in outside {' and '.join(meant)}"


def check_text(root):
    for path in files(root, CODE_DIRS, (".c", ".h", ".def", ".py", ".sh")):
        text = read(root, path)
        lines = text.count("\n")
        if lines > MAX_LINES and not path.startswith(LONG):
            yield f"{path}:{lines}: {lines} lines, {MAX_LINES} at most: look for the second concept"
        if not path.endswith((".c", ".h")):
            continue
        for m in re.finditer(r"\b(\w*atomic_thread_fence|__sync_synchronize)\b", code_only(text)):
            yield f"{path}:{text.count(chr(10), 0, m.start()) + 1}: standalone fence: {m.group(1)}"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def folder_of(archive):
    """.../host/msg/libhost_msg.a -> msg"""
    m = re.search(r"libhost_(\w+)\.a$", archive)
    return m.group(1) if m else None


def members(text):
    """objdump and nm print each object of an archive under a head line: 'NAME.o:   file format ...' or 'NAME.o:'."""
    name = None
    for line in text.splitlines():
        m = re.match(r"(?:.*[/(])?([^/()]+)\.o\)?:(?:\s+file format .*)?$", line)
        if m:
            name = re.sub(r"\.c$", "", m.group(1))
        elif name:
            yield name, line


def check_globals(archive, allowed):
    for member, line in members(run("objdump", "-t", archive)):
        m = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden\s+)?(\S+)$", line)
        if not m:
            continue
        flags, section, size, symbol = m.groups()
        writable = re.match(r"(\.data|\.bss|\.tdata|\.tbss|\.lbss|\.ldata)(\.|$)|\*COM\*", section)
        if not writable or section.startswith(".data.rel.ro") or "d" in flags or int(size, 16) == 0:
            continue
        name = re.sub(r"\.\d+$", "", symbol)
        if (member, name) not in allowed and ("*", name) not in allowed:
            yield f"{os.path.basename(archive)}({member}.c):1: mutable global {symbol} in {section}"


def check_pure(archive):
    folder = folder_of(archive)
    if folder not in PURE:
        return
    for member, line in members(run("nm", "-u", archive)):
        m = re.match(r"\s+[Uw] (\w+)", line)
        if m and not PURE_EXCEPT.search(member) and IMPURE.fullmatch(m.group(1)):
            yield f"host/{folder}/{member}.c:1: the pure parts may not call {m.group(1)}"


def check_exports(library):
    """Plugins see whatever the process exports; the host gives them its table of functions, and no symbol."""
    names = [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]
    if names != ["actord_main"]:
        yield f"{library}:1: exports {', '.join(names) or 'nothing'}; it has to be actord_main alone"


def read_allowed(path):
    allowed = set()
    with open(path) as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                allowed.add((words[0], words[1]))
    return allowed


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("sources", "objects", "exports"):
        sys.exit(__doc__)
    root, found = sys.argv[2], []
    if sys.argv[1] == "sources":
        layers = Layers(os.path.join(root, "host/LAYERS"))
        found += check_includes(root, layers)
        found += check_upward(root, layers)
        found += check_text(root)
    elif sys.argv[1] == "exports":
        found += check_exports(sys.argv[3])
    else:
        allowed = read_allowed(os.path.join(root, "tests/layers/globals"))
        for archive in sys.argv[3:]:
            found += check_globals(archive, allowed)
            found += check_pure(archive)
        print(f"{len(sys.argv) - 3} archives")
    for line in found:
        print(line)
    print(f"{len(found)} findings")
    sys.exit(1 if found else 0)


main()
