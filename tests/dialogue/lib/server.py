"""A daemon for dialogues: users by the dozen, mailboxes filled by APPEND, the clock and the faults in the tests' hands."""
import mmap
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from daemon import Daemon, free_port
from imap import Imap

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
# in the order of enum fault_point in common/base/fault.h
FAULTS = ("commit busy", "commit full", "commit broken", "read broken", "blob full", "blob broken", "blob missing")
FROM = re.compile(rb'(?m)^From (?:"([^"]*)")?(?: ?\(([^)\n]*)\))?\n')


def messages(name):
    """(bytes with CRLF, date or None, flags) of a file in data/: .eml is one message, .mbox has `From "date" (flags)` before each."""
    with open(os.path.join(DATA, name), "rb") as f:
        data = f.read()
    if name.endswith(".eml"):
        return [(crlf(data), None, b"")]
    parts = FROM.split(data)[1:]
    return [(crlf(parts[i + 2]), parts[i], parts[i + 1] or b"") for i in range(0, len(parts), 3)]


def crlf(data):
    return re.sub(rb"(?<!\r)\n", b"\r\n", data)


def fill(port, user, password, mailboxes, keeps_recent):
    """Appends the files of each mailbox; without keeps_recent nothing is \\Recent afterwards."""
    imap = Imap(port)
    imap.login(user, password)
    names = {line.split(b'"/" ')[-1].strip(b'"').decode() for line in imap.do('LIST "" *')}
    for mailbox, files in mailboxes:
        if mailbox not in names and mailbox.upper() != "INBOX":
            imap.do('CREATE "%s"' % mailbox)
            names.add(mailbox)
        for name in files:
            for data, date, flags in messages(name) if name else ():
                when = b'"' + date + b'" ' if date else b""
                imap.do([b'APPEND "%s" (%s) %s' % (mailbox.encode(), flags, when), data])
        if not keeps_recent:
            imap.do('SELECT "%s"' % mailbox)
            imap.do("UNSELECT")
    imap.do("LOGOUT")
    imap.close()


class Mapped:
    """A file that the daemon has mapped too."""

    def __init__(self, path, size):
        with open(path, "wb") as f:
            f.write(bytes(size))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), size)
        self.path = path

    def put(self, at, form, value):
        struct.pack_into(form, self.map, at, value)


class Server:
    """Our daemon in a store of its own."""

    def __init__(self, bin_dir, settings=()):
        self.shared = tempfile.mkdtemp(prefix="trivet-dialogue-")
        self.clock, self.faults = Mapped(self.shared + "/clock", 8), Mapped(self.shared + "/faults", 64)
        self.offset, self.count, self.lock = 0, 0, threading.Lock()
        self.tls_port = free_port()
        pem = self.certificate()
        settings = ["tls.cert=" + pem, "listen.imaps=127.0.0.1:%d" % self.tls_port, *settings]
        self.daemon = Daemon(bin_dir, settings, {"TRIVET_TEST_CLOCK": self.clock.path, "TRIVET_TEST_FAULTS": self.faults.path})
        self.port = self.daemon.port

    def certificate(self):
        key, cert, pem = (os.path.join(self.shared, name) for name in ("key", "cert", "pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
        with open(pem, "wb") as out:
            for name in (key, cert):
                with open(name, "rb") as f:
                    out.write(f.read())
        return pem

    def start(self, users):
        """users: (name, password) pairs to be made."""
        text = "".join("%s\t%s\t%s\n" % (name, password, name) for name, password in users)
        self.daemon.trivet("user", "import", text=text)
        self.daemon.start()
        return self

    def restart(self):
        """After a complaint: ends what is left of the daemon, forgets its log, starts it anew on the same store."""
        self.daemon.stop()
        os.truncate(self.daemon.log, 0)
        self.daemon.start()

    def trivet(self, *args):
        return self.daemon.trivet(*args)

    def clock_move(self, seconds):
        self.offset += seconds
        self.clock.put(0, "=q", self.offset)

    def fault_set(self, name, count):
        self.faults.put(4 * FAULTS.index(name), "=i", count)

    def complaint(self):
        """What is wrong with the daemon, or None."""
        if self.daemon.process.poll() is not None:
            return "the daemon has ended with %d: %s" % (self.daemon.process.returncode, self.daemon.tail(3000))
        report = self.daemon.sanitizer_report()
        return report[0] if report else None

    def stop(self):
        """What was wrong at the end, or None."""
        status = self.daemon.stop()
        report = self.daemon.sanitizer_report()
        self.daemon.remove()
        for name in os.listdir(self.shared):
            os.unlink(os.path.join(self.shared, name))
        os.rmdir(self.shared)
        if report:
            return report[0]
        return "the daemon's exit status is %d" % status if status else None


class Foreign:
    """A server that runs already, with users PREFIXn, password pass."""
    tls_port = 0

    def __init__(self, port):
        self.port = port

    def complaint(self):
        return None


def has_faults(bin_dir):
    """Whether the build lets tests move the clock and inject faults."""
    with open(os.path.join(bin_dir, "trivet-imapd"), "rb") as f:
        return b"TRIVET_TEST_FAULTS" in f.read()
