#!/usr/bin/python3
"""`trivet lmtp` under faults: killed at random beneath ten senders, a disk that is full, clients that vanish in DATA, a store that another
process has locked. What was acknowledged is there once, nothing else is left, and a session in IDLE hears of a delivery at once.

usage: test_lmtp.py [--bin DIR] [--kills N] [--seed N]"""
import mmap
import os
import random
import re
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import imap
from daemon import Daemon, Lmtpd, Tally
from lmtp import Closed, Lmtp
from watch import option, wait_until

SENDERS, USERS, LOCKED_S, SMALL_DISK_MB = 10, 6, 5, 24
INLINE_MAX = 4096  # larger messages are files
POINTS = ("commit busy", "commit full", "commit broken", "read broken", "blob full", "blob broken", "blob missing")
EX_NOUSER, EX_TEMPFAIL = 67, 75


def address(user):
    return user + "@example.com"


def message(key, size=10):
    return b"Message-ID: <%s@test>\r\nSubject: test\r\n\r\n%s\r\nend\r\n" % (key.encode(), b"x" * size)


def files_under(folder):
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)


def collect(daemon):
    """A killed daemon leaves its temporary files, and a content is in its place before the commit that may fail: after some days the
    collector takes both."""
    for path in files_under(daemon.store):
        if os.path.basename(os.path.dirname(path)) == "tmp" or "/blobs/" in path:
            os.utime(path, (time.time() - 10 * 86400,) * 2)
    daemon.trivet("gc")


def stored(daemon, user, damaged):
    """The keys of the messages in INBOX, as often as each is there."""
    client, keys = imap.Imap(daemon.port), []
    client.login(user)
    client.do("EXAMINE INBOX")
    for line in client.do("UID FETCH 1:* (BODY.PEEK[])"):
        found = re.match(rb"\* \d+ FETCH \(UID \d+ BODY\[\] \{(\d+)\}\r\n(.*)\)$", line, re.S)
        if not found:
            continue
        key = re.search(rb"Message-ID: <([^@]*)@", found[2])
        keys.append(key[1].decode() if key else "?")
        if not key or not found[2].endswith(b"\r\nend\r\n") or not found[2].startswith(b"Return-Path: <"):
            damaged.append("%s: %r" % (user, found[2][:100]))
    client.close()
    return keys


class Sender(threading.Thread):
    """Sends messages to one or more users, each once; self.answers: {(key, user): was it acknowledged}."""

    def __init__(self, number, lmtpd, stop, seed):
        super().__init__(daemon=True)
        self.number, self.lmtpd, self.stop_event = number, lmtpd, stop
        self.random = random.Random(seed * 1000 + number)
        self.answers, self.lost, self.refused = {}, 0, []

    def run(self):
        count = 0
        while not self.stop_event.is_set():
            try:
                client = Lmtp(self.lmtpd)
            except Closed:
                time.sleep(0.02)
                continue
            try:
                while not self.stop_event.is_set():
                    count += 1
                    self.send(client, "s%d-%d" % (self.number, count))
                client.do("QUIT")
            except Closed:
                self.lost += 1
            client.close()

    def send(self, client, key):
        users = self.random.sample(["u%d" % i for i in range(USERS)], self.random.choice((1, 1, 2, USERS)))
        self.answers.update({(key, user): False for user in users})
        replies = client.begin("sender@example.com", [address(u) for u in users])
        if not all(r.startswith("250") for r in replies) or not client.do("DATA").startswith("354"):
            self.refused += replies
            client.do("RSET")
            return
        client.send(message(key, self.random.choice((100, 3000, 90000, 400000))) + b".\r\n")
        for user in users:
            reply = client.reply()
            self.answers[key, user] = reply.startswith("250")
            if not reply.startswith("250"):
                self.refused.append(reply)


def killed(daemon, lmtpd, tally, kills, seed):
    chance, stop = random.Random(seed), threading.Event()
    senders = [Sender(i, lmtpd, stop, seed) for i in range(SENDERS)]
    for sender in senders:
        sender.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.6))
        lmtpd.kill()
        lmtpd.start()
    time.sleep(0.5)
    stop.set()
    for sender in senders:
        sender.join(60)
    tally.check(not any(s.is_alive() for s in senders), "every sender came to its end")
    answers = {k: v for s in senders for k, v in s.answers.items()}
    refused = sorted({r for s in senders for r in s.refused})
    damaged, there = [], {}
    for i in range(USERS):
        for key in filter(re.compile(r"s\d").match, stored(daemon, "u%d" % i, damaged)):
            there[key, "u%d" % i] = there.get((key, "u%d" % i), 0) + 1
    acknowledged = [k for k, ok in answers.items() if ok]
    unknown = [k for k, ok in answers.items() if not ok]
    print("%d kills, %d connections lost, %d recipients acknowledged, %d not, of which %d have the message" % (
        kills, sum(s.lost for s in senders), len(acknowledged), len(unknown), sum(k in there for k in unknown)))
    tally.check(len(acknowledged) > 5 * kills, "the senders got something done between the kills")
    lost, twice = [k for k in acknowledged if k not in there], [k for k, n in there.items() if n > 1]
    tally.check(not lost, "what was acknowledged is there: %d are lost: %s" % (len(lost), lost[:5]))
    tally.check(not twice, "nothing is there twice: %s" % twice[:5])
    tally.check(not there.keys() - answers.keys(), "nobody has what was not sent to him: %s" % sorted(there.keys() - answers.keys())[:5])
    tally.check(not damaged, "each is whole: %s" % damaged[:3])
    tally.check(not refused, "nothing was refused: %s" % refused[:5])


def vanishing(daemon, lmtpd, tally):
    """A message ends with the client, before its last dot."""
    damaged = []
    before, files = len(stored(daemon, "v", damaged)), files_under(daemon.store)
    opened = len(os.listdir("/proc/%d/fd" % lmtpd.process.pid))
    for size in (0, 50, 250000, 3000000):
        for linger in (False, True):
            client = Lmtp(lmtpd)
            client.begin("sender@example.com", [address("v"), address("u0")])
            tally.check(client.do("DATA").startswith("354"), "DATA")
            client.send(message("vanished", size)[:-5 if size else 20])
            time.sleep(0.05)
            if linger:  # a reset instead of a farewell
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
    tally.check(wait_until(lambda: len(os.listdir("/proc/%d/fd" % lmtpd.process.pid)) <= opened, 10), "their files are closed")
    tally.check(wait_until(lambda: files_under(daemon.store) == files, 10), "no file is left: %s" % (
        set(files_under(daemon.store)) - set(files)))
    tally.check(len(stored(daemon, "v", damaged)) == before, "no message is left")


def locked(daemon, lmtpd, tally):
    client = Lmtp(lmtpd)
    client.begin("sender@example.com", [address("v"), address("u0")])
    client.do("DATA")
    hold = daemon.data.hold()
    release = threading.Timer(LOCKED_S, hold.release)
    release.start()
    begin = time.monotonic()
    client.send(message("locked") + b".\r\n")
    replies = [client.reply(), client.reply()]
    took = time.monotonic() - begin
    release.join()
    print("the store was locked for %d s: %s after %.2f s" % (LOCKED_S, replies[0], took))
    tally.check(all(r.startswith("250") for r in replies), "late, but 250: %s" % replies)
    tally.check(LOCKED_S - 1 < took < LOCKED_S + 10, "late: after %.1f s" % took)
    tally.check(client.message("sender@example.com", [address("v")], message("unlocked"))[0].startswith("250"), "and the session goes on")
    client.close()
    keys = stored(daemon, "v", [])
    tally.check(keys.count("locked") == 1 and keys.count("unlocked") == 1, "both are there, once: %s" % keys[-3:])


def injected(daemon, lmtpd, faults, tally):
    def set_fault(point, count):
        struct.pack_into("i", faults, 4 * POINTS.index(point), count)

    def left(point):
        return struct.unpack_from("i", faults, 4 * POINTS.index(point))[0]

    met, kept, left_open, before = set(), 0, [], len(files_under(os.path.join(daemon.store, "blobs")))
    for point in ("commit busy", "commit full", "commit broken", "blob full", "blob broken"):
        for size in (100, 90000, 600000):
            for count in (1, 100):
                key = "%s-%d-%d" % (point.replace(" ", "-"), size, count)
                set_fault(point, count)
                client = Lmtp(lmtpd)
                replies = client.message("sender@example.com", [address("v"), address("u0")], message(key, size))
                if left(point) < count:
                    met.add(point)
                set_fault(point, 0)
                there = [stored(daemon, user, []).count(key) for user in ("v", "u0")]
                want = ("250", "452") if "full" in point else ("250", "451")
                tally.check(all(r.startswith(want) for r in replies), "%s: %s" % (key, replies))
                tally.check(there == [int(r.startswith("250")) for r in replies], "%s: the answers hold: %s, %s" % (key, replies, there))
                kept += any(there) and size > INLINE_MAX
                left_open += files_under(os.path.join(daemon.store, "tmp"))
                after = client.message("sender@example.com", [address("v")], message("after-" + key))
                tally.check(after[0].startswith("250"), "%s: the session goes on: %s" % (key, after))
                client.close()
    tally.check(not left_open, "no upload is left: %s" % left_open)
    collect(daemon)
    files = len(files_under(os.path.join(daemon.store, "blobs"))) - before
    tally.check(files == kept, "no content is left: %d files for %d messages" % (files, kept))
    tally.check(len(met) == 5, "every fault was met: %s" % sorted(met))


def idle(daemon, lmtpd, tally):
    watcher, client, after_answer, after_message = imap.Imap(daemon.port), Lmtp(lmtpd), [], []
    watcher.login("watcher")
    watcher.do("SELECT INBOX")
    watcher.start("IDLE")
    tally.check(watcher.line().startswith(b"+"), "IDLE")
    for i in range(1, 51):
        client.begin("sender@example.com", [address("watcher")])
        client.do("DATA")
        heard = []

        def listen():
            while not watcher.line().endswith(b" %d EXISTS" % i):
                pass
            heard.append(time.monotonic())

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        begin = time.monotonic()
        client.send(message("idle-%d" % i) + b".\r\n")
        client.reply()
        answered = time.monotonic()
        listener.join(10)
        if not heard:
            tally.check(False, "no word of delivery %d in 10 s" % i)
            return
        after_answer.append(max(0.0, heard[0] - answered))
        after_message.append(heard[0] - begin)
        time.sleep(0.02)
    median, most = statistics.median(after_answer), max(after_answer)
    print("IDLE hears of a delivery %.1f ms after its 250 (median; the slowest of 50: %.1f ms), %.1f ms after the message's end" % (
        median * 1000, most * 1000, statistics.median(after_message) * 1000))
    tally.check(median < 0.1, "IDLE hears within 100 ms: %.1f ms" % (median * 1000))
    client.close()
    watcher.close()


def full_disk(tally):
    daemon = Daemon()
    os.mkdir(daemon.store)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=0700" % SMALL_DISK_MB, "tmpfs", daemon.store],
                          capture_output=True, text=True)
    try:
        if made.returncode != 0:
            tally.skip("a disk that is full: " + made.stderr.strip())
            return
        daemon.add_users(("u1", "u2"))
        lmtpd = Lmtpd(daemon).start()
        client, known, refused = Lmtp(lmtpd), set(), []
        users = ["u1", "u2"]
        for i in range(400):
            key = "n%d" % i
            replies = client.message("s@example.com", [address(u) for u in users], message(key, (200, 30000, 900000)[i % 3]))
            for user, reply in zip(users, replies):
                known.add((key, user)) if reply.startswith("250") else refused.append(reply)
            if len(refused) >= 40:
                break
        deliver = lmtpd.deliver("u1@example.com", message=message("piped", 900000))
        tally.check(deliver.returncode == EX_TEMPFAIL, "trivet deliver asks for another attempt: %d, %r" % (
            deliver.returncode, deliver.stderr))
        print("full disk: %d recipients served, then %s" % (len(known), sorted({r[:9] for r in refused})))
        left = files_under(os.path.join(daemon.store, "tmp"))
        tally.check(not left, "what was refused leaves no upload: %s" % left)
        tally.check(len(known) > 5 and len(refused) >= 40, "some fit and then no more: %d, %d" % (len(known), len(refused)))
        tally.check(all(r.startswith(("451", "452")) for r in refused), "the answer says so: %s" % sorted(set(refused)))
        subprocess.run(["mount", "-o", "remount,size=%dm" % (4 * SMALL_DISK_MB), daemon.store], check=True)
        daemon.start()
        damaged = []
        found = [(key, user) for user in users for key in stored(daemon, user, damaged)]
        tally.check(sorted(found) == sorted(known), "what was acknowledged is there, and nothing else: %s" % sorted(set(found) ^ known)[:5])
        tally.check(not damaged, "each is whole: %s" % damaged)
        tally.check(client.message("s@example.com", [address("u1")], message("room", 900000))[0].startswith("250"), "with room it works")
        client.close()
        tally.check(lmtpd.stop() == 0 and daemon.stop() == 0, "a polite end: " + lmtpd.tail(1000))
        clean(daemon, lmtpd, tally, "after a full disk")
    finally:
        for program in (*daemon.beside, daemon):
            program.stop()
        if made.returncode == 0:
            subprocess.run(["umount", daemon.store])
        daemon.remove()


def clean(daemon, lmtpd, tally, when):
    check = daemon.trivet("check", check=False)
    tally.check(check.returncode == 0, "trivet check %s: %s%s" % (when, check.stdout, check.stderr))
    collect(daemon)
    uploads = files_under(os.path.join(daemon.store, "tmp"))
    tally.check(not uploads, "no upload is left %s: %s" % (when, uploads))
    reports = lmtpd.sanitizer_report() + daemon.sanitizer_report()
    tally.check(not reports, "no report of a sanitizer %s: %s" % (when, reports[:3]))


def main():
    kills, seed, tally = option("--kills", 40), option("--seed", int(time.time())), Tally()
    print("seed", seed)
    daemon = Daemon(settings=["store.blob_inline_max=%d" % INLINE_MAX])
    path = os.path.join(daemon.folder, "faults")
    with open(path, "wb") as f:
        f.write(bytes(4 * len(POINTS)))
    daemon.environment["TRIVET_TEST_FAULTS"] = path
    try:
        daemon.add_users(["u%d" % i for i in range(USERS)] + ["v", "watcher"])
        daemon.start()
        lmtpd = Lmtpd(daemon).start()
        idle(daemon, lmtpd, tally)
        vanishing(daemon, lmtpd, tally)
        locked(daemon, lmtpd, tally)
        tally.check(lmtpd.deliver("nobody-here@example.com", message=message("x")).returncode == EX_NOUSER, "deliver: EX_NOUSER")
        with open(os.path.join(daemon.bin, "trivet"), "rb") as f:
            has_faults = b"TRIVET_TEST_FAULTS" in f.read()
        if has_faults:
            with open(path, "r+b") as f:
                injected(daemon, lmtpd, mmap.mmap(f.fileno(), 4 * len(POINTS)), tally)
        else:
            tally.skip("injected faults: built without TRIVET_FAULTS")
        killed(daemon, lmtpd, tally, kills, seed)
        tally.check(lmtpd.stop() == 0, "a polite end: " + lmtpd.tail(1000))
        tally.check(daemon.stop() == 0, "a polite end: " + daemon.tail(1000))
        clean(daemon, lmtpd, tally, "at the end")
    except (Closed, imap.Closed, imap.Failed, OSError) as error:
        tally.check(False, "%r; the log ends with:\n%s" % (error, lmtpd.tail(1500)))
    finally:
        daemon.remove()
    full_disk(tally)
    tally.end()


main()
