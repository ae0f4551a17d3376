#!/usr/bin/python3
"""Thunderbird opens the account, reads, flags and moves a message, hears of new mail without being asked, and a second client sees
what it did.

usage: test_thunderbird.py [--bin DIR] [--screenshot FILE.png] [--port PORT --user NAME]   (the last two: a server that runs already)"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import thunderbird
from daemon import Daemon, Tally
from imap import Imap

MESSAGE = ("From: Ada <ada@example.com>\r\nTo: u1@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_%d?=\r\n"
           "Date: Mon, 02 Nov 2026 09:00:%02d +0000\r\nMessage-ID: <tb%d@example.com>\r\nMIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\n\r\nThe text of message %d.\r\n")


def message(i):
    return (MESSAGE % (i, i, i, i)).encode()


def option(name, default=None):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def go(port, user, tally):
    imap = Imap(port)
    imap.login(user)
    for i in range(1, 6):
        imap.append("INBOX", message(i))
    imap.do("SELECT INBOX")
    tb = thunderbird.Thunderbird(port, user, "pass").start()
    try:
        total = tb.wait("folder('INBOX').updateFolder(null); return folder('INBOX').getTotalMessages(false) >= 5")
        tally.check(total, "INBOX shows its messages")
        subjects = tb.wait("""const s = [...folder('INBOX').msgDatabase.enumerateMessages()].map(h => h.mime2DecodedSubject);
                              return s.length >= 5 ? s : null;""")
        tally.check(subjects and "Grüße 3" in subjects, "subjects are decoded: %s" % subjects)
        text = tb.wait("""const w = Services.wm.getMostRecentWindow("mail:3pane");
            const pane = w.document.getElementById("tabmail").currentAbout3Pane;
            if (!pane.gFolder || pane.gFolder.URI != folder('INBOX').URI) { pane.displayFolder(folder('INBOX').URI); return null; }
            const row = pane.gDBView.findIndexOfMsgHdr([...folder('INBOX').msgDatabase.enumerateMessages()].find(
                h => h.messageId == "tb3@example.com"), true);
            if (pane.threadTree.selectedIndex != row) { pane.threadTree.selectedIndex = row; return null; }
            const b = pane.messageBrowser.contentWindow.getMessagePaneBrowser();
            const t = b.contentDocument && b.contentDocument.body.textContent;
            return t && t.includes("The text of message 3") ? t : null;""")
        tally.check(text, "a message is read")
        names = tb.wait("const n = root().subFolders.map(f => f.prettyName || f.name); return n.length > 5 ? n : null;", seconds=20)
        tally.check(names, "the folders are there: %s" % names)
        tally.check(tb.wait("return folder('Sent').getFlag(Ci.nsMsgFolderFlags.SentMail) && "
                            "folder('Trash').getFlag(Ci.nsMsgFolderFlags.Trash)", seconds=20), "special uses are understood")
        if option("--screenshot"):
            tb.screenshot(option("--screenshot"))
        seen = wait_for(imap, "UID SEARCH SEEN", lambda found: found)
        tally.check(seen, "the second client sees that it was read: %s" % seen)
        tb.run("""const h = [...folder('INBOX').msgDatabase.enumerateMessages()].filter(h => h.messageId == "tb2@example.com");
                  folder('INBOX').markMessagesFlagged(h, true);""")
        tally.check(wait_for(imap, "UID SEARCH FLAGGED", lambda found: found), "the second client sees the flag")
        tb.run("""const h = [...folder('INBOX').msgDatabase.enumerateMessages()].filter(h => h.messageId == "tb4@example.com");
                  MailServices.copy.copyMessages(folder('INBOX'), h, folder('Trash'), true, null, null, false);""")
        tally.check(wait_for(imap, "SEARCH ALL", lambda found: len(found) == 4), "the moved message is gone from INBOX")
        tally.check(b"MESSAGES 1" in b"".join(imap.do("STATUS Trash (MESSAGES)")), "and it is in Trash")
        imap.append("INBOX", message(6))
        begin = time.time()
        told = tb.wait("return folder('INBOX').getTotalMessages(false) == 5", seconds=20)
        tally.check(told, "new mail appears by itself, after %.1f s" % (time.time() - begin))
        imap.do("UID STORE 1 +FLAGS (\\Flagged)")
        tally.check(tb.wait("""return [...folder('INBOX').msgDatabase.enumerateMessages()].some(
            h => h.messageId == "tb1@example.com" && h.isFlagged)""", seconds=20), "a flag set elsewhere appears by itself")
        return tb
    finally:
        tb.stop()
        imap.close()


def wait_for(imap, search, wanted, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        imap.do("NOOP")
        found = re.findall(rb"\d+", b" ".join(line for line in imap.do(search) if line.startswith(b"* SEARCH")))
        if wanted(found):
            return found
        time.sleep(0.2)
    return None


def main():
    tally = Tally()
    if not thunderbird.is_there():
        tally.skip("thunderbird or Xvfb is not installed")
        tally.end()
    if option("--port"):
        go(int(option("--port")), option("--user"), tally)
        tally.end()
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        daemon.start()
        go(daemon.port, "u1", tally)
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
    tally.end()


main()
