#!/usr/bin/python3
"""curl lists, fetches, searches, appends, and removes.

usage: test_curl.py [--bin DIR]"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally

MESSAGE = b"From: a@example.com\r\nSubject: from curl\r\nMessage-ID: <c1@example.com>\r\n\r\nA line.\r\n.\r\nAnother.\r\n"


def curl(daemon, path, *more, login="u1:pass", data=None):
    return subprocess.run(["curl", "-sS", "--max-time", "30", "-u", login, "imap://127.0.0.1:%d/%s" % (daemon.port, path), *more],
                          input=data, capture_output=True)


def main():
    tally = Tally()
    if not shutil.which("curl"):
        tally.skip("curl is not installed")
        tally.end()
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        daemon.start()
        path = os.path.join(daemon.folder, "message.eml")
        with open(path, "wb") as f:
            f.write(MESSAGE)
        listed = curl(daemon, "")
        tally.check(b'"/" INBOX' in listed.stdout and b"Trash" in listed.stdout, "LIST: %r" % listed.stdout)
        sent = curl(daemon, "INBOX", "-T", path)
        tally.check(sent.returncode == 0, "APPEND: %r" % sent.stderr)
        got = curl(daemon, "INBOX;UID=1")
        tally.check(got.stdout == MESSAGE, "FETCH of the whole: %r %r" % (got.stdout, got.stderr))
        got = curl(daemon, "INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)")
        tally.check(got.stdout == b"Subject: from curl\r\n\r\n", "FETCH of a field: %r" % got.stdout)
        found = curl(daemon, "INBOX?SUBJECT%20curl")
        tally.check(found.stdout.strip() == b"* SEARCH 1", "SEARCH: %r" % found.stdout)
        tally.check(curl(daemon, "INBOX", "-X", "STORE 1 +FLAGS \\Deleted").returncode == 0, "STORE")
        tally.check(b"1 EXPUNGE" in curl(daemon, "INBOX", "-X", "EXPUNGE").stdout, "EXPUNGE")
        tally.check(curl(daemon, "", "-X", "CREATE from-curl").returncode == 0, "CREATE")
        wrong = curl(daemon, "", login="u1:wrong")
        tally.check(wrong.returncode == 67, "a wrong password is told as such: %d" % wrong.returncode)
        for mechanism in ("PLAIN", "LOGIN", "SCRAM-SHA-256"):
            got = curl(daemon, "", "--login-options", "AUTH=" + mechanism)
            if mechanism.startswith("SCRAM") and got.returncode != 0:
                tally.skip("%s: this curl is built without it" % mechanism)
            else:
                tally.check(got.returncode == 0, "AUTH=%s: %r" % (mechanism, got.stderr))
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
