#!/usr/bin/python3
"""trivet calendar: list, add, del, import, export, share-url; and what the daemon makes of it.

usage: test_admin_calendar.py [--bin DIR]"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_CANTCREAT = 0, 64, 65, 66, 67, 73
DEFAULTS = ["calendar", "tasks"]


def event(uid, summary="Lunch", more=""):
    return ("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260301T120000Z\r\nDTEND:20260301T130000Z\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\n"
            % (uid, summary, more))


def todo(uid):
    return "BEGIN:VTODO\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Do\r\nEND:VTODO\r\n" % uid


def calendar(*components):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n%sEND:VCALENDAR\r\n" % "".join(components)


def uids(text):
    return sorted(re.findall(r"^UID:(.*?)\r?$", text, re.M))


class Trivet:
    def __init__(self, home, tally):
        self.home, self.tally = home, tally

    def __call__(self, want, *args, text=None):
        done = self.home.trivet("calendar", *args, text=text, check=False)
        self.tally.check(done.returncode == want, "trivet calendar %s: exit status %d, want %d: %s" % (" ".join(args), done.returncode, want, done.stderr))
        self.tally.check((done.stderr == "") == (want == EX_OK), "trivet calendar %s: %r" % (" ".join(args), done.stderr))
        return done.stdout

    def list(self, user="u1"):
        return {one["name"]: one for one in json.loads(self(EX_OK, "list", user, "--json"))}


def adding(trivet, tally):
    for command in ("list", "add", "del", "import", "export", "share-url"):
        tally.check(trivet(EX_OK, command, "--help").startswith("usage: trivet calendar " + command), "--help of " + command)
        trivet(EX_USAGE, command)
        trivet(EX_NOUSER, command, *{"list": ["nobody"], "import": ["nobody", "calendar", "/dev/null"]}.get(command, ["nobody", "calendar"]))
    tally.check(sorted(trivet.list()) == DEFAULTS, "what everybody has: %r" % trivet.list())
    trivet(EX_OK, "add", "u1", "work", "--display-name", "Büro & <Heim>", "--color", "#FF8800", "--components", "VEVENT,vjournal")
    work = trivet.list()["work"]
    tally.check(work["display_name"] == "Büro & <Heim>" and work["color"] == "#FF8800" and work["components"] == ["VEVENT", "VJOURNAL"]
                and work["objects"] == 0 and not work["shared"], "add: %r" % work)
    trivet(EX_OK, "add", "u1", "any", "--components", "all")
    trivet(EX_OK, "add", "u1", "plain")
    tally.check(trivet.list()["plain"]["components"] == ["VEVENT"] and len(trivet.list()["any"]["components"]) == 5, "components")
    tally.check('"Büro & <Heim>"' in trivet(EX_OK, "list", "u1"), "list for people")
    trivet(EX_CANTCREAT, "add", "u1", "work")
    trivet(EX_DATAERR, "add", "u1", "..")
    trivet(EX_DATAERR, "add", "u1", "/")
    trivet(EX_NOINPUT, "add", "u1", "missing/below")
    trivet(EX_CANTCREAT, "add", "u1", "work/below")
    for bad in (["--components", "VPOLL"], ["--components", ""], ["--color", "red"], ["--color", "#12345"], ["--display-name", ""], ["--display-name", "a\nb"],
                ["--nonsense"], ["more"]):
        trivet(EX_USAGE, "add", "u1", "bad", *bad)
    trivet(EX_CANTCREAT, "del", "u1", "calendar")
    trivet(EX_NOINPUT, "del", "u1", "inbox")
    trivet(EX_NOINPUT, "del", "u1", "bad")
    trivet(EX_OK, "del", "u1", "any")
    tally.check(sorted(trivet.list()) == sorted(DEFAULTS + ["plain", "work"]), "del")


def seen_by_the_daemon(client, tally):
    answer = client.do("PROPFIND", "/calendars/u1/work/", '<propfind xmlns="DAV:" xmlns:A="http://apple.com/ns/ical/"><prop><displayname/><A:calendar-color/></prop></propfind>',
                       Depth="0").content.decode()
    tally.check("Büro &amp; &lt;Heim&gt;" in answer and "#FF8800" in answer and "404" not in answer, "the daemon's view: %s" % answer)


def importing(home, trivet, client, tally):
    path = os.path.join(home.folder, "x.ics")

    def write(text):
        with open(path, "w", newline="") as f:
            f.write(text)

    write(calendar(event("a@x"), event("b@x", more="RRULE:FREQ=DAILY;COUNT=3\r\n"), event("c/d@x")))
    tally.check(trivet(EX_OK, "import", "u1", "work", path) == "3 new, 0 changed, 0 unchanged, 0 removed, 0 skipped\n", "new ones")
    tally.check(trivet(EX_OK, "import", "u1", "work", path) == "0 new, 0 changed, 3 unchanged, 0 removed, 0 skipped\n", "the same again")
    client.put("/calendars/u1/work/mine.ics", calendar(event("mine@x")))
    write(calendar(event("mine@x", "Changed"), event("e@x")))
    tally.check(json.loads(trivet(EX_OK, "import", "u1", "work", path, "--json")) == {"new": 1, "changed": 1, "unchanged": 0, "removed": 0, "skipped": 0}, "merge")
    tally.check(b"Changed" in client.do("GET", "/calendars/u1/work/mine.ics").content, "it keeps its name")
    tally.check(trivet(EX_OK, "import", "u1", "work", path, "--replace") == "0 new, 0 changed, 2 unchanged, 3 removed, 0 skipped\n", "replace")
    tally.check(trivet.list()["work"]["objects"] == 2, "its counter")
    tally.check(trivet(EX_OK, "import", "u1", "work", "-", text=calendar(event("in@x"))) == "1 new, 0 changed, 0 unchanged, 0 removed, 0 skipped\n", "standard input")
    write(calendar(event("f@x"), todo("t@x"), event("g@x").replace("DTSTART:2026", "DTSTART:x")))
    done = home.trivet("calendar", "import", "u1", "work", path, check=False)
    tally.check(done.returncode == EX_DATAERR and "line 11" in done.stderr and done.stdout == "", "all or none: %r" % done.stderr)
    tally.check(trivet.list()["work"]["objects"] == 3, "nothing of it is there")
    done = home.trivet("calendar", "import", "u1", "work", path, "--skip-broken", check=False)
    tally.check(done.returncode == EX_OK and done.stdout.startswith("1 new") and "2 skipped" in done.stdout and "line 16" in done.stderr, "skipped: %r" % done)
    trivet(EX_USAGE, "import", "u1", "work", path, "--skip-broken", "--replace")
    trivet(EX_NOINPUT, "import", "u1", "work", "/nowhere/x.ics")
    trivet(EX_NOINPUT, "import", "u1", "nothing", path)
    for nonsense in ("", "nonsense\n", "BEGIN:VCALENDAR\n", "\0\0\0"):
        trivet(EX_DATAERR, "import", "u1", "work", "-", "--replace", text=nonsense)
    tally.check(trivet.list()["work"]["objects"] == 4, "nonsense takes nothing away")


def like_the_daemon(home, trivet, client, tally):
    """What is known of an object does not depend on who took it in."""
    texts = [calendar(event("1@x")), calendar(event("2@x", more="RRULE:FREQ=WEEKLY\r\n")), calendar(event("3@x", more="TRANSP:TRANSPARENT\r\n")),
             calendar(event("4@x", more="STATUS:TENTATIVE\r\n")), calendar(event("5@x", more="STATUS:CANCELLED\r\n")), calendar(todo("6@x")),
             calendar(event("7@x").replace("T120000Z", "T120000").replace("T130000Z", "T130000")),
             calendar(event("8@x").replace("DTSTART:20260301T120000Z", "DTSTART;VALUE=DATE:20260301").replace("DTEND:20260301T130000Z", "DTEND;VALUE=DATE:20260302"))]
    trivet(EX_OK, "add", "u2", "one", "--components", "all")
    trivet(EX_OK, "add", "u2", "two", "--components", "all")
    for number, text in enumerate(texts):
        trivet(EX_OK, "import", "u2", "one", "-", text=text)
        client.put("/calendars/u2/two/%d.ics" % number, text)
    rows = {}
    for name, *facts in home.data.rows("SELECT c.name, o.uid, o.component, o.flags, o.first, o.last, o.size, o.tag, o.type FROM object o JOIN collection c ON c.id = o.collection"):
        rows.setdefault(bytes(name), []).append(facts)
    tally.check(len(rows.get(b"one", [])) == len(texts) and sorted(rows[b"one"]) == sorted(rows.get(b"two", [])), "the same facts: %r %r" % (rows.get(b"one"), rows.get(b"two")))


def exporting(home, trivet, client, tally):
    text = trivet(EX_OK, "export", "u1", "work")
    tally.check(uids(text) == ["e@x", "f@x", "in@x", "mine@x"] and text.count("BEGIN:VCALENDAR") == 1, "export: %r" % text)
    tally.check("X-WR-CALNAME:Büro & <Heim>" in text, "its name")
    path = os.path.join(home.folder, "out.ics")
    said = trivet(EX_OK, "export", "u1", "work", path)
    with open(path, newline="") as f:
        written = f.read()
    tally.check(uids(written) == uids(text) and said == "4 objects, %d bytes\n" % len(written.encode()), "to a file: %r" % said)
    tally.check(trivet(EX_OK, "import", "u1", "plain", path).startswith("4 new"), "and in again")
    trivet(EX_OK, "import", "u1", "plain", "-", "--replace", text=calendar(*(event("%d@x" % n) for n in range(200))))
    tally.check(len(uids(trivet(EX_OK, "export", "u1", "plain"))) == 200, "many")
    tally.check(uids(trivet(EX_OK, "export", "u1", "tasks")) == [], "none")
    trivet(EX_CANTCREAT, "export", "u1", "work", "/nowhere/x.ics")
    trivet(EX_NOINPUT, "export", "u1", "nothing")
    tally.check(uids(client.do("GET", "/ical/u1/work").content.decode()) == uids(text), "as the daemon has it")


def sharing(trivet, port, tally):
    path = trivet(EX_OK, "share-url", "u1", "work").strip()
    tally.check(re.fullmatch(r"/subscribe/[a-z0-9]{24}\.ics", path) is not None and trivet.list()["work"]["shared"], "a secret: %s" % path)
    anybody = Caldav(port)
    tally.check(anybody.do("GET", path).status == 200, "whoever has it reads")
    again = json.loads(trivet(EX_OK, "share-url", "u1", "work", "--json"))["path"]
    tally.check(again != path and anybody.do("GET", path).status == 404 and anybody.do("GET", again).status == 200, "a new one takes the old one away")
    tally.check(trivet(EX_OK, "share-url", "u1", "work", "--withdraw") == "" and anybody.do("GET", again).status == 404, "withdrawn")
    trivet(EX_OK, "share-url", "u1", "work", "--withdraw")
    trivet(EX_NOINPUT, "share-url", "u1", "nothing")


def main():
    tally = Tally()
    home = Daemon()
    try:
        home.add_users(["u1", "u2"])
        caldavd = Caldavd(home).start()
        client, trivet = Caldav(caldavd.port, "u1"), Trivet(home, tally)
        adding(trivet, tally)
        seen_by_the_daemon(client, tally)
        importing(home, trivet, client, tally)
        like_the_daemon(home, trivet, Caldav(caldavd.port, "u2"), tally)
        exporting(home, trivet, client, tally)
        sharing(trivet, caldavd.port, tally)
        tally.check(home.trivet("check", check=False).returncode == 0, "the store is as it should be")
        tally.check(caldavd.stop() == 0 and not caldavd.sanitizer_report(), "the daemon ends well: %r" % caldavd.sanitizer_report())
    finally:
        home.remove()
    tally.end()


main()
