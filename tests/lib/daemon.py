"""Starts trivet-imapd from a build for a test: a store of its own in a temporary folder, loopback ports, everything gone at the end."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def find_build(argv=None):
    """The build folder's bin: --bin DIR, else asan, dev or release, whichever is there."""
    argv = sys.argv if argv is None else argv
    if "--bin" in argv:
        return os.path.abspath(argv[argv.index("--bin") + 1])
    for preset in ("asan", "dev", "release"):
        path = os.path.join(TOP, "build", preset, "bin")
        if os.path.exists(os.path.join(path, "trivet-imapd")):
            return path
    sys.exit("no build: cmake --preset dev && cmake --build --preset dev")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Daemon:
    def __init__(self, bin_dir=None, settings=(), environment=None):
        self.bin = bin_dir or find_build()
        self.folder = tempfile.mkdtemp(prefix="trivet-test-")
        self.port, self.tls_port = free_port(), free_port()
        self.log = os.path.join(self.folder, "imapd.log")
        self.store = os.path.join(self.folder, "store")
        self.process = None
        self.environment = dict(os.environ, **(environment or {}))
        self.config = os.path.join(self.folder, "imapd.conf")
        os.mkdir(os.path.join(self.folder, "run"))
        with open(self.config, "w") as f:
            f.write("[store]\npath = %s\n[control]\nfolder = %s/run\n[listen]\nimap = 127.0.0.1:%d\n[auth]\niterations = 4096\n"
                    "[limits]\nsessions_per_user = 0\n" % (self.store, self.folder, self.port))
            for setting in settings:
                section, rest = setting.split(".", 1)
                f.write("[%s]\n%s\n" % (section, rest.replace("=", " = ", 1)))
        # the shared keys alone, for the command
        self.shared = os.path.join(self.folder, "trivet.conf")
        with open(self.shared, "w") as f:
            f.write("[store]\npath = %s\n[control]\nfolder = %s/run\n[auth]\niterations = 4096\n" % (self.store, self.folder))
            for setting in settings:
                section, rest = setting.split(".", 1)
                if section == "store":
                    f.write("[store]\n%s\n" % rest.replace("=", " = ", 1))

    def trivet(self, *args, text=None, check=True):
        return subprocess.run([os.path.join(self.bin, "trivet"), "--config", self.shared, *args], input=text, text=True,
                              capture_output=True, check=check, env=self.environment)

    def add_users(self, names, password="pass"):
        self.trivet("user", "import", text="".join("%s\t%s\t%s\n" % (n, password, n) for n in names))

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([os.path.join(self.bin, "trivet-imapd"), "--config", self.config], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment, start_new_session=True)
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError("trivet-imapd ended at once: " + self.tail())
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("trivet-imapd does not answer: " + self.tail())

    def tail(self, n=4000):
        with open(self.log, errors="replace") as f:
            return f.read()[-n:]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends the daemon the polite way; its exit status."""
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    def sanitizer_report(self):
        text = self.tail(200000)
        return [line for line in text.splitlines() if "Sanitizer" in line or "runtime error" in line or "must be:" in line]

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Tally:
    """Counts checks and prints the closing line."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, ok, what):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED:", what, flush=True)
        return ok

    def skip(self, why):
        self.skipped += 1
        print("skipped:", why, flush=True)

    def end(self):
        print("%d passed, %d failed, %d skipped" % (self.passed, self.failed, self.skipped))
        sys.exit(1 if self.failed else 0)
