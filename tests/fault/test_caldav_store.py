#!/usr/bin/python3
"""caldavd on a store that fails: locked by another process, faults injected at commits, reads and blobs, a disk that is full. Requests
wait or are told by 503 with Retry-After, 507 or 500 what it is, the connection and the daemon go on, and afterwards `trivet check` is
clean, nothing that was acknowledged is gone and nothing that was refused is there.

usage: test_caldav_store.py [--bin DIR]"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav, Closed
from caldav_fault import DAV, Faults, QUERY, Refused, contents, event, expect, multistatus
from daemon import Caldavd, Daemon, Tally

HOME, CALENDAR, OTHER = "/calendars/u1/", "/calendars/u1/calendar/", "/calendars/u1/other/"
BUSY_S = 2
SMALL_DISK_MB = 24
NAMED = '<propertyupdate xmlns="DAV:"><set><prop><displayname>%s</displayname></prop></set></propertyupdate>'
SYNC = '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'


def check_clean(daemon, caldavd, tally, when):
    check = daemon.trivet("check", check=False)
    tally.check(check.returncode == 0, "trivet check %s: %s%s" % (when, check.stdout, check.stderr))
    tally.check(caldavd.process.poll() is None, "the daemon goes on %s" % when)
    tally.check(not caldavd.sanitizer_report(), "no report of a sanitizer %s: %s" % (when, caldavd.sanitizer_report()[:3]))


def state(client):
    """All that can be changed: {path: tag} and the calendar's name."""
    found = {path + name: tag for path in (CALENDAR, OTHER) for name, (tag, _) in contents(client, path).items()}
    body = '<propfind xmlns="DAV:"><prop><displayname/></prop></propfind>'
    found[CALENDAR] = multistatus(client.do("PROPFIND", CALENDAR, body, Depth="0"))[0][0][2][DAV + "displayname"]
    return found


# --- another process holds the database's only write lock ---

def locked(daemon, caldavd, tally):
    client = Caldav(caldavd.port, "u1")
    client.put(CALENDAR + "kept.ics", event("kept", 1))
    before = state(client)
    hold = daemon.data.hold()
    changes = (("PUT", CALENDAR + "new.ics", event("new", 1), {}), ("PUT", CALENDAR + "kept.ics", event("kept", 2), {}),
               ("DELETE", CALENDAR + "kept.ics", b"", {}), ("MKCALENDAR", HOME + "third/", b"", {}),
               ("PROPPATCH", CALENDAR, NAMED % "new", {}), ("MOVE", CALENDAR + "kept.ics", b"", {"Destination": CALENDAR + "m.ics"}))
    for method, target, body, fields in changes:
        begin = time.monotonic()
        answer = client.do(method, target, body, **fields)
        took = time.monotonic() - begin
        tally.check(answer.status == 503 and (answer.field("Retry-After") or "").isdigit(), "%s on a locked store: %d, Retry-After: %s" % (
            method, answer.status, answer.field("Retry-After")))
        tally.check(BUSY_S - 1 < took < BUSY_S + 10, "it waits, but not for ever: %.1f s" % took)
        begin = time.monotonic()
        tally.check(state(client) == before and time.monotonic() - begin < 1, "meanwhile the connection reads on, and nothing has changed")
    hold.release()
    client.put(CALENDAR + "unlocked.ics", event("unlocked", 1))
    tally.check(set(state(client)) == set(before) | {CALENDAR + "unlocked.ics"}, "afterwards it works again")
    client.close()
    check_clean(daemon, caldavd, tally, "after a lock")


# --- injected faults ---

def changes(i):
    """(method, path, body, fields)"""
    name, large = CALENDAR + "n%d.ics" % i, CALENDAR + "l%d.ics" % i
    return (
        ("PUT", name, event("n%d" % i, 1), {"If_None_Match": "*"}),
        ("PUT", large, event("l%d" % i, 1, 300000), {}),
        ("PUT", name, event("n%d" % i, 2), {}),
        ("PROPPATCH", CALENDAR, NAMED % ("name %d" % i), {}),
        ("COPY", name, b"", {"Destination": OTHER + "c%d.ics" % i}),
        ("MOVE", large, b"", {"Destination": OTHER + "m%d.ics" % i}),
        ("DELETE", name, b"", {}),
        ("MKCALENDAR", HOME + "third%d/" % i, b"", {}),
        ("DELETE", HOME + "third%d/" % i, b"", {}),
    )


READS = (("PROPFIND", HOME, b"", {"Depth": "infinity"}), ("REPORT", CALENDAR, QUERY, {"Depth": "1"}), ("REPORT", CALENDAR, SYNC, {}),
         ("GET", CALENDAR + "kept.ics", b"", {}), ("GET", CALENDAR + "large.ics", b"", {}), ("GET", CALENDAR, b"", {}),
         ("OPTIONS", CALENDAR, b"", {}))
EXPECTED = {"commit busy": (503,), "commit full": (507,), "commit broken": (500,), "blob full": (507,), "blob broken": (500, 507),
            "blob missing": (500,), "read broken": (500, 503)}
READ_POINTS = ("read broken", "blob missing")
NOT_DONE = (404, 405, 409, 412)  # what it stands on was refused before


def attempt(client, request):
    """None: the connection was ended within the answer."""
    method, path, body, fields = request
    try:
        return client.do(method, path, body, **fields)
    except Closed:
        client.connect()
        return None


def one_fault(client, faults, point, count, request, tally):
    """How often it struck."""
    is_read = request in READS
    before = state(client)
    faults.set(point, count)
    answer = attempt(client, request)
    struck = count - faults.left(point)
    faults.set(point, 0)
    what = "%s, %s %s" % (point, request[0], request[1])
    if answer is None:
        tally.check(is_read and point in READ_POINTS and struck > 0, "only an answer that cannot go on ends the connection: " + what)
    else:
        tally.check(answer.status < 300 or (struck == 0 and answer.status in NOT_DONE) or (struck > 0 and answer.status in EXPECTED[point]),
                    "%s: %d %s" % (what, answer.status, answer.content[:200]))
        if answer.status == 503:
            tally.check(answer.field("Retry-After") is not None, "503 says when to come again: " + what)
        if struck and answer.status >= 300:
            tally.check(state(client) == before, "what was refused has changed nothing: " + what)
    tally.check(attempt(client, READS[-1]) is not None, "the session goes on: " + what)
    return struck


def injected(daemon, caldavd, faults, tally):
    client, number = Caldav(caldavd.port, "u1"), 0
    client.put(CALENDAR + "large.ics", event("large", 1, 300000))
    for point in EXPECTED:
        struck = 0
        for count in (1, 3):
            number += 1
            for request in changes(number) + READS:
                struck += one_fault(client, faults, point, count, request, tally)
        tally.check(struck > 0, "the fault was met: " + point)
        tally.check({CALENDAR + "kept.ics", CALENDAR + "large.ics"} <= set(state(client)), "nothing is gone: " + point)
        check_clean(daemon, caldavd, tally, "after " + point)
    client.close()


# --- a disk that is full ---

def fill(client, tally):
    """{path: tag} of what was taken."""
    known, refused = {}, []
    for i in range(600):
        path = CALENDAR + "n%d.ics" % i
        answer = client.do("PUT", path, event("n%d" % i, i, (200, 30000, 900000)[i % 3]), Content_Type="text/calendar")
        if answer.status == 201:
            known[path] = answer.field("ETag")
        else:
            refused.append(answer)
        if len(refused) == 20:
            break
    tally.check(len(known) > 5 and len(refused) == 20, "some fit and then no more: %d, %d" % (len(known), len(refused)))
    tally.check(all(a.status == 507 and b"sufficient-disk-space" in a.content for a in refused), "the answer says so: %s" % sorted(
        {(a.status, a.content[:200]) for a in refused}))
    return known


def full_disk(tally):
    daemon = Daemon()
    os.mkdir(daemon.store)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=0700" % SMALL_DISK_MB, "tmpfs", daemon.store], capture_output=True,
                          text=True)
    try:
        if made.returncode != 0:
            tally.skip("a disk that is full: %s" % made.stderr.strip())
            return
        daemon.add_users(("u1",))
        caldavd = Caldavd(daemon).start()
        client = Caldav(caldavd.port, "u1")
        first, known = client.socket, fill(client, tally)
        there = lambda: {CALENDAR + name: tag for name, (tag, _) in contents(client, CALENDAR).items()}
        tally.check(there() == known and client.socket is first, "what was acknowledged is there, and nothing else, on the same connection")
        subprocess.run(["mount", "-o", "remount,size=%dm" % (4 * SMALL_DISK_MB), daemon.store], check=True)
        known[CALENDAR + "room.ics"] = client.put(CALENDAR + "room.ics", event("room", 1, 900000)).field("ETag")
        tally.check(there() == known, "with room again it works, and all is there")
        client.close()
        check_clean(daemon, caldavd, tally, "after a full disk")
        tally.check(caldavd.stop() == 0, "a polite end: " + caldavd.tail(1000))
    finally:
        daemon.remove()
        if made.returncode == 0:
            subprocess.run(["umount", daemon.store])
            os.removedirs(daemon.store)


def main():
    tally = Tally()
    daemon = Daemon(settings=["store.blob_inline_max=4K", "store.busy_timeout=%ds" % BUSY_S])
    path = os.path.join(daemon.folder, "faults")
    faults = Faults(path)
    daemon.environment["TRIVET_TEST_FAULTS"] = path
    try:
        daemon.add_users(("u1",))
        caldavd = Caldavd(daemon).start()
        client = Caldav(caldavd.port, "u1")
        expect(client.do("MKCALENDAR", OTHER), 201)
        faults.set("read broken", 1)
        attempt(client, READS[1])
        has_faults = faults.left("read broken") == 0
        faults.set("read broken", 0)
        client.close()
        locked(daemon, caldavd, tally)
        if has_faults:
            injected(daemon, caldavd, faults, tally)
        else:
            tally.skip("injected faults: built without TRIVET_FAULTS")
        tally.check(caldavd.stop() == 0, "a polite end: " + caldavd.tail(1000))
    except (Closed, Refused, ValueError, OSError) as error:
        tally.check(False, "%r; the daemon's log ends with:\n%s" % (error, caldavd.tail(1500)))
    finally:
        daemon.remove()
    full_disk(tally)
    tally.end()


main()
