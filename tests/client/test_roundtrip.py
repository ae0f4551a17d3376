#!/usr/bin/python3
"""Every message of the corpus, taken by APPEND and by `trivet import`, comes back byte for byte, with sizes that agree, and with an
ENVELOPE and a BODYSTRUCTURE for each.

usage: test_roundtrip.py [--bin DIR]"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import corpus
from daemon import Daemon, Tally
from imap import Imap


def fetched(imap, uid):
    line = imap.do("UID FETCH %d (RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])" % uid)[0]
    size = int(re.search(rb"RFC822\.SIZE (\d+)", line)[1])
    found = re.search(rb"BODY\[\] (?:\{(\d+)\}\r\n|(\"\"))", line)
    body = line[found.end():found.end() + int(found[1])] if found[1] else b""
    return size, body, b"ENVELOPE (" in line and b"BODYSTRUCTURE (" in line


def by_append(daemon, tally):
    imap = Imap(daemon.port)
    imap.login("u1")
    imap.do("SELECT INBOX")
    wrong = []
    count = 0
    for name, data in corpus.messages():
        for message in {data, corpus.crlf(data)}:
            if b"\0" in message:
                imap.tag += 1
                tag = b"t%d" % imap.tag
                imap.send(tag + b" APPEND INBOX ~{%d+}\r\n" % len(message) + message + b"\r\n")
                tagged = imap.finish(tag)[1]
                if not tagged.startswith(b"OK"):
                    wrong.append((name, tagged))
                    continue
                uid = int(re.search(rb"APPENDUID \d+ (\d+)", tagged)[1])
            else:
                uid = imap.append("INBOX", message)
            size, body, has_structure = fetched(imap, uid)
            count += 1
            if body != message or size != len(message) or not has_structure:
                wrong.append((name, size, len(message), has_structure))
    tally.check(not wrong, "APPEND and FETCH of %d messages: %r" % (count, wrong[:5]))
    tally.check(count > 1000, "the corpus was there: %d messages" % count)
    imap.do("LOGOUT")
    imap.close()


def by_import(daemon, tally):
    folder = os.path.join(corpus.FOLDER, "mail")
    result = daemon.trivet("import", "--user", "u2", "--mailbox", "Imported", "--format", "eml", folder, check=False)
    tally.check(result.returncode == 0, "trivet import: " + result.stderr[-500:])
    wanted = {}
    for name, data in corpus.messages():
        wanted[corpus.crlf(data)] = name
    imap = Imap(daemon.port)
    imap.login("u2")
    imap.do("SELECT Imported")
    got = set()
    for line in imap.do("UID FETCH 1:* (BODY.PEEK[])"):
        found = re.search(rb"BODY\[\] \{(\d+)\}\r\n", line)
        if found:
            got.add(line[found.end():found.end() + int(found[1])])
    missing = [name for data, name in wanted.items() if data not in got]
    tally.check(not missing, "imported byte for byte but for line ends: missing %d of %d: %r" % (
        len(missing), len(wanted), missing[:5]))
    imap.close()


def main():
    tally = Tally()
    if not corpus.is_there():
        tally.skip("no corpus (TRIVET_CORPUS)")
        tally.end()
    daemon = Daemon()
    try:
        daemon.add_users(["u1", "u2"])
        daemon.start()
        by_append(daemon, tally)
        by_import(daemon, tally)
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(daemon.trivet("check", check=False).returncode == 0, "trivet check is clean")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
