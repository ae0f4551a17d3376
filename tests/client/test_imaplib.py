#!/usr/bin/python3
"""Python's imaplib goes through a day's work.

usage: test_imaplib.py [--bin DIR]"""
import imaplib
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally

MESSAGE = b"From: a@example.com\r\nTo: u1@example.com\r\nSubject: number %d\r\nMessage-ID: <%d@example.com>\r\n\r\nText %d.\r\n"


def work(client, tally):
    ok = lambda answer: answer[0] == "OK"
    tally.check(ok(client.login("u1", "pass")), "login")
    tally.check(ok(client.create("Work/2026")), "create")
    tally.check(any(b'"/" Work/2026' in line for line in client.list()[1]), "list")
    for i in range(1, 21):
        client.append("Work/2026", "(\\Seen)" if i % 2 else None, imaplib.Time2Internaldate(time.time()), MESSAGE % (i, i, i))
    tally.check(client.select("Work/2026")[1] == [b"20"], "select")
    tally.check(client.search(None, "UNSEEN")[1][0].split() == [b"%d" % i for i in range(2, 21, 2)], "search")
    tally.check(client.search("UTF-8", "SUBJECT", '"number 7"')[1] == [b"7"], "search with a charset")
    parts = client.fetch("3", "(UID FLAGS BODY.PEEK[])")[1]
    tally.check(parts[0][1] == MESSAGE % (3, 3, 3), "fetch")
    tally.check(ok(client.uid("STORE", "4", "+FLAGS.SILENT", "(\\Flagged $Forwarded)")), "store")
    tally.check(b"$Forwarded" in client.fetch("4", "(FLAGS)")[1][0], "the keyword is there")
    tally.check(ok(client.copy("1:5", "Archive")), "copy")
    tally.check(ok(client.uid("MOVE", "6:8", "Trash")), "move")
    tally.check(client.status("Trash", "(MESSAGES UIDNEXT)")[1] == [b"Trash (MESSAGES 3 UIDNEXT 4)"], "status")
    client.store("1:2", "+FLAGS", "\\Deleted")
    tally.check(client.expunge()[1][-2:] == [b"2", b"1"], "expunge")  # those of the MOVE stand in front
    tally.check(ok(client.unselect()), "unselect")
    tally.check(ok(client.rename("Work/2026", "Work/2027")), "rename")
    tally.check(ok(client.delete("Work/2027")), "delete")
    tally.check(ok(client.noop()), "noop")
    tally.check(client.logout()[0] == "BYE", "logout")


def main():
    tally = Tally()
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        daemon.start()
        work(imaplib.IMAP4("127.0.0.1", daemon.port), tally)
        client = imaplib.IMAP4("127.0.0.1", daemon.port)
        tally.check(client.authenticate("PLAIN", lambda _: b"\0u1\0pass")[0] == "OK", "AUTHENTICATE PLAIN")
        client.enable("UTF8=ACCEPT") if "UTF8=ACCEPT" in client.capabilities else None
        client.logout()
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
