#!/usr/bin/python3
"""Postfix, configured by the files in conf/samples/postfix, gives 1000 real messages to `trivet lmtp` over a Unix socket, some over TCP
and some to `trivet deliver`: each arrives once, byte for byte. Then both are killed at random under load: nothing that Postfix took is
lost, and a message comes twice only where the acknowledgement was lost.

usage: test_postfix.py [--bin DIR] [--kills N] [--seed N]"""
import os
import random
import re
import smtplib
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import corpus
import postfix
from daemon import Daemon, Lmtpd, Tally
from mta import Mail, Senders, add_users, arrived, check_content, undisturbed
from watch import option

COUNT, COUNT_TCP, COUNT_PIPE, COUNT_KILLED = 1000, 100, 40, 600


def unknown(tally, server, address):
    """Nobody's mail is refused at the door."""
    with smtplib.SMTP("127.0.0.1", server.port, "client.example.net", 60) as smtp:
        smtp.ehlo()
        smtp.mail("sender@example.org")
        code, text = smtp.rcpt(address)
        tally.check(code == 550, "an unknown address is refused by Postfix, which has asked: %d %r" % (code, text))


class Lost:
    """How often an acknowledgement to Postfix was lost, by its own log: {(queue id, user): times}."""

    def __init__(self, server):
        self.deferred = {}
        for line in server.lines():
            found = re.search(r"\]: (\w+): to=<(u\d+)@example.com>.* status=deferred \((.*)\)$", line)
            if found and "may be sent more than once" in found[3]:
                self.deferred[found[1], found[2]] = self.deferred.get((found[1], found[2]), 0) + 1


def check_killed(tally, jobs, copies, lost, postfix_kills):
    by_pair, extra, unexplained, strangers = {}, 0, [], 0
    for copy in sorted(copies, key=lambda c: c.time):
        by_pair.setdefault((copy.number, copy.queued, copy.user), []).append(copy)
    missing = [(j.number, user) for j in jobs if j.queued for user in j.users if (j.number, j.queued, user) not in by_pair]
    for (number, queued, user), same in by_pair.items():
        again = len(same) - 1
        extra += again
        # Postfix had heard nothing, or was killed before it could write it down
        before_kills = [c for c in same[:-1] if any(c.time - 1 <= kill <= c.time + 3 for kill in postfix_kills)]
        excuses = lost.deferred.get((queued, user), 0) + len(before_kills)
        if again > excuses:
            unexplained.append((number, queued, user, len(same), excuses))
    attempts = {}
    for number, queued, _ in by_pair:
        attempts.setdefault(number, set()).add(queued)
    for job in jobs:
        others = attempts.get(job.number, set()) - {job.queued}
        strangers += max(0, len(others) - job.lost_attempts)
    print("%d copies; %d came again for the same recipient, %d deliveries ended for Postfix without an answer; %d SMTP attempts were lost, "
          "of which %d arrived; %d lost, %d unexplained" % (
              len(copies), extra, sum(lost.deferred.values()), sum(j.lost_attempts for j in jobs),
              sum(len(s) for s in attempts.values()) - len(attempts), len(missing), len(unexplained)), flush=True)
    tally.check(not missing, "nothing that Postfix took is lost: %d: %s" % (len(missing), missing[:5]))
    tally.check(not unexplained, "a second copy only where an acknowledgement was lost: %s" % unexplained[:5])
    tally.check(strangers == 0, "no message from nowhere: %d" % strangers)


def killed(tally, daemon, lmtpd, server, mail, seen, kills, chance):
    jobs, postfix_kills, begin = mail.take(COUNT_KILLED), [], time.monotonic()
    senders, share = Senders(server.port, 90), -(-len(jobs) // kills)
    for i in range(kills):
        senders.give(jobs[i * share:(i + 1) * share])
        time.sleep(chance.uniform(0.1, 0.9))
        if i % 5 == 3:
            postfix_kills.append(time.time())
            server.kill()
            server.start()
        else:
            lmtpd.kill()
            time.sleep(chance.choice((0, 0, 0.3)))
            lmtpd.start()
    senders.finish(tally, "killed", jobs)
    tally.check(server.drained(60), "the queue is empty in the end")
    print("killed: %d messages to %d recipients in %.1f s; trivet lmtp killed %d times, Postfix %d times" % (
        len(jobs), sum(len(j.users) for j in jobs), time.monotonic() - begin, kills - len(postfix_kills), len(postfix_kills)))
    copies = arrived(daemon, seen)
    check_content(tally, "killed", jobs, copies)
    check_killed(tally, jobs, copies, Lost(server), postfix_kills)


def rounds(tally, daemon, server, kills, seed):
    mail, seen = Mail(seed), {}
    folder = os.path.join(server.folder, "run")
    os.mkdir(folder)
    daemon.give_to("nobody")
    socket = os.path.join(folder, "lmtp.sock")
    add_users(daemon)
    daemon.start()
    unix_sample = [postfix.sample("postfix/lmtp-unix.main.cf", {"/run/trivet/lmtp.sock": socket}),
                   postfix.sample("postfix/lmtp-unix.master.cf", {})]

    lmtpd = Lmtpd(daemon, socket=socket).start()
    server.configure(*unix_sample)
    server.start()
    undisturbed(tally, daemon, server, mail, COUNT, "LMTP over a Unix socket", seen)
    unknown(tally, server, "nobody-here@example.com")
    killed(tally, daemon, lmtpd, server, mail, seen, kills, random.Random(seed))
    tally.check(lmtpd.stop() == 0, "a polite end: " + lmtpd.tail(1000))
    server.stop()

    lmtpd = Lmtpd(daemon).start()
    server.configure(postfix.sample("postfix/lmtp-tcp.main.cf", {"127.0.0.1:24": "127.0.0.1:%d" % lmtpd.port}))
    server.start()
    undisturbed(tally, daemon, server, mail, COUNT_TCP, "LMTP over TCP", seen)
    server.stop()

    server.configure(postfix.sample("postfix/pipe.main.cf", {}), postfix.sample("postfix/pipe.master.cf", {
        "user=trivet": "user=nobody", "/usr/local/bin/trivet": os.path.join(daemon.bin, "trivet"), "/etc/trivet/lmtp.conf": lmtpd.config}))
    server.start()
    undisturbed(tally, daemon, server, mail, COUNT_PIPE, "trivet deliver", seen)
    tally.check(lmtpd.stop() == 0, "a polite end: " + lmtpd.tail(1000))
    server.stop()
    tally.check(not any("status=bounced" in line for line in server.lines()), "nothing bounced")


def main():
    kills, seed, tally = option("--kills", 14), option("--seed", int(time.time())), Tally()
    why = postfix.why_not() or (None if corpus.is_there() else "no corpus (TRIVET_CORPUS)")
    if why:
        tally.skip(why)
        tally.end()
    print("seed", seed)
    daemon, server = Daemon(), postfix.Postfix()
    try:
        rounds(tally, daemon, server, kills, seed)
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        for program in (daemon, *daemon.beside):
            tally.check(not program.sanitizer_report(), "no report of a sanitizer: %s" % program.sanitizer_report()[:3])
    except (OSError, RuntimeError) as error:
        tally.check(False, "%r; Postfix says:\n%s" % (error, server.tail()))
    finally:
        server.remove()
        daemon.remove()
    tally.end()


main()
