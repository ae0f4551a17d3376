#!/usr/bin/python3
"""iCalendar over plain HTTP: whole calendars read, put and deleted under /ical/, secret addresses, free and busy times.

usage: test_ical_http.py [--bin DIR]"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally


def event(uid, summary="Lunch", more="", start="20260301T120000Z", end="20260301T130000Z"):
    return ("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\n"
            % (uid, start, end, summary, more))


def todo(uid):
    return "BEGIN:VTODO\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Do\r\nEND:VTODO\r\n" % uid


def calendar(*components):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n%sEND:VCALENDAR\r\n" % "".join(components)


def uids(text):
    return sorted(re.findall(rb"^UID:(.*?)\r$", text, re.M))


def names(client, path="/calendars/u1/calendar/"):
    """{name: ETag} of what is in a collection."""
    answer = client.do("PROPFIND", path, '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>', Depth="1")
    found = re.findall(rb"<D:href>([^<]*)</D:href>.*?(?:<D:getetag>([^<]*)|</D:response>)", answer.content, re.S)
    return {href.decode().rsplit("/", 1)[1]: tag.decode() for href, tag in found if tag}


def put(client, path, text, **fields):
    return client.do("PUT", path, text, Content_Type="text/calendar", **fields)


def reading(client, tally):
    client.put("/calendars/u1/calendar/a.ics", calendar(event("a@x")))
    client.put("/calendars/u1/calendar/b.ics", calendar(event("b@x")))
    whole = client.do("GET", "/ical/u1/calendar")
    tally.check(whole.status == 200 and uids(whole.content) == [b"a@x", b"b@x"], "the whole calendar: %d %r" % (whole.status, whole.content))
    tally.check(whole.content.count(b"BEGIN:VCALENDAR") == 1, "one VCALENDAR")
    tally.check((whole.field("Content-Type") or "").startswith("text/calendar"), "its type")
    tally.check("attachment" in (whole.field("Content-Disposition") or ""), "a name to keep it under")
    for path in ("/ical", "/ical/", "/ical/u1", "/ical/u1/", "/ical/U1/Calendar", "/ical/u1/calendar/", "/ical/u1/calendar.ics", "/ical/u1/CALENDAR.ICS"):
        got = client.do("GET", path)
        tally.check(got.status == 200 and got.content == whole.content, "GET %s: %d" % (path, got.status))
    head = client.do("HEAD", "/ical/u1/calendar")
    tally.check(head.status == 200 and head.body == b"" and head.field("ETag") == whole.field("ETag"), "HEAD")
    tag = whole.field("ETag")
    same = client.do("GET", "/ical/u1/calendar", If_None_Match=tag)
    tally.check(same.status == 304 and same.body == b"", "If-None-Match: %d" % same.status)
    client.put("/calendars/u1/calendar/b.ics", calendar(event("b@x", "Dinner")))
    tally.check(client.do("GET", "/ical/u1/calendar", If_None_Match=tag).status == 200, "the tag changes with an object")
    for path in ("/ical/u2/calendar", "/ical/nobody/calendar", "/ical/u1/nothing", "/ical/u1/inbox", "/ical/u1/calendar/a.ics", "/ical/u1/calendar/x/y",
                 "/ical/u1/" + "x" * 300):
        tally.check(client.do("GET", path).status == 404, "GET %s is 404" % path)
    for path in ("/ical/u1/..", "/ical/u1/%2e%2e/x", "/ical/u1/%00", "/ical/u1/a%2fb"):
        tally.check(client.do("GET", path).status == 400, "GET %s is 400" % path)
    tally.check(Caldav(client.port).do("GET", "/ical/u1/calendar").status == 401, "not without log-in")


def methods(client, tally):
    answer = client.do("OPTIONS", "/ical/u1/calendar")
    tally.check(answer.status == 200 and "PUT" in (answer.field("Allow") or ""), "OPTIONS")
    for method in ("POST", "PROPFIND", "MKCOL", "REPORT", "LOCK"):
        answer = client.do(method, "/ical/u1/calendar")
        tally.check(answer.status == 405 and answer.field("Allow") is not None, "%s is 405: %d" % (method, answer.status))


def replacing(client, tally):
    before = names(client)
    answer = put(client, "/ical/u1/calendar", calendar(event("a@x"), event("b@x", "Supper"), event("c/d%..@x"), event("../e"), event("f@x")))
    tally.check(answer.status == 204 and answer.body == b"", "PUT: %d %r" % (answer.status, answer.content))
    after = names(client)
    tally.check(after.get("a.ics") and after.get("b.ics") and after["b.ics"] != before["b.ics"], "what is there keeps its name: %r" % after)
    tally.check("f@x.ics" in after and len(after) == 5, "names of the new ones: %r" % after)
    tally.check(answer.field("ETag") == client.do("HEAD", "/ical/u1/calendar").field("ETag"), "the tag comes with the answer")
    again = put(client, "/ical/u1/calendar", client.do("GET", "/ical/u1/calendar").content)
    tally.check(again.status == 204 and names(client).keys() == after.keys(), "what was read can be put: %d" % again.status)
    settled = client.do("HEAD", "/ical/u1/calendar").field("ETag")
    put(client, "/ical/u1/calendar", client.do("GET", "/ical/u1/calendar").content)
    tally.check(client.do("HEAD", "/ical/u1/calendar").field("ETag") == settled, "the same once more changes nothing")
    put(client, "/ical/u1/calendar", calendar(event("a@x")))
    tally.check(list(names(client)) == ["a.ics"], "what is not in it goes")
    # a name that something else has
    client.put("/calendars/u1/calendar/g@x.ics", calendar(event("other@x")))
    put(client, "/ical/u1/calendar", calendar(event("a@x"), event("other@x"), event("g@x")))
    tally.check(uids(client.do("GET", "/ical/u1/calendar").content) == [b"a@x", b"g@x", b"other@x"], "nothing takes another's name")


def refusing(client, tally):
    before = names(client)
    cases = (
        (b"", 403, b"valid-calendar-data"),
        (b"nonsense", 403, b"valid-calendar-data"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n", 403, b"valid-calendar-data"),
        (calendar(event("ok@x"), event("bad@x", start="yesterday")), 403, b"valid-calendar-data"),
        (calendar(event("ok@x"), todo("todo@x")), 403, b"supported-calendar-component"),
        (calendar(event("ok@x"), event("bad@x", "\udcff")).encode("utf-8", "surrogateescape"), 403, b"valid-calendar-data"),
        (calendar(event("big@x", more="DESCRIPTION:%s\r\n" % ("x" * 200000))), 403, b"max-resource-size"),
        ("x" * 3000000, 413, b""),
    )
    for text, status, condition in cases:
        answer = put(client, "/ical/u1/calendar", text)
        tally.check(answer.status == status and condition in answer.content, "%r: %d %r" % (text[:60], answer.status, answer.content[:200]))
    answer = put(client, "/ical/u1/calendar", calendar(event("ok@x"), event("bad@x", start="yesterday")))
    tally.check(b"line 11" in answer.content, "the line that is wrong: %r" % answer.content)
    tally.check(names(client) == before, "a refused text changes nothing")
    tally.check(client.do("PUT", "/ical/u1/calendar", "x", Content_Type="application/json").status == 415, "another type")
    tally.check(put(client, "/ical/u1/calendar", calendar(event("ok@x")), Content_Range="bytes 0-1/2").status == 400, "a part")


def conditions(client, tally):
    put(client, "/ical/u1/calendar", calendar(event("a@x")))
    tag = client.do("HEAD", "/ical/u1/calendar").field("ETag")
    text = calendar(event("a@x", "New"))
    for fields in ({"If_Match": '"1-1"'}, {"If_Match": "nonsense"}, {"If_None_Match": "*"}, {"If_None_Match": tag}):
        tally.check(put(client, "/ical/u1/calendar", text, **fields).status == 412, "PUT with %r" % fields)
    tally.check(client.do("DELETE", "/ical/u1/calendar", If_Match='"1-1"').status == 412, "DELETE with another tag")
    tally.check(put(client, "/ical/u1/calendar", text, If_Match=tag).status == 204, "the right tag")
    tally.check(put(client, "/ical/u1/calendar", text, If_Match=tag).status == 412, "the old tag")
    tally.check(put(client, "/ical/u1/calendar", text, If_Match="*").status == 204, "whatever is there")
    tally.check(put(client, "/ical/u1/none", text, If_Match="*").status == 412, "there is nothing")


def calendars(client, tally):
    answer = put(client, "/ical/u1/published.ics", calendar(event("p@x")), If_None_Match="*")
    tally.check(answer.status == 201 and list(names(client, "/calendars/u1/published/")) == ["p@x.ics"], "publishing makes a calendar: %d" % answer.status)
    answer = put(client, "/ical/u1/published", calendar(todo("t@x")))
    tally.check(answer.status == 403, "it takes what it began with: %d" % answer.status)
    client.do("PROPPATCH", "/calendars/u1/published/", '<propertyupdate xmlns="DAV:"><set><prop><displayname>Büro &amp; Heim</displayname></prop></set></propertyupdate>')
    got = client.do("GET", "/ical/u1/b%C3%BCro%20%26%20HEIM")
    tally.check(got.status == 200 and uids(got.content) == [b"p@x"], "by the name that is shown: %d" % got.status)
    tally.check(client.do("DELETE", "/ical/u1/calendar").status == 403, "the default calendar stays")
    tally.check(client.do("DELETE", "/ical/u1/").status == 403, "… by its short name, too")
    tally.check(client.do("DELETE", "/ical/u1/published").status == 204 and client.do("GET", "/ical/u1/published").status == 404, "another one goes")
    tally.check(client.do("DELETE", "/ical/u1/published").status == 404, "once")
    tally.check(put(client, "/ical/u1/a/b/c", calendar(event("p@x"))).status == 404, "only directly below the home")
    tally.check(put(client, "/ical/u2/new", calendar(event("p@x"))).status == 404, "not in somebody else's home")
    tally.check(put(client, "/ical/u1/broken", "nonsense").status == 403 and client.do("GET", "/ical/u1/broken").status == 404, "nothing is made for nonsense")


def merging(home, tally):
    caldavd = Caldavd(home, ["caldav.import=merge"]).start()
    client = Caldav(caldavd.port, "u1")
    put(client, "/ical/u1/calendar", calendar(event("m1@x"), event("m2@x")))
    put(client, "/ical/u1/calendar", calendar(event("m2@x", "Other"), event("m3@x")))
    got = client.do("GET", "/ical/u1/calendar").content
    tally.check({b"m1@x", b"m2@x", b"m3@x"} <= set(uids(got)) and b"Other" in got, "merging keeps what is not in it: %r" % uids(got))
    tally.check(caldavd.stop() == 0 and not caldavd.sanitizer_report(), "the daemon ends well: %r" % caldavd.sanitizer_report())


def busy(answer):
    return re.findall(rb"^FREEBUSY[^:]*:(.*?)\r$", answer.content.replace(b"\r\n ", b""), re.M)


def subscribing(home, caldavd, client, tally):
    secret = home.trivet("calendar", "share-url", "u1", "calendar").stdout.strip()[len("/subscribe/"):-len(".ics")]
    put(client, "/ical/u1/calendar", calendar(event("s@x", "Secret business"), event("free@x", more="TRANSP:TRANSPARENT\r\n", start="20260302T120000Z", end="20260302T130000Z")))
    anybody = Caldav(caldavd.port)
    whole = anybody.do("GET", "/subscribe/%s.ics" % secret)
    tally.check(whole.status == 200 and uids(whole.content) == [b"free@x", b"s@x"], "without log-in: %d" % whole.status)
    tally.check(anybody.do("GET", "/subscribe/%s/My%%20calendar.ics" % secret).content == whole.content, "with a name")
    tally.check(anybody.do("HEAD", "/subscribe/%s.ics" % secret).status == 200, "HEAD")
    tally.check(anybody.do("GET", "/subscribe/%s.ics" % secret, If_None_Match=whole.field("ETag")).status == 304, "not changed")
    wrong = {(a.status, a.field("Content-Type"), a.content) for a in
             (anybody.do("GET", path) for path in ("/subscribe", "/subscribe/", "/subscribe/.ics", "/subscribe/%s.ics" % secret[:-1], "/subscribe/%s" % secret,
                                                   "/subscribe/%s.ics/" % secret, "/subscribe/%s.ics" % secret.upper(), "/subscribe/%s/a/b.ics" % secret,
                                                   "/subscribe/" + "x" * 500 + ".ics", "/subscribe/%s.txt" % secret))}
    tally.check(len(wrong) == 1 and next(iter(wrong))[0] == 404, "whatever is wrong, the answer is one: %r" % wrong)
    for method in ("PUT", "POST", "DELETE", "PROPFIND"):
        tally.check(anybody.do(method, "/subscribe/%s.ics" % secret).status == 405, method)
    shown = anybody.do("GET", "/subscribe/%s.ifb?start=20260301T000000Z&end=20260303T000000Z" % secret)
    tally.check(shown.status == 200 and busy(shown) == [b"20260301T120000Z/20260301T130000Z"] and b"business" not in shown.content, "busy times: %r" % shown.content)
    tally.check(anybody.do("GET", "/subscribe/%s.ifb?start=x" % secret).status == 400, "a malformed range")
    home.trivet("user", "set", "u1", "--disabled", "yes")
    tally.check(anybody.do("GET", "/subscribe/%s.ics" % secret).status == 404, "not of who is disabled")
    home.trivet("user", "set", "u1", "--disabled", "no")
    tally.check(anybody.do("GET", "/subscribe/%s.ics" % secret).status == 200, "and again")
    tally.check(anybody.do("FOO", "/subscribe/%s.ics" % secret).status == 501, "a method that nobody knows")
    tally.check(secret not in caldavd.tail(1000000) and "/subscribe/" in caldavd.tail(1000000), "the log does not have it")


def free_busy(home, client, tally):
    home.trivet("user", "set", "u1", "--mail", "one@example.com")
    client = Caldav(client.port, "u1")
    client.do("MKCALENDAR", "/calendars/u1/second/")
    client.put("/calendars/u1/second/x.ics", calendar(event("x@x", start="20260301T123000Z", end="20260301T140000Z")))
    both = b"20260301T120000Z/20260301T140000Z"
    ranges = {
        "start=20260301T000000Z&end=20260302T000000Z": [both],
        "start=2026-03-01T00:00:00Z&end=2026-03-02": [both],
        "start=2026-03-01T13:30:00%2B01:00&period=PT1H": [b"20260301T123000Z/20260301T133000Z"],
        "start=20260301T000000Z&period=P1D": [both],
        "start=20260301&period=P1W&user=somebody&&": [both],
        "start=20260303T000000Z&period=P1D": [],
    }
    for query, want in ranges.items():
        for name in ("u1.ifb", "u1", "one@example.com.ifb"):
            got = client.do("GET", "/freebusy/%s?%s" % (name, query))
            tally.check(got.status == 200 and busy(got) == want, "%s %s: %d %r" % (name, query, got.status, got.content))
    got = client.do("GET", "/freebusy/u1.ifb")
    tally.check(got.status == 200 and b"BEGIN:VFREEBUSY" in got.content and (got.field("Content-Type") or "").startswith("text/calendar"), "around now")
    for query in ("start=20260301T000000Z&start=20260301T000000Z", "start=20260302T000000Z&end=20260301T000000Z", "end=20260301T000000Z&period=P1D", "start=0",
                  "start=20260230T000000Z", "start=20260301T250000Z", "start=20260301T000000", "start=00000101T000000Z", "period=P", "period=-P1D", "period=P1Y",
                  "period=PT0S", "period=P99999999999999999999D", "start=%zz", "start=20200101T000000Z&end=20260101T000000Z", "start=99991231T000000Z&period=P3D",
                  "start=99991231T235959Z"):
        tally.check(client.do("GET", "/freebusy/u1.ifb?" + query).status == 400, "400 for " + query)
    for path in ("/freebusy", "/freebusy/", "/freebusy/u2.ifb", "/freebusy/nobody", "/freebusy/.ifb", "/freebusy/u1/x.ifb"):
        tally.check(client.do("GET", path).status == 404, "404 for " + path)
    tally.check(client.do("PUT", "/freebusy/u1.ifb", "x").status == 405, "PUT")
    tally.check(Caldav(client.port).do("GET", "/freebusy/u1.ifb").status == 401, "not without log-in")


def main():
    tally = Tally()
    home = Daemon()
    try:
        home.add_users(["u1", "u2"])
        caldavd = Caldavd(home, ["caldav.resource_max=100K", "caldav.import_max=2M", "http.access_log=yes"]).start()
        client = Caldav(caldavd.port, "u1")
        reading(client, tally)
        methods(client, tally)
        replacing(client, tally)
        refusing(client, tally)
        conditions(client, tally)
        calendars(client, tally)
        subscribing(home, caldavd, client, tally)
        free_busy(home, client, tally)
        tally.check(caldavd.stop() == 0 and not caldavd.sanitizer_report(), "the daemon ends well: %r" % caldavd.sanitizer_report())
        merging(home, tally)
    finally:
        home.remove()
    tally.end()


main()
