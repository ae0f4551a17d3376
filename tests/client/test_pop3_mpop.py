#!/usr/bin/python3
"""mpop downloads 2000 messages into a Maildir, pipelined, keeps or removes them, and remembers their unique ids.

usage: test_pop3_mpop.py [--bin DIR]"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import download


class Mpop(download.Client):
    # it ends lines at NUL, and loses a lone CR at the edge of its buffer
    takes = staticmethod(lambda data: b"\0" not in data and b"\r" not in data.replace(b"\r\n", b""))

    def prepare(self):
        for name in ("", "cur", "new", "tmp"):
            os.mkdir(os.path.join(self.inbox, name))

    def fetch(self, tls, keep):
        port = self.pop3d.tls_port if tls == "pop3s" else self.pop3d.port
        trust = "tls on\ntls_starttls %s\ntls_trust_file %s" % ("on" if tls == "stls" else "off", self.ca_file) if tls else "tls off"
        rc = self.write("mpoprc", """account t
host 127.0.0.1
port %d
user %s
password pass
auth user
timeout 60
pipelining auto
%s
keep %s
received_header off
uidls_file %s
delivery maildir %s
""" % (port, download.USER, trust, "on" if keep else "off", self.path("uidls"), self.inbox))
        done = subprocess.run(["mpop", "-q", "-C", rc, "t"], capture_output=True, text=True, errors="replace", timeout=110,
                              env=dict(os.environ, HOME=self.folder))
        return None if done.returncode == 0 else "mpop: %d: %s" % (done.returncode, (done.stdout + done.stderr)[-800:])


download.run("mpop", Mpop)
