"""What the tests of mail transport agents share: messages for many users, senders with patience, and what arrived."""
import calendar
import queue
import random
import re
import smtplib
import threading
import time

import corpus
from download import differs, on_the_wire, well_formed
from imap import Imap

USERS, SENDERS = ["u%d" % i for i in range(20)], 10
# Fields that an agent takes out of what it gives on: so they are left out before.
DROPPED = re.compile(rb"(?mi)^(?:bcc|resent-bcc|content-length|return-path|envelope-to|delivery-date):.*\n(?:[ \t].*\n)*")


def add_users(daemon):
    daemon.trivet("user", "import", text="".join("%s\tpass\t%s\t%s@example.com\n" % (u, u, u) for u in USERS))


class Job:
    """A message under way: queued is the queue id of the attempt that was acknowledged, attempts how many were not."""

    def __init__(self, number, data, users):
        self.number, self.data, self.users = number, data, users
        self.queued, self.lost_attempts = None, 0


class Mail:
    """Messages of the corpus that an SMTP client can send, each for some users."""

    def __init__(self, seed):
        self.source = ((n, self.sendable(d)) for n, d in corpus.numbered(5000) if well_formed(d))
        self.random = random.Random(seed)

    @staticmethod
    def sendable(data):
        head, _, body = data.partition(b"\r\n\r\n")
        return DROPPED.sub(b"", head + b"\r\n") + b"\r\n" + on_the_wire(body)

    def take(self, count):
        jobs = []
        for _ in range(count):
            many = self.random.choice((1, 1, 1, 1, 1, 1, 2, 3, 5, len(USERS)))
            jobs.append(Job(*next(self.source), self.random.sample(USERS, many)))
        return jobs


class Sender(threading.Thread):
    """An SMTP client with as much patience as the test has."""

    def __init__(self, port, jobs, deadline):
        super().__init__(daemon=True)
        self.port, self.jobs, self.deadline, self.complaint = port, jobs, deadline, None

    def run(self):
        while (job := self.jobs.get()) is not None:
            while job.queued is None and time.monotonic() < self.deadline:
                self.attempt(job)

    def attempt(self, job):
        sent = False
        try:
            with smtplib.SMTP("127.0.0.1", self.port, "client.example.net", 60) as smtp:
                smtp.ehlo()
                smtp.mail("sender@example.org")
                for user in job.users:
                    code, text = smtp.rcpt(user + "@example.com")
                    if code != 250:
                        self.complaint = "RCPT: %d %s" % (code, text)
                        return time.sleep(0.1)
                sent = True
                code, text = smtp.data(job.data)
                found = re.search(rb"(?:queued as |id=)(\S+)", text)
                if code == 250 and found:
                    job.queued = found[1].decode()
        except (OSError, smtplib.SMTPException):
            job.lost_attempts += sent and job.queued is None
            time.sleep(0.1)


class Senders:
    """Ten senders, at work on what they are given, for so long at most."""

    def __init__(self, port, seconds):
        self.jobs = queue.Queue()
        self.threads = [Sender(port, self.jobs, time.monotonic() + seconds) for _ in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def give(self, jobs):
        for job in jobs:
            self.jobs.put(job)

    def finish(self, tally, what, jobs):
        """Waits until all is sent, and checks that it was taken."""
        self.give([None] * SENDERS)
        for thread in self.threads:
            thread.join()
        taken = sum(j.queued is not None for j in jobs)
        complaints = [t.complaint for t in self.threads if t.complaint]
        tally.check(taken == len(jobs), "%s: taken were %d of %d: %s" % (what, taken, len(jobs), complaints[:1]))


def zoned(date):
    """A date of IMAP, as seconds since 1970."""
    hours, minutes = int(date[-5:-2]), int(date[-5] + date[-2:])
    return calendar.timegm(time.strptime(date[:-6].strip(), "%d-%b-%Y %H:%M:%S")) - 3600 * hours - 60 * minutes


class Arrived:
    """A copy in a mailbox: who has it, which message it is, its queue id at Postfix, its bytes as they were sent, when it came."""

    def __init__(self, user, line):
        data = line[line.index(b"\r\n") + 2:-1]
        date = re.search(rb'INTERNALDATE "([^"]*)"', line)[1].decode()
        self.user, self.time = user, zoned(date)
        self.number, at = corpus.number_of(data), data.find(b"X-Trivet-Number:")
        top, self.data = data[:at], data[at:]
        found = re.search(rb"\(Postfix\) with \S+ id (\w+)", top)
        self.queued = found[1].decode() if found else None
        self.has_trace = top.startswith(b"Return-Path: <sender@example.org>\r\n")


def arrived(daemon, seen):
    """What has come since the last call; seen: {user: UID}."""
    copies = []
    for user in USERS:
        imap = Imap(daemon.port)
        imap.login(user)
        imap.do("EXAMINE INBOX")
        for line in imap.do("UID FETCH %d:* (INTERNALDATE BODY.PEEK[])" % (seen.get(user, 0) + 1)):
            uid = re.match(rb"\* \d+ FETCH \(UID (\d+) ", line)
            if uid and int(uid[1]) > seen.get(user, 0):
                seen[user] = int(uid[1])
                copies.append(Arrived(user, line))
        imap.close()
    return copies


def check_content(tally, what, jobs, copies):
    sent = {job.number: job for job in jobs}
    strange = [c for c in copies if c.number not in sent or c.user not in sent[c.number].users]
    wrong = [c for c in copies if c.number in sent and c.data != sent[c.number].data]
    tally.check(not strange, "%s: nobody has what is not for him: %s" % (what, [(c.number, c.user) for c in strange[:5]]))
    tally.check(not wrong, "%s: byte for byte: %d of %d differ: %s" % (
        what, len(wrong), len(copies), ["%d %s" % (c.number, differs(c.data, sent[c.number].data)) for c in wrong[:2]]))
    tally.check(all(c.has_trace for c in copies), "%s: Return-Path stands on top" % what)


def undisturbed(tally, daemon, server, mail, count, what, seen):
    """Every message once for each of its recipients."""
    jobs, begin = mail.take(count), time.monotonic()
    senders = Senders(server.port, 60)
    senders.give(jobs)
    senders.finish(tally, what, jobs)
    tally.check(server.drained(60), "%s: the queue is empty in the end" % what)
    copies, wanted = arrived(daemon, seen), sum(len(j.users) for j in jobs)
    took = time.monotonic() - begin
    print("%s: %d messages to %d recipients in %.1f s, %d copies" % (what, count, wanted, took, len(copies)), flush=True)
    got = sorted((c.number, c.user) for c in copies)
    tally.check(got == sorted((j.number, user) for j in jobs for user in j.users), "%s: each exactly once: %d of %d" % (
        what, len(got), wanted))
    check_content(tally, what, jobs, copies)
