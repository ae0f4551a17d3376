#!/usr/bin/python3
"""khal shows the events of the server, which vdirsyncer brings; what it makes, changes and deletes comes to the server.

usage: test_khal.py [--bin DIR]"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import caldav_client
import vdirsyncer
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

CALENDAR = "/calendars/u1/calendar/"
CONFIG = """[calendars]
[[calendar]]
path = {calendars}/calendar
[default]
default_calendar = calendar
[locale]
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
timeformat = %H:%M
dateformat = %d.%m.
longdateformat = %d.%m.%Y
datetimeformat = %d.%m. %H:%M
longdatetimeformat = %d.%m.%Y %H:%M
[sqlite]
path = {folder}/khal.db
"""
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:e1\r\nDTSTAMP:20260101T100000Z\r\n"
         "DTSTART;TZID=Europe/Berlin:20261202T%s0000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:Grüße\r\n"
         "END:VEVENT\r\nEND:VCALENDAR\r\n")


class Khal:
    def __init__(self, sync):
        self.sync, self.config = sync, os.path.join(sync.folder, "khal")
        with open(self.config, "w") as f:
            f.write(CONFIG.format(calendars=sync.calendars, folder=sync.folder))

    def do(self, *arguments, keys=""):
        return subprocess.run(["khal", "-c", self.config, *arguments], input=keys, text=True, capture_output=True, timeout=60,
                              env=dict(os.environ, HOME=self.sync.folder, LC_ALL="C.UTF-8"))

    def december(self):
        """["02. 10:00-11:00 Title"]"""
        shown, day = [], ""
        for line in self.do("list", "01.12.2026", "31.12.2026").stdout.splitlines():
            heading = re.match(r"\w+, (\d\d\.)12\.2026", line)
            if heading:
                day = heading[1]
            else:
                shown.append("%s %s" % (day, line.strip(" ⟳")))
        return shown


def titles(http):
    return sorted(re.search(rb"(?m)^SUMMARY:([^\r]*)", data)[1].decode() for data in caldav_client.contents(http, CALENDAR).values())


def go(http, khal, tally):
    sync = khal.sync
    http.put(CALENDAR + "e1.ics", EVENT % 10)
    tally.check(sync.do("discover", answers="y\n" * 5).returncode == 0 and sync.do("sync").returncode == 0, "the calendar is brought")
    want = ["02. 10:00-11:00 Grüße", "09. 10:00-11:00 Grüße", "16. 10:00-11:00 Grüße"]
    tally.check(khal.december() == want, "it is shown: %s" % khal.december())
    made = khal.do("new", "-a", "calendar", "05.12.2026", "10:00", "11:00", "Zahnarzt", "::", "nicht vergessen")
    made_too = khal.do("new", "-a", "calendar", "--repeat", "daily", "--until", "09.12.2026", "07.12.2026", "12:00", "13:00", "Mensa")
    tally.check(made.returncode == 0 and made_too.returncode == 0, "new events: %s %s" % (made.stderr, made_too.stderr))
    tally.check(sync.do("sync").returncode == 0 and titles(http) == ["Grüße", "Mensa", "Zahnarzt"], "they are there: %s" % titles(http))
    answer = caldav_client.expand(http, CALENDAR, "20261207T000000Z", "20261210T000000Z")
    starts = re.findall(rb"DTSTART:(\S+)&#13;\n(?:(?!END).*\n)*SUMMARY:Mensa", answer.content)
    tally.check(starts == [b"20261207T110000Z", b"20261208T110000Z"] and len([e for e in khal.december() if "Mensa" in e]) == 2,
                "the server repeats as khal does, up to the midnight before: %s %s" % (starts, khal.december()))
    khal.do("edit", "Zahnarzt", keys="s\nArzt\nq\n")
    tally.check(sync.do("sync").returncode == 0 and titles(http) == ["Arzt", "Grüße", "Mensa"], "a change is there: %s" % titles(http))
    http.put(CALENDAR + "e1.ics", EVENT % 14)
    tally.check(sync.do("sync").returncode == 0 and "09. 14:00-15:00 Grüße" in khal.december(), "a change by the server is here")
    khal.do("edit", "Mensa", keys="D\ny\nq\n")
    tally.check(sync.do("sync").returncode == 0 and titles(http) == ["Arzt", "Grüße"], "what is deleted is gone: %s" % titles(http))


def main():
    tally = Tally()
    if not vdirsyncer.is_there() or not shutil.which("khal"):
        tally.skip("khal or vdirsyncer is not installed")
        tally.end()
    home = Daemon()
    try:
        home.add_users(["u1"])
        server = Caldavd(home).start()
        http = Caldav(server.port, "u1")
        go(http, Khal(vdirsyncer.Vdirsyncer(home.folder, "http://127.0.0.1:%d/" % server.port, "u1")), tally)
        http.close()
        tally.check(server.stop() == 0, "a polite end")
        tally.check(not server.sanitizer_report(), "no report of a sanitizer: %s" % server.sanitizer_report()[:3])
    finally:
        home.remove()
    tally.end()


main()
