#!/usr/bin/python3
"""curl downloads 2000 messages, the broken ones of the corpus too, byte for byte, and removes them. It keeps no record of what it has, so
the test compares the unique ids that curl lists.

usage: test_pop3_curl.py [--bin DIR]"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import download


class Curl(download.Client):
    leaves = staticmethod(download.on_the_wire)

    def prepare(self):
        super().prepare()
        self.seen = set()

    def curl(self, tls, path, *more):
        """(standard output, what went wrong or None)"""
        url = "pop3s://127.0.0.1:%d/" % self.pop3d.tls_port if tls == "pop3s" else "pop3://127.0.0.1:%d/" % self.pop3d.port
        done = subprocess.run(["curl", "-sS", "--max-time", "100", "--cacert", self.ca_file, "-u", download.USER + ":pass",
                               *(["--ssl-reqd"] if tls == "stls" else []), url + path, *more], capture_output=True)
        return done.stdout, None if done.returncode == 0 else "curl %s: %d: %s" % (path, done.returncode, done.stderr[-500:].decode())

    def fetch(self, tls, keep):
        listed, trouble = self.curl(tls, "", "-X", "UIDL")
        ids = dict(line.split() for line in listed.splitlines())
        if trouble is None:
            wanted = [number.decode() for number, uid in ids.items() if uid not in self.seen]
            self.seen |= set(ids.values())
            if wanted:
                _, trouble = self.curl(tls, "{%s}" % ",".join(wanted), "-o", os.path.join(self.inbox, "#1"))
        if trouble is None and not keep:
            _, trouble = self.curl(tls, "[1-%d]" % len(ids), "-X", "DELE", "-I")
        return trouble


download.run("curl", Curl)
