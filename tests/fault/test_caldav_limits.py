#!/usr/bin/python3
"""Requests that ask caldavd for too much: a hundred thousand properties, filters, terms or hrefs, attributes without end, properties that
lead back to themselves, conditions on many resources. Each is answered in bounded time, with a bounded answer and in bounded memory.

usage: test_caldav_limits.py [--bin DIR]"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav, Closed
from caldav_fault import CALDAV, Refused, contents, event, expect, multistatus
from daemon import Caldavd, Daemon, Tally
from watch import resident

CALENDAR = "/calendars/u1/calendar/"
OBJECTS, FEWER, MANY = 100, 10000, 40000
TIME = 20  # seconds, on a busy machine and with sanitizers; without limits it is minutes
GROWTH = 256 << 20
D = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
FILTER = '<C:filter><C:comp-filter name="VCALENDAR">%s</C:comp-filter></C:filter>'


class Measured:
    def __init__(self, caldavd, tally):
        self.caldavd, self.tally, self.client = caldavd, tally, Caldav(caldavd.port, "u1", timeout=300)

    def do(self, what, most, statuses, *request, **fields):
        """The answer: one of these statuses, at most so many bytes."""
        before, begin = resident(self.caldavd), time.monotonic()
        try:
            answer = self.client.do(*request, **fields)
        except Closed as error:
            self.tally.check(False, "%s: %s" % (what, error))
            self.client.connect()
            return None
        took, grown = time.monotonic() - begin, resident(self.caldavd) - before
        self.tally.check(answer.status in statuses, "%s: %d %s" % (what, answer.status, answer.content[:200]))
        self.tally.check(took < TIME, "%s: %.1f s" % (what, took))
        self.tally.check(len(answer.body) < most, "%s: an answer of %d bytes" % (what, len(answer.body)))
        self.tally.check(grown < GROWTH, "%s: %d MB more" % (what, grown >> 20))
        return answer


def xml(measured):
    do = measured.do
    do("attributes", 1000, (400,), "PROPFIND", CALENDAR, "<propfind %s %s/>" % (D, " ".join("a%d=''" % i for i in range(MANY * 5))))
    do("namespaces", 1000, (400,), "PROPFIND", CALENDAR, "<propfind %s>%s</propfind>" % (
        " ".join("xmlns:a%d='a'" % i for i in range(MANY)), "<z:a/>" * MANY * 5))
    do("depth", 1000, (400,), "PROPFIND", CALENDAR, "<propfind %s>%s" % (D, "<a>" * MANY * 10))
    do("options of all, and no more", 1000, (400,), "PROPFIND", "*")
    do("options of all", 1000, (200,), "OPTIONS", "*")
    do("elements", 1000, (400,), "PROPFIND", CALENDAR, "<propfind %s>%s</propfind>" % (D, "<a/>" * MANY * 10))


def properties(measured):
    do, path = measured.do, CALENDAR
    for name in ("supported-privilege-set", "C:calendar-data"):
        do("one property many times: " + name, 1000000, (207,), "PROPFIND", path, "<propfind %s><prop>%s</prop></propfind>" % (
            D, ("<%s/>" % name) * MANY), Depth="1")
    do("many properties", 5000000, (207,), "PROPFIND", path, "<propfind %s><prop>%s</prop></propfind>" % (
        D, "".join("<p%d/>" % i for i in range(MANY))), Depth="1")
    answer = do("contents many times", 200000, (207,), "REPORT", path, "<sync-collection %s><sync-token/><sync-level>1</sync-level>"
                "<prop>%s</prop></sync-collection>" % (D, "<C:calendar-data/>" * MANY))
    measured.tally.check(answer is not None and answer.content.count(b"END:VCALENDAR") == OBJECTS, "each content once")
    do("as many as are asked for", 100000, (207,), "PROPFIND", path, "<propfind %s><prop>%s</prop></propfind>" % (
        D, "".join("<p%d/>" % i for i in range(200))), Depth="0")


def reports(measured):
    do = measured.do
    do("filters", 2000, (403,), "REPORT", CALENDAR, "<C:calendar-query %s><prop><getetag/></prop>%s</C:calendar-query>" % (
        D, FILTER % ('<C:comp-filter name="VEVENT">%s</C:comp-filter>' % ('<C:prop-filter name="A"/>' * MANY))))
    hrefs = lambda count: "<C:calendar-multiget %s><prop><getetag/></prop>%s</C:calendar-multiget>" % (
        D, "".join("<href>%s%d.ics</href>" % (CALENDAR, i) for i in range(count)))
    answer = do("hrefs", 5 << 20, (207,), "REPORT", CALENDAR, hrefs(FEWER))
    measured.tally.check(answer is not None and len(multistatus(answer)[0]) == FEWER, "every href has an answer")
    do("too many hrefs", 20 << 20, (207, 507), "REPORT", CALENDAR, hrefs(MANY * 2))
    search = "<principal-property-search %s>%s<prop><displayname/></prop></principal-property-search>"
    term = "<property-search><prop><displayname/></prop><match>%s</match></property-search>"
    do("terms", 2000, (400,), "REPORT", "/principals/", search % (D, term % "u" * MANY))
    do("a long term", 2000, (207,), "REPORT", "/principals/", search % (D, term % ("u" * 3000000)))


def circles(measured):
    """A property of the client's that leads to where it is, often."""
    body = "<propertyupdate %s><set><prop><self>%s</self></prop></set></propertyupdate>" % (D, "<href>%s</href>" % CALENDAR * 1000)
    expect(measured.client.do("PROPPATCH", CALENDAR, body), 207)
    inner = '<property name="self"/>'
    for _ in range(4):
        inner = '<property name="self">%s</property>' % inner
    measured.do("circles", 2000, (507,), "REPORT", CALENDAR, "<expand-property %s>%s</expand-property>" % (D, inner))


def conditions(measured):
    tagged = "".join("<%s%d.ics> ([\"a\"])" % (CALENDAR, i % OBJECTS) for i in range(800))
    measured.do("tagged lists", 1000, (412,), "PROPFIND", CALENDAR, If=tagged, Depth="0")
    measured.do("lists", 1000, (412,), "PROPFIND", CALENDAR, If="(<urn:a>)" * 3000, Depth="0")
    measured.do("conditions", 1000, (412,), "PROPFIND", CALENDAR, If="(%s)" % ("Not <urn:a> <urn:b>" * 1500), Depth="0")


def large_contents(measured):
    """Few objects, but large ones: all of them come, by every way."""
    client, tally, path = measured.client, measured.tally, "/calendars/u1/large/"
    expect(client.do("MKCALENDAR", path), 201)
    for i in range(12):
        client.put(path + "%d.ics" % i, event(str(i), i, 200000))
    tally.check(len(contents(client, path)) == 12, "by a query")
    tally.check(client.do("GET", path).content.count(b"UID:") == 12, "as one calendar")
    sync = ('<sync-collection %s><sync-token/><sync-level>1</sync-level><prop><C:calendar-data/></prop></sync-collection>' % D)
    found = {name: values.get(CALDAV + "calendar-data", "") for name, _, values in multistatus(client.do("REPORT", path, sync))[0]}
    tally.check(len(found) == 12 and all(data.endswith("END:VCALENDAR\r\n") for data in found.values()), "by a sync")
    busy = '<C:free-busy-query %s><C:time-range start="20260101T000000Z" end="20260201T000000Z"/></C:free-busy-query>' % D
    tally.check(b"FREEBUSY" in expect(client.do("REPORT", path, busy), 200).content, "as busy times")


def main():
    tally = Tally()
    daemon = Daemon()
    try:
        daemon.add_users(("u1", "u2"))
        caldavd = Caldavd(daemon).start()
        measured = Measured(caldavd, tally)
        for i in range(OBJECTS):
            measured.client.put(CALENDAR + "%d.ics" % i, event(str(i), i))
        for part in (xml, properties, reports, circles, conditions, large_contents):
            part(measured)
        measured.client.close()
        tally.check(caldavd.stop() == 0, "a polite end: " + caldavd.tail(1000))
        tally.check(not caldavd.sanitizer_report(), "no report of a sanitizer: %s" % caldavd.sanitizer_report()[:3])
    except (Closed, Refused, ValueError, OSError) as error:
        tally.check(False, "%r; the daemon's log ends with:\n%s" % (error, caldavd.tail(1500)))
    finally:
        daemon.remove()
    tally.end()


main()
