#!/usr/bin/python3
"""`trivet deliver`: exit statuses, the text of a pipe, quoting, and that a second try gives nobody a second copy.

usage: test_deliver.py [--bin DIR]"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Lmtpd, Pop3d, Tally
from pop3 import Pop3

OK, USAGE, NOUSER, TEMPFAIL = 0, 64, 67, 75


def main():
    tally = Tally()
    home = Daemon()
    try:
        home.add_users(["u1", "u2", "u3"])
        home.trivet("mailbox", "create", "u1", "My Folder")
        home.trivet("user", "quota", "u3", "5")
        config = Lmtpd(home).config
        pop3d = Pop3d(home)
        pop3d.start()

        def deliver(*arguments, text=b"Subject: hello\n\nIt works.\n"):
            return subprocess.run([os.path.join(home.bin, "trivet"), "--config", config, "deliver", *arguments], input=text,
                                  capture_output=True).returncode

        def box(user):
            pop = Pop3(pop3d.port)
            pop.do("USER " + user)
            pop.do("PASS pass")
            count = int(pop.do("STAT").split()[0])
            pop.do("RETR %d" % count) if count else None
            body = pop.body() if count else b""
            pop.do("QUIT")
            pop.close()
            return count, body

        tally.check(deliver("-f", "me@x", "u1") == OK, "one recipient")
        tally.check(box("u1") == (1, b"Return-Path: <me@x>\r\nDelivered-To: u1\r\nSubject: hello\r\n\r\nIt works.\r\n"), "its bytes: %r" % (box("u1"),))
        tally.check(deliver("-d", "u1", text=b"From me Tue Nov 24\nSubject: a\n\nb\r\nc") == OK, "-d, and an mbox' first line")
        tally.check(box("u1")[1].endswith(b"\r\nSubject: a\r\n\r\nb\r\nc\r\n") and b"From me" not in box("u1")[1], "%r" % box("u1")[1])
        tally.check(deliver("nobody") == NOUSER, "an unknown user")
        tally.check(deliver("-f", "x>\nX-Evil: 1\nY: <", "u1") == USAGE and box("u1")[0] == 2, "controls in the sender")
        tally.check(deliver('"u1+My Folder"@example.com') == OK and box("u1+My Folder")[0] == 1, "a quoted recipient with a folder")
        for _ in range(3):
            tally.check(deliver("u2", "u3") == TEMPFAIL, "one of two is over quota")
        tally.check(box("u2")[0] == 0, "nobody has it then")
        home.trivet("user", "quota", "u3", "none")
        tally.check(deliver("u2", "u3") == OK and box("u2")[0] == 1 and box("u3")[0] == 1, "each has it once")
        tally.check(subprocess.run([os.path.join(home.bin, "trivet"), "--config", config + ".missing", "deliver", "u1"], input=b"x",
                                   capture_output=True).returncode == TEMPFAIL, "without its configuration it is tried again")
        tally.check(not pop3d.sanitizer_report(), "no report of a sanitizer")
    finally:
        home.remove()
    tally.end()


main()
