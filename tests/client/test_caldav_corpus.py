#!/usr/bin/python3
"""Every calendar of the corpus is put, as it is and with CRLF. What is said to be storable comes back byte for byte, by GET and in a
multiget; what is not is refused with the precondition that says why. caldav_corpus.txt names those that come out otherwise.

usage: test_caldav_corpus.py [--bin DIR] [--print]     (--print: what the server says of every calendar)"""
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import caldav_client
from caldav import Caldav
from corpus import crlf
from daemon import Caldavd, Daemon, Tally

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "caldav_corpus.txt")
WORKERS = 4
TEMPLATE = re.compile(rb"%\(now([+-]\d+)?\)s")


def read_list():
    """{name: (outcome, reason)}"""
    with open(LIST) as f:
        return {line.split("\t")[0]: line.rstrip("\n").split("\t")[1:] for line in f if line.strip() and not line.startswith("#")}


def expected(name, says):
    """By what the manifest says; where several things are wrong, the first that a server sees is that it is no iCalendar."""
    if says.startswith("CalDAV-storable"):
        return "stored"
    if "/" in name or "in one stream" in says:
        return "valid-calendar-data"
    return "valid-calendar-object-resource"


def variants(name, data):
    """(name, bytes): as it is; with CRLF, where that is something else; and templates with their year filled in."""
    yield name, data
    if crlf(data) != data:
        yield name, crlf(data)
    if TEMPLATE.search(data):
        yield name + " filled in", TEMPLATE.sub(lambda m: b"%d" % (2026 + int(m[1] or 0)), data)


class Worker(threading.Thread):
    """Plays its share into a calendar of its own."""

    def __init__(self, port, number, listed, tally, lock):
        super().__init__()
        self.http, self.calendar = Caldav(port, "u1"), "/caldav/u1/corpus-%d/" % number
        self.number, self.listed, self.tally, self.lock = number, listed, tally, lock
        self.outcomes, self.error = {}, None

    def check(self, ok, what):
        with self.lock:
            self.tally.check(ok, what)

    def put(self, path, data):
        answer = self.http.do("PUT", path, data, Content_Type="text/calendar; charset=utf-8")
        if answer.status == 201:
            return "stored"
        return caldav_client.condition(answer) if answer.status == 403 else str(answer.status)

    def play(self, name, data, want):
        path = self.calendar + "o.ics"
        got = self.put(path, data)
        self.outcomes[name] = got
        self.check(got == want, "%s: %s, should be %s" % (name, got, want))
        if got != "stored":
            self.check(self.http.do("GET", path).status == 404, "%s: refused, and there" % name)
            return
        self.check(self.http.do("GET", path).body == data, "%s: GET gives what was put" % name)
        self.check(caldav_client.multiget(self.http, self.calendar, [path]) == {path: data}, "%s: so does multiget" % name)
        self.http.do("DELETE", path)

    def run(self):
        try:
            caldav_client.make_calendar(self.http, self.calendar)
            for i, (name, data, says) in enumerate(caldav_client.calendars()):
                if i % WORKERS == self.number:
                    for variant, bytes_ in variants(name, data):
                        usual = "stored" if variant != name and "/" not in name else expected(name, says)
                        self.play(variant, bytes_, self.listed.get(variant, [usual])[0])
            self.http.close()
        except Exception as error:  # told by the main thread
            self.error = error


def go(port, tally):
    listed, lock = read_list(), threading.Lock()
    workers = [Worker(port, n, listed, tally, lock) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    outcomes = {}
    for worker in workers:
        worker.join()
        tally.check(worker.error is None, "a worker ended: %r" % worker.error)
        outcomes.update(worker.outcomes)
    for name in listed:
        tally.check(name in outcomes, "%s is listed, but not in the corpus" % name)
    tally.check(list(outcomes.values()).count("stored") > 200, "most that can be stored are")
    if "--print" in sys.argv:
        for name, outcome in outcomes.items():
            print(name, outcome, sep="\t")


def main():
    tally = Tally()
    if not caldav_client.is_there():
        tally.skip("no corpus (TRIVET_CORPUS)")
        tally.end()
    home = Daemon()
    try:
        home.add_users(["u1"])
        server = Caldavd(home).start()
        go(server.port, tally)
        tally.check(server.stop() == 0, "a polite end")
        tally.check(not server.sanitizer_report(), "no report of a sanitizer: %s" % server.sanitizer_report()[:3])
    finally:
        home.remove()
    tally.end()


main()
