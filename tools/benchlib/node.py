"""One actord with the default ini: what is measured, its plugin, its first actor; its log is what we wait for."""
import json, os, re, selectors, shutil, signal, subprocess, tempfile, time
from benchlib.failed import Failed


class Node:
    def __init__(self, build, plugins, behaviour, args, cpus, extra=""):
        self.build, self.dir = build, tempfile.mkdtemp(prefix="actord-bench.")
        self.env = {"XDG_STATE_HOME": self.dir, "XDG_RUNTIME_DIR": self.dir}
        self.env.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
        ini = os.path.join(self.dir, "node.ini")
        with open(ini, "w") as f:
            f.writelines(f"[plugin {p}]\npath = {build.plugin(file)}\n" for p, file in plugins.items())
            f.write(f"[actor bench]\nbehaviour = {behaviour}\n")
            f.writelines(f"arg.{k} = {v}\n" for k, v in args.items())
            f.write(extra)
        self.process = subprocess.Popen(
            [build.actord, "-c", ini], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.env,
            preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        self.text, self.seen = "", 0
        self.wakes = selectors.DefaultSelector()
        self.wakes.register(self.process.stderr, selectors.EVENT_READ)

    def wait(self, pattern, timeout_s=120):
        """The match of the next line of the log that has this pattern; what lies before it is in self.text."""
        end, pattern = time.monotonic() + timeout_s, re.compile(pattern)
        while True:
            m = pattern.search(self.text, self.seen)
            if m and "\n" in self.text[m.end():]:
                self.seen = m.end()
                return m
            if not self.wakes.select(max(0, end - time.monotonic())):
                raise Failed(f"no '{pattern.pattern}' after {timeout_s} s:\n{self.text[-3000:]}")
            piece = os.read(self.process.stderr.fileno(), 65536)
            if not piece:
                raise Failed(f"the node ended before '{pattern.pattern}':\n{self.text[-3000:]}")
            self.text += piece.decode(errors="replace")

    def ctl(self, *args, timeout_s=120):
        """The answer of one actorctl command; the last document of its output, those before it are progress."""
        r = subprocess.run([self.build.actorctl, "--json", *args], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=timeout_s, env=self.env)
        if r.returncode != 0:
            raise Failed(f"actorctl {' '.join(args)}: {r.stderr.strip()[-1000:]}")
        lines = r.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else {}

    def rss(self):
        with open(f"/proc/{self.process.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_ns(self):
        """CPU time of all its threads, those that have ended too."""
        return time.clock_gettime_ns(~self.process.pid << 3 | 2)  # what clock_getcpuclockid(3) makes of a pid

    def settle(self, timeout_s=60):
        """Wait until no message is under way; then each that was accepted must have been handled."""
        end, pause = time.monotonic() + timeout_s, 0.005
        while True:
            s = self.ctl("status")
            if s["queued"] == 0 and s["accepted"] == s["handled"] + s["failed"] + s["dead"]:
                break
            if time.monotonic() > end:
                raise Failed(f"messages without a fate after {timeout_s} s: {sums(s)}")
            time.sleep(pause)
            pause = min(2 * pause, 0.2)
        if s["failed"] or s["dead"]:
            raise Failed(f"not every message was handled: {sums(s)}")
        return s

    def close(self, orderly):
        """No process and no folder stays behind. orderly: it must end by itself, with 0."""
        try:
            if orderly:
                self.process.send_signal(signal.SIGTERM)
                _, words = self.process.communicate(timeout=60)
                if self.process.returncode != 0:
                    raise Failed(f"the node ended with {self.process.returncode}:\n{self.text}"
                                 f"{words.decode(errors='replace')[-3000:]}")
        except subprocess.TimeoutExpired:
            raise Failed("the node did not stop within 60 s") from None
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.wakes.close()
            self.process.stderr.close()
            shutil.rmtree(self.dir, ignore_errors=True)


def sums(status):
    return ", ".join(f"{k} {status[k]}" for k in ("accepted", "handled", "failed", "dead", "queued"))
