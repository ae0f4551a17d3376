"""What the test of every POP3 client does: it downloads 2000 real messages and leaves them, finds nothing new, fetches by UIDL only what
has come, over STLS and POP3S, and at last removes everything."""
import os
import re
import shutil
import tempfile
import time

import corpus
from daemon import Daemon, Pop3d, Tally, certificate
from pop3 import Pop3

COUNT, NEW, LAST = 2000, 25, 10
USER = "u1"
FIELD = re.compile(rb"[!-9;-~]+:")


def on_the_wire(data):
    """A message as POP3 sends it: the last line ends as all lines do."""
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def in_files(data):
    """A message as files hold it: lines end with LF, the last one too."""
    data = data.replace(b"\r\n", b"\n")
    return data if data.endswith(b"\n") else data + b"\n"


def well_formed(data):
    """Whether a client that reads mail in lines, and not bytes, can be expected to keep it: no NUL, no lone CR, nothing but fields in the
    header below the number, and an end of it."""
    head, end, _ = data.partition(b"\r\n\r\n")
    fields = head.split(b"\r\n")
    return (bool(end) and b"\0" not in data and b"\r" not in data.replace(b"\r\n", b"")
            and all(FIELD.match(line) or (i > 1 and line[:1] in b" \t") for i, line in enumerate(fields)))


class Client:
    """One program under test. A subclass says how it is called, which messages it can take, and how it leaves them in self.inbox."""
    takes = staticmethod(lambda data: True)
    leaves = staticmethod(in_files)
    modes = (None, "stls", "pop3s")  # how it speaks: first run, second and third

    def __init__(self, folder, pop3d, ca_file):
        self.folder, self.pop3d, self.ca_file = folder, pop3d, ca_file
        self.inbox = os.path.join(folder, "inbox")
        self.prepare()

    def prepare(self):
        os.mkdir(self.inbox)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
            f.write(text)
        return path

    def fetch(self, tls, keep):
        """Runs the program; what went wrong, or None."""
        raise NotImplementedError

    def took(self):
        """The messages that have come since the last time."""
        messages = []
        for path, _, names in os.walk(self.inbox):
            for name in sorted(names):
                with open(os.path.join(path, name), "rb") as f:
                    messages.append(f.read())
                os.unlink(os.path.join(path, name))
        return messages


def deliver(daemon, first, count, takes):
    """Imports messages until `count` of those that the client takes are in; {number: bytes}, and where to go on."""
    folder = os.path.join(daemon.folder, "import")
    os.mkdir(folder)
    sent, number = {}, first
    for number, data in corpus.numbered(5000, first):
        if len(sent) == count:
            break
        if takes(data):
            sent[number] = data
            with open(os.path.join(folder, "%05d.eml" % number), "wb") as f:
                f.write(data)
    daemon.trivet("import", "--user", USER, "--mailbox", "INBOX", "--format", "eml", "--restart", folder)
    shutil.rmtree(folder)
    return sent, number


def differs(got, want):
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    return "from byte %d of %d: %r instead of %r" % (at, len(want), got[max(0, at - 20):at + 40], want[max(0, at - 20):at + 40])


def compare(tally, what, messages, sent, client):
    got, wrong, strange = {}, [], 0
    for data in messages:
        number = corpus.number_of(data)
        if number is None:
            strange += 1
        got.setdefault(number, []).append(data)
    missing = sent.keys() - got.keys()
    for number in sorted(sent.keys() & got.keys()):
        want = client.leaves(sent[number])
        wrong += ["message %d %s" % (number, differs(data, want)) for data in got[number] if data != want]
    tally.check(len(messages) == len(sent), "%s: %d messages of %d" % (what, len(messages), len(sent)))
    tally.check(not missing and not strange, "%s: none is missing: %s, %d are none of ours" % (what, sorted(missing)[:10], strange))
    tally.check(all(len(copies) == 1 for copies in got.values()), "%s: each once" % what)
    tally.check(not wrong, "%s: %d differ: %s" % (what, len(wrong), "; ".join(wrong[:3])))


def fetch(tally, client, what, tls, keep):
    begin = time.monotonic()
    trouble = client.fetch(tls, keep)
    took = time.monotonic() - begin
    messages = client.took()
    print("%s, %s: %d messages in %.1f s" % (what, tls or "plain", len(messages), took), flush=True)
    tally.check(trouble is None, "%s: %s" % (what, trouble))
    return messages


def rounds(tally, daemon, pop3d, client):
    sent, at = deliver(daemon, 0, COUNT, client.takes)
    tally.check(len(sent) == COUNT, "%d messages" % COUNT)
    compare(tally, "first run", fetch(tally, client, "first run", client.modes[0], True), sent, client)
    tally.check(not fetch(tally, client, "nothing new", client.modes[1], True), "a run with nothing to do fetches nothing")
    new, at = deliver(daemon, at, NEW, client.takes)
    compare(tally, "new ones", fetch(tally, client, "new ones", client.modes[1], True), new, client)
    last, _ = deliver(daemon, at, LAST, client.takes)
    compare(tally, "removing run", fetch(tally, client, "removing run", client.modes[2], False), last, client)
    pop3 = Pop3(pop3d.port)
    pop3.login(USER)
    tally.check(pop3.stat() == (0, 0), "nothing is left: %s" % (pop3.stat(),))
    pop3.do("QUIT")
    pop3.close()


def run(program, make):
    """make: a subclass of Client."""
    tally = Tally()
    if not corpus.is_there():
        tally.skip("no corpus (TRIVET_CORPUS)")
        tally.end()
    if program and not shutil.which(program):
        tally.skip("%s is not installed" % program)
        tally.end()
    daemon = Daemon()
    try:
        pem, ca_file = certificate(daemon.folder)
        daemon.add_users([USER])
        pop3d = Pop3d(daemon, tls=pem).start()
        with tempfile.TemporaryDirectory(prefix="trivet-client-") as folder:
            rounds(tally, daemon, pop3d, make(folder, pop3d, shutil.copy(ca_file, folder)))
        tally.check(pop3d.stop() == 0, "a polite end: " + pop3d.tail(1000))
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        tally.check(not pop3d.sanitizer_report(), "no report of a sanitizer: %s" % pop3d.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()
