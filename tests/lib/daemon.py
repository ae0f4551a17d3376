"""Starts our programs from a build for a test: a store of its own in a temporary folder, loopback ports, everything gone at the end."""
import grp
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from store import Store

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


given = set()


def free_port():
    """Below the range that the system takes the ports of outgoing connections from: else one of those may be there first."""
    for _ in range(1000):
        port = random.randrange(12000, 32000)
        if port in given:
            continue
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        given.add(port)
        return port
    raise RuntimeError("no free port between 12000 and 32000")


def certificate(folder):
    """(PEM file with chain and key, file with the certificate alone) for 127.0.0.1 and localhost, signed by itself."""
    key, cert, pem = (os.path.join(folder, "tls." + end) for end in ("key", "crt", "pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    with open(pem, "wb") as out:
        for name in (key, cert):
            with open(name, "rb") as f:
                out.write(f.read())
    return pem, cert


def ini(sections, settings):
    """The text of a configuration: lines by section, then settings as section.key=value."""
    text = "".join("[%s]\n%s\n" % (section, "\n".join(lines)) for section, lines in sections.items())
    for setting in settings:
        section, rest = setting.split(".", 1)
        text += "[%s]\n%s\n" % (section, rest.replace("=", " = ", 1))
    return text


class Program:
    """A process of ours that listens: its log, its end. `address` is (host, port) or the path of a Unix socket."""

    def __init__(self, name, command, address, log, environment):
        self.name, self.command, self.address, self.log, self.environment = name, command, address, log, environment
        self.process = None

    def connect(self, timeout=1):
        if isinstance(self.address, str):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(timeout)
            try:
                s.connect(self.address)
            except OSError:
                s.close()
                raise
            return s
        return socket.create_connection(self.address, timeout)

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                                            start_new_session=True)
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError("%s ended at once: %s" % (self.name, self.tail()))
            try:
                self.connect().close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("%s does not answer: %s" % (self.name, self.tail()))

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


class Daemon(Program):
    """trivet-imapd, and the folder with the store that every other program of ours can stand on."""

    def __init__(self, bin_dir=None, settings=(), environment=None):
        self.bin = bin_dir or find_build()
        self.folder = tempfile.mkdtemp(prefix="trivet-test-")
        self.port, self.tls_port = free_port(), free_port()
        self.store = os.path.join(self.folder, "store")
        self.data = Store(self.store)
        self.config = os.path.join(self.folder, "imapd.conf")
        self.common = {**self.data.sections(), "control": ["folder = %s/run" % self.folder], "auth": ["iterations = 4096"]}
        self.common_settings = [s for s in settings if s.startswith(("store.", "process.", "tls."))]
        os.mkdir(os.path.join(self.folder, "run"))
        with open(self.config, "w") as f:
            f.write(ini({**self.common, "listen": ["imap = 127.0.0.1:%d" % self.port], "limits": ["sessions_per_user = 0"]}, settings))
        # the shared keys alone, for the command
        self.shared = os.path.join(self.folder, "trivet.conf")
        with open(self.shared, "w") as f:
            f.write(ini(self.common, self.common_settings))
        super().__init__("trivet-imapd", [os.path.join(self.bin, "trivet-imapd"), "--config", self.config], ("127.0.0.1", self.port),
                         os.path.join(self.folder, "imapd.log"), dict(os.environ, **(environment or {})))
        self.beside = []

    def trivet(self, *args, text=None, check=True):
        return subprocess.run([os.path.join(self.bin, "trivet"), "--config", self.shared, *args], input=text, text=True,
                              capture_output=True, check=check, env=self.environment)

    def add_users(self, names, password="pass"):
        self.trivet("user", "import", text="".join("%s\t%s\t%s\n" % (n, password, n) for n in names))

    def give_to(self, user):
        """Lets the programs become somebody else, when root runs the tests; call it before the first start."""
        entry = pwd.getpwnam(user)
        self.common_settings += ["process.user=" + user, "process.group=" + grp.getgrgid(entry.pw_gid).gr_name]
        for path in (self.config, self.shared):
            with open(path, "a") as f:
                f.write(ini({}, self.common_settings[-2:]))
        for path, folders, files in os.walk(self.folder):
            for name in (".", *folders, *files):
                os.chown(os.path.join(path, name), entry.pw_uid, entry.pw_gid)

    def remove(self):
        for program in self.beside:
            program.stop()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Pop3d(Program):
    """trivet-pop3d on the store of a Daemon, which need not run; with tls=certificate(...)[0] also POP3S and STLS."""

    def __init__(self, home, settings=(), tls=None):
        self.port, self.tls_port = free_port(), free_port()
        sections = {**home.common, "limits": ["sessions_per_user = 0"], "listen": ["pop3 = 127.0.0.1:%d" % self.port]}
        if tls:
            sections["listen"].append("pop3s = 127.0.0.1:%d" % self.tls_port)
            sections["tls"] = ["cert = " + tls]
        config = os.path.join(home.folder, "pop3d.conf")
        with open(config, "w") as f:
            f.write(ini(sections, [*home.common_settings, *settings]))
        super().__init__("trivet-pop3d", [os.path.join(home.bin, "trivet-pop3d"), "--config", config], ("127.0.0.1", self.port),
                         os.path.join(home.folder, "pop3d.log"), home.environment)
        home.beside.append(self)


class Caldavd(Program):
    """trivet-caldavd on the store of a Daemon, which need not run."""

    def __init__(self, home, settings=()):
        self.port = free_port()
        sections = {**home.common, "limits": ["sessions_per_user = 0"], "listen": ["http = 127.0.0.1:%d" % self.port]}
        config = os.path.join(home.folder, "caldavd.conf")
        with open(config, "w") as f:
            f.write(ini(sections, [*home.common_settings, *settings]))
        super().__init__("trivet-caldavd", [os.path.join(home.bin, "trivet-caldavd"), "--config", config], ("127.0.0.1", self.port),
                         os.path.join(home.folder, "caldavd.log"), home.environment)
        home.beside.append(self)


class Lmtpd(Program):
    """`trivet lmtp` on the store of a Daemon, at a TCP port or, with socket=PATH, at a Unix socket."""

    def __init__(self, home, settings=(), socket=None):
        self.home, self.port = home, free_port()
        self.config = os.path.join(home.folder, "lmtp.conf")
        address = "unix:" + socket if socket else "127.0.0.1:%d" % self.port
        with open(self.config, "w") as f:
            f.write(ini({**home.common, "listen": ["lmtp = " + address]}, [*home.common_settings, *settings]))
        super().__init__("trivet lmtp", [os.path.join(home.bin, "trivet"), "lmtp", "--config", self.config],
                         socket or ("127.0.0.1", self.port), os.path.join(home.folder, "lmtp.log"), home.environment)
        home.beside.append(self)

    def deliver(self, *args, message=b""):
        """The pipe command with the same configuration."""
        return subprocess.run([os.path.join(self.home.bin, "trivet"), "--config", self.config, "deliver", *args], input=message,
                              capture_output=True, env=self.environment)


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
