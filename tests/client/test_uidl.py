#!/usr/bin/python3
"""Unique-ids outlive an export and an import: two stores give the same messages the same UIDL, by Maildir and by mbox.

usage: test_uidl.py [--bin DIR]"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import corpus
from daemon import Daemon, Pop3d, Tally
from pop3 import Pop3

MESSAGES = 300


def unique_ids(home):
    pop3d = Pop3d(home)
    pop3d.start()
    pop = Pop3(pop3d.port)
    pop.do("USER u0")
    pop.do("PASS pass")
    pop.do("UIDL")
    lines = pop.body().split(b"\r\n")[:-1]
    pop.do("QUIT")
    pop.close()
    pop3d.stop()
    return [line.split(b" ")[1] for line in lines]


def make(folder):
    """A Maildir of messages, some of them the same."""
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, name))
    texts = [b"Subject: %d\n\n.dot\n%d\n" % (i, i // 2) for i in range(MESSAGES)] + [b"Subject: twice\n\nThe same.\n"] * 2
    if corpus.is_there():
        # an mbox cannot tell whether the last line had an end
        texts += [data if data.endswith(b"\n") else data + b"\n" for _, data in corpus.messages()][:MESSAGES]
    for i, text in enumerate(texts):
        with open(os.path.join(folder, "new", "%05d" % i), "wb") as f:
            f.write(text)
    return len(texts)


def main():
    tally = Tally()
    first, second, third = Daemon(), Daemon(), Daemon()
    try:
        for home in (first, second, third):
            home.add_users(["u0"])
        source, maildir, mbox = (os.path.join(first.folder, name) for name in ("source", "maildir", "mbox"))
        count = make(source)
        first.trivet("import", "--user", "u0", "--format", "maildir", source)
        ids = unique_ids(first)
        tally.check(len(ids) == count, "%d messages: %d" % (count, len(ids)))
        tally.check(len(set(ids)) == count - 1, "the two that are the same have the same unique-id, all others their own")
        first.trivet("export", "--user", "u0", "--format", "maildir", maildir)
        second.trivet("import", "--user", "u0", "--format", "maildir", maildir)
        tally.check(sorted(unique_ids(second)) == sorted(ids), "by Maildir")
        first.trivet("export", "--user", "u0", "--format", "mbox", mbox)
        third.trivet("import", "--user", "u0", "--mailbox", "INBOX", "--format", "mbox",
                     *([os.path.join(mbox, "INBOX.mbox")] if os.path.isdir(mbox) else [mbox]))
        tally.check(sorted(unique_ids(third)) == sorted(ids), "by mbox")
    finally:
        for home in (first, second, third):
            home.remove()
    tally.end()


main()
