"""Requests and answers of CalDAV for the client tests, over lib/caldav.py: calendars, reports, what a 207 says; and the calendars of the
corpus."""
import os
import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote
from xml.sax.saxutils import escape

from corpus import FOLDER, crlf

DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
CS, APPLE = "{http://calendarserver.org/ns/}", "{http://apple.com/ns/ical/}"
NAMESPACES = ('xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" '
              'xmlns:A="http://apple.com/ns/ical/"')
COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")


def multistatus(answer):
    """{path: {property: its element}} of what was found; a resource that has a status of its own: {path: status}."""
    found = {}
    for response in ET.fromstring(answer.content).iter(DAV + "response"):
        path = unquote(response.find(DAV + "href").text)
        status = response.find(DAV + "status")
        if status is not None:
            found[path] = int(status.text.split()[1])
            continue
        found[path] = {}
        for propstat in response.iter(DAV + "propstat"):
            if propstat.find(DAV + "status").text.split()[1] == "200":
                found[path].update((p.tag, p) for p in propstat.find(DAV + "prop"))
    return found


def condition(answer):
    """The precondition that did not hold, without its namespace; None where the answer names none."""
    try:
        root = ET.fromstring(answer.content)
    except ET.ParseError:
        return None
    return root[0].tag.split("}")[1] if root.tag == DAV + "error" and len(root) else None


def make_calendar(http, path, components=COMPONENTS):
    kinds = "".join('<C:comp name="%s"/>' % name for name in components)
    answer = http.do("MKCALENDAR", path, "<C:mkcalendar %s><D:set><D:prop><C:supported-calendar-component-set>%s"
                     "</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>" % (NAMESPACES, kinds))
    if answer.status != 201:
        raise ValueError("MKCALENDAR %s: %d" % (path, answer.status))


def multiget(http, calendar, paths):
    """{path: bytes}"""
    hrefs = "".join("<D:href>%s</D:href>" % escape(path) for path in paths)
    answer = http.do("REPORT", calendar, "<C:calendar-multiget %s><D:prop><D:getetag/><C:calendar-data/></D:prop>%s"
                     "</C:calendar-multiget>" % (NAMESPACES, hrefs), Depth="0")
    return {path: found[CALDAV + "calendar-data"].text.encode() for path, found in multistatus(answer).items() if isinstance(found, dict)}


def listing(http, calendar):
    """{path: tag} of what lies in it."""
    answer = http.do("PROPFIND", calendar, '<D:propfind %s><D:prop><D:getetag/></D:prop></D:propfind>' % NAMESPACES, Depth="1")
    return {path: found[DAV + "getetag"].text for path, found in multistatus(answer).items() if path != calendar}


def contents(http, calendar):
    """{path: bytes} of what lies in it."""
    paths = list(listing(http, calendar))
    return multiget(http, calendar, paths) if paths else {}


def properties(http, path, *names):
    """{name: text}; a name is one of those in XML, with its prefix: D:displayname, A:calendar-color."""
    answer = http.do("PROPFIND", path, "<D:propfind %s><D:prop>%s</D:prop></D:propfind>" % (
        NAMESPACES, "".join("<%s/>" % name for name in names)), Depth="0")
    return {tag.split("}")[1]: p.text for tag, p in multistatus(answer)[path].items()}


def set_properties(http, path, **values):
    """displayname, calendar_color"""
    names = {"displayname": "D:displayname", "calendar_color": "A:calendar-color"}
    answer = http.do("PROPPATCH", path, "<D:propertyupdate %s><D:set><D:prop>%s</D:prop></D:set></D:propertyupdate>" % (
        NAMESPACES, "".join("<%s>%s</%s>" % (names[n], escape(value), names[n]) for n, value in values.items())))
    if answer.status != 207 or b" 200 " not in answer.content:
        raise ValueError("PROPPATCH %s: %d" % (path, answer.status))


def expand(http, path, begin, end, component="VEVENT"):
    """The answer to a calendar-query for the instances in [begin, end)."""
    times = 'start="%s" end="%s"' % (begin, end)
    return http.do("REPORT", path, '<C:calendar-query %s><D:prop><C:calendar-data><C:expand %s/></C:calendar-data></D:prop><C:filter>'
                   '<C:comp-filter name="VCALENDAR"><C:comp-filter name="%s"><C:time-range %s/></C:comp-filter></C:comp-filter></C:filter>'
                   '</C:calendar-query>' % (NAMESPACES, times, component, times), Depth="1")


def is_there():
    return os.path.exists(os.path.join(FOLDER, "MANIFEST.tsv"))


def calendars():
    """(name, bytes as in the source, what MANIFEST.tsv says of it) of every calendar of the corpus."""
    with open(os.path.join(FOLDER, "MANIFEST.tsv")) as manifest:
        for line in manifest:
            column = line.rstrip("\n").split("\t")
            if column[0].startswith("ical/"):
                with open(os.path.join(FOLDER, column[0]), "rb") as f:
                    yield column[0][5:], f.read(), column[5]


def unfolded(data):
    return re.sub(rb"\r?\n[ \t]", b"", data)


def objects():
    """(UID, bytes with CRLF) of one object for each UID of the calendars of the corpus that are whole: the components with that UID, and
    the time zones. The calendar's own METHOD and UID and line breaks go; all else stays as it is."""
    seen = set()
    for name, data, says in calendars():
        if "/" in name or "in one stream" in says:
            continue
        head, zones, by_uid = split(crlf(data))
        for uid, parts in by_uid.items():
            if uid not in seen:
                seen.add(uid)
                yield uid, b"".join([b"BEGIN:VCALENDAR\r\n", *head, *zones, *parts, b"END:VCALENDAR\r\n"])


def split(data):
    """(lines of the VCALENDAR itself, VTIMEZONEs, {UID: components}); lines keep their folds."""
    head, zones, by_uid = [], [], {}
    depth, part = 0, b""
    for line in re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", data):
        upper = line.upper()
        depth += upper.startswith(b"BEGIN:") - upper.startswith(b"END:")
        if depth >= 2 or (depth == 1 and part):
            part += line
        elif depth == 1 and not upper.startswith((b"BEGIN:", b"METHOD", b"UID")):
            head.append(line)
        if depth == 1 and part:
            uid = re.search(rb"(?mi)^UID(?:;[^:\r\n]*)?:([^\r\n]+)", unfolded(part))
            if part.upper().startswith(b"BEGIN:VTIMEZONE"):
                zones.append(part)
            elif uid:
                by_uid.setdefault(uid[1].decode(), []).append(part)
            part = b""
    return head, zones, by_uid
