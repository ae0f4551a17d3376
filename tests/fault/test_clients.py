#!/usr/bin/python3
"""Clients that misbehave: crowds that never log in, one that stops reading in the middle of a large message, one that vanishes in the
middle of an APPEND, and noise. The daemon's memory stays bounded, others are served meanwhile, and nothing is left behind.

usage: test_clients.py [--bin DIR] [--seed N]"""
import os
import random
import resource
import select
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally
from imap import Closed, Failed, Imap
from watch import open_files, option, resident, wait_until

CROWD = 2000
LARGE = 60 * 1024 * 1024
GROWTH = 48 * 1024 * 1024  # of the daemon, while it holds a large answer back: less than the message
LOGIN_TIME, IDLE_TIME = 2, 6


def files_under(folder):
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)


class Worker(threading.Thread):
    """An honest client, at work while others are not."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.imap = Imap(daemon.port)
        self.imap.login("honest")
        self.imap.do("SELECT INBOX")
        self.end = threading.Event()
        self.slowest, self.commands, self.error = 0.0, 0, None
        self.start()

    def run(self):
        try:
            while not self.end.is_set():
                begin = time.monotonic()
                self.imap.do("NOOP" if self.commands % 2 else "FETCH 1 (FLAGS BODY.PEEK[])")
                self.slowest = max(self.slowest, time.monotonic() - begin)
                self.commands += 1
                time.sleep(0.02)
        except (Closed, Failed) as error:
            self.error = error

    def finish(self, tally, when):
        self.end.set()
        self.join(30)
        self.imap.close()
        tally.check(self.error is None and not self.is_alive(), "another client is served %s: %s" % (when, self.error))
        tally.check(self.commands > 0 and self.slowest < 5, "and without delay %s: %d commands, the slowest took %.1f s" % (
            when, self.commands, self.slowest))


def crowd(daemon, tally):
    worker, before = Worker(daemon), open_files(daemon)
    sockets = [socket.create_connection(("127.0.0.1", daemon.port), 30) for _ in range(CROWD)]
    last = time.monotonic()
    for i, s in enumerate(sockets):
        if i % 3 == 0:
            s.sendall(b"a1 CAPABILITY\r\n" if i % 2 else b"a1 LOGIN {1000000}\r\n")
    waiting = {s.fileno(): s for s in sockets}
    poll = select.poll()
    for fd in waiting:
        poll.register(fd, select.POLLIN)
    while waiting and time.monotonic() < last + LOGIN_TIME + 20:
        for fd, _ in poll.poll(200):
            try:
                ended = waiting[fd].recv(65536) == b""
            except OSError:
                ended = True
            if ended:
                poll.unregister(fd)
                waiting.pop(fd).close()
    took = time.monotonic() - last
    tally.check(not waiting, "%d of %d that never log in are still connected" % (len(waiting), CROWD))
    tally.check(took < LOGIN_TIME + 10, "they are cut off soon behind the limit: after %.1f s" % took)
    tally.check(wait_until(lambda: open_files(daemon) <= before + 4, 10), "their sockets are closed: %d files, %d before" % (
        open_files(daemon), before))
    worker.finish(tally, "beside a crowd")


def begin_fetch(daemon):
    """A connection whose client reads the first bytes of a large message, and no more."""
    imap = Imap(daemon.port)
    imap.login("reader")
    imap.do("SELECT INBOX")
    imap.start("FETCH 1 BODY.PEEK[]")
    assert b"FETCH (BODY[] {%d}" % LARGE in imap.file.readline(100)
    return imap


def stalled_reader(daemon, tally):
    imap = Imap(daemon.port)
    imap.login("reader")
    before = resident(daemon)
    head = b"Subject: large\r\n\r\n"
    imap.append("INBOX", head + (b"x" * 76 + b"\r\n") * ((LARGE - len(head)) // 78) + b"y" * ((LARGE - len(head)) % 78))
    tally.check(resident(daemon) < before + GROWTH, "the message is taken in bounded memory: %d MB, %d before" % (
        resident(daemon) >> 20, before >> 20))
    imap.close()

    worker, before = Worker(daemon), resident(daemon)
    stalled = [begin_fetch(daemon) for _ in range(10)]
    begin, most = time.monotonic(), 0
    while time.monotonic() < begin + 2:
        most = max(most, resident(daemon))
        time.sleep(0.05)
    tally.check(most < before + GROWTH, "ten that stop reading cost little memory: %d MB, %d before" % (most >> 20, before >> 20))
    stalled.pop().close()
    files = open_files(daemon)
    tally.check(wait_until(lambda: open_files(daemon) < files, IDLE_TIME + 15), "they end by the time limit")
    for imap in stalled:
        try:
            while len(imap.file.read(1 << 20)) == 1 << 20:
                pass
            tally.check(True, "")
        except OSError:  # reset: its kernel still held bytes for us
            tally.check(True, "")
        imap.close()
    took = time.monotonic() - begin
    tally.check(took < IDLE_TIME + 15, "the limit cuts them off soon: after %.1f s" % took)
    worker.finish(tally, "beside clients that do not read")

    slow = begin_fetch(daemon)
    read = 0
    while read < LARGE:
        read += len(slow.file.read(min(1 << 20, LARGE - read)))
        time.sleep(0.01)
    tally.check(slow.file.readline() == b")\r\n" and slow.file.readline().startswith(b"t3 OK"), "who reads slowly gets all")
    slow.close()


def vanishing_writer(daemon, tally):
    imap = Imap(daemon.port)
    imap.login("writer")
    count = lambda: imap.do("STATUS INBOX (MESSAGES SIZE)")
    before, files, opened = count(), files_under(daemon.store), open_files(daemon)
    for size, sent in ((100, 50), (300000, 10), (300000, 299999), (5000000, 3000000)):
        for linger in (False, True):
            other = Imap(daemon.port)
            other.login("writer")
            other.send(b"a2 APPEND INBOX {%d+}\r\n" % size + b"x" * sent)
            time.sleep(0.05)
            if linger:  # a reset instead of a farewell
                other.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            other.close()
    tally.check(wait_until(lambda: open_files(daemon) <= opened, 10), "their files are closed")
    tally.check(wait_until(lambda: files_under(daemon.store) == files, 10), "no file is left behind: %s" % (
        set(files_under(daemon.store)) - set(files)))
    tally.check(count() == before, "no message is left behind")
    imap.close()


def noise(daemon, tally, chance):
    starts = [b"", b"a1 ", b"a1 LOGIN ", b"a1 AUTHENTICATE PLAIN\r\n", b"a1 APPEND INBOX {5}\r\n", b"GET / HTTP/1.1\r\n\r\n",
              b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"a1 FETCH 1 BODY[", b"a1 LOGIN {4294967295}\r\n", b"\0" * 64,
              b"a1 SEARCH " + b"(" * 4000]
    for i in range(400):
        s = socket.create_connection(("127.0.0.1", daemon.port), 10)
        try:
            s.sendall(chance.choice(starts) + chance.randbytes(chance.choice((1, 10, 100, 5000))))
            for _ in range(chance.randrange(4)):
                s.sendall(chance.choice((b"\r\n", b"\n", b"\r\na2 NOOP\r\n", b"{3}\r\n", chance.randbytes(2000))))
            if i % 4 == 0:
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
        except OSError:
            pass
        s.close()
    tally.check(daemon.process.poll() is None, "noise does not end the daemon")
    imap = Imap(daemon.port)
    imap.login("honest")
    sent = 0
    for i in range(300):
        try:
            imap.send(b"g%d %s\r\n" % (i, bytes(chance.choice(b"ABCDEFGH(){}[]<>\"\\*%%+ 0123456789\x80\xff") for _ in range(40))))
            sent += 1
            if i % 10 == 0:
                imap.close()
                imap = Imap(daemon.port)
                imap.login("honest")
                imap.do("SELECT INBOX")
        except Closed:
            imap = Imap(daemon.port)
            imap.login("honest")
    imap.close()
    tally.check(daemon.process.poll() is None and sent > 100, "noise behind a log-in does not end the daemon")


def main():
    seed, tally = option("--seed", int(time.time())), Tally()
    print("seed", seed)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CROWD + 200
    if soft < wanted <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    daemon = Daemon(settings=["limits.login_time=%ds" % LOGIN_TIME, "limits.idle_time=%ds" % IDLE_TIME])
    try:
        daemon.add_users(("honest", "reader", "writer"))
        daemon.start()
        imap = Imap(daemon.port)
        imap.login("honest")
        imap.append("INBOX", b"Subject: small\r\n\r\nHello.\r\n")
        imap.close()
        if max(soft, min(wanted, hard)) < wanted:
            tally.skip("a crowd: only %d files may be open" % hard)
        else:
            crowd(daemon, tally)
        stalled_reader(daemon, tally)
        vanishing_writer(daemon, tally)
        noise(daemon, tally, random.Random(seed))
        tally.check(daemon.stop() == 0, "a polite end: " + daemon.tail(1000))
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    except (Closed, Failed, OSError) as error:
        tally.check(False, "%r; the daemon's log ends with:\n%s" % (error, daemon.tail(1500)))
    finally:
        daemon.remove()
    tally.end()


main()
