#!/usr/bin/python3
"""Thunderbird is set up by its dialog (New Calendar, On the Network: a name, a host, a password), shows the events of the server, makes,
changes and deletes some, and sees what another client does.

usage: test_caldav_thunderbird.py [--bin DIR] [--screenshot FILE.png]"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import caldav_client
import thunderbird
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

CALENDAR, TASKS = "/calendars/u1/calendar/", "/calendars/u1/tasks/"
PRELUDE = """const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
    const { CalEvent } = ChromeUtils.importESModule("resource:///modules/CalEvent.sys.mjs");
    const { CalTodo } = ChromeUtils.importESModule("resource:///modules/CalTodo.sys.mjs");
    const main = Services.wm.getMostRecentWindow("mail:3pane");
    const dialog = [...Services.wm.getEnumerator(null)].find(w => w.location.href.includes("calendar-creation"));
    const calendar = path => cal.manager.getCalendars().find(c => c.uri.spec.endsWith(path));
    const items = path => calendar(path).getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
    const byTitle = async (path, title) => (await items(path)).find(i => i.title == title);
"""


def event(uid, title, day, more=""):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART;TZID=Europe/Berlin:202612%02dT100000\r\nDTEND;TZID=Europe/Berlin:202612%02dT113000\r\nSUMMARY:%s\r\n%s"
            "END:VEVENT\r\nEND:VCALENDAR\r\n" % (uid, day, day, title, more))


def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


class Calendars:
    """The calendar side of a Thunderbird that runs."""

    def __init__(self, tb):
        self.tb = tb

    def run(self, script, *arguments):
        return self.tb.run(PRELUDE + script, *arguments)

    def wait(self, script, *arguments, seconds=40):
        return self.tb.wait(PRELUDE + script, *arguments, seconds=seconds)

    def refresh(self):
        self.run("for (const c of cal.manager.getCalendars()) if (c.type == 'caldav') c.refresh();")

    def titles(self, path, wanted):
        """The titles in a calendar, as soon as they are the wanted ones; else those that are there at the end."""
        self.refresh()
        ok = self.wait("""const t = (await items(args[0])).map(i => i.title).sort();
            return JSON.stringify(t) == JSON.stringify(args[1]) ? t : null;""", path, sorted(wanted))
        return ok or self.run("return (await items(args[0])).map(i => i.title).sort();", path)


def until(condition, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.2)
    return None


def on_server(http, title, path=CALENDAR):
    """(path, bytes) of the object with that title, as soon as it is there."""
    return until(lambda: next(((p, data) for p, data in caldav_client.contents(http, path).items()
                               if re.search(rb"(?m)^SUMMARY:" + title.encode() + rb"\r", data)), None))


def set_up(tb, port, tally):
    tb.run("Services.prefs.setBoolPref('signon.rememberSignons', true);")  # which remote control switches off
    tb.run("main.openDialog('chrome://calendar/content/calendar-creation.xhtml', 'newcal', 'chrome,titlebar,resizable', null);")
    tally.check(tb.wait("return dialog && dialog.document.readyState == 'complete' && !!dialog.document.getElementById('calendar-type');"),
                "the dialog opens")
    tb.run("""dialog.document.getElementById('calendar-type').value = 'network';
        dialog.document.getElementById('calendar-creation-dialog').getButton('accept').click();""")
    tb.run("""for (const [id, text] of [['network-username-input', args[0]], ['network-location-input', args[1]]]) {
            const input = dialog.document.getElementById(id);
            input.value = text;
            input.dispatchEvent(new dialog.Event('input'));
        }
        dialog.findCalendars(args[2], true);  // what the question for the password ends with
        """, "u1", "http://127.0.0.1:%d" % port, "pass")
    found = tb.wait("""const list = dialog.document.getElementById('network-calendar-list');
        return list.children.length ? [...list.children].map(i => i.querySelector('.calendar-name').value) : null;""")
    tally.check(found and "Calendar" in found and "Tasks" in found, "it finds the calendars from the host alone: %s" % found)
    tb.run("dialog.document.getElementById('calendar-creation-dialog').getButton('accept').click();")
    tally.check(tb.wait("return calendar(args[0]) && calendar(args[1]) && !dialog;", CALENDAR, TASKS), "they are subscribed to")
    tally.check(tb.run("return !calendar(args[0]).readOnly", CALENDAR), "and may be written to")


def showing(tb, http, tally):
    titles = tb.titles(CALENDAR, ["Besprechung", "Weekly"])
    tally.check(titles == ["Besprechung", "Weekly"], "the events of the server: %s" % titles)
    tb.run("""main.document.getElementById('tabmail').openTab('calendar'); main.switchCalendarView('month', true);
        main.currentView().goToDay(cal.createDateTime('20261201'));""")
    shown = tb.wait("""const t = [...main.currentView().querySelectorAll('calendar-month-day-box-item')].map(i => i.item.title);
        return t.length >= 4 ? t.sort() : null;""")
    tally.check(shown == ["Besprechung", "Weekly", "Weekly", "Weekly"], "the month shows them: %s" % shown)
    if option("--screenshot"):
        time.sleep(2)
        tb.tb.screenshot(option("--screenshot"))


def writing(tb, http, tally):
    tb.run("await calendar(args[0]).addItem(new CalEvent(args[1]));", CALENDAR, event("tb1", "von Thunderbird", 15))
    made = on_server(http, "von Thunderbird")
    tally.check(made and b"UID:tb1\r" in made[1], "a new event comes to the server: %s" % (made,))
    tb.run("""const old = await byTitle(args[0], 'von Thunderbird'), now = old.clone();
        now.title = 'verschoben';
        await calendar(args[0]).modifyItem(now, old);""", CALENDAR)
    moved = on_server(http, "verschoben")
    tally.check(moved and made and moved[0] == made[0], "so does a change, to the same address: %s" % (moved,))
    tb.run("await calendar(args[0]).addItem(new CalTodo(args[1]));", TASKS,
           "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:tb2\r\nSUMMARY:Papier kaufen\r\nDUE:20261220T120000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    tally.check(on_server(http, "Papier kaufen", TASKS), "a task comes to the calendar of tasks")
    tb.run("""const weekly = await byTitle(args[0], 'Weekly'), now = weekly.clone();
        const one = now.recurrenceInfo.getOccurrenceFor(cal.createDateTime('20261210T090000Z')).clone();
        one.title = 'Weekly later';
        now.recurrenceInfo.modifyException(one, true);
        await calendar(args[0]).modifyItem(now, weekly);""", CALENDAR)
    changed = on_server(http, "Weekly later")
    tally.check(changed and changed[0] == CALENDAR + "weekly.ics" and changed[1].count(b"BEGIN:VEVENT") == 2,
                "one instance is changed: %s" % (changed,))
    tb.run("await calendar(args[0]).deleteItem(await byTitle(args[0], 'verschoben'));", CALENDAR)
    tally.check(made and until(lambda: http.do("GET", made[0]).status == 404), "a deleted event is gone")


def hearing(tb, http, tally):
    http.put(CALENDAR + "meeting.ics", event("meeting", "Besprechung, jetzt anders", 3))
    http.put(CALENDAR + "new.ics", event("new", "von anderswo", 17))
    titles = tb.titles(CALENDAR, ["Besprechung, jetzt anders", "Weekly", "von anderswo"])
    tally.check(titles == ["Besprechung, jetzt anders", "Weekly", "von anderswo"], "what another client changes: %s" % titles)
    http.do("DELETE", CALENDAR + "new.ics")
    titles = tb.titles(CALENDAR, ["Besprechung, jetzt anders", "Weekly"])
    tally.check(titles == ["Besprechung, jetzt anders", "Weekly"], "and deletes: %s" % titles)


def go(port, imap_port, tally):
    http = Caldav(port, "u1")
    http.put(CALENDAR + "meeting.ics", event("meeting", "Besprechung", 2))
    http.put(CALENDAR + "weekly.ics", event("weekly", "Weekly", 3, "RRULE:FREQ=WEEKLY;COUNT=3\r\n"))
    program = thunderbird.Thunderbird(imap_port, "u1", "pass").start()
    try:
        tb = Calendars(program)
        set_up(tb, port, tally)
        showing(tb, http, tally)
        writing(tb, http, tally)
        hearing(tb, http, tally)
        tally.check(tb.run("return !calendar(args[0]).readOnly && !calendar(args[0]).getProperty('currentStatus');", CALENDAR),
                    "the calendar is still well, and may be written to")
    finally:
        program.stop()
        http.close()


def main():
    tally = Tally()
    if not thunderbird.is_there():
        tally.skip("thunderbird or Xvfb is not installed")
        tally.end()
    home = Daemon()
    try:
        home.add_users(["u1"])
        server = Caldavd(home).start()
        go(server.port, home.port, tally)
        tally.check(server.stop() == 0, "a polite end")
        tally.check(not server.sanitizer_report(), "no report of a sanitizer: %s" % server.sanitizer_report()[:3])
    finally:
        home.remove()
    tally.end()


main()
