"""One actord under test: started from an ini in a folder of its own, driven through actorctl, never left behind."""
import json, os, select, shutil, signal, socket, subprocess, tempfile, time


class Violation(Exception):
    """An expectation that did not hold. The text is all that the reader gets."""


class Refused(Exception):
    """actorctl ended with a code other than 0."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


class Node:
    def __init__(self, build, ini="", name="tour"):
        self.build, self.name, self.process = os.path.abspath(build), name, None
        self.actord = find(self.build, "actord")
        self.actorctl = find(self.build, "actorctl")
        self.dir = tempfile.mkdtemp(prefix="actord-tour.")
        self.ini, self.sock, self.log = (os.path.join(self.dir, f) for f in ("node.ini", "node.sock", "node.log"))
        with open(self.ini, "w") as f:
            f.write(f"[node]\nname = {name}\ndata_dir = {self.dir}/data\n\n[control]\nsocket = {self.sock}\n\n"
                    f"[plugins]\ndir = {self.build}/plugins\n\n[log]\nfile = {self.log}\n\n{ini}")

    def start(self, timeout=30, session=False):
        """Returns once the node says that it is ready (as systemd would be told). session: it outlives the terminal."""
        path = os.path.join(self.dir, "notify.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(path)
            self.stderr = open(os.path.join(self.dir, "stderr"), "w+")
            self.process = subprocess.Popen([self.actord, "-c", self.ini], stdin=subprocess.DEVNULL, stdout=self.stderr,
                                            stderr=self.stderr, start_new_session=session,
                                            env=dict(os.environ, NOTIFY_SOCKET=path))
            exited = os.pidfd_open(self.process.pid)
            try:
                end = time.monotonic() + timeout
                while True:
                    got = select.select([ready, exited], [], [], max(0, end - time.monotonic()))[0]
                    if ready in got and b"READY=1" in ready.recv(4096):
                        return self
                    if exited in got or not got:
                        raise Violation(f"the node did not come up ({'it ended' if got else 'no word'})\n{self.words()}")
            finally:
                os.close(exited)
                os.unlink(path)

    def words(self):
        """What the node wrote last; of standard error, where a sanitizer reports, the beginning."""
        text = []
        for path, some in ((os.path.join(self.dir, "stderr"), lambda l: l[:60]), (self.log, lambda l: l[-15:])):
            if os.path.exists(path):
                with open(path, errors="replace") as f:
                    text += some(f.read().splitlines())
        return "\n".join(text)

    def ctl(self, *args, timeout=120, ok=(0,)):
        """The answer of one command as a dictionary; Refused when the exit code is not one of ok (8: done in part)."""
        args = [json.dumps(a) if isinstance(a, (dict, list)) else str(a) for a in args]
        r = subprocess.run([self.actorctl, "-s", self.sock, "--json", *args], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=timeout)
        if self.process.poll() is not None and args[0] != "shutdown":
            raise Violation(f"the node ended during '{args[0]}' (status {self.process.returncode})\n{self.words()}")
        if r.returncode not in ok:
            try:
                error = json.loads(r.stderr.strip().splitlines()[-1])["error"]
            except (ValueError, KeyError, IndexError):
                error = {"text": r.stderr.strip() or "no words", "fix": None}
            raise Refused(r.returncode, error["text"] + (f"; {error['fix']}" if error["fix"] else ""))
        lines = r.stdout.strip().splitlines()  # the answer is the last; those before it are progress
        return json.loads(lines[-1]) if lines else {}

    def ask(self, actor, message, fields=None, **more):
        return self.ctl("ask", actor, message, fields or {}, **more)["answer"]

    def wait(self, what, probe, timeout=120):
        """Poll until probe() is true; the node is asked, so that no fixed time is guessed."""
        end, pause = time.monotonic() + timeout, 0.005
        while True:
            got = probe()
            if got:
                return got
            if time.monotonic() > end:
                raise Violation(f"still waiting for {what} after {timeout} s\n{self.words()}")
            time.sleep(pause)
            pause = min(pause * 2, 0.1)

    def stop(self, timeout=30):
        """Orderly; returns the exit status."""
        self.ctl("shutdown", timeout=timeout)
        return self.process.wait(timeout)

    def close(self, keep=False):
        """Whatever happened: no process and no folder stays behind."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)


def find(build, name):
    for folder in ("", "host/node", "host", "tools", "tools/actorctl"):
        path = os.path.join(build, folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise Violation(f"{name} is not in {build}; build first (ninja -C {build})")
