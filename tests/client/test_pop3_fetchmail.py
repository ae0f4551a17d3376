#!/usr/bin/python3
"""fetchmail downloads 2000 messages for a mail delivery agent, keeps or flushes them, and remembers their unique ids.

usage: test_pop3_fetchmail.py [--bin DIR]"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import download

NO_MAIL = 1


class Fetchmail(download.Client):
    takes = staticmethod(download.well_formed)

    @staticmethod
    def leaves(data):
        """It leaves a field Status out that is empty."""
        return re.sub(rb"(?m)^Status: *\n", b"", download.in_files(data))

    def fetch(self, tls, keep):
        ssl = {None: "sslproto ''", "stls": "sslproto 'tls1.2+'", "pop3s": "ssl"}[tls]
        port = self.pop3d.tls_port if tls == "pop3s" else self.pop3d.port
        trust = "" if tls is None else " sslcertck sslcommonname localhost sslcertfile %s" % self.ca_file
        # what it would do to a message otherwise: a Received field, addresses made absolute, what has a bad header left behind
        rc = self.write("fetchmailrc", """set invisible
poll 127.0.0.1 protocol POP3 port %d uidl timeout 60 bad-header accept
  user %s password pass %s%s %s norewrite pass8bits
  mda "/bin/cat >%s/$$"
""" % (port, download.USER, ssl, trust, "keep" if keep else "nokeep flush", self.inbox))
        done = subprocess.run(["fetchmail", "-f", rc, "--nodetach", "--nosyslog", "--pidfile", self.path("pid"),
                               "--idfile", self.path("ids")], capture_output=True, text=True, errors="replace", timeout=110,
                              env=dict(os.environ, FETCHMAILHOME=self.folder, LC_ALL="C"))
        return None if done.returncode in (0, NO_MAIL) else "fetchmail: %d: %s" % (done.returncode, (done.stdout + done.stderr)[-800:])


download.run("fetchmail", Fetchmail)
