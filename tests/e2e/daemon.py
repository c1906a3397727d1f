"""One actord for a test: an ini in a folder of its own, the log read line by line, never left behind."""
import datetime, os, re, select, shutil, signal, subprocess, tempfile, time


class Wrong(Exception):
    """What was expected and what came."""


class Daemon:
    def __init__(self, actord, ini, timeout_s=30):
        self.dir = tempfile.mkdtemp(prefix="actord-e2e.")
        self.timeout_s, self.rest, self.lines, self.seen = timeout_s, b"", [], 0
        path = os.path.join(self.dir, "node.ini")
        with open(path, "w") as f:
            f.write(ini)
        env = dict(os.environ, XDG_STATE_HOME=self.dir, XDG_RUNTIME_DIR=self.dir)
        env.pop("NOTIFY_SOCKET", None)
        self.process = subprocess.Popen([actord, "-c", path], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def read_(self, end):
        """More lines, or False once the log has ended or end has come."""
        fd = self.process.stderr.fileno()
        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
            return False
        piece = os.read(fd, 65536)
        *whole, self.rest = (self.rest + piece).split(b"\n")
        self.lines += [line.decode(errors="replace") for line in whole]
        return piece != b""

    def wait(self, pattern):
        """The first line after the one found last that has this pattern, as (match, its own time in seconds)."""
        end = time.monotonic() + self.timeout_s
        while True:
            while self.seen < len(self.lines):
                line = self.lines[self.seen]
                self.seen += 1
                m = re.search(pattern, line)
                if m:
                    return m, stamp(line)
            if not self.read_(end) and self.seen == len(self.lines):
                raise Wrong(f"no line '{pattern}'; the log:\n" + "\n".join(self.lines[-30:]))

    def stop(self, code, within_s):
        """SIGTERM; the exit code and the time it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            got = self.process.wait(within_s + self.timeout_s)
        except subprocess.TimeoutExpired:
            raise Wrong(f"still running {within_s + self.timeout_s} s after SIGTERM") from None
        took = time.monotonic() - began
        while self.read_(time.monotonic() + self.timeout_s):
            pass
        text = "\n".join(self.lines[-30:])
        if got != code:
            raise Wrong(f"exit code {got} instead of {code}; the log:\n{text}")
        if took > within_s:
            raise Wrong(f"the stop took {took:.2f} s, {within_s} s at most; the log:\n{text}")
        return took


def stamp(line):
    m = re.match(r"(\d+-\d+-\d+T\d+:\d+:\d+\.\d+)Z ", line)
    return datetime.datetime.fromisoformat(m.group(1)).timestamp() if m else None
