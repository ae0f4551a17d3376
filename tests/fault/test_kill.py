#!/usr/bin/python3
"""imapd is killed (SIGKILL) at random under the load of 20 writers, again and again. Afterwards every acknowledged APPEND, STORE,
COPY, MOVE and EXPUNGE is there, once, what was not acknowledged is there whole or not at all, and `trivet check` is clean.

usage: test_kill.py [--bin DIR] [--kills N] [--seed N]"""
import os
import random
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally
from imap import Closed, Failed, Imap
from watch import option

WRITERS = 20
MAILBOXES = ("INBOX", "Archive")


class Writer(threading.Thread):
    """One user's client. `known` is what was acknowledged: {mailbox: {message id: flags}}; `pending` is what the command under way
    would make of it."""

    def __init__(self, number, port, stop, seed):
        super().__init__(daemon=True)
        self.user, self.port, self.stop_event = "w%d" % number, port, stop
        self.random = random.Random(seed * 1000 + number)
        self.known = {name: {} for name in MAILBOXES}
        self.pending = None
        self.made = self.operations = self.lost_connections = 0
        self.errors = []

    def run(self):
        while not self.stop_event.is_set():
            try:
                self.session()
            except Closed:
                self.lost_connections += 1
                time.sleep(0.05)
            except Failed as error:
                self.errors.append("%s: %s" % (self.user, error))
                return

    def actual(self, imap):
        """{mailbox: {message id: (uid, flags)}}, and complaints about messages that are there twice or damaged."""
        state = {}
        for name in MAILBOXES:
            imap.do("EXAMINE %s" % name)
            state[name] = {}
            for line in imap.do("UID FETCH 1:* (UID FLAGS BODY.PEEK[])"):
                found = re.match(rb"\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\) BODY\[\] \{(\d+)\}\r\n(.*)\)$", line, re.S)
                if not found:
                    continue
                message = re.search(rb"Message-ID: <(\d+)@", found[4])
                if not message or not found[4].endswith(b"end\r\n"):
                    self.errors.append("%s: a damaged message in %s" % (self.user, name))
                    continue
                key = int(message[1])
                if key in state[name]:
                    self.errors.append("%s: message %d is twice in %s" % (self.user, key, name))
                state[name][key] = (int(found[1]), frozenset(found[2].split()) - {b"\\Recent"})
        return state

    def session(self):
        imap = Imap(self.port)
        try:
            imap.login(self.user)
            state = self.actual(imap)
            seen = {name: {k: v[1] for k, v in messages.items()} for name, messages in state.items()}
            if seen != self.known and seen != self.pending:
                self.errors.append("%s: lost or half done: %s, acknowledged: %s, under way: %s" % (
                    self.user, summary(seen), summary(self.known), summary(self.pending)))
            self.known, self.pending = seen, None
            while not self.stop_event.is_set():
                self.operation(imap, state)
                self.operations += 1
            imap.do("LOGOUT")
        finally:
            imap.close()

    def operation(self, imap, state):
        name = self.random.choice(MAILBOXES)
        other = MAILBOXES[1 - MAILBOXES.index(name)]
        messages = state[name]
        after = {n: {k: v[1] for k, v in m.items()} for n, m in state.items()}
        what = self.random.choice(("append", "append", "store", "copy", "move", "expunge") if messages else ("append",))
        if len(messages) > 30:
            what = "expunge"
        if what == "append":
            self.made += 1
            after[name][self.made] = frozenset([b"\\Seen"])
            self.pending = after
            body = b"x" * self.random.choice((100, 3000, 90000))
            uid = imap.append(name, b"Message-ID: <%d@test>\r\nSubject: %d\r\n\r\n%s\r\nend\r\n" % (self.made, self.made, body), "\\Seen")
            messages[self.made] = (uid, frozenset([b"\\Seen"]))
        else:
            imap.do("SELECT %s" % name)
            key = self.random.choice(sorted(messages))
            uid, flags = messages[key]
            if what == "store":
                new = flags ^ {b"\\Flagged"}
                after[name][key] = new
                self.pending = after
                imap.do("UID STORE %d FLAGS.SILENT (%s)" % (uid, b" ".join(sorted(new)).decode()))
                messages[key] = (uid, new)
            elif what in ("copy", "move"):
                if key in state[other]:
                    return
                after[other][key] = flags
                if what == "move":
                    del after[name][key]
                self.pending = after
                untagged = imap.do("UID %s %d %s" % (what.upper(), uid, other))
                copied = re.search(rb"COPYUID \d+ \d+ (\d+)", b"\n".join(untagged) + imap.tagged)
                state[other][key] = (int(copied[1]), flags)
                if what == "move":
                    del messages[key]
            else:
                deleted = flags | {b"\\Deleted"}
                after[name][key] = deleted
                self.pending = after
                imap.do("UID STORE %d FLAGS.SILENT (%s)" % (uid, b" ".join(sorted(deleted)).decode()))
                self.known = after
                self.pending = {n: dict(m) for n, m in after.items()}
                del self.pending[name][key]
                imap.do("UID EXPUNGE %d" % uid)
                del messages[key]
                after = self.pending
        self.known, self.pending = after, None


def summary(state):
    return None if state is None else {n: {k: b" ".join(sorted(f)).decode() for k, f in m.items()} for n, m in state.items()}


def main():
    kills, seed, tally = option("--kills", 200), option("--seed", int(time.time())), Tally()
    print("seed", seed)
    chance = random.Random(seed)
    daemon = Daemon()
    try:
        daemon.add_users("w%d" % i for i in range(WRITERS))
        daemon.start()
        stop = threading.Event()
        writers = [Writer(i, daemon.port, stop, seed) for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 1.0))
            daemon.kill()
            daemon.start()
        time.sleep(1)
        stop.set()
        for writer in writers:
            writer.join(60)
        operations = sum(w.operations for w in writers)
        print("%d kills, %d acknowledged operations, %d connections lost" % (
            kills, operations, sum(w.lost_connections for w in writers)))
        for error in [e for w in writers for e in w.errors][:10]:
            print(error)
        tally.check(not any(w.errors for w in writers), "what was acknowledged is there, once")
        tally.check(operations > kills, "the writers got something done between the kills")
        tally.check(not any(w.is_alive() for w in writers), "every writer came to its end")
        for writer in writers:
            imap = Imap(daemon.port)
            imap.login(writer.user)
            state = writer.actual(imap)
            if {n: {k: v[1] for k, v in m.items()} for n, m in state.items()} != writer.known:
                tally.check(False, "%s: the end is not what was acknowledged" % writer.user)
            imap.close()
        tally.check(daemon.stop() == 0, "a polite end")
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
