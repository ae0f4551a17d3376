#!/usr/bin/python3
"""neomutt on a terminal reads, flags, saves to another mailbox, deletes, and writes its changes back.

usage: test_neomutt.py [--bin DIR]"""
import os
import pty
import re
import select
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally
from imap import Imap

RC = """set imap_user = "u1"
set imap_pass = "pass"
set folder = "imap://127.0.0.1:%d/"
set spool_file = "+INBOX"
set ssl_starttls = no
set ssl_force_tls = no
set quit = yes
set delete = yes
set confirm_append = no
set confirm_create = no
set record = ""
set postponed = ""
set trash = ""
set header_cache = "%s/cache"
set sort = mailbox-order
set wait_key = no
push "<first-entry><display-message><exit><first-entry><flag-message><first-entry><next-entry><next-entry><save-message>\
<kill-line>=Archive<enter><first-entry><next-entry><delete-message><sync-mailbox><quit>"
"""


def run(daemon):
    """Plays the keys; what the screen showed."""
    path = os.path.join(daemon.folder, "neomuttrc")
    with open(path, "w") as f:
        f.write(RC % (daemon.port, daemon.folder))
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(HOME=daemon.folder, TERM="xterm", LINES="40", COLUMNS="120", LC_ALL="C.UTF-8")
        os.execvp("neomutt", ["neomutt", "-n", "-F", path])
    seen, end = b"", time.time() + 60
    while time.time() < end:
        if select.select([fd], [], [], 1)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
    os.kill(pid, 15) if time.time() >= end else None
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1]), seen


def main():
    tally = Tally()
    if not shutil.which("neomutt"):
        tally.skip("neomutt is not installed")
        tally.end()
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        daemon.start()
        imap = Imap(daemon.port)
        imap.login("u1")
        for i in range(1, 6):
            imap.append("INBOX", b"From: a%d@example.com\r\nSubject: message number %d\r\nDate: Mon, 02 Nov 2026 09:00:0%d +0000\r\n"
                        b"Message-ID: <%d@nm>\r\n\r\nThe text of number %d.\r\n" % (i, i, i, i, i))
        status, screen = run(daemon)
        text = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", screen)
        tally.check(status == 0, "neomutt ends well: %d" % status)
        tally.check(b"message number 5" in text, "the messages are listed")
        imap.do("SELECT INBOX")
        tally.check(b"* SEARCH 1" in imap.do("SEARCH FLAGGED"), "the flag is set")
        tally.check(b"* SEARCH 1" in imap.do("SEARCH SEEN"), "a message was opened: it is seen")
        left = imap.do("SEARCH ALL")
        tally.check(left == [b"* SEARCH 1 2 3"], "two messages are gone: %s" % left)
        tally.check(any(b"MESSAGES 1" in line for line in imap.do("STATUS Archive (MESSAGES)")), "one of them is in Archive")
        imap.close()
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
