"""What is measured: a build without anything that lowers safety, the floor beside it, and a line that names both."""
import json, os, subprocess
from benchlib.failed import Failed

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def say(command):
    r = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    if r.returncode != 0:
        raise Failed(f"'{' '.join(command)}' failed:\n{r.stdout[-3000:]}")
    return r.stdout


def prepare(given):
    """The folder of the build. Without a given one, build-release is made and brought up to date."""
    build = os.path.abspath(given or os.path.join(TOP, "build-release"))
    if not given:
        if not os.path.exists(os.path.join(build, "build.ninja")):
            say(["meson", "setup", "--buildtype=plain", "-Doptimization=2", "-Ddebug=true", "-Dtests=false", build, TOP])
        say(["ninja", "-C", build, "bench"])
    return build


def about(build):
    options = {o["name"]: o["value"] for o in json.loads(say(["meson", "introspect", "--buildoptions", build]))}
    with open(os.path.join(build, "compile_commands.json")) as f:
        words = json.load(f)[0]["command"].split()
    cc = say([words["ccache" in words[0]], "--version"]).splitlines()[0]
    return (f"{os.path.relpath(build, TOP)}: {cc} -O{options['optimization']}, "
            f"asserts {'off' if options['b_ndebug'] == 'true' else 'on'}, sanitizers {options['b_sanitize']}")


def compiled(build, source, name, command):
    """A program made from one source file, again when that is newer: <build>/peers/name."""
    folder = os.path.join(build, "peers")
    path = os.path.join(folder, name)
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        say([w.format(out=path, folder=folder, source=source) for w in command])
    return path
