#!/usr/bin/python3
"""mbsync keeps 2000 real messages in sync both ways: flags change and messages go on both sides; run again there is nothing to do,
and both sides are the same byte for byte.

usage: test_mbsync.py [--bin DIR]"""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import corpus
from daemon import Daemon, Tally
from imap import Imap

COUNT = 2000


def some_messages():
    for name, data in corpus.messages():
        # mbsync gives lines LF and CRLF only; NULs cannot stand in its literals
        # and it skips what has no end of its header
        data = corpus.crlf(data)
        if b"\0" not in data and b"\r" not in data.replace(b"\r\n", b"") and b"\r\n\r\n" in data and len(data) < 1000000:
            yield data
    for data in corpus.archive(COUNT):
        yield corpus.crlf(data)


def fill(imap):
    sent = 0
    for data in some_messages():
        if sent == COUNT:
            break
        imap.append("INBOX" if sent % 2 else "Archive", data, "\\Seen" if sent % 3 == 0 else "")
        sent += 1
    return sent


def configure(daemon):
    path = os.path.join(daemon.folder, "mbsyncrc")
    with open(path, "w") as f:
        f.write("""IMAPAccount t
Host 127.0.0.1
Port %d
User u1
Pass pass
SSLType None
AuthMechs LOGIN

IMAPStore far
Account t

MaildirStore near
Path %s/mail/
Inbox %s/mail/INBOX
SubFolders Verbatim

Channel t
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
""" % (daemon.port, daemon.folder, daemon.folder))
    os.mkdir(os.path.join(daemon.folder, "mail"))
    return path


def mbsync(daemon, config, tally, what):
    result = subprocess.run(["mbsync", "-c", config, "-a"], capture_output=True, text=True, timeout=600,
                            env=dict(os.environ, HOME=daemon.folder))
    tally.check(result.returncode == 0, "mbsync, %s: %s" % (what, (result.stdout + result.stderr)[-800:]))
    return result.stdout + result.stderr


def near_side(daemon, mailbox):
    """{bytes without mbsync's own header: flags} of a Maildir, with line ends as the server has them."""
    side = {}
    for path in glob.glob(os.path.join(daemon.folder, "mail", mailbox, "cur", "*")) + glob.glob(
            os.path.join(daemon.folder, "mail", mailbox, "new", "*")):
        with open(path, "rb") as f:
            data = f.read()
        data = re.sub(rb"(?m)^X-TUID: .*\r?\n", b"", data, count=1)
        flags = path.rsplit(":2,", 1)[1] if ":2," in path else ""
        side.setdefault(corpus.crlf(data), []).append("".join(sorted(flags.replace("T", ""))))
    return {k: sorted(v) for k, v in side.items()}


def far_side(imap, mailbox):
    imap.do("EXAMINE %s" % mailbox)
    side = {}
    letters = {b"\\Seen": "S", b"\\Flagged": "F", b"\\Answered": "R", b"\\Draft": "D"}
    for line in imap.do("UID FETCH 1:* (FLAGS BODY.PEEK[])"):
        found = re.search(rb"FLAGS \(([^)]*)\) BODY\[\] \{(\d+)\}\r\n", line)
        if found:
            body = line[found.end():found.end() + int(found[2])]
            body = re.sub(rb"(?m)^X-TUID: .*\r?\n", b"", body, count=1)
            side.setdefault(body, []).append("".join(sorted(letters.get(f, "") for f in found[1].split())))
    return {k: sorted(v) for k, v in side.items()}


def same(daemon, imap, tally, what):
    for mailbox in ("INBOX", "Archive"):
        near, far = near_side(daemon, mailbox), far_side(imap, mailbox)
        tally.check(near == far, "%s: %s is the same on both sides (%d near, %d far, %d only near, %d only far)" % (
            what, mailbox, len(near), len(far), len(near.keys() - far.keys()), len(far.keys() - near.keys())))


def change_near(daemon):
    for i, path in enumerate(sorted(glob.glob(os.path.join(daemon.folder, "mail", "INBOX", "cur", "*")))):
        if i % 10 == 0:
            os.rename(path, path + "F" if ":2," in path else path + ":2,F")
        elif i % 10 == 1:
            os.unlink(path)
    with open(os.path.join(daemon.folder, "mail", "INBOX", "new", "1.near.test"), "wb") as f:
        f.write(b"Subject: written near\n\nhello\n")


def change_far(imap):
    imap.do("SELECT Archive")
    imap.do("STORE 1:50 +FLAGS (\\Answered \\Flagged)")
    imap.do("STORE 100:140 +FLAGS (\\Deleted)")
    imap.do("EXPUNGE")
    imap.append("Archive", b"Subject: written far\r\n\r\nhello\r\n")
    imap.do("CLOSE")


def main():
    tally = Tally()
    if not corpus.is_there():
        tally.skip("no corpus (TRIVET_CORPUS)")
        tally.end()
    if not shutil.which("mbsync"):
        tally.skip("mbsync is not installed")
        tally.end()
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        daemon.start()
        imap = Imap(daemon.port, timeout=300)
        imap.login("u1")
        tally.check(fill(imap) == COUNT, "%d messages" % COUNT)
        config = configure(daemon)
        mbsync(daemon, config, tally, "first run")
        same(daemon, imap, tally, "first run")
        change_near(daemon)
        change_far(imap)
        mbsync(daemon, config, tally, "after changes on both sides")
        same(daemon, imap, tally, "after changes on both sides")
        before = imap.do("STATUS INBOX (MESSAGES UIDNEXT HIGHESTMODSEQ)")[-1]
        mbsync(daemon, config, tally, "nothing to do")
        after = imap.do("STATUS INBOX (MESSAGES UIDNEXT HIGHESTMODSEQ)")[-1]
        tally.check(after == before, "a run with nothing to do changes nothing: %s, before %s" % (after, before))
        imap.close()
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
