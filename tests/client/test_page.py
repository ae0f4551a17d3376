#!/usr/bin/python3
"""The pages of caldavd: by plain HTTP (forms of other sites, escaping, headers, bounds), and in Chromium, as a person uses them.

usage: test_page.py [--bin DIR] [--pictures DIR]"""
import datetime
import html
import html.parser
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import webdriver
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

HOME = "/calendars/anna/"
CALENDAR = HOME + "calendar/"
EVIL = "<script>alert(1)</script>\"'&"
BOUNDARY = "----browserBoundary7"
tally = Tally()
check = tally.check


def vcalendar(*components):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n%sEND:VCALENDAR\r\n" % "".join(components)


def vevent(uid, summary, start, *more, kind="VEVENT"):
    lines = ["BEGIN:" + kind, "UID:" + uid, "DTSTAMP:20260101T000000Z", "SUMMARY:" + summary, *([start] if start else []), *more, "END:" + kind]
    return "".join(line + "\r\n" for line in lines)


class Forms(html.parser.HTMLParser):
    """{action's name: (address, {field: value})}; and whether every tag that opens closes in its place."""

    EMPTY = {"meta", "input", "br", "link", "hr"}
    OPTIONAL = {"option"}

    def __init__(self, text):
        super().__init__()
        self.forms, self.open, self.problems, self.ids, self.fors, self.tags = {}, [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "label":
            self.fors.append(attributes["for"])
        if tag == "form":
            self.address, self.fields = attributes["action"], {}
        if tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")
            if attributes["name"] == "action":
                self.forms[attributes["value"]] = (self.address, self.fields)
        if tag not in self.EMPTY and tag not in self.OPTIONAL:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.OPTIONAL:
            return
        if not self.open or self.open.pop() != tag:
            self.problems.append("</%s>" % tag)


def get(client, path=HOME, **fields):
    return client.do("GET", path, Accept="text/html,*/*;q=0.8", **fields)


def text_of(answer):
    """What a person reads."""
    text = re.sub(r"<(style|datalist).*?</\1>", " ", answer.body.decode(), flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)))


def form_of(client, path, action):
    address, fields = Forms(get(client, path).body.decode()).forms[action]
    return address, dict(fields)


def post(client, address, fields, **more):
    return client.do("POST", address, urllib.parse.urlencode(fields), Content_Type="application/x-www-form-urlencoded", **more)


def send(client, path, action, values=None, **more):
    address, fields = form_of(client, path, action)
    fields.update(values or {})
    return post(client, address, fields, **more)


def multipart(fields, file=None):
    body = b""
    for name, value in fields.items():
        body += b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (BOUNDARY.encode(), name.encode(), value.encode())
    if file is not None:
        body += (b'--%s\r\nContent-Disposition: form-data; name="file"; filename="a.ics"\r\nContent-Type: text/calendar\r\n\r\n' % BOUNDARY.encode()
                 + file + b"\r\n")
    return body + b"--%s--\r\n" % BOUNDARY.encode()


def send_file(client, path, file):
    address, fields = form_of(client, path, "import")
    fields.pop("file", None)
    return client.do("POST", address, multipart(fields, file.encode() if isinstance(file, str) else file),
                     Content_Type="multipart/form-data; boundary=" + BOUNDARY)


def names(client):
    return [span_text(t) for t in re.findall(r'<li class="card.*?<bdi>(.*?)</bdi>', get(client).body.decode(), re.S)]


def span_text(text):
    return html.unescape(re.sub("<[^>]*>", "", text))


def property_of(client, path, ns, name):
    body = '<propfind xmlns="DAV:"><prop><x:%s xmlns:x="%s"/></prop></propfind>' % (name, ns)
    answer = client.do("PROPFIND", path, body, Depth="0").content.decode()
    found = re.search(r"<\w+:%s(?: [^>]*[^/>])?>([^<]*)<" % name, answer)
    return found and html.unescape(found.group(1))


# --- by plain HTTP ---


def frame(client):
    for path in ("/", "/calendars/", HOME, CALENDAR, HOME + "tasks/?delete", HOME + "inbox/", "/principals/anna/"):
        answer = get(client, path)
        forms = Forms(answer.body.decode())
        check(answer.status == 200, "%s: %d" % (path, answer.status))
        policy = answer.field("Content-Security-Policy") or ""
        nonce = re.search(r"style-src 'nonce-(\w+)'", policy)
        check(nonce and '<style nonce="%s">' % nonce.group(1) in answer.body.decode(), path + ": the style sheet has the policy's nonce")
        for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            check(part in policy, "%s: the policy says %s" % (path, part))
        check(answer.field("X-Content-Type-Options") == "nosniff" and answer.field("Referrer-Policy") == "no-referrer" and
              answer.field("Cache-Control") == "no-store", path + ": headers")
        check(answer.field("Content-Type") == "text/html; charset=utf-8", path + ": its type")
        check(not forms.problems and not forms.open, "%s: tags: %s %s" % (path, forms.problems, forms.open))
        check(len(forms.ids) == len(set(forms.ids)) and set(forms.fors) <= set(forms.ids), path + ": ids and labels")
        fields = [a for tag, a in forms.tags if tag in ("input", "select") and a.get("type") != "hidden"]
        check(all(a.get("id") in forms.fors for a in fields), path + ": every field has a label")
        tags = [tag for tag, _ in forms.tags]
        check(tags.count("h1") == 1 and "main" in tags and ("html", {"lang": "en"}) in forms.tags, path + ": headings, language")
        check(not any(a.get("src") or a.get("style") or tag in ("script", "link") or any(k.startswith("on") for k in a)
                      for tag, a in forms.tags), path + ": nothing from elsewhere, no scripts")
        check(not any(a.get("href", "").startswith(("http", "//")) for _, a in forms.tags), path + ": links stay here")
    check(get(client, HOME, Accept_Encoding="gzip").field("Content-Encoding") is None, "pages with tokens are not compressed")
    nonces = {re.search(r"nonce-(\w+)", get(client).field("Content-Security-Policy")).group(1) for _ in range(3)}
    check(len(nonces) == 3, "each page has its own nonce")
    check(client.do("HEAD", HOME).status == 200, "HEAD")
    check(client.do("GET", CALENDAR).field("Content-Type").startswith("text/calendar"), "a program gets the calendar itself")
    check(get(client, CALENDAR + "?export").field("Content-Type").startswith("text/calendar"), "and so does who downloads it")


def others(client, other):
    for path in (HOME, CALENDAR, HOME + "none/"):
        check(get(other, path).status == 404, "another user sees nothing at " + path)
        check(get(other, path).body == get(other, "/calendars/nobody/").body, "and nobody can tell it from what is not there")
    address, fields = form_of(client, CALENDAR, "settings")
    check(post(other, address, fields).status == 404, "another user's form")
    check(get(Caldav(client.port)).status == 401, "without a password")


def foreign_forms(client):
    address, fields = form_of(client, CALENDAR, "settings")
    fields["name"] = "Taken over"
    good = fields["token"]
    refused = [
        ("no token", {**fields, "token": ""}, {}),
        ("a wrong one", {**fields, "token": good[:-1] + ("0" if good[-1] != "0" else "1")}, {}),
        ("one that is longer", {**fields, "token": good + "0"}, {}),
        ("the home's", {**fields, "token": form_of(client, HOME, "create")[1]["token"]}, {}),
        ("from another site", fields, {"Sec_Fetch_Site": "cross-site"}),
        ("from a neighbour", fields, {"Sec_Fetch_Site": "same-site"}),
        ("from nowhere", fields, {"Sec_Fetch_Site": "none"}),
        ("another origin", fields, {"Origin": "https://evil.example"}),
        ("another port", fields, {"Origin": "http://127.0.0.1:1"}),
    ]
    for what, values, more in refused:
        answer = post(client, address, values, **more)
        check(answer.status == 403 and "That did not work" in text_of(answer), "a form is refused: %s: %d" % (what, answer.status))
        check(get(client, CALENDAR).body.decode().count("Taken over") == 0, "and changes nothing: " + what)
    check("Taken over" not in post(client, address, fields, Sec_Fetch_Site="cross-site").body.decode(), "what another site sent is not shown")
    plain = client.do("POST", address, urllib.parse.urlencode(fields), Content_Type="text/plain")
    check(plain.status in (403, 415), "a form as text/plain: %d" % plain.status)
    fields["name"] = "Calendar"
    for more in ({}, {"Sec_Fetch_Site": "same-origin", "Origin": "null"}, {"Origin": "http://127.0.0.1:%d" % client.port}):
        answer = post(client, address, fields, **more)
        check(answer.status == 303 and answer.field("Location") == CALENDAR + "?done=saved", "our own form: %s: %d" % (more, answer.status))


def tokens_of_others(client, other):
    token = form_of(other, "/calendars/bert/", "create")[1]["token"]
    check(post(client, HOME, {"action": "create", "name": "x", "token": token}).status == 403, "another user's token")


def old_forms(client, clock):
    address, fields = form_of(client, CALENDAR, "settings")
    clock(2 * 3600)
    check(post(client, address, fields).status == 303, "a form is good for two hours")
    clock(7 * 3600)
    answer = post(client, address, fields)
    check(answer.status == 403 and "too old" in text_of(answer), "and not for seven")
    fresh = Forms(answer.body.decode()).forms["settings"]
    check(post(client, *fresh).status == 303, "and then comes anew")
    clock(0)


def malformed(client):
    address, fields = form_of(client, CALENDAR, "settings")
    line = urllib.parse.urlencode(fields)
    for what, body in (("%", line + "&x=%"), ("%zz", line + "&x=%zz"), ("twice", line + "&name=a"), ("no UTF-8", line + "&x=%ff"),
                       ("many", line + "".join("&x%d=" % i for i in range(20))), ("long", line + "&x=" + "a" * 5000)):
        answer = client.do("POST", address, body, Content_Type="application/x-www-form-urlencoded")
        check(answer.status == 400, "a malformed form: %s: %d" % (what, answer.status))
    whole = multipart(fields)
    for what, type_, body in (("no boundary", "multipart/form-data", whole), ("cut off", None, whole[:-10]), ("empty", None, b""),
                              ("another boundary", "multipart/form-data; boundary=x", whole), ("trailer", None, whole + b"x"),
                              ("preamble", None, b"x\r\n" + whole), ("bare", None, whole.replace(b"\r\n", b"\n")),
                              ("coded", None, whole.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1))):
        answer = client.do("POST", address, body, Content_Type=type_ or "multipart/form-data; boundary=" + BOUNDARY)
        check(answer.status == 400, "a malformed multipart form: %s: %d" % (what, answer.status))
    check(client.do("POST", address, whole, Content_Type='multipart/form-data; boundary="%s"' % BOUNDARY).status == 303, "a good one")
    check(send(client, CALENDAR, "settings", {"action": "burn"}).status == 422, "an unknown action")
    check(send(client, HOME, "create", {"action": "delete"}).status == 422, "a home is not deleted")
    check(get(client, HOME + "?%zz&month=2026-13&done=imported&new=%3Cb%3E").status == 200, "queries that make no sense")


def create(client):
    answer = send(client, HOME, "create", {"name": "Work: plans & more", "colour": "#12aBcD", "kind": "events", "zone": "europe/berlin"})
    check(answer.status == 303 and answer.field("Location") == HOME + "work-plans-more/?done=created", "create: %s" % answer.field("Location"))
    path = HOME + "work-plans-more/"
    check("The calendar was created" in text_of(get(client, answer.field("Location"))), "and the page says so")
    check(property_of(client, path, "DAV:", "displayname") == "Work: plans & more", "its name")
    check(property_of(client, path, "http://apple.com/ns/ical/", "calendar-color") == "#12abcdff", "its colour")
    check(property_of(client, path, "urn:ietf:params:xml:ns:caldav", "calendar-timezone-id") == "Europe/Berlin", "its zone")
    check("{--k:#12abcd}" in get(client, path).body.decode(), "the page has the colour")
    again = send(client, HOME, "create", {"name": "Work, plans: more", "kind": "tasks"})
    check(again.status == 303 and re.match(re.escape(HOME) + "work-plans-more-[0-9a-f]{8}/", again.field("Location")), "the same name again")
    for values, words in (({"name": " "}, "needs a name"), ({"name": "a" * 300}, "too long"), ({"name": "a\x01b"}, "characters"),
                          ({"name": "kept", "colour": "red"}, "colour"), ({"name": "kept", "colour": "#12345}"}, "colour"),
                          ({"name": "kept", "zone": "Moon/Base"}, "time zone")):
        answer = send(client, HOME, "create", values)
        check(answer.status == 422 and words in text_of(answer), "create is refused: %s: %d" % (words, answer.status))
        check('value="%s"' % values["name"].strip() in answer.body.decode() or values["name"] != "kept", "and what was typed stays")
    check("kept" not in names(client), "and nothing is created")
    nameless = send(client, HOME, "create", {"name": "日本語"})
    check(nameless.status == 303 and re.match(re.escape(HOME) + "[0-9a-f]{8}/", nameless.field("Location")), "a name without ASCII letters")
    check("日本語" in names(client), "and it is shown")


def settings(client):
    path = HOME + "work-plans-more/"
    check(send(client, path, "settings", {"name": "Renamed", "colour": "#aa0000", "zone": "America/New_York"}).status == 303, "settings")
    check("Renamed" in names(client), "renamed")
    check(property_of(client, path, "http://apple.com/ns/ical/", "calendar-color") == "#aa0000ff", "coloured")
    check("America/New_York" in text_of(get(client, path)), "its zone")
    body = ('<propertyupdate xmlns="DAV:"><set><prop><c xmlns="http://apple.com/ns/ical/"/><A:calendar-color xmlns:A="http://apple.com/ns/ical/">'
            '#00aa0080</A:calendar-color></prop></set></propertyupdate>')
    client.do("PROPPATCH", path, body)
    send(client, path, "settings", {"name": "Renamed"})
    check(property_of(client, path, "http://apple.com/ns/ical/", "calendar-color") == "#00aa0080", "a colour that stays keeps its opacity")
    send(client, path, "settings", {"zone": ""})
    check(property_of(client, path, "urn:ietf:params:xml:ns:caldav", "calendar-timezone-id") is None, "the zone goes")
    bad = "red}</style><script>"
    client.do("PROPPATCH", path, body.replace("#00aa0080", html.escape(bad)))
    page = get(client, path).body.decode()
    check(bad not in page and "red}" not in page, "what is no colour does not come into the style sheet")
    send(client, path, "settings", {"name": "Renamed", "colour": "#00aa00"})


def escaping(client):
    send(client, HOME, "create", {"name": EVIL})
    path = [p for p in re.findall(r'href="(%sscript[^"]*)"' % HOME, get(client).body.decode())][0]
    today = datetime.date.today().strftime("%Y%m%d")
    client.put(path + "a.ics", vcalendar(vevent("evil", EVIL, "DTSTART:%sT100000Z" % today, "LOCATION:" + EVIL)))
    for page in (get(client), get(client, path), get(client, path + "?delete")):
        body = page.body.decode()
        check("<script" not in body and "alert(1)" in body, "names and summaries are escaped")
        check(EVIL in text_of(page), "and readable")
        check(not Forms(body).problems, "and tags are closed")
    for query in ("?month=" + urllib.parse.quote(EVIL), "?done=" + urllib.parse.quote(EVIL), "?" + EVIL.replace("#", "")):
        check("<script" not in get(client, HOME + query.replace(" ", "%20")).body.decode(), "the query is not echoed")
    check("<script" not in get(client, HOME, Forwarded="host=" + EVIL).body.decode(), "nor what a header says")
    address, fields = form_of(client, path, "settings")
    check("<script" not in post(client, address, {**fields, "zone": EVIL}).body.decode(), "nor what was typed")
    check(send(client, path + "?delete", "delete").status == 303, "it is deleted")


def months(client):
    path = HOME + "work-plans-more/"
    send(client, path, "settings", {"name": "Renamed", "zone": "Europe/Berlin"})
    client.put(path + "w.ics", vcalendar(
        vevent("w", "Weekly", "DTSTART:20260302T090000Z", "DURATION:PT1H30M", "RRULE:FREQ=WEEKLY", "EXDATE:20260316T090000Z"),
        vevent("w", "Moved", "DTSTART:20260310T160000Z", "DTEND:20260310T170000Z", "RECURRENCE-ID:20260309T090000Z")))
    client.put(path + "d.ics", vcalendar(vevent("d", "Whole days", "DTSTART;VALUE=DATE:20260130", "DTEND;VALUE=DATE:20260303")))
    client.put(path + "f.ics", vcalendar(vevent("f", "Floating", "DTSTART:20260331T233000", "DTEND:20260401T003000")))
    client.put(path + "l.ics", vcalendar(vevent("l", "Local midnight", "DTSTART:20260331T220000Z", "DTEND:20260331T223000Z")))
    client.put(path + "s.ics", vcalendar(vevent("s", "Seconds", "DTSTART:20260301T000000Z", "RRULE:FREQ=SECONDLY;COUNT=9000")))
    march, april = text_of(get(client, path + "?month=2026-03")), text_of(get(client, path + "?month=2026-04"))
    check("March 2026" in march and "← February" in march and "April →" in march, "the head of the month")
    check(march.count("Weekly") == 3 and march.count("Moved") == 1, "recurring events, without what is left out, with what is moved")
    check("10:00–11:30 Weekly" in march and "17:00–18:00 Moved" in march, "in the calendar's zone")
    check("11:00–12:30 Weekly" in march, "and in its summer time")
    check("Since 30 January, until 2 March Whole days" in march, "days that began before")
    check("23:30, until 1 April, 00:30 Floating" in march, "floating times stay as they are")
    check("Local midnight" not in march and "00:00–00:30 Local midnight" in april, "the month ends at the zone's midnight")
    check("1 entry recurs too often" in march, "what recurs every second is told of, and not shown")
    check("Weekly" not in text_of(get(client, path + "?month=2026-02")), "nothing before it begins")
    for bad in ("2026-00", "2026-13", "0000-01", "9999-01", "26-1", "2026-1a"):
        now = datetime.date.today().strftime("%B %Y")
        check(now in text_of(get(client, path + "?month=" + bad)), "a month that is none: " + bad)
    for year in (1900, 1969, 1970, 2400):
        check("January %d" % year in text_of(get(client, path + "?month=%d-01" % year)), "the year %d" % year)
    tasks = HOME + "tasks/"
    client.put(tasks + "a.ics", vcalendar(vevent("ta", "Some day", None, kind="VTODO")))
    client.put(tasks + "b.ics", vcalendar(vevent("tb", "Due", "DUE:20260305T120000Z", kind="VTODO")))
    client.put(tasks + "c.ics", vcalendar(vevent("tc", "Long done", None, "STATUS:COMPLETED", "COMPLETED:20260101T000000Z", kind="VTODO")))
    page = text_of(get(client, tasks + "?month=2026-03"))
    check("12:00 Due to do" in page and "To do, without a date Any day Some day" in page and "Long done" not in page, "to-dos")
    both = text_of(get(client, HOME + "?month=2026-03"))
    check("Weekly" in both and "Renamed" in both and "Due" in both, "the home shows all calendars")


def much(client):
    path = HOME + "work-plans-more/"
    first = datetime.date(2026, 7, 1)
    events = [vevent("m%d" % i, "Number %d" % i, "DTSTART:%sT%02d0000Z" % ((first + datetime.timedelta(i % 28)).strftime("%Y%m%d"), i % 24))
              for i in range(1500)]
    answer = send_file(client, path, vcalendar(*events))
    check(answer.field("Location") == path + "?done=imported&new=1500&changed=0&same=0", "1500 at once: %s" % answer.field("Location"))
    page = get(client, path + "?month=2026-07")
    check(text_of(page).count("Number") == 1000 and "more than can be shown" in text_of(page), "a page is bounded")
    hostile = [vevent("h%d" % i, "Hostile", "DTSTART:20260801T000000Z", "RRULE:FREQ=MINUTELY;BYMONTH=8;BYSECOND=0;INTERVAL=7") for i in range(300)]
    send_file(client, path, vcalendar(*hostile))
    before = time.monotonic()
    check(get(client, path + "?month=2026-08").status == 200 and time.monotonic() - before < 60, "and in time")
    client.do("DELETE", path)
    send(client, HOME, "create", {"name": "Work: plans & more", "kind": "events"})


def imports(client):
    path = HOME + "work-plans-more/"
    good = vcalendar(vevent("i1", "One", "DTSTART:20260901T100000Z"), vevent("i2", "Two", "DTSTART:20260902T100000Z"))
    answer = send_file(client, path, good)
    check(answer.status == 303 and answer.field("Location") == path + "?done=imported&new=2&changed=0&same=0", "import")
    check("Imported: 2 new, 0 changed, 0 as they were." in text_of(get(client, answer.field("Location"))), "and the page says so")
    answer = send_file(client, path, good.replace("SUMMARY:Two", "SUMMARY:Deux"))
    check(answer.field("Location").endswith("new=0&changed=1&same=1"), "again, with one change: %s" % answer.field("Location"))
    page = text_of(get(client, path + "?month=2026-09"))
    check("One" in page and "Deux" in page and "Two" not in page, "and the page has it")
    mixed = vcalendar(vevent("i3", "Three", "DTSTART:20260903T100000Z"), vevent("i4", "A task", None, kind="VTODO"))
    answer = send_file(client, path, mixed)
    check(answer.status == 200 and "Imported: 1 new" in text_of(answer) and "1 left out, namely from line 10:" in text_of(answer), "what cannot be taken")
    check("3 entries" in text_of(answer), "and the page knows what is new")
    for what, file, words in (("none", b"", "choose a file"), ("text", "hello\r\n", "no iCalendar file"),
                              ("only tasks", vcalendar(vevent("i5", "A task", None, kind="VTODO")), "Nothing in the file"),
                              ("nothing in it", vcalendar(), "nothing in this file"), ("bytes", bytes(range(256)), "no iCalendar file")):
        answer = send_file(client, path, file)
        check(answer.status == 422 and words in text_of(answer), "an import that fails: %s: %d" % (what, answer.status))
    outlook = vcalendar(vevent("i6", "Zoned", "DTSTART;TZID=W. Europe Standard Time:20260904T100000"))
    send_file(client, path, outlook)
    check("08:00 Zoned" in text_of(get(client, path + "?month=2026-09")), "zones that are named only")
    check(client.do("GET", path).content.count(b"BEGIN:VTIMEZONE") == 1, "are spelled out")


def sharing(client):
    answer = send(client, CALENDAR, "share")
    check(answer.status == 303, "share")
    page = get(client, CALENDAR)
    found = re.search(r'id="share-address"[^>]*value="(http://127\.0\.0\.1:%d)(/subscribe/[^"]+\.ics)"' % client.port, page.body.decode())
    if not check(found, "the page has the address to subscribe to"):
        return
    public = Caldav(client.port)
    check(public.do("GET", found.group(2)).status == 200, "and it works without a password")
    check("can be subscribed to" in text_of(get(client)), "the home says so")
    send(client, CALENDAR, "share")
    check(public.do("GET", found.group(2)).status == 404, "another address replaces it")
    again = re.search(r'(/subscribe/[^"]+)"', get(client, CALENDAR).body.decode()).group(1)
    send(client, CALENDAR, "unshare")
    check("/subscribe/" not in get(client, CALENDAR).body.decode() and public.do("GET", again).status == 404, "unshare")


def deleting(client):
    path = HOME + "work-plans-more/"
    page = get(client, path + "?delete")
    check("Delete “ Work: plans & more ”?" in text_of(page) and "cannot be undone" in text_of(page), "the page asks")
    check("delete" in Forms(page.body.decode()).forms and get(client, path).status == 200, "and does nothing yet")
    check("delete" not in Forms(get(client, path).body.decode()).forms, "the calendar's own page only has a link to it")
    answer = send(client, path + "?delete", "delete")
    check(answer.status == 303 and answer.field("Location") == HOME + "?done=deleted", "delete")
    check(get(client, path).status == 404 and "The calendar was deleted" in text_of(get(client, HOME + "?done=deleted")), "it is gone")
    check("?delete" not in get(client, CALENDAR).body.decode(), "the first calendar stays")
    token = form_of(client, CALENDAR, "settings")[1]["token"]
    answer = post(client, CALENDAR, {"token": token, "action": "delete"})
    check(answer.status == 422 and "cannot be deleted" in text_of(answer) and get(client, CALENDAR).status == 200, "whoever asks")


def many(client):
    """Calendars beyond what a page shows, and those in a folder."""
    cards = lambda: get(client).body.decode().count('<li class="card k')
    first = cards()
    for i in range(100 - first):
        client.do("MKCALENDAR", HOME + "many%d/" % i)
    check(cards() == 100 and "There are more" not in text_of(get(client)), "a page shows a hundred calendars: %d" % cards())
    client.do("MKCALENDAR", HOME + "many109/")
    check(cards() == 100 and "There are more" in text_of(get(client)), "and says that there are more")
    for i in range(110):
        client.do("DELETE", HOME + "many%d/" % i)
    client.do("MKCOL", HOME + "folder/")
    client.do("MKCALENDAR", HOME + "folder/inner/")
    check("Inner" in text_of(get(client, HOME + "folder/")) and "folder" in text_of(get(client)), "a folder shows its calendars")
    answer = send(client, HOME + "folder/inner/?delete", "delete")
    check(answer.field("Location") == HOME + "folder/?done=deleted", "one is deleted there")
    client.do("DELETE", HOME + "folder/")


def aliases(client):
    """Old addresses keep their forms to themselves."""
    address, fields = form_of(client, "/caldav/", "create")
    fields["name"] = "Aliased"
    answer = post(client, address, fields)
    check(address == "/caldav/anna/" and answer.field("Location") == "/caldav/anna/aliased/?done=created", "a form at an old address")
    check(post(client, HOME, fields).status == 403, "its token is good there only")
    client.do("DELETE", HOME + "aliased/")


def locked(client):
    path = HOME + "tasks/"
    body = '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    answer = client.do("LOCK", path, body, Timeout="Second-60")
    check(answer.status in (200, 201), "lock")
    answer = send(client, path, "settings", {"name": "Other"})
    check(answer.status == 423 and "has locked it" in text_of(answer) and 'value="Other"' in answer.body.decode(), "a lock of a program holds")
    client.do("UNLOCK", path, Lock_Token=client.do("LOCK", path, body).field("Lock-Token") or "<x:>")


def behind_a_proxy(home):
    daemon = Caldavd(home, ["http.base_path=/dav", "trusted.forwarders=127.0.0.1"]).start()
    client = Caldav(daemon.port, "anna")
    fields = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "cal.example.com", "X_Forwarded_For": "192.0.2.1"}
    page = get(client, "/dav/calendars/anna/", **fields)
    check('value="https://cal.example.com/dav/calendars/anna/"' in page.body.decode(), "addresses as the browser sees them")
    address, values = Forms(page.body.decode()).forms["create"]
    check(address == "/dav/calendars/anna/", "forms go below the base path")
    values["name"] = "Proxied"
    answer = post(client, address, values, Origin="https://cal.example.com", **fields)
    check(answer.status == 303 and answer.field("Location") == "/dav/calendars/anna/proxied/?done=created", "and so do redirects")
    client.do("DELETE", "/dav/calendars/anna/proxied/")
    client.close()
    daemon.stop()
    return daemon


# --- in Chromium ---


def person(port, folder, pictures):
    browser = webdriver.Browser()
    try:
        visit(browser, port, folder, pictures)
    finally:
        browser.close()


def visit(browser, port, folder, pictures):
    browser.go("http://anna:pass@127.0.0.1:%d/" % port)
    check(browser.title == "Calendars" and browser.text("h1") == "Calendars", "the page opens: %s" % browser.title)
    check(browser.run("return getComputedStyle(document.querySelector('.card')).borderTopStyle") == "solid", "its style sheet is taken")
    browser.click("details summary")
    browser.type("#create-name", "Trip <b>& tour</b>")
    browser.run("document.querySelector('#create-colour').value = '#c2255c'")
    browser.click("details button")
    check(browser.text("h1") == "Trip <b>& tour</b>" and "was created" in browser.text(".notice"), "a calendar is created")
    check(browser.run("return getComputedStyle(document.querySelector('h1 .dot')).backgroundColor") == "rgb(194, 37, 92)", "it has its colour")
    path = os.path.join(folder, "import.ics")
    day = datetime.date.today().replace(day=15).strftime("%Y%m%d")
    with open(path, "w", newline="") as f:
        f.write(vcalendar(vevent("b1", "Museum <script>document.title='x'</script>", "DTSTART:%sT140000Z" % day, "DTEND:%sT160000Z" % day),
                          vevent("b2", "Picnic", "DTSTART;VALUE=DATE:" + day)))
    browser.click("section[aria-labelledby=change] details:nth-of-type(2) summary")
    browser.type("#import-file", path)
    browser.click("section[aria-labelledby=change] details:nth-of-type(2) button")
    check("2 new" in browser.text(".notice"), "a file is imported: %s" % browser.text(".notice"))
    check("14:00–16:00" in browser.text("#d15") and "Museum <script>" in browser.text("#d15") and "Picnic" in browser.text("#d15"), "its events are there")
    check(browser.count("main script") == 0 and browser.title == "Trip <b>& tour</b>", "and nothing in them runs")
    browser.click("nav a:last-of-type")
    check(browser.count("#d15") == 0, "the next month has none of them")
    browser.click("nav a:first-of-type")
    check(browser.count("#d15") == 1, "and back")
    browser.click("section[aria-labelledby=addresses] button")
    check("/subscribe/" in browser.run("return document.querySelector('#share-address').value"), "an address to subscribe to")
    wide = browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    check(wide, "nothing is wider than the window")
    check(contrasts(browser) == [], "contrast: %s" % contrasts(browser)[:3])
    if pictures:
        browser.screenshot(os.path.join(pictures, "calendar.png"))
    browser.click(".button.danger")
    check("Delete" in browser.text("h1"), "it asks before it deletes")
    browser.click("button.danger")
    check("was deleted" in browser.text(".notice") and "Trip" not in browser.text(".cards"), "and it is gone")
    check([line for line in browser.log() if "Content Security Policy" in line] == [], "the policy lets all of it through")


# Text against what is behind it, as WCAG 2.2 counts it: what has less than 4.5:1.
CONTRAST = """
const light = c => { c = c.map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 });
                     return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2] };
const parse = s => s.match(/[\\d.]+/g).map(Number);
const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                      if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] };
const bad = [];
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) && !['INPUT', 'SELECT'].includes(e.tagName)) continue;
  const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push(e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2));
}
return bad;"""


def contrasts(browser):
    return browser.run(CONTRAST)


def at_night(port, pictures):
    browser = webdriver.Browser(size=(420, 900), dark=True)
    try:
        browser.go("http://anna:pass@127.0.0.1:%d%s" % (port, CALENDAR))
        dark = browser.run("return matchMedia('(prefers-color-scheme: dark)').matches")
        if check(dark, "the browser is dark"):
            check(browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)", "and so is the page")
            check(contrasts(browser) == [], "contrast in the dark: %s" % contrasts(browser)[:3])
        check(browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "it fits a telephone")
        if pictures:
            browser.screenshot(os.path.join(pictures, "night.png"))
    finally:
        browser.close()


class Clock:
    """Moves the daemon's time (common/base/clock.h)."""

    def __init__(self, path):
        self.path = path
        self(0)

    def __call__(self, seconds):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as f:
            f.write(seconds.to_bytes(8, sys.byteorder, signed=True))


def main():
    home = Daemon()
    programs = []
    pictures = sys.argv[sys.argv.index("--pictures") + 1] if "--pictures" in sys.argv else None
    try:
        clock = Clock(os.path.join(home.folder, "clock"))
        home.environment["TRIVET_TEST_CLOCK"] = clock.path
        home.add_users(["anna", "bert"])
        programs.append(Caldavd(home).start())
        port = programs[0].port
        client, other = Caldav(port, "anna"), Caldav(port, "bert")
        frame(client)
        others(client, other)
        foreign_forms(client)
        tokens_of_others(client, other)
        old_forms(client, clock)
        malformed(client)
        create(client)
        settings(client)
        escaping(client)
        months(client)
        much(client)
        imports(client)
        sharing(client)
        deleting(client)
        many(client)
        aliases(client)
        locked(client)
        programs.append(behind_a_proxy(home))
        if webdriver.is_there():
            person(port, home.folder, pictures)
            at_night(port, pictures)
        else:
            tally.skip("chromium and chromium-driver are not installed")
        for program in programs:
            check(program.stop() in (0, None), "the daemon ends well")
            check(program.sanitizer_report() == [], "\n".join(program.sanitizer_report()[:20]))
    finally:
        home.remove()
    tally.end()


main()
