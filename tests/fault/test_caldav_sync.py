#!/usr/bin/python3
"""Clients that follow a calendar by sync-collection while eight writers change it: each keeps a mirror, some in parts of few objects,
some from nothing again and again. None misses a change or hears of one twice, and at the end each has exactly what the server has.

usage: test_caldav_sync.py [--bin DIR] [--seconds N] [--seed N]"""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav, Closed
from caldav_fault import CALENDARS, Mirror, Refused, event, expect, listing
from daemon import Caldavd, Daemon, Tally
from watch import option

WRITERS, LIMITS = 8, (0, 0, 1, 2, 7, 50)
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


def main():
    seconds, seed, tally = option("--seconds", 20), option("--seed", int(time.time())), Tally()
    print("seed", seed)
    daemon = Daemon()
    try:
        daemon.add_users(("u1",))
        caldavd = Caldavd(daemon).start()
        play(caldavd, seconds, seed, tally)
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
