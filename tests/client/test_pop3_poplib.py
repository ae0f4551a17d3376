#!/usr/bin/python3
"""Python's poplib downloads 2000 messages, the broken ones of the corpus too, byte for byte.

usage: test_pop3_poplib.py [--bin DIR]"""
import os
import poplib
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import download

poplib._MAXLINE = 1 << 24  # its own limit, 2048, is below what mail has


class Poplib(download.Client):
    leaves = staticmethod(download.on_the_wire)

    def prepare(self):
        self.seen, self.new = set(), []

    def fetch(self, tls, keep):
        context = ssl.create_default_context(cafile=self.ca_file)
        if tls == "pop3s":
            pop = poplib.POP3_SSL("127.0.0.1", self.pop3d.tls_port, context=context, timeout=60)
        else:
            pop = poplib.POP3("127.0.0.1", self.pop3d.port, timeout=60)
            if tls == "stls":
                pop.stls(context)
        pop.user(download.USER)
        pop.pass_("pass")
        for entry in pop.uidl()[1]:
            number, uid = entry.split()
            if uid not in self.seen:
                self.new.append(b"\r\n".join(pop.retr(int(number))[1]) + b"\r\n")
                self.seen.add(uid)
            if not keep:
                pop.dele(int(number))
        pop.quit()
        return None

    def took(self):
        new, self.new = self.new, []
        return new


download.run(None, Poplib)
