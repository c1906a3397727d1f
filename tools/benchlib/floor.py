"""The floor: the scenarios against no runtime at all (tests/peers/limit), and the probe of the machine's phase."""
import os, subprocess
from benchlib.build import TOP, compiled, compiler

SOURCE = os.path.join(TOP, "tests/peers/limit/limit.c")


class Floor:
    """Compiled before anything can run it: the probes of two CPUs start at once."""

    def __init__(self, build):
        self.program = compiled(os.path.join(build.folder, "peers/limit"), [SOURCE], [
            compiler(), "-std=gnu11", "-O3", "-march=native", "-w", "-DPLAIN=0", "-pthread",
            "-o", "{out}", "{source}"])

    def run(self, name, *clock):
        """{metric: value} of one scenario; by CPU time with the clock "cpu"."""
        out = subprocess.run([self.program, name, *clock], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
        return {line.split()[2]: float(line.split()[3]) for line in out.stdout.splitlines()}

    def measure(self, scenario):
        """What the floor knows of a scenario, under our metrics' names."""
        runs, values = {}, {}
        for metric, (name, theirs) in scenario.floor.items():
            if name not in runs:
                runs[name] = self.run(name)
            values[metric] = runs[name][theirs]
        return values

    def cost(self, scenario):
        """CPU time a message, in ns, of a scenario whose main metric is throughput."""
        name, metric = scenario.floor["throughput"]
        return 1e9 / self.run(name, "cpu")[metric]

    def phase(self, cpu):
        """Billions of adds a second of a loop that touches no memory, on the first (0) or second CPU (1)."""
        return self.run("alu1" if cpu else "alu")["alone"]
