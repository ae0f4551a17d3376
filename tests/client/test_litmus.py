#!/usr/bin/python3
"""litmus, the compliance tests for WebDAV, in a folder below a user's home: basic, copymove, props, locks and http must pass without a
failure, a warning or a test left out.

usage: test_litmus.py [--bin DIR]"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

SUITES = ("basic", "copymove", "props", "locks", "http")
RESULT = re.compile(r"^ *\d+\. (\w+)\.* (.*)$", re.M)


def play(tally, caldavd, folder, suite):
    client = Caldav(caldavd.port, "u1")
    tally.check(client.do("MKCOL", "/calendars/u1/%s/" % suite).status == 201, "a folder for " + suite)
    client.close()
    done = subprocess.run(["litmus", "http://127.0.0.1:%d/calendars/u1/%s/" % (caldavd.port, suite), "u1", "pass"], cwd=folder,
                          capture_output=True, timeout=300, env=dict(os.environ, TESTS=suite))
    said = re.sub(r"[^\n]*\r", "", done.stdout.decode())  # it writes over the line of a test that runs
    results = RESULT.findall(said)
    for name, result in results:
        tally.check(result.strip() == "pass", "%s: %s: %s" % (suite, name, result))
    ended = "<- summary for `%s': of %d tests run: %d passed, 0 failed. 100.0%%" % (suite, len(results), len(results))
    tally.check(len(results) > 3 and ended in said and done.returncode == 0 and "WARNING" not in said,
                "%s did not come to a good end: %s%s" % (suite, said[-2000:], done.stderr.decode()))


def main():
    tally = Tally()
    if not shutil.which("litmus"):
        print("skipped: there is no litmus")
        sys.exit(77)
    daemon = Daemon()
    try:
        daemon.add_users(["u1"])
        caldavd = Caldavd(daemon)
        caldavd.start()
        for suite in SUITES:
            play(tally, caldavd, daemon.folder, suite)
        tally.check(caldavd.stop() == 0 and not caldavd.sanitizer_report(), "caldavd at the end: " + caldavd.tail())
    finally:
        daemon.remove()
    tally.end()


main()
