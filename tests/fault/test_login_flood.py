#!/usr/bin/python3
"""A client that goes on sending while the answer to its failed log-in is delayed: what it sends does not pile up.

usage: test_login_flood.py [--bin DIR]"""
import argparse
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Pop3d, Tally
from watch import resident

FLOOD, ROOM = 64 * 1024 * 1024, 24 * 1024 * 1024  # bytes


def flood(program, port, login):
    """Bytes of memory gained while up to FLOOD bytes are offered, none of which may be taken."""
    before, sent = resident(program), 0
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.recv(200)
        s.sendall(login)
        time.sleep(0.2)
        s.settimeout(1)
        try:
            while sent < FLOOD:
                s.sendall(b"NOOP NOOP NOOP\r\n" * 4096)
                sent += 65536
        except OSError:
            pass
        return resident(program) - before, sent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    tally, home = Tally(), Daemon(parser.parse_args().bin)
    try:
        home.add_users(["u1"])
        home.start()
        pop3d = Pop3d(home).start()
        for program, port, login in ((home, home.port, b"a LOGIN u1 wrong\r\n"), (pop3d, pop3d.port, b"USER u1\r\nPASS wrong\r\n")):
            gained, sent = flood(program, port, login)
            tally.check(gained < ROOM, "%s: %d bytes of memory for %d bytes" % (program.name, gained, sent))
            tally.check(sent < FLOOD, "%s does not take all of it" % program.name)
            tally.check(program.process.poll() is None and not program.sanitizer_report(), "%s goes on" % program.name)
    finally:
        home.remove()
    tally.end()


if __name__ == "__main__":
    main()
