"""What the fault tests of caldavd share: events that tell their versions apart, and a client that keeps a mirror of a calendar."""
import mmap
import re
import struct
import urllib.parse
import xml.etree.ElementTree as ElementTree

DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
CALENDARS = ("calendar", "other")
POINTS = ("commit busy", "commit full", "commit broken", "read broken", "blob full", "blob broken", "blob missing")


def event(uid, version, size=0):
    """UID and version stand in the bytes; size: about so many bytes more."""
    filling = "".join("COMMENT:%s\r\n" % ("x" * 60) for _ in range(size // 70))
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Trivet//Test//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART:20260102T%02d0000Z\r\nDURATION:PT1H\r\nSUMMARY:version %d\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n" % (
                uid, version % 24, version, filling)).encode()


def version_of(data):
    """(uid, version) of an event() that is whole; None: it is not."""
    data = data.replace("\r\n", "\n")
    found = re.match(r"BEGIN:VCALENDAR\n.*^UID:(.*?)\n.*^SUMMARY:version (\d+)\n.*^END:VCALENDAR\n$", data, re.S | re.M)
    return (found[1], int(found[2])) if found else None


def open_sockets(daemon):
    """Those of its port that clients hold; what the daemon opens itself is not among them."""
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return sum(row[1] == "0100007F:%04X" % daemon.port and row[3] != "0A" and row[9] != "0" for row in rows)


class Refused(Exception):
    """An answer that nobody asked for."""


def expect(answer, *statuses):
    if answer.status not in statuses:
        raise Refused("%d %s: %s" % (answer.status, answer.reason, answer.content[:300]))
    return answer


def multistatus(answer):
    """([(href without its folder, status of the whole or None, {property: text})], sync token or None)"""
    root = ElementTree.fromstring(expect(answer, 207).content)
    found = []
    for response in root.findall(DAV + "response"):
        name = urllib.parse.unquote(response.find(DAV + "href").text)
        status = response.find(DAV + "status")
        values = {}
        for propstat in response.findall(DAV + "propstat"):
            if " 200 " in propstat.find(DAV + "status").text:
                values.update((prop.tag, prop.text or "") for prop in propstat.find(DAV + "prop"))
        found.append((name.rsplit("/", 1)[1], None if status is None else int(status.text.split()[1]), values))
    return found, root.findtext(DAV + "sync-token")


def modseq_of(token):
    return int(token.split(":")[4])


QUERY = ('<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/><C:calendar-data/></prop>'
         '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>')


def contents(client, path):
    """{name: (entity tag, data)}; ValueError: a name is there twice."""
    found = {}
    for name, _, values in multistatus(client.do("REPORT", path, QUERY, Depth="1"))[0]:
        if name in found:
            raise ValueError("%s is twice in %s" % (name, path))
        found[name] = (values[DAV + "getetag"], values[CALDAV + "calendar-data"])
    return found


def listing(client, path):
    """{name: entity tag} by PROPFIND."""
    body = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    found, _ = multistatus(client.do("PROPFIND", path, body, Depth="1"))
    return {name: values[DAV + "getetag"] for name, _, values in found if name}


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


class Mirror:
    """A copy of a calendar that is kept by sync-collection alone (RFC 6578), limit objects at a time (0: all).

    It relies on names that are not used again and contents that do not come back: then a change of which it knows is one that it
    was told before, which goes to `errors`."""

    def __init__(self, path, limit=0):
        self.path, self.limit = path, limit
        self.tags, self.gone, self.token = {}, set(), ""
        self.rounds = self.parts = self.told = 0
        self.errors = []

    def sync(self, client):
        """One request. True: there is more."""
        limit = "<limit><nresults>%d</nresults></limit>" % self.limit if self.limit else ""
        body = ('<sync-collection xmlns="DAV:"><sync-token>%s</sync-token><sync-level>1</sync-level>%s<prop><getetag/></prop>'
                '</sync-collection>' % (self.token, limit))
        changes, token = multistatus(client.do("REPORT", self.path, body))
        is_part = False
        for name, status, values in changes:
            if status == 507:
                is_part = True
            else:
                self.take(name, status, values)
        if self.token and modseq_of(token) < modseq_of(self.token):
            self.errors.append("%s: the token went back from %s to %s" % (self.path, self.token, token))
        if self.limit and len(changes) - is_part > self.limit:
            self.errors.append("%s: %d changes, the limit is %d" % (self.path, len(changes), self.limit))
        self.token = token
        self.rounds += 1
        self.parts += is_part
        return is_part

    def take(self, name, status, values):
        self.told += 1
        if status == 404:
            if name in self.gone:
                self.errors.append("%s%s: removed twice" % (self.path, name))
            self.gone.add(name)
            self.tags.pop(name, None)
            return
        tag = values.get(DAV + "getetag")
        if status is not None or tag is None or name in self.gone or self.tags.get(name) == tag:
            self.errors.append("%s%s: a change that is none: %s %s, known is %s, gone: %s" % (
                self.path, name, status, tag, self.tags.get(name), name in self.gone))
        self.tags[name] = tag

    def catch_up(self, client):
        while self.sync(client):
            pass
