"""Who is measured side by side: each has a name, and measures a scenario or knows nothing of it ({})."""
import os, shutil, subprocess
from benchlib import swap
from benchlib.build import TOP, compiled, say
from benchlib.measure import measure


class Actord:
    """Ours on so many threads."""

    def __init__(self, build, cpus, threads, tiny=False):
        self.name, self.threads = f"actord/{threads}", threads
        self.build, self.cpus, self.tiny = build, cpus[:threads], tiny

    def measure(self, scenario):
        return (swap.measure if scenario.swap else measure)(self.build, scenario, self.cpus, self.tiny)


class Bare:
    def __init__(self, floor):
        self.name, self.floor = "floor", floor

    def measure(self, scenario):
        return self.floor.measure(scenario)


class Peer:
    """A runtime of somebody else: runs a scenario of its own name and prints "who scenario metric value unit"."""
    RUN_S = 60

    def __init__(self, kind, threads):
        self.kind, self.threads, self.name = kind, threads, f"{kind}/{threads}"
        self.silent = set()  # scenarios that failed or ran past the limit

    def measure(self, scenario):
        runs, values = {}, {}
        for metric, peers in scenario.peers.items():
            name, theirs = peers.get(self.kind, (None, None))
            if name is None or name in self.silent:
                continue
            if name not in runs:
                runs[name] = self.run(name)
            if theirs in runs[name]:
                values[metric] = runs[name][theirs]
        return values

    def run(self, name):
        try:
            r = subprocess.run(self.command(name), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=self.RUN_S)
        except subprocess.TimeoutExpired:
            r = None
        if r is None or r.returncode != 0:
            self.silent.add(name)
            return {}
        return {line.split()[2]: float(line.split()[3]) for line in r.stdout.splitlines() if len(line.split()) == 5}


class Caf(Peer):
    PACKAGES = "libcaf-dev, g++"

    def __init__(self, build, threads):
        super().__init__("caf", threads)
        self.program = compiled(os.path.join(build.folder, "peers/caf"), [os.path.join(TOP, "tests/peers/caf/bench.cpp")], [
            "g++", "-std=c++17", "-O3", "-march=native", "-w", "-pthread", "-o", "{out}", "{source}", "-lcaf_io", "-lcaf_core"])

    @staticmethod
    def missing():
        return shutil.which("g++") is None or not os.path.exists("/usr/include/caf/all.hpp")

    def command(self, name):
        return [self.program, name, str(self.threads)]


class Erlang(Peer):
    PACKAGES = "erlang-base, erlang-dev"

    def __init__(self, build, threads):
        super().__init__("erlang", threads)
        self.folder = os.path.join(build.folder, "peers")
        os.makedirs(self.folder, exist_ok=True)
        say(["erlc", "-o", self.folder, os.path.join(TOP, "tests/peers/erlang/bench.erl")])

    @staticmethod
    def missing():
        return shutil.which("erl") is None or shutil.which("erlc") is None

    def command(self, name):
        return ["erl", "-noshell", "-noinput", "-pa", self.folder, "+P", "2097152", "+S", f"{self.threads}:{self.threads}",
                "-eval", f"bench:main([{name}])."]


def peers(build, threads):
    """Those that are installed, at each thread count; and a line for each that is not."""
    here, words = [], []
    for kind in (Caf, Erlang):
        if kind.missing():
            words.append(f"{kind.__name__.lower()}: not installed (Debian packages {kind.PACKAGES}); left out")
        else:
            here += [kind(build, t) for t in threads]
    return here, words
