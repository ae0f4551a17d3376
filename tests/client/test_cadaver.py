#!/usr/bin/python3
"""cadaver, the command-line client for WebDAV, works in a user's home: folders, files, copies, properties, locks.

usage: test_cadaver.py [--bin DIR]"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Example//Tests//EN\r
BEGIN:VEVENT\r
UID:cadaver@trivet.example\r
DTSTAMP:20260101T000000Z\r
DTSTART:20260310T090000Z\r
DTEND:20260310T100000Z\r
SUMMARY:Dig\r
END:VEVENT\r
END:VCALENDAR\r
"""
# command, what it says
SESSION = (
    ("ls", r"Coll:\s+calendar\s"),
    ("mkcol files", r"Creating `files': succeeded\."),
    ("cd files", None),
    ("put note.txt", r"Uploading note\.txt to .*succeeded\."),
    ("ls", r"\bnote\.txt\s+6\s"),
    ("copy note.txt copy.txt", r"Copying .*succeeded\."),
    ("move copy.txt moved.txt", r"Moving .*succeeded\."),
    ("get moved.txt got.txt", r"Downloading .*succeeded\."),
    ("propset note.txt colour green", r"Setting property on `note\.txt': succeeded\."),
    ("propget note.txt colour", r"Value of colour is: green"),
    ("lock note.txt", r"Locking `note\.txt': succeeded\."),
    ("discover note.txt", r"Lock token <urn:uuid:[-0-9a-f]+>:\s+Depth 0 on `[^']*note\.txt'\s+Scope: exclusive\s+Type: write"),
    ("put other.txt note.txt", r"Uploading other\.txt to .*succeeded\."),
    ("unlock note.txt", r"Unlocking `note\.txt': succeeded\."),
    ("delete moved.txt", r"Deleting `moved\.txt': succeeded\."),
    ("mkcol inner", r"Creating `inner': succeeded\."),
    ("rmcol inner", r"Deleting collection `inner': succeeded\."),
    ("cd ../calendar", None),
    ("put event.ics", r"Uploading event\.ics to .*succeeded\."),
    ("ls", r"\bevent\.ics\s+%d\s" % len(EVENT)),
    ("put note.txt", r"Uploading note\.txt to .*failed"),
    ("rmcol ../calendar", r"Deleting collection .*failed"),
)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", newline="") as f:
        f.write(text)


def play(tally, folder, port):
    write(folder, ".netrc", "machine 127.0.0.1 login u1 password pass\n")
    os.chmod(os.path.join(folder, ".netrc"), 0o600)
    write(folder, "note.txt", "hello\n")
    write(folder, "other.txt", "other\n")
    write(folder, "event.ics", EVENT)
    commands = "".join("echo == %d\n%s\n" % (i, command) for i, (command, _) in enumerate(SESSION)) + "echo == end\nquit\n"
    done = subprocess.run(["cadaver", "http://127.0.0.1:%d/calendars/u1/" % port], cwd=folder, input=commands, text=True,
                          capture_output=True, timeout=120, env=dict(os.environ, HOME=folder))
    parts = re.split(r"^== (?:\d+|end) *$", done.stdout, flags=re.M)
    if not tally.check(done.returncode == 0 and len(parts) == len(SESSION) + 2, "cadaver: %s%s" % (done.stdout, done.stderr)):
        return
    for (command, pattern), said in zip(SESSION, parts[1:]):
        tally.check(re.search(pattern, said) if pattern else "failed" not in said, "%s: %s" % (command, said))


def check_results(tally, folder, port):
    with open(os.path.join(folder, "got.txt")) as f:
        tally.check(f.read() == "hello\n", "what was put is what is got")
    client = Caldav(port, "u1")
    for path, want in (("files/note.txt", "other\n"), ("calendar/event.ics", EVENT)):
        tally.check(client.do("GET", "/calendars/u1/" + path).content.decode() == want, path)
    for path in ("files/copy.txt", "files/moved.txt", "files/inner/", "calendar/note.txt"):
        tally.check(client.do("GET", "/calendars/u1/" + path).status == 404, path + " is gone")
    client.close()


def main():
    tally = Tally()
    if not shutil.which("cadaver"):
        print("skipped: there is no cadaver")
        sys.exit(77)
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        caldavd = Caldavd(daemon)
        caldavd.start()
        play(tally, daemon.folder, caldavd.port)
        check_results(tally, daemon.folder, caldavd.port)
        tally.check(caldavd.stop() == 0 and not caldavd.sanitizer_report(), "caldavd at the end: " + caldavd.tail())
    finally:
        daemon.remove()
    tally.end()


main()
