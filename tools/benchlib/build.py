"""What is measured: an installed actord of a release build, and plugins made against the installed SDK, as an author makes them."""
import glob, json, os, subprocess
from benchlib.failed import Failed

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(TOP, "tools/bench-plugin")
VERSIONED = {"swap-1": ("swap", "-DSWAP_VERSION=1"), "swap-2": ("swap", "-DSWAP_VERSION=2")}  # plugin: source, flag


def say(command, **more):
    r = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL, **more)
    if r.returncode != 0:
        raise Failed(f"'{' '.join(command)}' failed:\n{r.stdout[-3000:]}")
    return r.stdout


def compiler():
    return os.environ.get("CC", "cc").split()[-1]


def compiled(path, sources, command):
    """path, made from its first source; again when any of the sources is newer."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path) or os.path.getmtime(path) < max(os.path.getmtime(s) for s in sources):
        say([w.format(out=path, source=sources[0]) for w in command])
    return path


class Build:
    """A build folder as it is: its own actord, actorctl and plugins."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.actord = os.path.join(self.folder, "host/node/actord")
        self.actorctl = os.path.join(self.folder, "tools/actorctl/actorctl")

    def plugin(self, name):
        """The file of a scenario's plugin; a path stands for itself."""
        return name if name.startswith("/") else os.path.join(self.folder, f"tools/bench-plugin/{name}.so")

    def about(self):
        options = {o["name"]: o["value"] for o in json.loads(say(["meson", "introspect", "--buildoptions", self.folder]))}
        with open(os.path.join(self.folder, "compile_commands.json")) as f:
            words = json.load(f)[0]["command"].split()
        cc = say([words["ccache" in words[0]], "--version"]).splitlines()[0]
        return (f"{os.path.relpath(self.folder, TOP)}: {cc} -O{options['optimization']}, "
                f"asserts {'off' if options['b_ndebug'] == 'true' else 'on'}, sanitizers {options['b_sanitize']}")


class Installed(Build):
    """build-release, made or brought up to date, installed below itself."""

    def __init__(self):
        super().__init__(os.path.join(TOP, "build-release"))
        if not os.path.exists(os.path.join(self.folder, "build.ninja")):
            say(["meson", "setup", "--buildtype=plain", "-Doptimization=2", "-Ddebug=true", "-Dtests=false", self.folder, TOP])
        say(["ninja", "-C", self.folder])
        root = os.path.join(self.folder, "installed")
        say(["meson", "install", "-C", self.folder, "--destdir", root, "--no-rebuild", "--only-changed", "--quiet"])
        self.actord, self.actorctl = (self.one(root, f"bin/{name}") for name in ("actord", "actorctl"))
        pc = self.one(root, "actor-sdk.pc")
        self.sdk = os.path.dirname(self.one(root, "actor/actor.h"))
        self.flags = say(["pkg-config", "--cflags", "--libs", "actor-sdk"],
                         env={**os.environ, "PKG_CONFIG_LIBDIR": os.path.dirname(pc), "PKG_CONFIG_SYSROOT_DIR": root}).split()

    @staticmethod
    def one(root, tail):
        found = glob.glob(f"{root}/**/{tail}", recursive=True)
        if not found:
            raise Failed(f"the installation has no {tail}")
        return found[0]

    def plugin(self, name):
        source, *define = VERSIONED.get(name, (name,))
        sources = [os.path.join(SOURCES, source + ".c"), *glob.glob(SOURCES + "/*.h"), *glob.glob(self.sdk + "/*.h")]
        return compiled(os.path.join(self.folder, "installed/plugins", name + ".so"), sources,
                        [compiler(), "-std=gnu11", "-O2", "-g", "-fPIC", "-shared", *define, "-o", "{out}", "{source}", *self.flags])
