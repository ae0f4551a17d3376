#!/usr/bin/python3
"""Every row of the corpus's recurrence tables is put as an event and asked for, expanded, by calendar-query: the instances are those of
the table. What comes out otherwise is named in tests/unit/ical/recurrence_differences.txt, which the unit test reads, too.

Where DTSTART does not match the rule, RFC 5545, 3.8.5.3 leaves the outcome open: there DTSTART comes first, and counts.

usage: test_caldav_recurrence.py [--bin DIR]"""
import datetime
import os
import re
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import caldav_client
from caldav import Caldav
from corpus import FOLDER
from daemon import TOP, Caldavd, Daemon, Tally

# the zone that the source of some rows brings itself
US_EASTERN = ("BEGIN:VTIMEZONE\r\nTZID:US-Eastern\r\n"
              "BEGIN:STANDARD\r\nDTSTART:19671029T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
              "TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\n"
              "BEGIN:DAYLIGHT\r\nDTSTART:19870405T020000\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4\r\n"
              "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n")
CALENDAR = "/caldav/u1/table/"


def rows(name):
    with open(os.path.join(FOLDER, "recurrence", name)) as f:
        names = f.readline().rstrip("\n").split("\t")
        for line in f:
            yield dict(zip(names, line.rstrip("\n").split("\t")))


def differences():
    with open(os.path.join(TOP, "tests", "unit", "ical", "recurrence_differences.txt")) as f:
        return {line.split("\t")[0] for line in f if not line.startswith("#")}


def is_date(row):
    return "T" not in row["dtstart"]


def event(row):
    parameter = ""
    if is_date(row):
        parameter = ";VALUE=DATE"
    elif row["tzid"] != "-":
        parameter = ";TZID=" + row["tzid"]
    rules = "".join(rule.strip() + "\r\n" for rule in row["recurrence"].split("|"))
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n%sBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART%s:%s\r\n%sSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % (
                US_EASTERN if row["tzid"] == "US-Eastern" else "", row["id"], parameter, row["dtstart"], rules, row["id"]))


def parse(text):
    text = text.strip().rstrip("Z")
    return datetime.datetime.strptime(text, "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")


def sunday(year, month, last):
    """02:00 on the first or the last Sunday of a month."""
    day = datetime.datetime(year, month, 31 if last else 1, 2)
    step = -(day.weekday() + 1) % 7 if last else 6 - day.weekday()
    return day + datetime.timedelta(days=-((day.weekday() + 1) % 7) if last else step)


def to_utc(row, local):
    """As an expansion writes it: in UTC where there is a zone; a date, or floating, else."""
    if is_date(row):
        return local.strftime("%Y%m%d")
    if row["tzid"] == "-":
        return local.strftime("%Y%m%dT%H%M%S") + ("Z" if row["dtstart"].endswith("Z") else "")
    if row["tzid"] == "US-Eastern":
        is_summer = local.year >= 1987 and sunday(local.year, 4, False) <= local < sunday(local.year, 10, True)
        utc = local + datetime.timedelta(hours=4 if is_summer else 5)
    else:
        utc = local.replace(tzinfo=zoneinfo.ZoneInfo(row["tzid"])).astimezone(datetime.timezone.utc)
    return utc.strftime("%Y%m%dT%H%M%SZ")


def wanted(row):
    """The instances as an expansion writes them."""
    if row["instances"] == "NONE":
        return []
    return [to_utc(row, parse(i)) for i in row["instances"].split(",")]


def with_first(row, want):
    """The same where DTSTART, which does not match the rule, comes first and counts."""
    first = to_utc(row, parse(row["dtstart"]))
    counted = want[:-1] if "COUNT=" in row["recurrence"] and want else want
    return sorted({first, *counted})


def query_range(row, want):
    """From a day before the first to well behind the last; but only to the last where the table goes no further."""
    times = [parse(row["dtstart"]), *([] if not want else [parse(want[0]), parse(want[-1])])]
    begin = min(times) - datetime.timedelta(days=1)
    behind = datetime.timedelta(days=1 if row["limit"] != "all" else 800)
    latest = datetime.datetime(9999, 12, 31)
    end = latest if max(times) > latest - behind else max(times) + behind
    return ["%04d" % t.year + t.strftime("%m%dT%H%M%SZ") for t in (begin, end)]


def instances(http, row, want):
    """What the server says, or why it does not."""
    path = CALENDAR + row["id"] + ".ics"
    answer = http.do("PUT", path, event(row), Content_Type="text/calendar")
    if answer.status != 201:
        return "refused: %d %s" % (answer.status, caldav_client.condition(answer))
    answer = caldav_client.expand(http, CALENDAR, *query_range(row, want))
    http.do("DELETE", path)
    if answer.status != 207:
        return "not expanded: %d %s" % (answer.status, caldav_client.condition(answer))
    data = [found[caldav_client.CALDAV + "calendar-data"].text for found in caldav_client.multistatus(answer).values()]
    got = sorted(re.findall(r"(?m)^DTSTART[^:]*:(\S+)", "".join(data)))
    return got if row["limit"] == "all" else got[:int(row["limit"])]


def agrees(row, got, want):
    if row["instances"].startswith("ERROR"):
        return isinstance(got, str) and got.startswith("refused: 403 valid-calendar-data")
    if row["dtstart_is_first"] == "no":
        return got in (want, with_first(row, want))
    return got == want


def play(http, row, explained, tally):
    want = [] if row["instances"].startswith("ERROR") else wanted(row)
    got = instances(http, row, want)
    tally.check(agrees(row, got, want) != (row["id"] in explained), "%s: %s %s\n  got  %.300s\n  want %.300s" % (
        row["id"], row["dtstart"], row["recurrence"], got, want or row["instances"]))


def main():
    tally = Tally()
    if not caldav_client.is_there():
        tally.skip("no corpus (TRIVET_CORPUS)")
        tally.end()
    home = Daemon()
    try:
        home.add_users(["u1"])
        server = Caldavd(home).start()
        http = Caldav(server.port, "u1")
        caldav_client.make_calendar(http, CALENDAR, ["VEVENT"])
        explained = differences()
        for name in ("rrule-expect.tsv", "rscale-expect.tsv"):
            for row in rows(name):
                play(http, row, explained, tally)
        http.close()
        tally.check(server.stop() == 0, "a polite end")
        tally.check(not server.sanitizer_report(), "no report of a sanitizer: %s" % server.sanitizer_report()[:3])
    finally:
        home.remove()
    tally.end()


main()
