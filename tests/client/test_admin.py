#!/usr/bin/python3
"""The command trivet: users, mailboxes, import and export in every format, sessions of a running daemon.

usage: test_admin.py [--bin DIR]"""
import email.utils
import glob
import imaplib
import json
import mailbox as mailboxes
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally

EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_UNAVAILABLE, EX_CANTCREAT, EX_TEMPFAIL, EX_CONFIG = 0, 64, 65, 66, 67, 69, 73, 75, 78
COMMANDS = ("user add", "user import", "user del", "user passwd", "user list", "user show", "user quota", "user set", "mailbox list", "mailbox create",
            "mailbox delete", "mailbox rename", "import", "export", "check", "gc", "who", "kick", "trace", "version")
THEN = 1700000000


def message(number, extra=b"", end=b"\n"):
    """A message whose text has everything that an mbox has to quote."""
    text = (b"From: a@example.com\nSubject: number %d\nMessage-ID: <%d@example.com>\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n" % (number, number)
            + extra + b"\nFrom here\n>From there\n\nFrom me\n\xc3\xa9 and more\n\n")
    return text.replace(b"\n", end)


def crlf(data):
    return re.sub(rb"(?<!\r)\n", b"\r\n", data)


def contents(daemon, name, user="u1"):
    """[(bytes, set of flags, seconds)] of a mailbox, as IMAP tells them."""
    client = imaplib.IMAP4("127.0.0.1", daemon.port)
    client.login(user, "pass")
    found = []
    if int(client.select('"%s"' % name, readonly=True)[1][0] or 0) > 0:
        for part in client.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]:
            if isinstance(part, tuple):
                flags = set(re.search(rb"FLAGS \(([^)]*)\)", part[0]).group(1).decode().split()) - {"\\Recent"}
                when = email.utils.parsedate_to_datetime(re.search(rb'INTERNALDATE "([^"]*)"', part[0]).group(1).decode().strip().replace("-", " ", 2))
                found.append((part[1], flags, int(when.timestamp())))
    client.logout()
    return found


def wrote(path, data, when=THEN):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    os.utime(path, (when, when))


def make_maildir(top):
    for folder in (".", ".Work.Caf&AOk-", ".v1&AC4-2"):
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(top, folder, part))
    wrote(top + "/cur/1.a.h:2,S", message(1))
    wrote(top + "/cur/2.b.h:2,DFPRSTa", message(2), THEN + 1)
    wrote(top + "/cur/10.c.h,S=3:2,", message(3, end=b"\r\n"), THEN + 2)
    wrote(top + "/new/11.d.h", message(4) + b"a\0b\rc", THEN + 3)
    wrote(top + "/dovecot-keywords", b"0 Important\n")
    wrote(top + "/.Work.Caf&AOk-/cur/1.a.h:2,S", message(5))
    wrote(top + "/.v1&AC4-2/new/1.a.h", message(6))


EVERY = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Forwarded", "Important"}


# --- users and mailboxes ---

def exits(daemon, tally, want, *args, text=None):
    done = daemon.trivet(*args, text=text, check=False)
    tally.check(done.returncode == want, "trivet %s: exit status %d, want %d: %s" % (" ".join(args), done.returncode, want, done.stderr.strip()))
    tally.check(want == EX_OK or done.stderr != "", "trivet %s says what is wrong" % " ".join(args))
    return done.stdout


def parsed(daemon, tally, *args):
    done = daemon.trivet(*args, "--json", check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        tally.check(False, "trivet %s --json: %r %s" % (" ".join(args), done.stdout, done.stderr))
        return None


def help_of_each(daemon, tally):
    for command in COMMANDS:
        text = exits(daemon, tally, EX_OK, *command.split(), "--help")
        tally.check(text.startswith("usage: trivet " + command), "--help of " + command)
    exits(daemon, tally, EX_USAGE, "nonsense")
    exits(daemon, tally, EX_USAGE)
    exits(daemon, tally, EX_OK, "--help")
    bad = subprocess.run([os.path.join(daemon.bin, "trivet"), "--config", "/nowhere/trivet.conf", "user", "list"], capture_output=True)
    tally.check(bad.returncode == EX_CONFIG, "a configuration that is not there")


def can_log_in(daemon, user, password):
    client = imaplib.IMAP4("127.0.0.1", daemon.port)
    try:
        client.login(user, password)
        return True
    except imaplib.IMAP4.error:
        return False
    finally:
        client.shutdown()


def users(daemon, tally):
    exits(daemon, tally, EX_OK, "user", "add", "u2", "--name", "User \"Two\"", "--mail", "u2@example.com", "--quota", "5M", "--password-stdin", text="first\n")
    exits(daemon, tally, EX_CANTCREAT, "user", "add", "u2", "--password-stdin", text="first\n")
    exits(daemon, tally, EX_DATAERR, "user", "add", "u3", "--password-stdin", text="\n")
    exits(daemon, tally, EX_USAGE, "user", "add")
    exits(daemon, tally, EX_USAGE, "user", "add", "u3", "--quota", "much", "--password-stdin", text="x\n")
    shown = parsed(daemon, tally, "user", "show", "u2")
    tally.check(shown and shown["display_name"] == 'User "Two"' and shown["mail"] == "u2@example.com" and shown["quota_bytes"] == 5 << 20, "user show")
    tally.check("u2@example.com" in exits(daemon, tally, EX_OK, "user", "show", "u2"), "user show, for people")
    listed = parsed(daemon, tally, "user", "list")
    tally.check(listed and {u["name"] for u in listed} == {"u1", "u2"}, "user list")
    tally.check("u2" in exits(daemon, tally, EX_OK, "user", "list"), "user list, for people")
    exits(daemon, tally, EX_NOUSER, "user", "show", "nobody")
    tally.check(can_log_in(daemon, "u2", "first"), "log in")
    exits(daemon, tally, EX_OK, "user", "passwd", "u2", "--password-stdin", text="second\n")
    tally.check(can_log_in(daemon, "u2", "second"), "log in with the new password")
    exits(daemon, tally, EX_NOUSER, "user", "passwd", "nobody", "--password-stdin", text="x\n")
    exits(daemon, tally, EX_OK, "user", "quota", "u2", "1G")
    tally.check((parsed(daemon, tally, "user", "quota", "u2") or {}).get("quota_bytes") == 1 << 30, "user quota")
    exits(daemon, tally, EX_OK, "user", "quota", "u2", "none")
    exits(daemon, tally, EX_USAGE, "user", "quota", "u2", "many")
    exits(daemon, tally, EX_USAGE, "user", "del", "u2")
    exits(daemon, tally, EX_OK, "user", "del", "u2", "--yes")
    exits(daemon, tally, EX_NOUSER, "user", "del", "u2", "--yes")


def names(daemon, tally, user="u1"):
    return {m["name"]: m["messages"] for m in parsed(daemon, tally, "mailbox", "list", user) or []}


def mailbox_commands(daemon, tally):
    exits(daemon, tally, EX_OK, "mailbox", "create", "u1", "One/Two")
    exits(daemon, tally, EX_CANTCREAT, "mailbox", "create", "u1", "One/Two")
    exits(daemon, tally, EX_DATAERR, "mailbox", "create", "u1", "One//Two")
    exits(daemon, tally, EX_NOUSER, "mailbox", "create", "nobody", "One")
    tally.check({"INBOX", "One", "One/Two"} <= set(names(daemon, tally)), "mailbox list")
    tally.check("One/Two" in exits(daemon, tally, EX_OK, "mailbox", "list", "u1"), "mailbox list, for people")
    exits(daemon, tally, EX_OK, "mailbox", "rename", "u1", "One", "Three")
    exits(daemon, tally, EX_NOINPUT, "mailbox", "rename", "u1", "One", "Four")
    tally.check("Three/Two" in names(daemon, tally), "mailbox rename")
    exits(daemon, tally, EX_OK, "mailbox", "delete", "u1", "Three/Two")
    exits(daemon, tally, EX_OK, "mailbox", "delete", "u1", "Three")
    exits(daemon, tally, EX_NOINPUT, "mailbox", "delete", "u1", "Three")
    exits(daemon, tally, EX_CANTCREAT, "mailbox", "delete", "u1", "INBOX")
    tally.check("Three" not in names(daemon, tally), "mailbox delete")


# --- import and export ---

def import_again(daemon, tally, messages, *args):
    """The first time all of them, the second time none."""
    done = parsed(daemon, tally, "import", *args)
    tally.check(done and done["messages"] == messages, "import %s: %r" % (" ".join(args), done))
    done = parsed(daemon, tally, "import", *args)
    tally.check(done and done["messages"] == 0 and done["skipped"] == messages, "again, import %s: %r" % (" ".join(args), done))


def maildir(daemon, tally):
    top = os.path.join(daemon.folder, "maildir")
    make_maildir(top)
    import_again(daemon, tally, 6, "--user", "u1", "--format", "maildir", top)
    inbox = contents(daemon, "INBOX")
    tally.check([c[0] for c in inbox] == [crlf(message(n)) for n in (1, 2, 3)] + [crlf(message(4)) + b"a\0b\rc"], "maildir: bytes")
    tally.check([c[1] for c in inbox] == [{"\\Seen"}, EVERY, set(), set()], "maildir: flags: %r" % [c[1] for c in inbox])
    tally.check([c[2] for c in inbox] == [THEN, THEN + 1, THEN + 2, THEN + 3], "maildir: dates")
    listed = names(daemon, tally)
    tally.check(listed.get("Work/Caf\u00e9") == 1 and listed.get("v1.2") == 1, "maildir: folders: %r" % listed)
    # a flag that changed is no new message; a new one comes alone
    os.rename(top + "/new/11.d.h", top + "/cur/11.d.h:2,S")
    wrote(top + "/new/12.e.h", message(7))
    done = parsed(daemon, tally, "import", "--user", "u1", "--format", "maildir", top)
    tally.check(done and done["messages"] == 1 and done["skipped"] == 6, "maildir: one more: %r" % done)

    out = os.path.join(daemon.folder, "maildir-out")
    done = parsed(daemon, tally, "export", "--user", "u1", "--format", "maildir", out)
    tally.check(done and done["messages"] == 7, "export to maildir: %r" % done)
    tally.check(os.path.isdir(out + "/.Work.Caf&AOk-/cur") and os.path.isdir(out + "/.v1&AC4-2/cur"), "export to maildir: folders")
    box = mailboxes.Maildir(out, create=False)
    by_id = {box.get_bytes(key): box.get_message(key) for key in box.keys()}
    tally.check(by_id.keys() == {message(n) for n in (1, 2, 3, 7)} | {message(4) + b"a\0b\rc"}, "export to maildir: bytes")
    every = by_id.get(message(2))
    tally.check(every and set(every.get_flags()) >= set("DFPRST") and int(every.get_date()) == THEN + 1, "export to maildir: flags and date")
    exits(daemon, tally, EX_CANTCREAT, "export", "--user", "u1", "--format", "maildir", out)
    daemon.add_users(["u4"])
    parsed(daemon, tally, "import", "--user", "u4", "--format", "maildir", out)
    key = lambda found: sorted((c[0], sorted(c[1]), c[2]) for c in found)
    for name in ("INBOX", "Work/Caf&AOk-", "v1.2"):
        tally.check(key(contents(daemon, name)) == key(contents(daemon, name, "u4")), "maildir there and back: " + name)
    one = os.path.join(daemon.folder, "maildir-one")
    exits(daemon, tally, EX_OK, "export", "--user", "u1", "--mailbox", "Work/Caf\u00e9", "--format", "maildir", one)
    tally.check(len(glob.glob(one + "/cur/*")) == 1, "export of one mailbox")


def mbox(daemon, tally):
    path = os.path.join(daemon.folder, "in.mbox")
    quoted = lambda n, extra=b"": re.sub(rb"(?m)^(>*From )", rb">\1", message(n, extra))
    with open(path, "wb") as f:
        f.write(b"From a@b Tue Nov 14 22:13:20 2023\n" + quoted(1) + b"\nFrom a@b Tue Nov 14 23:13:21 2023 +0100\n"
                + quoted(2, b"Status: RO\nX-Status: AF\n") + b"\nFrom mboxrd@z Thu Jan  1 00:00:00 1970\n" + quoted(3) + b"\n")
    import_again(daemon, tally, 3, "--user", "u1", "--mailbox", "From mbox", "--format", "mbox", path)
    found = contents(daemon, "From mbox")
    plain = lambda n, extra=b"": crlf(message(n, extra))
    tally.check([c[0] for c in found] == [plain(1), plain(2, b"Status: RO\nX-Status: AF\n"), plain(3)], "mbox: bytes")
    tally.check([c[1] for c in found] == [set(), {"\\Seen", "\\Answered", "\\Flagged"}, set()], "mbox: flags")
    tally.check([c[2] for c in found] == [THEN, THEN + 1, THEN], "mbox: dates")

    out = os.path.join(daemon.folder, "out.mbox")
    exits(daemon, tally, EX_OK, "export", "--user", "u1", "--mailbox", "From mbox", "--format", "mbox", out)
    exits(daemon, tally, EX_CANTCREAT, "export", "--user", "u1", "--mailbox", "From mbox", "--format", "mbox", out)
    tally.check(len(mailboxes.mbox(out, create=False)) == 3, "export to mbox, read by another program")
    parsed(daemon, tally, "import", "--user", "u1", "--mailbox", "Back", "--format", "mbox", out)
    tally.check(contents(daemon, "Back") == found, "mbox there and back")
    everything = os.path.join(daemon.folder, "all")
    done = parsed(daemon, tally, "export", "--user", "u1", "--format", "mbox", "--status", everything)
    tally.check(os.path.exists(everything + "/Work/Caf\u00e9.mbox") and os.path.exists(everything + "/INBOX.mbox"), "export of all to mbox")
    parsed(daemon, tally, "import", "--user", "u1", "--mailbox", "Flags", "--format", "mbox", everything + "/INBOX.mbox")
    tally.check([c[1] & {"\\Seen", "\\Answered"} for c in contents(daemon, "Flags")][:2] == [{"\\Seen"}, {"\\Seen", "\\Answered"}], "flags by --status")
    mboxo = os.path.join(daemon.folder, "o.mbox")
    with open(mboxo, "wb") as f:
        f.write(b"From a@b Tue Nov 14 22:13:20 2023\nA: b\n\n>From x\n>>From y\n\n")
    parsed(daemon, tally, "import", "--user", "u1", "--mailbox", "O", "--format", "mbox", "--mboxo", mboxo)
    tally.check([c[0] for c in contents(daemon, "O")] == [b"A: b\r\n\r\nFrom x\r\n>>From y\r\n"], "mboxo")


def eml(daemon, tally):
    top = os.path.join(daemon.folder, "eml")
    wrote(top + "/10.eml", message(10), THEN + 5)
    wrote(top + "/9.eml", message(9, end=b"\r\n"), THEN + 5)
    wrote(top + "/11.eml", b"Subject: no date\n\n", THEN + 5)
    wrote(top + "/other.txt", b"no message")
    import_again(daemon, tally, 3, "--user", "u1", "--mailbox", "Files", "--format", "eml", top)
    found = contents(daemon, "Files")
    tally.check([c[0] for c in found] == [crlf(message(9)), crlf(message(10)), b"Subject: no date\r\n\r\n"], "eml: bytes, in order")
    tally.check([c[2] for c in found] == [THEN, THEN, THEN + 5], "eml: dates")
    done = parsed(daemon, tally, "import", "--user", "u1", "--mailbox", "Files", "--format", "eml", top + "/10.eml")
    tally.check(done and done["messages"] == 0 and done["skipped"] == 1, "eml: a file of a folder that is in: %r" % done)
    done = parsed(daemon, tally, "import", "--user", "u1", "--mailbox", "Files", "--format", "eml", "--restart", top)
    tally.check(done and done["messages"] == 3, "--restart forgets")
    exits(daemon, tally, EX_OK, "mailbox", "delete", "u1", "Files")
    done = parsed(daemon, tally, "import", "--user", "u1", "--mailbox", "Files", "--format", "eml", top)
    tally.check(done and done["messages"] == 3, "a mailbox that was removed is filled anew")


def refusals(daemon, tally):
    top = os.path.join(daemon.folder, "eml")
    exits(daemon, tally, EX_USAGE, "import", "--user", "u1", "--format", "pst", top)
    exits(daemon, tally, EX_USAGE, "import", "--user", "u1", "--format", "eml")
    exits(daemon, tally, EX_USAGE, "import", "--format", "eml", top)
    exits(daemon, tally, EX_NOUSER, "import", "--user", "nobody", "--format", "eml", top)
    exits(daemon, tally, EX_NOINPUT, "import", "--user", "u1", "--format", "eml", top + "/none")
    exits(daemon, tally, EX_NOINPUT, "import", "--user", "u1", "--format", "maildir", top)
    exits(daemon, tally, EX_NOINPUT, "import", "--user", "u1", "--format", "mbox", top)
    exits(daemon, tally, EX_DATAERR, "import", "--user", "u1", "--mailbox", "a//b", "--format", "eml", top)
    exits(daemon, tally, EX_USAGE, "export", "--user", "u1", "--format", "eml", top)
    exits(daemon, tally, EX_NOUSER, "export", "--user", "nobody", "--format", "mbox", top + "/x")
    exits(daemon, tally, EX_NOINPUT, "export", "--user", "u1", "--mailbox", "None", "--format", "mbox", top + "/x")
    daemon.add_users(["small"])
    exits(daemon, tally, EX_OK, "user", "quota", "small", "1K")
    wrote(daemon.folder + "/big.eml", b"A: b\n\n" + b"x" * 4000)
    exits(daemon, tally, EX_CANTCREAT, "import", "--user", "small", "--format", "eml", daemon.folder + "/big.eml")
    exits(daemon, tally, EX_OK, "user", "quota", "small", "1M")
    done = parsed(daemon, tally, "import", "--user", "small", "--format", "eml", daemon.folder + "/big.eml")
    tally.check(done and done["messages"] == 1, "and with a larger quota it goes on")


def many_users(daemon, tally):
    daemon.add_users(["m1", "m2"])
    top = os.path.join(daemon.folder, "eml")
    with open(daemon.folder + "/map", "w") as f:
        f.write("# two and one too many\nm1\t%s\nnobody\t%s\nm2\t%s/9.eml\n" % (top, top, top))
    exits(daemon, tally, EX_NOUSER, "import", "--map", daemon.folder + "/map", "--format", "eml")
    tally.check(names(daemon, tally, "m1")["INBOX"] == 3 and names(daemon, tally, "m2")["INBOX"] == 1, "--map: the others are read")


def killed(daemon, tally):
    """kill -9 at any moment, again and again: in the end each message is there once."""
    count, top = 2500, os.path.join(daemon.folder, "long")
    for n in range(count):
        wrote("%s/cur/%d.x.h:2,S" % (top, n), message(n), THEN + n)
    os.mkdir(top + "/new")
    daemon.add_users(["long"])
    args = [os.path.join(daemon.bin, "trivet"), "--config", daemon.shared, "import", "--user", "long", "--format", "maildir", top]
    rng, kills = random.Random(7), 0
    while kills < 60:
        process = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(0.1 + rng.random() * 0.4)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    tally.check(process.returncode in (EX_OK, -signal.SIGKILL), "an import that goes on: " + process.stderr.read().decode())
    exits(daemon, tally, EX_OK, *args[3:])
    found = contents(daemon, "INBOX", "long")
    tally.check(kills > 0, "the import was long enough to be killed")
    tally.check([c[0] for c in found] == [crlf(message(n)) for n in range(count)], "%d kills: %d of %d messages" % (kills, len(found), count))
    cleared_up(daemon, tally, args[3:], count)
    exits(daemon, tally, EX_OK, "check")


def cleared_up(daemon, tally, args, count):
    """Killed between the commit and its line in the journal; and between the line and the commit."""
    journal = max(glob.glob(daemon.store + "/import/*.journal"), key=os.path.getmtime)
    os.truncate(journal, os.path.getsize(journal) - len("C\n"))
    done = parsed(daemon, tally, *args)
    tally.check(done and done["messages"] == 0 and done["skipped"] == count, "a batch that is there without an answer: %r" % done)
    exits(daemon, tally, EX_OK, "mailbox", "rename", "long", "INBOX", "Elsewhere")
    os.truncate(journal, os.path.getsize(journal) - len("C\n"))
    done = parsed(daemon, tally, *args)
    tally.check(done and 0 < done["messages"] <= 64, "a batch that is not there is given again: %r" % done)


# --- sessions of the daemon ---

def sessions(daemon, tally):
    client = imaplib.IMAP4("127.0.0.1", daemon.port)
    client.login("u1", "pass")
    listed = [s for s in parsed(daemon, tally, "who") or [] if s.get("user") == "u1"]
    tally.check(len(listed) == 1 and listed[0]["program"] == "trivet-imapd" and listed[0]["protocol"].lower() == "imap", "who: %r" % listed)
    tally.check("u1" in exits(daemon, tally, EX_OK, "who"), "who, for people")
    exits(daemon, tally, EX_OK, "trace", "u1", "on")
    exits(daemon, tally, EX_OK, "trace", "u1", "off")
    exits(daemon, tally, EX_OK, "kick", "--user", "u1")
    gone = False
    for _ in range(50):
        try:
            client.noop()
            time.sleep(0.1)
        except (imaplib.IMAP4.abort, OSError):
            gone = True
            break
    tally.check(gone, "kick")
    exits(daemon, tally, EX_USAGE, "kick")
    daemon.stop()
    exits(daemon, tally, EX_UNAVAILABLE, "who")
    exits(daemon, tally, EX_UNAVAILABLE, "kick", "--user", "u1")


def main():
    tally = Tally()
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        daemon.start()
        for part in (help_of_each, users, mailbox_commands, maildir, mbox, eml, refusals, many_users, killed, sessions):
            try:
                part(daemon, tally)
            except Exception as error:
                tally.check(False, "%s: %s: %s" % (part.__name__, type(error).__name__, error))
        tally.check(not daemon.sanitizer_report(), "nothing from the sanitizers: %r" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
