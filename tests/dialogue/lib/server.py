"""The daemons for dialogues: users by the dozen, mailboxes filled by APPEND, the clock and the faults in the tests' hands."""
import mmap
import os
import re
import shutil
import struct
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from caldav import Caldav
from daemon import Caldavd, Daemon, Lmtpd, Pop3d, certificate, free_port
from imap import Imap
from pattern_http import data_file

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


MKCALENDAR = """<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><C:supported-calendar-component-set>
%s</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"""


def fill_calendars(port, user, password, calendars, objects):
    """Makes the calendars, and puts the files at their places below the user's home; copies have UIDs of their own."""
    client = Caldav(port, user, password)
    try:
        for path, components in calendars:
            body = MKCALENDAR % "".join('<C:comp name="%s"/>' % name for name in components) if components else ""
            answer = client.do("MKCALENDAR", "/calendars/%s/%s" % (user, path), body)
            if answer.status != 201:
                raise ValueError("MKCALENDAR %s: %d %s" % (path, answer.status, answer.content[:500]))
        for path, name, copy in objects:
            data = data_file(name)
            client.put("/calendars/%s/%s" % (user, path), data.replace(b"\nUID:", b"\nUID:%d-" % copy) if copy else data)
    finally:
        client.close()


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


def is_common(setting):
    return setting.startswith(("store.", "process.", "tls."))


class Server:
    """The daemon of one protocol, in a store of its own, with these settings. Behind other protocols stands imapd on the same store, to
    fill and to look; a daemon for the third protocol is started where a script asks for its address."""

    def __init__(self, bin_dir, settings=(), protocol="imap", is_unix=False):
        self.protocol = protocol
        self.shared = tempfile.mkdtemp(prefix="trivet-dialogue-")
        self.clock, self.faults = Mapped(self.shared + "/clock", 8), Mapped(self.shared + "/faults", 64)
        self.offset, self.lock = 0, threading.Lock()
        self.has_tls = "tls.cert=" not in settings
        own = list(settings) if self.has_tls else [s for s in settings if s != "tls.cert="]
        common = [s for s in own if is_common(s)] + (["tls.cert=" + certificate(self.shared)[0]] if self.has_tls else [])
        self.tls_ports = {name: free_port() for name in ("imap", "pop3", "caldav")}
        environment = {"TRIVET_TEST_CLOCK": self.clock.path, "TRIVET_TEST_FAULTS": self.faults.path}
        self.own = [s for s in own if not is_common(s)]
        self.daemon = Daemon(bin_dir, common + self.listen("imap") + (self.own if protocol == "imap" else []), environment)
        self.port, self.programs = self.daemon.port, {"imap": self.daemon}
        if protocol != "imap":
            self.programs[protocol] = self.beside(protocol, self.own, is_unix)
            self.daemon.environment = {k: v for k, v in self.daemon.environment.items() if k != "TRIVET_TEST_FAULTS"}

    def listen(self, protocol):
        name = "https" if protocol == "caldav" else protocol + "s"
        return ["listen.%s=127.0.0.1:%d" % (name, self.tls_ports[protocol])] if self.has_tls else []

    def beside(self, protocol, settings=(), is_unix=False):
        if protocol == "pop3":
            return Pop3d(self.daemon, self.listen("pop3") + list(settings))
        if protocol == "caldav":
            return Caldavd(self.daemon, self.listen("caldav") + list(settings))
        return Lmtpd(self.daemon, settings, os.path.join(self.daemon.folder, "lmtp.sock") if is_unix else None)

    def start(self, users):
        """users: (name, password) pairs to be made."""
        text = "".join("%s\t%s\t%s\n" % (name, password, name) for name, password in users)
        try:
            self.daemon.trivet("user", "import", text=text)
            for program in self.programs.values():
                program.start()
        except Exception:
            self.stop()
            raise
        return self

    def restart(self):
        """After a complaint: ends what is left of the daemons, forgets their logs, starts them anew on the same store."""
        for program in self.programs.values():
            program.stop()
            os.truncate(program.log, 0)
            program.start()

    def address(self, protocol, tls=False):
        """Where a client finds it: a port, or the path of a Unix socket."""
        with self.lock:
            if protocol not in self.programs:
                self.programs[protocol] = self.beside(protocol).start()
        if tls:
            return self.tls_ports[protocol]
        address = self.programs[protocol].address
        return address if isinstance(address, str) else address[1]

    def trivet(self, *args):
        return self.daemon.trivet(*args)

    def clock_move(self, seconds):
        self.offset += seconds
        self.clock.put(0, "=q", self.offset)

    def fault_set(self, name, count):
        self.faults.put(4 * FAULTS.index(name), "=i", count)

    def complaint(self):
        """What is wrong with a daemon, or None."""
        for program in list(self.programs.values()):
            if program.process is not None and program.process.poll() is not None:
                return "%s has ended with %d: %s" % (program.name, program.process.returncode, program.tail(3000))
            report = program.sanitizer_report() if program.process else None
            if report:
                return report[0]
        return None

    def stop(self):
        """What was wrong at the end, or None."""
        ended = [(program, program.stop()) for program in reversed(self.programs.values())]
        try:
            wrong = [line for program, _ in ended if program.process for line in program.sanitizer_report()[:1]]
            wrong += ["the exit status of %s is %d" % (program.name, status) for program, status in ended if status]
        except OSError as error:
            wrong = ["a log is gone: %s" % error]
        self.daemon.remove()
        shutil.rmtree(self.shared, ignore_errors=True)
        return wrong[0] if wrong else None


class Foreign:
    """An IMAP server that runs already, with users PREFIXn, password pass."""

    def __init__(self, port):
        self.port = port

    def address(self, protocol, tls=False):
        return self.port

    def complaint(self):
        return None


def has_faults(bin_dir):
    """Whether the build lets tests move the clock and inject faults."""
    with open(os.path.join(bin_dir, "trivet-imapd"), "rb") as f:
        return b"TRIVET_TEST_FAULTS" in f.read()
