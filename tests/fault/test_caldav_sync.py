#!/usr/bin/python3
"""Clients that follow a calendar by sync-collection while eight writers change it: each keeps a mirror, some in parts of few objects,
some from nothing again and again. None misses a change or hears of one twice, and at the end each has exactly what the server has. And conditions and the
index hold, too, where two clients change the same object in the same moment.

usage: test_caldav_sync.py [--bin DIR] [--seconds N] [--seed N]"""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav, Closed
from caldav_fault import CALENDARS, Mirror, Refused, event, expect, listing, multistatus
from daemon import Caldavd, Daemon, Tally
from watch import option

WRITERS, LIMITS, RACES = 8, (0, 0, 1, 2, 7, 50), 200
SHARED = "/calendars/u1/calendar/"
MOST = 40  # objects a writer has at a time


class Actor(threading.Thread):
    def __init__(self, number, port, stop, seed):
        super().__init__(daemon=True)
        self.number, self.port, self.stop_event, self.steps = number, port, stop, 0
        self.random = random.Random(seed * 1000 + number)
        self.errors = []

    def run(self):
        client = Caldav(self.port, "u1")
        try:
            while not self.stop_event.is_set():
                self.step(client)
                self.steps += 1
        except (Closed, Refused, ValueError) as error:
            self.errors.append("%s %d: %r" % (type(self).__name__, self.number, error))
        client.close()


class Writer(Actor):
    """Changes objects of its own in the calendar of all; a name is never used again."""

    def __init__(self, *args):
        super().__init__(*args)
        self.tags, self.uids, self.made = {}, {}, 0

    def step(self, client):
        what = self.random.choice(("make", "make", "change", "delete", "move", "away")) if self.tags else "make"
        name = self.random.choice(sorted(self.tags)) if self.tags else None
        self.made += 1
        new = "w%d-%d.ics" % (self.number, self.made)
        if what == "make" and len(self.tags) < MOST:
            self.uids[new] = "w%d-%d@test" % (self.number, self.made)
            self.tags[new] = client.put(SHARED + new, event(self.uids[new], self.made), If_None_Match="*").field("ETag")
        elif what == "change":
            answer = client.put(SHARED + name, event(self.uids[name], self.made), If_Match=self.tags[name])
            self.tags[name] = answer.field("ETag")
        elif what == "move":
            expect(client.do("MOVE", SHARED + name, Destination=SHARED + new, Overwrite="F"), 201)
            self.tags[new], self.uids[new] = self.tags.pop(name), self.uids.pop(name)
        elif what == "away":
            expect(client.do("MOVE", SHARED + name, Destination="/calendars/u1/other/" + new), 201)
            del self.tags[name], self.uids[name]
        else:
            expect(client.do("DELETE", SHARED + name, If_Match=self.tags[name]), 204)
            del self.tags[name], self.uids[name]


class Follower(Actor):
    """One mirror from the beginning to the end, and for some beside it others that begin in the middle."""

    def __init__(self, limit, restarts, *args):
        super().__init__(*args)
        self.limit, self.restarts = limit, restarts
        self.mirrors, self.finished = [Mirror(SHARED, limit)], []

    def step(self, client):
        self.mirrors[0].sync(client)
        if not self.restarts:
            return
        if len(self.mirrors) == 1:
            self.mirrors.append(Mirror(SHARED, self.limit))
        if not self.mirrors[1].sync(client) and self.random.random() < 0.3:
            self.finished.append(self.mirrors.pop())

    def finish(self, client, there, tally):
        for mirror in self.mirrors + self.finished[-20:]:
            mirror.catch_up(client)
            tally.check(mirror.tags == there, "a mirror by %d is what is there: %s" % (
                self.limit, sorted(set(mirror.tags.items()) ^ set(there.items()))[:5]))
        errors = [e for mirror in self.mirrors + self.finished for e in mirror.errors]
        tally.check(not errors, "no change is told twice or makes no sense: %s" % errors[:3])


def play(caldavd, seconds, seed, tally):
    client = Caldav(caldavd.port, "u1")
    expect(client.do("MKCALENDAR", "/calendars/u1/%s/" % CALENDARS[1]), 201)
    stop = threading.Event()
    writers = [Writer(i, caldavd.port, stop, seed) for i in range(WRITERS)]
    followers = [Follower(limit, i % 2 == 1, WRITERS + i, caldavd.port, stop, seed) for i, limit in enumerate(LIMITS)]
    actors = writers + followers
    for actor in actors:
        actor.start()
    time.sleep(seconds)
    stop.set()
    for actor in actors:
        actor.join(60)
    errors = [e for actor in actors for e in actor.errors]
    tally.check(not errors and not any(a.is_alive() for a in actors), "all came to their end: %s" % errors[:3])
    there = listing(client, SHARED)
    tally.check(there == {name: tag for writer in writers for name, tag in writer.tags.items()}, "the server has what was written")
    for follower in followers:
        follower.finish(client, there, tally)
    mirrors = [m for f in followers for m in f.mirrors + f.finished]
    print("%d changes; %d mirrors, %d requests, %d of them parts, %d changes told" % (
        sum(w.steps for w in writers), len(mirrors), sum(m.rounds for m in mirrors), sum(m.parts for m in mirrors),
        sum(m.told for m in mirrors)))
    tally.check(all(w.steps > 20 for w in writers) and all(m.parts > 5 for f in followers if f.limit == 1 for m in f.mirrors),
                "something was written, and told in parts")
    client.close()


def race(*requests):
    """The answers to requests that are sent at once: (client, method, path, body, fields)."""
    answers, barrier = [None] * len(requests), threading.Barrier(len(requests))

    def run(i, client, method, path, body, fields):
        barrier.wait()
        answers[i] = client.do(method, path, body, **fields)

    threads = [threading.Thread(target=run, args=(i, *request)) for i, request in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


RANGE = ('<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><C:filter>'
         '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20260102T%02d0000Z" '
         'end="20260102T%02d3000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>')


def raced(caldavd, tally):
    """One changes what another deletes or moves."""
    one, two = Caldav(caldavd.port, "u2"), Caldav(caldavd.port, "u2")
    path, folder = "/calendars/u2/calendar/a.ics", "/calendars/u2/other/"
    expect(one.do("MKCALENDAR", folder), 201)
    lost = hidden = changes = 0
    for i in range(RACES):
        tag = one.put(path, event("a", 1)).field("ETag")
        condition = {"If": "([%s])" % tag} if i % 2 else {"If_Match": tag}
        changed, deleted = race((two, "PUT", path, event("a", 2), {"If_Match": tag}), (one, "DELETE", path, b"", condition))
        changes += changed.status == 204
        lost += changed.status == deleted.status == 204
        one.do("DELETE", path)
        one.put(path, event("a", 1))
        _, moved = race((two, "PUT", path, event("a", 2), {"If_Match": "*"}),
                        (one, "MOVE", path, b"", {"Destination": folder + "a.ics"}))
        if moved.status == 201:
            version = 2 if b"version 2" in one.do("GET", folder + "a.ics").content else 1
            hidden += len(multistatus(one.do("REPORT", folder, RANGE % (version, version), Depth="1"))[0]) != 1
        for left in (path, folder + "a.ics"):
            one.do("DELETE", left)
    tally.check(0 < changes < RACES, "now the one comes first, now the other: %d of %d" % (changes, RACES))
    tally.check(lost == 0, "of a change and a DELETE on the same condition one is refused: %d of %d were not" % (lost, RACES))
    tally.check(hidden == 0, "what was moved is found by its time: %d of %d were not" % (hidden, RACES))
    one.close()
    two.close()


def raced_by_date(caldavd, tally):
    """The same on a condition by date: the objects are older than the second in which they are raced for."""
    one, two, folder = Caldav(caldavd.port, "u2"), Caldav(caldavd.port, "u2"), "/calendars/u2/dated/"
    expect(one.do("MKCALENDAR", folder), 201)
    dates = {}
    for i in range(RACES):
        one.put(folder + "%d.ics" % i, event("d%d" % i, 1))
        dates[i] = one.do("GET", folder + "%d.ics" % i).field("Last-Modified")
    time.sleep(1.1)
    first, lost = 0, []
    for i, date in dates.items():
        path, condition = folder + "%d.ics" % i, {"If_Unmodified_Since": date}
        other = (("DELETE", b"", {}), ("MOVE", b"", {"Destination": folder + "m%d.ics" % i}), ("PUT", event("d%d" % i, 3), {}))[i % 3]
        changed, gone = race((two, "PUT", path, event("d%d" % i, 2), condition), (one, other[0], path, other[1], dict(other[2], **condition)))
        first += changed.status < 300
        if changed.status == 204 and gone.status < 300:
            lost.append(other[0])
    tally.check(0 < first < RACES, "now the one comes first, now the other: %d of %d" % (first, RACES))
    tally.check(not lost, "of two on the same date one is refused: not %s" % lost)
    one.close()
    two.close()


def main():
    seconds, seed, tally = option("--seconds", 20), option("--seed", int(time.time())), Tally()
    print("seed", seed)
    daemon = Daemon()
    try:
        daemon.add_users(("u1", "u2"))
        caldavd = Caldavd(daemon).start()
        play(caldavd, seconds, seed, tally)
        raced(caldavd, tally)
        raced_by_date(caldavd, tally)
        tally.check(caldavd.stop() == 0, "a polite end: " + caldavd.tail(1000))
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        tally.check(not caldavd.sanitizer_report(), "no report of a sanitizer: %s" % caldavd.sanitizer_report()[:3])
    except (Closed, Refused, ValueError, OSError) as error:
        tally.check(False, "%r; the daemon's log ends with:\n%s" % (error, caldavd.tail(1500)))
    finally:
        daemon.remove()
    tally.end()


main()
