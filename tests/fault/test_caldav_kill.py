#!/usr/bin/python3
"""caldavd is killed (SIGKILL) at random under the load of 20 writers, again and again. Afterwards every acknowledged PUT, DELETE, MOVE
and PROPPATCH is there, once, what was not acknowledged is there whole or not at all, tags and tokens are what they were, clients that
follow by sync-collection have missed nothing, and `trivet check` is clean after each round.

usage: test_caldav_kill.py [--bin DIR] [--kills N] [--rounds N] [--seed N]"""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav, Closed
from caldav_fault import CALENDARS, DAV, Mirror, Refused, contents, event, expect, multistatus, version_of
from daemon import Caldavd, Daemon, Tally
from watch import option

WRITERS = 20
MOST = 25  # objects a calendar


class Writer(threading.Thread):
    """One user's client. `known` is what was acknowledged: {calendar: {name: (uid, version)}} and the calendar's displayed name under
    None; `pending` is what the request under way would make of it."""

    def __init__(self, number, port, stop, seed):
        super().__init__(daemon=True)
        self.user, self.port, self.stop_event = "w%d" % number, port, stop
        self.random = random.Random(seed * 1000 + number)
        self.known, self.pending = {None: "Calendar", **{calendar: {} for calendar in CALENDARS}}, None
        self.tags = {}  # of every version that was ever seen
        self.mirrors = {calendar: Mirror(self.path(calendar), (0, 3)[number % 2]) for calendar in CALENDARS}
        self.made = self.operations = self.lost_connections = 0
        self.errors = []

    def path(self, calendar, name=""):
        return "/calendars/%s/%s/%s" % (self.user, calendar, name)

    def run(self):
        while not self.stop_event.is_set():
            try:
                self.session()
            except Closed:
                self.lost_connections += 1
                time.sleep(0.05)
            except OSError:  # it is not back yet
                time.sleep(0.05)
            except (Refused, ValueError) as error:
                self.errors.append("%s: %s" % (self.user, error))
                return

    def actual(self, client):
        """As `known`; complaints about what is damaged, there twice or has another tag than before."""
        body = '<propfind xmlns="DAV:"><prop><displayname/></prop></propfind>'
        found, _ = multistatus(client.do("PROPFIND", self.path("calendar"), body, Depth="0"))
        state = {None: found[0][2][DAV + "displayname"]}
        for calendar in CALENDARS:
            state[calendar] = {}
            for name, (tag, data) in contents(client, self.path(calendar)).items():
                version = version_of(data)
                if version is None:
                    self.errors.append("%s: a damaged object: %s" % (self.path(calendar, name), data[:200]))
                elif self.tags.setdefault(version, tag) != tag:
                    self.errors.append("%s: the same bytes have the tags %s and %s" % (self.path(calendar, name), self.tags[version], tag))
                state[calendar][name] = version
        return state

    def session(self):
        client = Caldav(self.port, self.user)
        try:
            expect(client.do("MKCALENDAR", self.path("other")), 201, 403)  # or it is there already
            seen = self.actual(client)
            if seen not in (self.known, self.pending):
                self.errors.append("%s: lost or half done: %s, acknowledged: %s, under way: %s" % (
                    self.user, seen, self.known, self.pending))
            self.known, self.pending = seen, None
            while not self.stop_event.is_set():
                self.operation(client)
                self.operations += 1
        finally:
            client.close()

    def operation(self, client):
        calendar = self.random.choice(CALENDARS)
        other = CALENDARS[1 - CALENDARS.index(calendar)]
        objects = self.known[calendar]
        what = self.random.choice(("make", "make", "change", "change", "delete", "move", "name", "sync") if objects else ("make", "sync"))
        if len(objects) > MOST:
            what = "delete"
        after = {key: dict(value) if key else value for key, value in self.known.items()}
        name = self.random.choice(sorted(objects)) if objects else None
        if what == "sync":
            self.mirrors[calendar].sync(client)
            return
        request = getattr(self, what)(client, calendar, other, name, after)
        self.pending = after
        answer = request()
        self.known, self.pending = after, None
        if what in ("make", "change"):
            name = self.made_name if what == "make" else name
            self.tags[after[calendar][name]] = answer.field("ETag")

    def put(self, client, calendar, name, version, **fields):
        data = event(*version, size=self.random.choice((0, 0, 3000, 90000)))
        return lambda: client.put(self.path(calendar, name), data, **fields)

    def make(self, client, calendar, other, name, after):
        self.made += 1
        self.made_name = "n%d.ics" % self.made
        after[calendar][self.made_name] = ("u%d@test" % self.made, self.made)
        return self.put(client, calendar, self.made_name, after[calendar][self.made_name], If_None_Match="*")

    def change(self, client, calendar, other, name, after):
        self.made += 1
        before = after[calendar][name]
        after[calendar][name] = (before[0], self.made)
        return self.put(client, calendar, name, after[calendar][name], If_Match=self.tags[before])

    def delete(self, client, calendar, other, name, after):
        tag = self.tags[after[calendar].pop(name)]
        return lambda: expect(client.do("DELETE", self.path(calendar, name), If_Match=tag), 204)

    def move(self, client, calendar, other, name, after):
        self.made += 1
        new = "m%d.ics" % self.made
        after[other][new] = after[calendar].pop(name)
        return lambda: expect(client.do("MOVE", self.path(calendar, name), Destination=self.path(other, new), Overwrite="F"), 201)

    def name(self, client, calendar, other, name, after):
        self.made += 1
        after[None] = "name %d" % self.made
        body = ('<propertyupdate xmlns="DAV:"><set><prop><displayname>%s</displayname></prop></set></propertyupdate>' % after[None])
        return lambda: self.named(client.do("PROPPATCH", self.path("calendar"), body))

    def named(self, answer):
        if DAV + "displayname" not in multistatus(answer)[0][0][2]:
            raise Refused("PROPPATCH: %s" % answer.content)
        return answer

    def end(self, client):
        """The last look."""
        state = self.actual(client)
        if state not in (self.known, self.pending):
            self.errors.append("%s: the end is %s, acknowledged: %s" % (self.user, state, self.known))
        for calendar, mirror in self.mirrors.items():
            mirror.catch_up(client)
            there = {name: self.tags[version] for name, version in state[calendar].items()}
            if mirror.tags != there:
                self.errors.append("%s: the mirror is wrong in %s" % (mirror.path, set(mirror.tags.items()) ^ set(there.items())))
            self.errors += mirror.errors
            mirror.errors = []


def play_round(daemon, caldavd, writers, kills, chance, tally):
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, 2.0))  # the first PUT of a process reads the time zones
        caldavd.kill()
        caldavd.start()
    time.sleep(0.5)
    check = daemon.trivet("check", check=False)  # beside the writers
    tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
    tally.check(not any(w.errors for w in writers), "what was acknowledged is there, once: %s" % (
        [e for w in writers for e in w.errors][:3]))


def finish(caldavd, writers, tally):
    for writer in writers:
        writer.join(60)
    tally.check(not any(w.is_alive() for w in writers), "every writer came to its end")
    for writer in writers:
        client = Caldav(caldavd.port, writer.user)
        writer.end(client)
        client.close()
    for error in [e for w in writers for e in w.errors][:10]:
        print(error)
    tally.check(not any(w.errors for w in writers), "at the end all is as it was acknowledged")


def main():
    kills, rounds, seed, tally = option("--kills", 20), option("--rounds", 5), option("--seed", int(time.time())), Tally()
    print("seed", seed)
    chance = random.Random(seed)
    daemon = Daemon()
    try:
        daemon.add_users("w%d" % i for i in range(WRITERS))
        caldavd = Caldavd(daemon).start()
        stop = threading.Event()
        writers = [Writer(i, caldavd.port, stop, seed) for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(rounds):
            play_round(daemon, caldavd, writers, kills, chance, tally)
        stop.set()
        finish(caldavd, writers, tally)
        operations, lost = sum(w.operations for w in writers), sum(w.lost_connections for w in writers)
        print("%d kills, %d acknowledged operations, %d connections lost" % (kills * rounds, operations, lost))
        tally.check(operations > kills * rounds and lost > 0, "the writers got something done between the kills, and met them")
        tally.check(caldavd.stop() == 0, "a polite end: " + caldavd.tail(1000))
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        tally.check(not caldavd.sanitizer_report(), "no report of a sanitizer: %s" % caldavd.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
