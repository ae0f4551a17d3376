#!/usr/bin/python3
"""python3-caldav finds everything from the host alone, makes calendars, stores, searches, expands, synchronises, edits, copies, moves and
deletes; and asks for free and busy times and for other principals.

usage: test_caldav_python.py [--bin DIR]"""
import datetime
import os
import sys

try:
    import caldav  # before tests/lib is looked into, which has a caldav of its own
except ImportError:
    caldav = None

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Caldavd, Daemon, Tally

UTC = datetime.timezone.utc
EVENT = ("BEGIN:VEVENT\nUID:ev1\nDTSTAMP:20261101T000000Z\nDTSTART:20261102T090000Z\nDTEND:20261102T100000Z\nSUMMARY:Besprechung\n"
         "LOCATION:Zimmer 3\nEND:VEVENT\n")


def at(day, hour=0, minute=0):
    """In November 2026."""
    return datetime.datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def discovery(client, port, tally):
    principal = client.principal()
    tally.check(str(principal.url).startswith("http://127.0.0.1:%d/" % port), "the principal is found from /: %s" % principal.url)
    tally.check("mailto:u1@example.com" in principal.calendar_user_address_set(), "its addresses are told")
    tally.check("u1" in str(principal.get_vcal_address()), "its address for an ORGANIZER: %s" % principal.get_vcal_address())
    tally.check(str(principal.calendar_home_set.url).startswith(str(client.url)), "its home: %s" % principal.calendar_home_set.url)
    names = [str(c.url) for c in principal.calendars()]
    tally.check(len(names) >= 1 and all(n.endswith("/") for n in names), "the calendars that everybody has: %s" % names)
    tally.check(client.check_cdav_support() and client.check_dav_support(), "the DAV header announces CalDAV")
    known = caldav.DAVClient("http://127.0.0.1:%d/.well-known/caldav" % port, username="u1", password="pass").principal()
    tally.check(known.url == principal.url, "so it is from the well-known address: %s" % known.url)
    try:
        caldav.DAVClient("http://127.0.0.1:%d/" % port, username="u1", password="wrong").principal()
        tally.check(False, "a wrong password is refused")
    except caldav.lib.error.AuthorizationError:
        tally.check(True, "a wrong password is refused")
    return principal


def making(principal, tally):
    calendar = principal.make_calendar("Arbeit & Grüße", supported_calendar_component_set=["VEVENT", "VTODO", "VJOURNAL"])
    tally.check(calendar.get_display_name() == "Arbeit & Grüße", "the name: %r" % calendar.get_display_name())
    tally.check(sorted(calendar.get_supported_components()) == ["VEVENT", "VJOURNAL", "VTODO"], "the components are those asked for")
    named = principal.make_calendar("Named", cal_id="by-name")
    tally.check(str(named.url).endswith("/by-name/"), "a calendar at an address of its own: %s" % named.url)
    calendar.set_properties([caldav.elements.dav.DisplayName("Renamed")])
    tally.check(principal.calendar(name="Renamed").url == calendar.url, "it is found by its new name")
    return calendar, named


def storing(calendar, tally):
    event = calendar.save_event(EVENT)
    weekly = calendar.save_event(dtstart=at(3, 14), dtend=at(3, 15), summary="Weekly", rrule={"FREQ": "WEEKLY", "COUNT": 4})
    todo = calendar.save_todo(summary="Buy paper", due=at(5))
    journal = calendar.save_journal(summary="Notes", dtstart=datetime.date(2026, 11, 4), description="what was said")
    tally.check(len(calendar.events()) == 2 and len(calendar.todos()) == 1 and len(calendar.journals()) == 1, "all are listed")
    tally.check(calendar.event_by_uid("ev1").url == event.url, "an event by its UID")
    tally.check(calendar.todo_by_uid(todo.id).url == todo.url and calendar.journal_by_uid(journal.id).url == journal.url,
                "others by their UIDs")
    tally.check(calendar.event_by_url(event.url).icalendar_component["SUMMARY"] == "Besprechung", "an event by its address")
    try:
        calendar.event_by_uid("nobody")
        tally.check(False, "an UID that is not there is not found")
    except caldav.lib.error.NotFoundError:
        tally.check(True, "an UID that is not there is not found")
    try:
        calendar.save_event(EVENT, no_overwrite=True)
        tally.check(False, "nothing is overwritten unasked")
    except caldav.lib.error.ConsistencyError:
        tally.check(True, "nothing is overwritten unasked")
    got = calendar.calendar_multiget([event.url, weekly.url])
    tally.check(len(got) == 2 and all("BEGIN:VEVENT" in e.data for e in got), "multiget gives both")
    return event, todo


def summaries(found):
    return sorted(str(o.icalendar_component["SUMMARY"]) for o in found)


def searching(calendar, tally):
    found = calendar.date_search(start=at(1), end=at(30), expand=False)
    tally.check(summaries(found) == ["Besprechung", "Weekly"], "by date, as they are: %s" % summaries(found))
    found = calendar.date_search(start=at(9), end=at(18), expand=True)
    instances = [i for e in found for i in e.icalendar_instance.walk("VEVENT")]
    starts = sorted(i["DTSTART"].dt for i in instances)
    tally.check(starts == [at(10, 14), at(17, 14)], "by date, expanded: %s" % starts)
    tally.check(all("RECURRENCE-ID" in i for i in instances), "instances say which they are")
    found = calendar.search(event=True, start=at(2), end=at(4), expand="server")
    tally.check(summaries(found) == ["Besprechung", "Weekly"], "a search that the server expands: %s" % summaries(found))
    for field, text, want in (("summary", "sprech", ["Besprechung"]), ("location", "Zimmer", ["Besprechung"]),
                              ("summary", "nothing like it", []), ("summary", "SPRECH", [])):  # it asks for i;octet
        found = calendar.search(event=True, **{field: text})
        tally.check(summaries(found) == want, "by text %s %s: %s" % (field, text, summaries(found)))
    found = calendar.search(todo=True, start=at(1), end=at(10))
    tally.check(summaries(found) == ["Buy paper"], "to-dos by date: %s" % summaries(found))
    tally.check(len(calendar.search()) == 4, "without a filter everything is found: %s" % summaries(calendar.search()))


def completing(calendar, todo, tally):
    calendar.todo_by_uid(todo.id).complete()
    tally.check(calendar.todos() == [], "a to-do that is done is not among those to be done")
    done = calendar.todos(include_completed=True)
    tally.check(len(done) == 1 and "COMPLETED" in done[0].icalendar_component, "it is among all")


def synchronising(calendar, event, tally):
    state = calendar.objects_by_sync_token(load_objects=True)
    tally.check(len(list(state)) == 4, "the first time it gives everything: %d" % len(list(state)))
    nothing = calendar.objects_by_sync_token(sync_token=state.sync_token)
    tally.check(list(nothing) == [], "then nothing")
    event.icalendar_component["SUMMARY"] = "Changed"
    event.save()
    new = calendar.save_event(dtstart=at(20, 9), dtend=at(20, 10), summary="New")
    changes = list(calendar.objects_by_sync_token(sync_token=nothing.sync_token, load_objects=True))
    tally.check(summaries(changes) == ["Changed", "New"], "then what has changed: %s" % summaries(changes))
    new.delete()
    updated, deleted = state.sync()
    tally.check(summaries(updated) == ["Changed"], "who comes later is told the same change: %s" % summaries(updated))
    tally.check({str(o.url) for o in deleted} <= {str(new.url)}, "and of what came and went no more than that it has gone")
    try:
        calendar.objects_by_sync_token(sync_token="http://example.com/ns/sync/1")
        tally.check(False, "a token of somebody else is refused")
    except caldav.lib.error.AuthorizationError as error:  # its name for every 403
        tally.check(error.reason == "Forbidden", "a token of somebody else is refused: %s" % error)


def editing(calendar, tally):
    mine, theirs = calendar.event_by_uid("ev1"), calendar.event_by_uid("ev1")
    mine.icalendar_component["LOCATION"] = "Zimmer 4"
    mine.save()
    theirs.load()
    tally.check(theirs.icalendar_component["LOCATION"] == "Zimmer 4", "a change is seen by who loads again")
    tag = theirs.get_property(caldav.elements.dav.GetEtag())
    mine.icalendar_component["LOCATION"] = "Zimmer 5"
    mine.save()
    tally.check(tag.startswith('"') and theirs.get_property(caldav.elements.dav.GetEtag()) != tag, "and by its tag: %s" % tag)


def moving(client, calendar, named, tally):
    event = calendar.event_by_uid("ev1")
    copied = event.copy(keep_uid=True, new_parent=named)
    copied.save()
    tally.check(summaries(named.events()) == ["Changed"], "a copy with the same UID lies in the other calendar")
    event.delete()
    tally.check(summaries(calendar.events()) == ["Weekly"], "the old one goes")
    back = str(calendar.url.join("moved.ics"))
    answer = client.request(str(copied.url), "MOVE", headers={"Destination": back, "Overwrite": "F"})
    tally.check(answer.status == 201 and named.events() == [], "MOVE brings it back: %s" % answer.status)
    tally.check(calendar.event_by_url(back).icalendar_component["UID"] == "ev1", "with its UID")


def asking_for_times(calendar, tally):
    got = calendar.freebusy_request(at(1), at(30)).instance.vfreebusy
    periods = sorted((p[0], p[0] + p[1] if isinstance(p[1], datetime.timedelta) else p[1])
                     for line in got.contents["freebusy"] for p in line.value)
    want = [(at(2, 9), at(2, 10))] + [(at(3 + 7 * n, 14), at(3 + 7 * n, 15)) for n in range(4)]
    tally.check(periods == want, "free and busy times: %s" % periods)


def looking_for_principals(client, principal, tally):
    query = ('<D:principal-property-search xmlns:D="DAV:" test="anyof"><D:property-search><D:prop><D:displayname/></D:prop>'
             '<D:match>%s</D:match></D:property-search><D:prop><D:displayname/></D:prop><D:apply-to-principal-collection-set/>'
             '</D:principal-property-search>')
    for text, want in (("u2", True), ("nobody-like-him", False)):
        answer = client.report(str(principal.url), query % text, 0)
        found = [str(url) for url in answer.find_objects_and_props()]
        tally.check(any("u2" in url for url in found) == want, "looking for %s: %s" % (text, found))


def deleting(principal, calendar, named, tally):
    for entry in calendar.search():
        entry.delete()
    tally.check(calendar.search() == [], "every object is deleted")
    for each in (calendar, named):
        each.delete()
    urls = [str(c.url) for c in principal.calendars()]
    tally.check(str(calendar.url) not in urls and str(named.url) not in urls, "the calendars are gone: %s" % urls)
    try:
        calendar.events()
        tally.check(False, "they are not there for who asks")
    except caldav.lib.error.NotFoundError:
        tally.check(True, "they are not there for who asks")


def go(port, tally):
    client = caldav.DAVClient("http://127.0.0.1:%d/" % port, username="u1", password="pass")
    principal = discovery(client, port, tally)
    calendar, named = making(principal, tally)
    event, todo = storing(calendar, tally)
    searching(calendar, tally)
    completing(calendar, todo, tally)
    synchronising(calendar, event, tally)
    editing(calendar, tally)
    moving(client, calendar, named, tally)
    asking_for_times(calendar, tally)
    looking_for_principals(client, principal, tally)
    deleting(principal, calendar, named, tally)


def main():
    tally = Tally()
    if caldav is None:
        tally.skip("python3-caldav is not installed")
        tally.end()
    home = Daemon()
    try:
        home.add_users(["u1", "u2"])
        server = Caldavd(home, ["caldav.mail_domain=example.com"]).start()
        go(server.port, tally)
        tally.check(server.stop() == 0, "a polite end")
        tally.check(not server.sanitizer_report(), "no report of a sanitizer: %s" % server.sanitizer_report()[:3])
    finally:
        home.remove()
    tally.end()


main()
