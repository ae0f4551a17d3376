#!/usr/bin/python3
"""Clients of caldavd that misbehave: a thousand that send a head byte by byte, some that never read a large answer, some that vanish in the
middle of a body, one that sends without end while its log-in is delayed; and SIGTERM in the middle of answers. The daemon's memory
stays bounded, another client is served meanwhile, and nothing is left behind.

usage: test_caldav_clients.py [--bin DIR] [--crowd N]"""
import os
import resource
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav, Closed, basic
from caldav_fault import Refused, contents, event, listing, open_sockets
from daemon import Caldavd, Daemon, Tally
from watch import option, resident, wait_until

HEAD_TIME, BODY_TIME, IDLE_TIME = 3, 3, 6
SLOW = 2  # seconds: what is too slow for one honest request
OBJECTS, OBJECT_BYTES = 150, 70000  # together an answer of 10 MB
STALLED = 30
GROWTH = 64 << 20  # of the daemon; the answers that are held back are 300 MB
CALENDAR = "/calendars/%s/calendar/"
QUERY = ('<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-data/></prop>'
         '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>')


class Honest(threading.Thread):
    """A client at work while others are not."""

    def __init__(self, caldavd):
        super().__init__(daemon=True)
        self.client, self.end, self.error = Caldav(caldavd.port, "honest"), threading.Event(), None
        self.client.do("PROPFIND", "/", Depth="0")  # the log-in and the time zones are not what is measured
        self.client.put(CALENDAR % "honest" + "0.ics", event("0", 0))
        self.slowest, self.requests = 0.0, 0
        self.start()

    def run(self):
        path = CALENDAR % "honest"
        try:
            while not self.end.is_set():
                begin = time.monotonic()
                if self.requests % 2:
                    listing(self.client, path)
                else:
                    self.client.put(path + "0.ics", event("0", self.requests))
                self.slowest = max(self.slowest, time.monotonic() - begin)
                self.requests += 1
                time.sleep(0.02)
        except (Closed, Refused, ValueError) as error:
            self.error = error

    def finish(self, tally, when):
        self.end.set()
        self.join(30)
        self.client.close()
        tally.check(self.error is None and not self.is_alive(), "another client is served %s: %s" % (when, self.error))
        tally.check(self.requests > 20 and self.slowest < SLOW, "and without delay %s: %d requests, the slowest took %.2f s" % (
            when, self.requests, self.slowest))


def connect(caldavd):
    s = socket.create_connection(("127.0.0.1", caldavd.port), 30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def head(method, path, user, more=""):
    return ("%s %s HTTP/1.1\r\nHost: test\r\nAuthorization: %s\r\n%s\r\n" % (method, path, basic(user, "pass"), more)).encode()


def reset(s):
    """Ends it without a farewell."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_to_end(s, seconds):
    """What still comes; None: it did not end in time."""
    data, end = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            s.settimeout(max(0.01, end - time.monotonic()))
            piece = s.recv(1 << 20)
            if not piece:
                return data
            data += piece
    except ConnectionError:
        return data
    except OSError:
        pass
    return None


# --- heads and bodies that do not come on ---

def dribble(sockets, data, seconds):
    """One byte to each, round after round; those that were ended meanwhile fall out."""
    at, end = 0, time.monotonic() + seconds
    while sockets and time.monotonic() < end:
        for s in list(sockets):
            try:
                s.send(data[at % len(data):at % len(data) + 1])
            except OSError:
                sockets.remove(s)
        at += 1
        time.sleep(0.05)


def slow_heads(caldavd, crowd, tally):
    files, before = open_sockets(caldavd), resident(caldavd)
    honest = Honest(caldavd)
    sockets = [connect(caldavd) for _ in range(crowd)]
    begin, left = time.monotonic(), list(sockets)
    dribble(left, b"GET / HTTP/1.1\r\nX-Slow: " + b"x" * 5000, HEAD_TIME + 5)
    took = time.monotonic() - begin
    tally.check(not left, "%d of %d heads that come byte by byte are still waited for after %.1f s" % (len(left), crowd, took))
    tally.check(took > HEAD_TIME - 1, "they have their time: %.1f s" % took)
    tally.check(resident(caldavd) < before + GROWTH, "they cost little memory: %d MB, %d before" % (resident(caldavd) >> 20, before >> 20))
    for s in sockets:
        s.close()
    honest.finish(tally, "beside heads that come byte by byte")
    tally.check(wait_until(lambda: open_sockets(caldavd) <= files, 10), "their sockets are closed: %d, %d before" % (
        open_sockets(caldavd), files))


def slow_body(caldavd, tally):
    s = connect(caldavd)
    s.sendall(head("PUT", CALENDAR % "u1" + "slow.ics", "u1", "Content-Length: 1000\r\n") + b"BEGIN:VCALENDAR\r\n")
    begin = time.monotonic()
    answer = read_to_end(s, BODY_TIME + 10)
    took = time.monotonic() - begin
    tally.check(answer is not None and answer.startswith(b"HTTP/1.1 408 ") and BODY_TIME - 1 < took, "a body that stands still: %.1f s, %s" % (
        took, answer and answer[:40]))
    s.close()


# --- answers that nobody reads ---

def fill(caldavd):
    client = Caldav(caldavd.port, "u1")
    for i in range(OBJECTS):
        client.put(CALENDAR % "u1" + "%d.ics" % i, event(str(i), i, OBJECT_BYTES))
    client.close()


def ask(caldavd, more=""):
    s = connect(caldavd)
    s.sendall(head("REPORT", CALENDAR % "u1", "u1", "Depth: 1\r\nContent-Length: %d\r\n%s" % (len(QUERY), more)) + QUERY.encode())
    assert s.recv(15, socket.MSG_WAITALL) == b"HTTP/1.1 207 Mu"
    return s


def stalled_readers(caldavd, tally):
    honest, files = Honest(caldavd), open_sockets(caldavd)
    for coding in ("", "Accept-Encoding: zstd\r\n"):
        before, begin = resident(caldavd), time.monotonic()
        stalled = [ask(caldavd, coding) for _ in range(STALLED)]
        most = 0
        while time.monotonic() < begin + 3:
            most = max(most, resident(caldavd))
            time.sleep(0.05)
        tally.check(most < before + GROWTH, "%d that do not read cost little memory: %d MB, %d before (%s)" % (
            STALLED, most >> 20, before >> 20, coding.strip()))
        tally.check(wait_until(lambda: open_sockets(caldavd) <= files, IDLE_TIME + 15), "they end by the time limit")
        for s in stalled:
            s.close()
    honest.finish(tally, "beside clients that do not read")


def slow_reader(caldavd, tally):
    s = ask(caldavd)
    data, piece = bytearray(), b"x"
    while piece and not data.endswith(b"\r\n0\r\n\r\n"):
        piece = s.recv(100000)
        data += piece
        time.sleep(0.01)
    tally.check(data.count(b"END:VCALENDAR") == OBJECTS, "who reads slowly gets all: %d" % data.count(b"END:VCALENDAR"))
    s.close()


# --- who vanishes ---

def vanish(caldavd, tally):
    client = Caldav(caldavd.port, "u1")
    before, files = contents(client, CALENDAR % "u1"), open_sockets(caldavd)
    body = event("gone", 1, 3000000)
    for end in (socket.socket.close, reset):
        for sent in (0, 1, 3000, len(body) - 1):
            for more, data in (("Content-Length: %d\r\n" % len(body), body), ("Transfer-Encoding: chunked\r\n", b"%x\r\n%s" % (len(body), body))):
                s = connect(caldavd)
                s.sendall(head("PUT", CALENDAR % "u1" + "gone.ics", "u1", more) + data[:sent])
                time.sleep(0.02)
                end(s)
        for _ in range(5):
            s = ask(caldavd)
            s.recv(100000)
            end(s)
    tally.check(wait_until(lambda: open_sockets(caldavd) <= files, IDLE_TIME / 2), "their sockets are closed at once: %d, %d before" % (
        open_sockets(caldavd), files))
    client.connect()
    tally.check(contents(client, CALENDAR % "u1") == before, "half a body changes nothing")
    client.close()


def flood(caldavd, tally):
    """The answer to a wrong password comes late; what is sent meanwhile is not gathered."""
    s, before = connect(caldavd), resident(caldavd)
    wrong = b"GET / HTTP/1.1\r\nHost: test\r\nAuthorization: %s\r\n\r\n" % basic("flood", "wrong").encode()
    most, begin = 0, time.monotonic()
    try:
        s.sendall(wrong * 20)
        while time.monotonic() < begin + 10:
            s.send(b"x" * 1000000)
            most = max(most, resident(caldavd))
    except OSError:
        pass
    tally.check(most < before + GROWTH, "a flood behind a wrong password: %d MB, %d before" % (most >> 20, before >> 20))
    s.close()


# --- the end in the middle of answers ---

def stopped(caldavd, tally):
    readers, data = [ask(caldavd) for _ in range(4)], [None] * 4
    stalled, waiting, begun = [ask(caldavd) for _ in range(2)], connect(caldavd), connect(caldavd)
    begun.sendall(head("PUT", CALENDAR % "u1" + "stopped.ics", "u1", "Content-Length: 1000\r\n") + b"BEGIN:VCALENDAR\r\n")
    time.sleep(0.2)
    begin = time.monotonic()
    caldavd.process.terminate()
    threads = [threading.Thread(target=lambda i: data.__setitem__(i, read_to_end(readers[i], 10)), args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.check(all(d is not None and d.endswith(b"\r\n0\r\n\r\n") and d.count(b"END:VCALENDAR") == OBJECTS for d in data),
                "answers under way are finished: %s" % [d and (len(d), d[-20:]) for d in data])
    tally.check(read_to_end(waiting, 5) == b"", "who waits is told farewell at once")
    status = caldavd.stop()
    tally.check(status == 0, "a polite end, clients that do not read notwithstanding: %s %s" % (status, caldavd.tail(500)))
    tally.check(time.monotonic() - begin < 15, "and in time: %.1f s" % (time.monotonic() - begin))
    for s in [*readers, *stalled, waiting, begun]:
        s.close()


def main():
    tally, crowd = Tally(), option("--crowd", 1000)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # the address sanitizer keeps 256 MB of what was freed, which would be taken for ours
    daemon = Daemon(environment={"ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=4"]))})
    try:
        daemon.add_users(("honest", "u1", "flood"))
        caldavd = Caldavd(daemon, settings=["http.head_time=%ds" % HEAD_TIME, "http.body_time=%ds" % BODY_TIME,
                                            "limits.idle_time=%ds" % IDLE_TIME, "limits.drain_time=5s"]).start()
        fill(caldavd)
        if hard < crowd + 200:
            tally.skip("a crowd: only %d files may be open" % hard)
        else:
            slow_heads(caldavd, crowd, tally)
        slow_body(caldavd, tally)
        stalled_readers(caldavd, tally)
        slow_reader(caldavd, tally)
        vanish(caldavd, tally)
        flood(caldavd, tally)
        stopped(caldavd, tally)
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        tally.check(not caldavd.sanitizer_report(), "no report of a sanitizer: %s" % caldavd.sanitizer_report()[:3])
    except (Closed, Refused, ValueError, OSError, AssertionError) as error:
        tally.check(False, "%r; the daemon's log ends with:\n%s" % (error, caldavd.tail(1500)))
    finally:
        daemon.remove()
    tally.end()


main()
