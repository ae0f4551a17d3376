#!/usr/bin/python3
"""pop3d under faults: killed between DELE and QUIT, and in the middle of a QUIT that removes many; clients that vanish, or stop reading
in a message of 60 MB; a store that another process has locked.

usage: test_pop3.py [--bin DIR] [--kills N] [--seed N]"""
import os
import random
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Pop3d, Tally
from pop3 import Closed, Failed, Pop3
from watch import open_files, option, resident, wait_until

MANY, FEW, LOCKED_S, IDLE_TIME = 1000, 10, 5, 6
LARGE = 60 * 1024 * 1024
GROWTH = 48 * 1024 * 1024  # of the daemon, while it holds a large answer back: less than the message


def fill(daemon, user, messages):
    folder = os.path.join(daemon.folder, "import")
    os.mkdir(folder)
    for i, data in enumerate(messages):
        with open(os.path.join(folder, "%05d.eml" % i), "wb") as f:
            f.write(data)
    daemon.trivet("import", "--user", user, "--mailbox", "INBOX", "--format", "eml", "--restart", folder)
    shutil.rmtree(folder)


def small(count):
    return (b"Subject: %d\r\n\r\nHello.\r\n" % i for i in range(count))


def login(pop3d, user):
    client = Pop3(pop3d.port)
    client.login(user)
    return client


def count(pop3d, user):
    client = login(pop3d, user)
    messages, _ = client.stat()
    client.do("QUIT")
    client.close()
    return messages


def delete(client, numbers):
    """Marks messages, pipelined."""
    numbers = list(numbers)
    for at in range(0, len(numbers), 100):
        some = numbers[at:at + 100]
        client.send(*("DELE %d" % n for n in some))
        for _ in some:
            client.answer()


def killed_before_quit(daemon, pop3d, tally):
    fill(daemon, "few", small(FEW))
    client = login(pop3d, "few")
    delete(client, range(1, 6))
    pop3d.kill()
    client.close()
    pop3d.start()
    tally.check(count(pop3d, "few") == FEW, "killed between DELE and QUIT: nothing is removed: %d" % count(pop3d, "few"))
    client = login(pop3d, "few")
    delete(client, range(1, 6))
    client.close()
    time.sleep(0.2)
    tally.check(count(pop3d, "few") == FEW, "vanished between DELE and QUIT: nothing is removed: %d" % count(pop3d, "few"))


def killed_in_quit(daemon, pop3d, tally, kills, chance):
    """All or none, and all where QUIT was answered."""
    fill(daemon, "many", small(MANY))
    client = login(pop3d, "many")
    delete(client, range(1, MANY + 1))
    begin = time.monotonic()
    client.do("QUIT")
    duration = time.monotonic() - begin
    client.close()
    tally.check(count(pop3d, "many") == 0, "QUIT removes %d" % MANY)
    results = {0: 0, MANY: 0}
    answered = there = 0
    for _ in range(kills):
        if there == 0:
            fill(daemon, "many", small(MANY))
        client = login(pop3d, "many")
        delete(client, range(1, MANY + 1))
        client.send("QUIT")
        time.sleep(chance.uniform(0, 1.1 * duration))
        pop3d.kill()
        try:
            client.answer()
            was_answered = True
        except Closed:
            was_answered = False
        client.close()
        pop3d.start()
        there = count(pop3d, "many")
        results[there] = results.get(there, 0) + 1
        answered += was_answered
        tally.check(not was_answered or there == 0, "an answered QUIT has removed all: %d are there" % there)
    print("QUIT of %d took %.0f ms; killed in it %d times: nothing removed %d, all removed %d times, %d answered" % (
        MANY, duration * 1000, kills, results[MANY], results[0], answered))
    tally.check(results[0] + results[MANY] == kills, "all or none: %s" % results)


class Worker(threading.Thread):
    """An honest client, at work while others are not."""

    def __init__(self, pop3d):
        super().__init__(daemon=True)
        self.client = login(pop3d, "honest")
        self.end = threading.Event()
        self.slowest, self.commands, self.error = 0.0, 0, None
        self.start()

    def run(self):
        try:
            while not self.end.is_set():
                begin = time.monotonic()
                self.client.do_multi("RETR 1") if self.commands % 2 else self.client.do("NOOP")
                self.slowest = max(self.slowest, time.monotonic() - begin)
                self.commands += 1
                time.sleep(0.02)
        except (Closed, Failed) as error:
            self.error = error

    def finish(self, tally, when):
        self.end.set()
        self.join(30)
        self.client.close()
        tally.check(self.error is None and not self.is_alive(), "another client is served %s: %s" % (when, self.error))
        tally.check(self.commands > 0 and self.slowest < 5, "and without delay %s: %d commands, the slowest took %.1f s" % (
            when, self.commands, self.slowest))


def begin_retr(pop3d):
    """A connection whose client reads the first bytes of a large message, and no more."""
    client = login(pop3d, "reader")
    client.do("RETR 1")
    client.line()
    return client


def stalled_reader(daemon, pop3d, tally):
    head = b"Subject: large\r\n\r\n"
    data = head + (b"x" * 76 + b"\r\n") * ((LARGE - len(head)) // 78)
    fill(daemon, "reader", [data])
    worker, before = Worker(pop3d), resident(pop3d)
    stalled = [begin_retr(pop3d) for _ in range(10)]
    begin, most = time.monotonic(), 0
    while time.monotonic() < begin + 2:
        most = max(most, resident(pop3d))
        time.sleep(0.05)
    print("ten stalled in RETR of %d MB: the daemon has %d MB, %d before" % (LARGE >> 20, most >> 20, before >> 20))
    tally.check(most < before + GROWTH, "ten that stop reading cost little memory: %d MB, %d before" % (most >> 20, before >> 20))
    files = open_files(pop3d)
    tally.check(wait_until(lambda: open_files(pop3d) <= files - 10, IDLE_TIME + 15), "they end by the time limit: %d files, %d before" % (
        open_files(pop3d), files))
    for client in stalled:
        client.close()
    worker.finish(tally, "beside clients that do not read")

    slow = begin_retr(pop3d)
    read = len(head.split(b"\r\n")[0]) + 2
    while read < len(data):
        read += len(slow.file.read(min(1 << 20, len(data) - read)))
        time.sleep(0.01)
    tally.check(slow.file.readline() == b".\r\n", "who reads slowly gets all")
    tally.check(slow.do("QUIT") is not None, "and goes on")
    slow.close()


def locked(daemon, pop3d, tally):
    """Another process holds the database's only write lock: whoever reads goes on, QUIT waits and then removes."""
    fill(daemon, "few", small(2))
    before = count(pop3d, "few")
    client = login(pop3d, "few")
    client.do_multi("RETR 1")
    client.do("DELE 1")
    client.do("DELE 2")
    hold = daemon.data.hold()
    release = threading.Timer(LOCKED_S, hold.release)
    release.start()
    begin = time.monotonic()
    client.send("QUIT")
    reads = 0
    while time.monotonic() < begin + LOCKED_S - 1:
        reader = login(pop3d, "honest")
        reads += reader.do_multi("RETR 1").startswith(b"Subject: ")
        reader.close()
        time.sleep(0.1)
    client.answer()
    took = time.monotonic() - begin
    release.join()
    client.close()
    print("the store was locked for %d s: QUIT took %.2f s, others read %d times" % (LOCKED_S, took, reads))
    tally.check(reads > 3, "others log in and read while the database is locked: %d times" % reads)
    tally.check(LOCKED_S - 1 < took < LOCKED_S + 10, "QUIT is late: after %.1f s" % took)
    tally.check(count(pop3d, "few") == before - 2, "and has removed: %d of %d are left" % (count(pop3d, "few"), before))


def main():
    kills, seed, tally = option("--kills", 14), option("--seed", int(time.time())), Tally()
    print("seed", seed)
    daemon = Daemon()
    pop3d = Pop3d(daemon, ["limits.idle_time=%ds" % IDLE_TIME])
    try:
        daemon.add_users(("few", "many", "honest", "reader"))
        fill(daemon, "honest", small(1))
        pop3d.start()
        killed_before_quit(daemon, pop3d, tally)
        killed_in_quit(daemon, pop3d, tally, kills, random.Random(seed))
        stalled_reader(daemon, pop3d, tally)
        locked(daemon, pop3d, tally)
        tally.check(pop3d.stop() == 0, "a polite end: " + pop3d.tail(1000))
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        tally.check(not pop3d.sanitizer_report(), "no report of a sanitizer: %s" % pop3d.sanitizer_report()[:3])
    except (Closed, Failed, OSError) as error:
        tally.check(False, "%r; the log ends with:\n%s" % (error, pop3d.tail(1500)))
    finally:
        daemon.remove()
    tally.end()


main()
