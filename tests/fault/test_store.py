#!/usr/bin/python3
"""A store that fails: locked by another process, faults injected at commits, reads and blobs, a disk that is full. Commands wait or get
a NO that says what it is, session and daemon go on, and afterwards `trivet check` is clean and nothing that was acknowledged is gone.

usage: test_store.py [--bin DIR]"""
import mmap
import os
import re
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally
from imap import Closed, Failed, Imap

POINTS = ("commit busy", "commit full", "commit broken", "read broken", "blob full", "blob broken", "blob missing")
LOCKED_S = 3
SMALL_DISK_MB = 24


class Faults:
    """The file of common/base/fault.h."""

    def __init__(self, path):
        with open(path, "wb") as f:
            f.write(bytes(4 * len(POINTS)))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 4 * len(POINTS))

    def set(self, point, count):
        struct.pack_into("i", self.map, 4 * POINTS.index(point), count)

    def left(self, point):
        return struct.unpack_from("i", self.map, 4 * POINTS.index(point))[0]


def message(subject, size=10):
    return b"Subject: %s\r\n\r\n" % subject + b"x" * size + b"\r\n"


def attempt(imap, command):
    """OK, or what the tagged response says; None: the connection has ended."""
    try:
        untagged, tagged = imap.finish(imap.start(command))
    except Closed:
        return None
    return "OK" if tagged.startswith(b"OK") else tagged.decode(errors="replace")


def login(daemon, user="u1"):
    imap = Imap(daemon.port)
    imap.login(user)
    imap.do("SELECT INBOX")
    return imap


def subjects(imap):
    """What the mailbox holds, each message read to its end."""
    imap.do("NOOP")
    found = {}
    for line in imap.do("UID FETCH 1:* BODY.PEEK[]"):
        match = re.match(rb"\* \d+ FETCH \(UID (\d+) BODY\[\] \{(\d+)\}\r\n(.*)\)$", line, re.S)
        if match and match[3].endswith(b"\r\n"):
            found[int(match[1])] = re.match(rb"Subject: (\S+)", match[3])[1].decode()
    return found


def check_clean(daemon, tally, when):
    check = daemon.trivet("check", check=False)
    tally.check(check.returncode == 0, "trivet check %s: %s%s" % (when, check.stdout, check.stderr))
    tally.check(daemon.process.poll() is None, "the daemon goes on %s" % when)
    tally.check(not daemon.sanitizer_report(), "no report of a sanitizer %s: %s" % (when, daemon.sanitizer_report()[:3]))


def locked(daemon, tally):
    """Another process holds the database's only write lock."""
    writer, reader = login(daemon), login(daemon)
    hold = daemon.data.hold()
    release = threading.Timer(LOCKED_S, hold.release)
    release.start()
    begin = time.monotonic()
    tag = writer.start(["APPEND INBOX ", message(b"locked")])
    reads = 0
    while time.monotonic() < begin + LOCKED_S - 1:
        reads += attempt(reader, "UID FETCH 1:* FLAGS") == "OK"
        time.sleep(0.05)
    _, tagged = writer.finish(tag)
    took = time.monotonic() - begin
    release.join()
    tally.check(reads > 3, "others read while the database is locked: %d times" % reads)
    tally.check(tagged.startswith((b"OK", b"NO [UNAVAILABLE]")), "who writes waits, or hears NO: %r" % tagged)
    tally.check(took < LOCKED_S + 30, "but not for ever: %.1f s" % took)
    tally.check(attempt(writer, ["APPEND INBOX ", message(b"unlocked")]) == "OK", "afterwards it works again")
    found = list(subjects(writer).values())
    tally.check(found.count("locked") == (1 if tagged.startswith(b"OK") else 0), "what was answered holds: %r, %s" % (tagged, found))
    check_clean(daemon, tally, "after a lock")
    writer.close()
    reader.close()


WRITES = (
    ["APPEND INBOX ", message(b"small")],
    ["APPEND INBOX ", message(b"large", 300000)],
    ["APPEND INBOX (\\Seen) ", message(b"streamed", 1200000)],
    "STORE 1 +FLAGS (\\Flagged $odd)",
    "COPY 1 Archive",
    "MOVE 1 Archive",
    "CREATE New",
    "RENAME New Newer",
    "DELETE Newer",
    "EXPUNGE",
    "SUBSCRIBE INBOX",
)
READS = ("FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE)", "FETCH 1:* BODY.PEEK[]", 'SEARCH TEXT "xxx"', 'LIST "" *', "STATUS Archive (MESSAGES UNSEEN)",
         "SELECT Archive", "SELECT INBOX")


def injected(daemon, faults, tally):
    expected = {"commit busy": "[UNAVAILABLE]", "commit full": "[UNAVAILABLE]", "commit broken": "[", "blob full": "[UNAVAILABLE]",
                "blob broken": "[", "blob missing": "", "read broken": ""}
    for point, code in expected.items():
        imap = login(daemon)
        if not imap.do("STATUS INBOX (MESSAGES)")[0].endswith(b"(MESSAGES 0)"):
            imap.do("STORE 1:* -FLAGS (\\Deleted)")
        for _ in range(3):
            imap.append("INBOX", message(b"kept", 100000))
        before = subjects(imap)
        struck = 0
        for command in WRITES + READS:
            for count in (1, 3):
                faults.set(point, count)
                answer = attempt(imap, command)
                struck += faults.left(point) < count
                faults.set(point, 0)
                what = "%s, %s" % (point, command if isinstance(command, str) else command[1][:20])
                if answer is None:
                    tally.check(point in ("read broken", "blob missing"), "the connection stays: " + what)
                    imap.close()
                    imap = login(daemon)
                    continue
                tally.check(answer == "OK" or answer.startswith("NO " + code) or (command in ("RENAME New Newer", "DELETE Newer")
                                                                                  and answer.startswith("NO [NONEXISTENT]"))
                            or (command == "CREATE New" and answer.startswith("NO [ALREADYEXISTS]")), "%s: %s" % (what, answer))
                tally.check(attempt(imap, "NOOP") == "OK", "the session goes on: " + what)
                if isinstance(command, str) and command.startswith("SELECT") and answer != "OK":
                    imap.do("SELECT INBOX")
        tally.check(struck > 0, "the fault was met: " + point)
        imap.do("SELECT INBOX")
        after = subjects(imap)
        tally.check(len(set(before) - set(after)) <= 2, "nothing but what was moved is gone: %s, %s, %s" % (point, before, after))
        for name in ("New", "Newer"):
            attempt(imap, "DELETE " + name)
        imap.close()
        check_clean(daemon, tally, "after " + point)


def mounted(folder):
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=0700" % SMALL_DISK_MB, "tmpfs", folder], capture_output=True, text=True)
    return None if made.returncode == 0 else made.stderr.strip()


def full_disk(tally):
    daemon = Daemon()
    os.mkdir(daemon.store)
    why = mounted(daemon.store)
    try:
        if why is not None:
            tally.skip("a disk that is full: %s" % why)
            return
        daemon.add_users(("u1",))
        daemon.start()
        imap, known, refused = login(daemon), set(), []
        for i in range(400):
            answer = attempt(imap, ["APPEND INBOX ", message(b"n%d" % i, (200, 30000, 900000)[i % 3])])
            if answer == "OK":
                known.add("n%d" % i)
            elif answer is None:
                tally.check(False, "the connection ended at message %d" % i)
                imap = login(daemon)
            else:
                refused.append(answer)
            if len(refused) == 20:
                break
        tally.check(len(known) > 5 and len(refused) == 20, "some fit and then no more: %d, %d" % (len(known), len(refused)))
        tally.check(all(r.startswith("NO [UNAVAILABLE]") for r in refused), "the answer says so: %s" % sorted(set(refused)))
        found = set(subjects(imap).values())
        tally.check(found == known, "what was acknowledged is there, and nothing else: %s" % (found ^ known))
        imap.close()
        subprocess.run(["mount", "-o", "remount,size=%dm" % (4 * SMALL_DISK_MB), daemon.store], check=True)
        imap = login(daemon)
        tally.check(attempt(imap, ["APPEND INBOX ", message(b"room", 900000)]) == "OK", "with room again it works")
        tally.check(set(subjects(imap).values()) == known | {"room"}, "and all is there")
        imap.close()
        check_clean(daemon, tally, "after a full disk")
        tally.check(daemon.stop() == 0, "a polite end: " + daemon.tail(1000))
    finally:
        daemon.stop()
        if why is None:
            subprocess.run(["umount", daemon.store])
        daemon.remove()


def main():
    tally = Tally()
    daemon = Daemon(settings=["store.blob_inline_max=4K"])
    faults = Faults(os.path.join(daemon.folder, "faults"))
    daemon.environment["TRIVET_TEST_FAULTS"] = os.path.join(daemon.folder, "faults")
    try:
        daemon.add_users(("u1",))
        daemon.start()
        imap = Imap(daemon.port)
        imap.login("u1")
        imap.append("INBOX", message(b"first"))
        faults.set("read broken", 1)
        attempt(imap, "SELECT INBOX")
        attempt(imap, "FETCH 1 BODY.PEEK[]")
        has_faults = faults.left("read broken") == 0
        faults.set("read broken", 0)
        imap.close()
        locked(daemon, tally)
        if has_faults:
            injected(daemon, faults, tally)
        else:
            tally.skip("injected faults: built without TRIVET_FAULTS")
        tally.check(daemon.stop() == 0, "a polite end: " + daemon.tail(1000))
    except (Closed, Failed, OSError) as error:
        tally.check(False, "%r; the daemon's log ends with:\n%s" % (error, daemon.tail(1500)))
    finally:
        daemon.remove()
    full_disk(tally)
    tally.end()


main()
