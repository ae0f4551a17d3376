#!/usr/bin/python3
"""offlineimap3 fetches 300 real messages into a Maildir and carries flags and deletions back.

usage: test_offlineimap.py [--bin DIR]"""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import corpus
from daemon import Daemon, Tally
from imap import Imap

COUNT = 300


def offlineimap(daemon, config):
    return subprocess.run(["/usr/bin/offlineimap", "-c", config, "-o", "-u", "basic"], capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, HOME=daemon.folder))


def configure(daemon):
    path = os.path.join(daemon.folder, "offlineimaprc")
    with open(path, "w") as f:
        f.write("""[general]
accounts = t
metadata = %s/offlineimap
[Account t]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = %s/mail
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = %d
remoteuser = u1
remotepass = pass
ssl = no
starttls = no
auth_mechanisms = LOGIN
""" % (daemon.folder, daemon.folder, daemon.port))
    return path


def main():
    tally = Tally()
    if not corpus.is_there():
        tally.skip("no corpus (TRIVET_CORPUS)")
        tally.end()
    if not shutil.which("offlineimap", path="/usr/bin"):
        tally.skip("offlineimap3 is not installed")
        tally.end()
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        daemon.start()
        imap = Imap(daemon.port)
        imap.login("u1")
        for data in corpus.archive(COUNT):
            imap.append("INBOX", corpus.crlf(data))
        config = configure(daemon)
        first = offlineimap(daemon, config)
        files = sorted(glob.glob(os.path.join(daemon.folder, "mail", "INBOX", "*", "*")))
        tally.check(first.returncode == 0 and len(files) == COUNT, "first run: %d messages, %s" % (len(files), first.stderr[-500:]))
        for path in files[:10]:
            os.rename(path, os.path.join(daemon.folder, "mail", "INBOX", "cur", os.path.basename(path).split(":")[0] + ":2,FS"))
        for path in files[10:15]:
            os.unlink(path)
        second = offlineimap(daemon, config)
        imap.do("SELECT INBOX")
        flagged = imap.do("SEARCH FLAGGED SEEN")[0].split()[2:]
        everything = imap.do("SEARCH ALL")[0].split()[2:]
        tally.check(second.returncode == 0 and len(flagged) == 10, "flags carried back: %d, %s" % (len(flagged), second.stderr[-500:]))
        tally.check(len(everything) == COUNT - 5, "deletions carried back: %d left" % len(everything))
        imap.close()
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
