#!/usr/bin/python3
"""vdirsyncer brings 500 real objects to both sides byte for byte, has nothing to do when it is run again, carries changes and deletions
both ways, tells conflicts and solves them as it is told, and synchronises the colours and names of calendars.

usage: test_vdirsyncer.py [--bin DIR]"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import caldav_client
import vdirsyncer
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

COUNT = 500
HOME, NAME = "/calendars/u1/", "all"
CALENDAR = HOME + NAME + "/"


def some_objects(http):
    """[(UID, bytes)] of objects of the corpus that this server stores, from all its parts."""
    scratch, chosen = HOME + "scratch/", []
    caldav_client.make_calendar(http, scratch)
    everything = list(caldav_client.objects())
    for start in range(8):
        for uid, data in everything[start::8]:
            if len(chosen) == COUNT:
                http.do("DELETE", scratch)
                return chosen
            if http.do("PUT", scratch + "%d.ics" % len(chosen), data, Content_Type="text/calendar").status == 201:
                chosen.append((uid, data))
    return chosen


def there(http):
    """{UID: bytes} on the server."""
    return {uid_of(data): data for data in caldav_client.contents(http, CALENDAR).values()}


def here(sync):
    return {uid_of(data): data for data in sync.files(NAME).values()}


def uid_of(data):
    return re.search(rb"(?mi)^UID(?:;[^:\r\n]*)?:([^\r\n]+)", caldav_client.unfolded(data))[1].decode()


def changed(data, text):
    """The same with a comment in its main components."""
    return re.sub(rb"(?mi)^(BEGIN:V(?:EVENT|TODO|JOURNAL|FREEBUSY|AVAILABILITY)\r\n)", rb"\1COMMENT:" + text + rb"\r\n", data)


def paths_by_uid(http):
    return {uid_of(data): path for path, data in caldav_client.contents(http, CALENDAR).items()}


def discovery(sync, tally):
    got = sync.do("discover", answers="y\n" * 10)
    tally.check(got.returncode == 0 and '"all"' in got.stdout and '"calendar"' in got.stdout,
                "the calendars are found from the host alone: %s" % got.stdout)
    os.mkdir(os.path.join(sync.calendars, "new-here"))
    got = sync.do("discover", answers="y\n" * 10)
    tally.check(got.returncode == 0 and "new-here" in got.stdout, "a calendar is made on the server: %s" % got.stdout)


def first_sync(http, sync, chosen, tally):
    for i, (_, data) in enumerate(chosen):
        if i % 2:
            http.put(CALENDAR + "%d.ics" % i, data)
        else:
            sync.write(NAME, "file %d.ics" % i, data)
    got = sync.do("sync")
    tally.check(got.returncode == 0, "the first sync: %s" % got.stdout[-1000:])
    want = dict(chosen)
    tally.check(len(want) == COUNT, "there are %d of them" % len(want))
    tally.check(same(there(http), want), "all lie on the server, byte for byte")
    tally.check(same(here(sync), want), "and here")


def same(got, want):
    differing = [uid for uid in set(got) | set(want) if got.get(uid) != want.get(uid)]
    for uid in differing[:3]:
        print("%s: got %.200r, want %.200r" % (uid, got.get(uid), want.get(uid)))
    return not differing


def second_sync(http, sync, tally):
    tags, files = caldav_client.listing(http, CALENDAR), sync.files(NAME)
    got = sync.do("sync")
    tally.check(got.returncode == 0 and "Copying" not in got.stdout, "the second has nothing to do: %s" % got.stdout[-500:])
    tally.check(caldav_client.listing(http, CALENDAR) == tags and sync.files(NAME) == files, "and does nothing")


def changes(http, sync, chosen, tally):
    """Some are changed here, some there; some deleted here, some there."""
    want, names, paths = dict(chosen), {uid_of(d): n for n, d in sync.files(NAME).items()}, paths_by_uid(http)
    uids = [uid for uid, _ in chosen]
    for uid in uids[:20]:
        want[uid] = changed(want[uid], b"from here")
        sync.write(NAME, names[uid], want[uid])
    for uid in uids[20:40]:
        want[uid] = changed(want[uid], b"from there")
        http.put(paths[uid], want[uid])
    for uid in uids[40:50]:
        del want[uid]
        sync.remove(NAME, names[uid])
    for uid in uids[50:60]:
        del want[uid]
        http.do("DELETE", paths[uid])
    got = sync.do("sync")
    tally.check(got.returncode == 0, "changes on both sides: %s" % got.stdout[-1000:])
    tally.check(same(there(http), want) and same(here(sync), want), "they come to the other side")
    return want


def conflicts(http, sync, want, tally):
    names, paths = {uid_of(d): n for n, d in sync.files(NAME).items()}, paths_by_uid(http)
    uids = list(want)[:3]
    for uid in uids:
        sync.write(NAME, names[uid], changed(want[uid], b"mine"))
        http.put(paths[uid], changed(want[uid], b"theirs"))
    got = sync.do("sync")
    tally.check(got.returncode != 0 and "onflict" in got.stdout, "a conflict is told: %s" % got.stdout[-500:])
    tally.check(all(b"theirs" in there(http)[uid] and b"mine" in here(sync)[uid] for uid in uids), "and nothing is lost")
    # other texts each time: vdirsyncer takes what has lost once for unchanged when it comes again
    for winner, mine, theirs, text in (('"a wins"', b"mine 1", b"theirs 1", b"mine 1"), ('"b wins"', b"mine 2", b"theirs 2", b"theirs 2")):
        sync.configure(winner)
        for uid in uids:
            sync.write(NAME, names[uid], changed(want[uid], mine))
            http.put(paths[uid], changed(want[uid], theirs))
        got = sync.do("sync")
        expected = {**want, **{uid: changed(want[uid], text) for uid in uids}}
        tally.check(got.returncode == 0 and same(there(http), expected) and same(here(sync), expected),
                    "%s: %s" % (winner, got.stdout[-500:]))


def metadata(http, sync, tally):
    def read(name):
        path = os.path.join(sync.calendars, NAME, name)
        return open(path).read().strip() if os.path.exists(path) else None

    caldav_client.set_properties(http, CALENDAR, displayname="Schönes & Neues", calendar_color="#FF8800FF")
    got = sync.do("metasync")
    tally.check(got.returncode == 0 and read("displayname") == "Schönes & Neues",
                "the name comes here: %s %s" % (read("displayname"), got.stdout))
    tally.check(read("color") == "#FF8800FF", "so does the colour: %s" % read("color"))
    for name, value in (("displayname", "Umbenannt <hier>"), ("color", "#112233")):
        with open(os.path.join(sync.calendars, NAME, name), "w") as f:
            f.write(value)
    got = sync.do("metasync")
    now = caldav_client.properties(http, CALENDAR, "D:displayname", "A:calendar-color")
    tally.check(got.returncode == 0 and now == {"displayname": "Umbenannt <hier>", "calendar-color": "#112233"},
                "they go there: %s %s" % (now, got.stdout))


def go(port, folder, tally):
    http = Caldav(port, "u1")
    sync = vdirsyncer.Vdirsyncer(folder, "http://127.0.0.1:%d/" % port, "u1")
    chosen = some_objects(http)
    caldav_client.make_calendar(http, CALENDAR)
    discovery(sync, tally)
    first_sync(http, sync, chosen, tally)
    second_sync(http, sync, tally)
    want = changes(http, sync, chosen, tally)
    conflicts(http, sync, want, tally)
    metadata(http, sync, tally)
    http.close()


def main():
    tally = Tally()
    if not vdirsyncer.is_there() or not caldav_client.is_there():
        tally.skip("vdirsyncer is not installed, or there is no corpus (TRIVET_CORPUS)")
        tally.end()
    home = Daemon()
    try:
        home.add_users(["u1"])
        server = Caldavd(home).start()
        go(server.port, home.folder, tally)
        tally.check(server.stop() == 0, "a polite end")
        tally.check(not server.sanitizer_report(), "no report of a sanitizer: %s" % server.sanitizer_report()[:3])
    finally:
        home.remove()
    tally.end()


main()
