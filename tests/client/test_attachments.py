#!/usr/bin/python3
"""Managed attachments (RFC 8607): added, replaced, removed by POST and by PUT, read, counted.

usage: test_attachments.py [--bin DIR]"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

OBJECT = "/calendars/u1/calendar/e.ics"
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nX-ODD;x=\"a,b\":kept  \r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
         "DTSTART:20260301T120000Z\r\nDTEND:20260301T130000Z\r\nRRULE:FREQ=DAILY;COUNT=5\r\nDESCRIPTION:A long line that is folded at an\r\n  odd place\r\n"
         "SUMMARY:Meeting\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT\r\n%sEND:VCALENDAR\r\n")
OVERRIDE = ("BEGIN:VEVENT\r\nUID:%s\r\nRECURRENCE-ID:20260302T120000Z\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260302T140000Z\r\nDTEND:20260302T150000Z\r\n"
            "SUMMARY:Moved\r\nEND:VEVENT\r\n")


def unfolded(data):
    return data.decode().replace("\r\n ", "")


def attaches(client, path=OBJECT):
    """[(parameters, address)] of the ATTACH lines."""
    found = []
    for line in unfolded(client.do("GET", path).content).split("\r\n"):
        if line.startswith("ATTACH;"):
            params, address = re.fullmatch(r'ATTACH((?:;[^:;="]+=(?:"[^"]*"|[^;:"]*))*):(.*)', line).groups()
            found.append((dict(re.findall(r';([^=;]+)=("[^"]*"|[^;]*)', params)), address))
    return found


def post(client, query, body=b"", path=OBJECT, **fields):
    return client.do("POST", path + "?" + query, body, **fields)


def refused(tally, answer, condition, what, status=403):
    tally.check(answer.status == status and any(("<C:%s%s" % (condition, end)).encode() in answer.content for end in "/>"), "%s: %d %r" % (what, answer.status, answer.content[:300]))


def adding(client, tally):
    client.put(OBJECT, EVENT % ("e@x", ""))
    before = client.do("GET", OBJECT).content
    answer = post(client, "action=attachment-add", b"hello\n", Content_Type="text/plain; charset=utf-8", Content_Disposition='attachment; filename="no te.txt"')
    managed = answer.field("Cal-Managed-ID")
    tally.check(answer.status == 201 and managed and answer.body == b"", "add: %d %r" % (answer.status, answer.content))
    after = client.do("GET", OBJECT)
    tally.check(answer.field("ETag") == after.field("ETag"), "the object's tag")
    params, address = attaches(client)[0]
    tally.check(params == {"MANAGED-ID": managed, "FMTTYPE": "text/plain", "FILENAME": '"no te.txt"', "SIZE": "6"}
                and address == "/attachments/%s/no%%20te.txt" % managed, "its line: %r %r" % (params, address))
    tally.check(all(len(line) <= 75 for line in after.content.split(b"\r\n")), "folded")
    line = re.search(rb"ATTACH;[^\r]*\r\n(?: [^\r]*\r\n)*", after.content).group(0)
    tally.check(after.content.replace(line, b"") == before and after.content.index(line) > after.content.index(b"END:VALARM"), "every other byte stays")
    got = client.do("GET", address)
    tally.check(got.status == 200 and got.content == b"hello\n" and got.field("Content-Type") == "text/plain"
                and got.field("Content-Disposition") == "attachment; filename=\"no te.txt\"; filename*=UTF-8''no%20te.txt"
                and got.field("X-Content-Type-Options") == "nosniff", "read: %r" % got.fields)
    tally.check(client.do("GET", address, If_None_Match=got.field("ETag")).status == 304 and client.do("HEAD", address).status == 200, "its tag")
    tally.check(client.do("GET", "/attachments/" + managed).content == b"hello\n", "without the name")
    for path in ("/attachments", "/attachments/x", "/attachments/%s/a/b" % managed, "/attachments/" + "x" * 1000):
        tally.check(client.do("GET", path).status == 404, path[:40])
    tally.check(Caldav(client.port, "u2").do("GET", address).status == 404 and Caldav(client.port).do("GET", address).status == 401, "its owner alone")
    tally.check(client.do("PUT", address, "x").status == 405, "PUT of the file")
    shown = post(client, "action=attachment-add", b"\0\1", Prefer="return=representation")
    tally.check(shown.status == 201 and shown.content == client.do("GET", OBJECT).content and shown.field("Content-Location") == OBJECT, "representation")
    second = attaches(client)[1]
    tally.check(second[0]["FMTTYPE"] == "application/octet-stream" and second[0]["FILENAME"] == '"attachment"' and client.do("GET", second[1]).content == b"\0\1",
                "without a name: %r" % (second,))
    empty = post(client, "action=attachment-add")
    tally.check(empty.status == 201 and client.do("GET", attaches(client)[2][1]).content == b"", "an empty one: %d" % empty.status)
    return managed


def names(client, tally):
    client.put("/calendars/u1/calendar/n.ics", EVENT % ("n@x", ""))
    cases = (
        ('attachment; filename="a.txt"', "a.txt"), ("attachment;filename=a.txt", "a.txt"), ('attachment; filename="C:\\\\dir\\\\a.txt"', "a.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"), ('attachment; filename=".."', "attachment"), ('attachment; filename="a/"', "attachment"),
        ("attachment; filename=x; filename*=UTF-8''n%C3%A4me%22;", "näme\""), ("attachment; filename*=UTF-8''%0d%0aSet", "Set"),
        ('attachment; filename="q\\"uo;t:e,^d"', 'q"uo;t:e,^d'), ("attachment; filename*=UTF-8''%ff.txt", "\ufffd.txt"), ("attachment; filename", "attachment"),
        ("attachment; filename=\"" + "ä" * 500 + "\"", "ä" * 127), ("attachment; filename=\"unclosed", "attachment"), ("", "attachment"), ("inline", "attachment"),
    )
    for disposition, want in cases:
        answer = post(client, "action=attachment-add", b"x", "/calendars/u1/calendar/n.ics", Content_Disposition=disposition)
        params, address = attaches(client, "/calendars/u1/calendar/n.ics")[-1]
        name = params["FILENAME"][1:-1].replace("^'", '"').replace("^^", "^")
        tally.check(answer.status == 201 and name == want, "%r: %d %r" % (disposition[:60], answer.status, params))
        tally.check(client.do("GET", address).status == 200, "read as %r" % address[:80])
    for kind, want in (("text/html", "text/html"), ("nonsense", "application/octet-stream"), ("a/b:c", "application/octet-stream"), ("text/x;a=b", "text/x"),
                       ("a/" + "b" * 300, "application/octet-stream")):
        post(client, "action=attachment-add", b"x", "/calendars/u1/calendar/n.ics", Content_Type=kind)
        tally.check(attaches(client, "/calendars/u1/calendar/n.ics")[-1][0]["FMTTYPE"] == want, kind[:40])
    client.do("DELETE", "/calendars/u1/calendar/n.ics")


def changing(client, managed, tally):
    address = attaches(client)[0][1]
    answer = post(client, "action=attachment-update&managed-id=" + managed, b"other", Content_Type="text/csv")
    new = answer.field("Cal-Managed-ID")
    params, moved = attaches(client)[0]
    tally.check(answer.status == 204 and new and new != managed and params == {"MANAGED-ID": new, "FMTTYPE": "text/csv", "FILENAME": '"no te.txt"', "SIZE": "5"},
                "update: %d %r" % (answer.status, params))
    tally.check(client.do("GET", moved).content == b"other" and client.do("GET", address).status == 404, "the old one is gone")
    answer = post(client, "action=attachment-remove&managed-id=" + new, Prefer="return=representation")
    tally.check(answer.status == 200 and new.encode() not in answer.content and client.do("GET", moved).status == 404, "remove: %d" % answer.status)
    tally.check(len(attaches(client)) == 2, "the others stay")


def recurring(client, tally):
    path = "/calendars/u1/calendar/r.ics"
    client.put(path, EVENT % ("r@x", OVERRIDE % "r@x"))

    def where():
        parts = client.do("GET", path).content.split(b"END:VEVENT")
        return [part.count(b"ATTACH;") for part in parts[:2]]

    managed = post(client, "action=attachment-add", b"both", path).field("Cal-Managed-ID")
    tally.check(where() == [1, 1], "everywhere: %r" % where())
    post(client, "action=attachment-add&rid=M", b"master", path)
    tally.check(where() == [2, 1], "the master: %r" % where())
    post(client, "action=attachment-add&rid=20260302T120000Z", b"instance", path)
    tally.check(where() == [2, 2], "the instance: %r" % where())
    address = attaches(client, path)[0][1]
    answer = post(client, "action=attachment-remove&rid=M&managed-id=" + managed, path=path)
    tally.check(answer.status == 204 and where() == [1, 2] and client.do("GET", address).content == b"both", "from the master alone: %r" % where())
    refused(tally, post(client, "action=attachment-remove&rid=M&managed-id=" + managed, path=path), "valid-managed-id", "once more")
    post(client, "action=attachment-remove&rid=M,20260302T120000Z&managed-id=" + managed, path=path)
    tally.check(where() == [1, 1] and client.do("GET", address).status == 404, "the last one takes the file along: %r" % where())
    for rid in ("", "20260303T120000Z", "M,", "M,x", "20260302T120000Z,20260303T120000Z", "%ff"):
        refused(tally, post(client, "action=attachment-add&rid=" + rid, b"x", path), "valid-rid", "rid " + rid)
    zoned = (OVERRIDE % "z@x").replace("RECURRENCE-ID:20260302T120000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260302T130000")
    client.put("/calendars/u1/calendar/z.ics", EVENT.replace("DTSTART:20260301T120000Z\r\nDTEND:20260301T130000Z", "DTSTART;TZID=Europe/Berlin:20260301T130000\r\nDTEND;TZID=Europe/Berlin:20260301T140000") % ("z@x", zoned))
    for rid in ("20260302T120000Z", "20260302T130000"):
        answer = post(client, "action=attachment-add&rid=" + rid, b"x", "/calendars/u1/calendar/z.ics")
        tally.check(answer.status == 201, "an instance in a zone by %s: %d %r" % (rid, answer.status, answer.content))
    for name in ("r", "z"):
        client.do("DELETE", "/calendars/u1/calendar/%s.ics" % name)


def putting(client, tally):
    text = client.do("GET", OBJECT).content.decode()
    kept, dropped = attaches(client)
    line = re.search(r"ATTACH;MANAGED-ID=%s[^\r]*\r\n(?: [^\r]*\r\n)*" % dropped[0]["MANAGED-ID"], text).group(0)
    client.put(OBJECT, text.replace(line, ""))
    tally.check(client.do("GET", dropped[1]).status == 404 and client.do("GET", kept[1]).status == 200, "PUT without its line takes it away")
    refused(tally, client.do("PUT", OBJECT, text, Content_Type="text/calendar"), "valid-managed-id-parameter", "PUT of one that is gone")
    refused(tally, client.do("PUT", "/calendars/u1/calendar/f.ics", text.replace("e@x", "f@x"), Content_Type="text/calendar"), "valid-managed-id-parameter", "… in a new object")
    text = client.do("GET", OBJECT).content.decode()
    other = Caldav(client.port, "u2")
    refused(tally, other.do("PUT", "/calendars/u2/calendar/e.ics", text, Content_Type="text/calendar"), "valid-managed-id-parameter", "somebody else's")
    client.do("MKCALENDAR", "/calendars/u1/other/")
    client.put("/calendars/u1/other/moved.ics", text)
    client.do("DELETE", OBJECT)
    tally.check(client.do("GET", kept[1]).status == 200, "a move by PUT and DELETE keeps it")
    tally.check(client.do("MOVE", "/calendars/u1/other/moved.ics", Destination=OBJECT).status in (201, 204) and client.do("GET", kept[1]).status == 200, "MOVE")
    client.do("DELETE", OBJECT)
    tally.check(client.do("GET", kept[1]).status == 404, "it goes with its object")
    client.do("DELETE", "/calendars/u1/other/")


def copying(client, tally):
    """COPY of an object, and of a whole calendar: each has its own."""
    client.put(OBJECT, EVENT % ("e@x", ""))
    managed = post(client, "action=attachment-add", b"kept").field("Cal-Managed-ID")
    address, copy = attaches(client)[0][1], "/calendars/u1/copied/e.ics"
    tally.check(client.do("COPY", "/calendars/u1/calendar/", Destination="/calendars/u1/copied/").status == 201, "COPY of a calendar")
    tally.check(client.do("COPY", OBJECT, Destination=copy).status == 204, "COPY over it")
    client.do("DELETE", OBJECT)
    tally.check(client.do("GET", address).content == b"kept", "what is copied outlives where it came from")
    text = client.do("GET", copy).content
    tally.check(client.put(copy, text.replace(b"Meeting", b"Other")).status == 204 and client.do("GET", address).content == b"kept", "PUT of the copy")
    tally.check(client.do("COPY", copy, Destination=OBJECT).status == 201, "COPY back")
    changed = post(client, "action=attachment-update&managed-id=" + managed, b"other", copy)
    tally.check(changed.status == 204 and client.do("GET", address).content == b"kept" and client.do("GET", attaches(client, copy)[0][1]).content == b"other",
                "update of one: %d %r" % (changed.status, changed.content))
    refused(tally, post(client, "action=attachment-update&managed-id=" + managed, b"again", copy), "valid-managed-id", "the copy has it no more")
    tally.check(post(client, "action=attachment-remove&managed-id=" + managed).status == 204 and client.do("GET", address).status == 404, "remove of the last")
    client.do("DELETE", "/calendars/u1/copied/")
    client.do("DELETE", OBJECT)


def publishing(client, tally):
    """PUT of a whole calendar: as of each object in it."""
    client.do("MKCALENDAR", "/calendars/u1/whole/")
    path, other = "/calendars/u1/whole/e@x.ics", "/calendars/u1/whole/o@x.ics"
    client.put(path, EVENT % ("e@x", ""))
    client.put(other, EVENT % ("o@x", ""))
    for text in (b"kept", b"dropped"):
        post(client, "action=attachment-add", text, path)
    kept, dropped = attaches(client, path)

    def put(text, **fields):
        return client.do("PUT", "/ical/u1/whole", text, Content_Type="text/calendar", **fields)

    text = unfolded(client.do("GET", "/ical/u1/whole").content)
    refused(tally, put(text.replace(kept[0]["MANAGED-ID"], "0" * 32)), "valid-managed-id-parameter", "one that there is not")
    tally.check(len(attaches(client, path)) == 2, "nothing has changed")
    line = re.search(r"ATTACH;MANAGED-ID=%s[^\r]*\r\n" % dropped[0]["MANAGED-ID"], text).group(0)
    answer = put(text.replace(line, ""))
    tally.check(answer.status == 204 and client.do("GET", kept[1]).content == b"kept" and client.do("GET", dropped[1]).status == 404,
                "what is not named any more goes: %d %r" % (answer.status, answer.content))
    line = re.search(r"ATTACH;MANAGED-ID=%s[^\r]*\r\n" % kept[0]["MANAGED-ID"], text).group(0)
    moved = (EVENT % ("e@x", "") + EVENT % ("o@x", "")).replace("END:VCALENDAR\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nX-ODD;x=\"a,b\":kept  \r\n", "")
    moved = moved[:moved.rindex("END:VEVENT")] + line + moved[moved.rindex("END:VEVENT"):]
    answer = put(moved)
    client.do("DELETE", path)
    tally.check(answer.status == 204 and client.do("GET", kept[1]).content == b"kept", "it goes along to another: %d %r" % (answer.status, answer.content))
    client.do("DELETE", other)
    tally.check(client.do("GET", kept[1]).status == 404, "and with that")
    client.do("DELETE", "/calendars/u1/whole/")


def refusing(client, tally):
    client.put(OBJECT, EVENT % ("e@x", ""))
    mine = post(client, "action=attachment-add", b"x").field("Cal-Managed-ID")
    client.put("/calendars/u1/calendar/o.ics", EVENT % ("o@x", ""))
    theirs = post(client, "action=attachment-add", b"x", "/calendars/u1/calendar/o.ics").field("Cal-Managed-ID")
    before = client.do("GET", OBJECT).content
    for query in ("action=", "action=nonsense", "action=attachment-add&action=attachment-add", "action=%ff"):
        refused(tally, post(client, query, b"x"), "valid-action", query)
    for query in ("action=attachment-add&managed-id=" + mine, "action=attachment-update", "action=attachment-update&managed-id=none",
                  "action=attachment-remove", "action=attachment-remove&managed-id=", "action=attachment-remove&managed-id=" + theirs,
                  "action=attachment-update&managed-id=%s&managed-id=%s" % (mine, mine), "action=attachment-remove&managed-id=" + "x" * 5000):
        refused(tally, post(client, query, b"x"), "valid-managed-id", query[:80])
    refused(tally, post(client, "action=attachment-update&rid=M&managed-id=" + mine, b"x"), "valid-rid", "rid with update")
    tally.check(post(client, "action=attachment-add", b"x", If_Match='"0"').status == 412, "If-Match")
    tally.check(post(client, "action=attachment-add", b"x", "/calendars/u1/calendar/none.ics").status in (404, 405), "no object")
    tally.check(post(client, "action=attachment-add", b"x", "/calendars/u1/calendar/").status == 403, "a calendar")
    tally.check(post(client, "action=attachment-add", b"x", "/calendars/u2/calendar/e.ics").status == 404, "somebody else's")
    tally.check(Caldav(client.port).do("POST", OBJECT + "?action=attachment-add", b"x").status == 401, "without log-in")
    tally.check(post(client, "nothing", b"x").status == 403, "no action")
    refused(tally, post(client, "action=attachment-add", b"x" * 300001), "max-attachment-size", "too large", 413)
    chunked = Caldav(client.port, "u1")
    chunked.socket.sendall(("POST %s?action=attachment-add HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % (OBJECT, chunked.authorization)).encode()
                           + b"1000\r\n" + b"x" * 4096 + b"\r\n" + b"49000\r\n" + b"x" * 0x49000 + b"\r\n0\r\n\r\n")
    tally.check(b" 413 " in chunked.file.readline(), "too large, in chunks")
    half = Caldav(client.port, "u1")
    half.socket.sendall(("POST %s?action=attachment-add HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: 200000\r\n\r\n" % (OBJECT, half.authorization)).encode() + b"x" * 100000)
    half.close()
    tally.check(client.do("GET", OBJECT).content == before, "nothing has changed")
    for number in range(99):
        post(client, "action=attachment-add", b"%d" % number)
    refused(tally, post(client, "action=attachment-add", b"x"), "max-attachments-per-resource", "too many")
    tally.check(len(attaches(client)) == 100, "a hundred are not")


def announced(client, tally):
    tally.check("calendar-managed-attachments" in client.do("OPTIONS", OBJECT).field("DAV"), "DAV")
    ask = '<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:%s/></prop></propfind>'
    for path, name, want in (("/calendars/u1/calendar/", "max-attachment-size", b">300000<"), ("/calendars/u1/calendar/", "max-attachments-per-resource", b">100<"),
                             ("/calendars/u1/", "managed-attachments-server-URL", b"managed-attachments-server-URL><")):
        got = client.do("PROPFIND", path, ask % name, Depth="0").content
        tally.check(want in got and b"404" not in got, "%s: %r" % (name, got))


def counting(home, client, tally):
    def used():
        return home.data.rows("SELECT used_bytes FROM user WHERE name = X'7531'")[0][0]

    path = "/calendars/u1/calendar/c.ics"
    client.put(path, EVENT % ("c@x", ""))
    before = used()
    large = os.urandom(250000)
    managed = post(client, "action=attachment-add", large, path).field("Cal-Managed-ID")
    size = len(client.do("GET", path).content)
    tally.check(used() == before + 250000 + size - len((EVENT % ("c@x", "")).encode()), "it counts: %d" % (used() - before))
    tally.check(client.do("GET", attaches(client, path)[0][1]).content == large, "a large one")
    home.trivet("user", "quota", "u1", str(used() + 1000))
    answer = post(client, "action=attachment-add", b"x" * 2000, path)
    tally.check(answer.status == 507 and b"quota-not-exceeded" in answer.content, "over quota: %d" % answer.status)
    post(client, "action=attachment-remove&managed-id=" + managed, path=path)
    tally.check(used() == before, "and back: %d" % (used() - before))
    home.trivet("user", "quota", "u1", "none")
    client.do("DELETE", path)


def main():
    tally = Tally()
    home = Daemon()
    try:
        home.add_users(["u1", "u2"])
        caldavd = Caldavd(home, ["caldav.attachment_max=300000"]).start()
        client = Caldav(caldavd.port, "u1")
        managed = adding(client, tally)
        names(client, tally)
        changing(client, managed, tally)
        recurring(client, tally)
        putting(client, tally)
        copying(client, tally)
        publishing(client, tally)
        refusing(client, tally)
        announced(client, tally)
        counting(home, client, tally)
        tally.check(caldavd.stop() == 0 and not caldavd.sanitizer_report(), "the daemon ends well: %r" % caldavd.sanitizer_report())
        done = home.trivet("check", check=False)
        tally.check(done.returncode == 0, "the store is as it should be: %s" % (done.stdout + done.stderr))
        left = [name for _, _, files in os.walk(os.path.join(home.store, "blobs")) for name in files if "tmp" in name]
        tally.check(left == [], "no upload is left behind: %r" % left)
    finally:
        home.remove()
    tally.end()


main()
