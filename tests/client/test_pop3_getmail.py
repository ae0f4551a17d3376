#!/usr/bin/python3
"""getmail downloads 2000 messages, leaves or removes them, and remembers their unique ids. It gives them on by LMTP, to the test: for a
Maildir it would start a process a message.

usage: test_pop3_getmail.py [--bin DIR]"""
import email.generator
import email.policy
import io
import os
import re
import socketserver
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import download


class Sink(socketserver.StreamRequestHandler):
    """As much of LMTP as getmail speaks."""

    def say(self, text):
        self.wfile.write(text + b"\r\n")

    def handle(self):
        self.say(b"220 sink")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say(b"354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b".") else line)
                self.server.messages.append(b"".join(lines))
            self.say(b"221 bye" if verb == b"QUIT" else b"250 sink")


class Getmail(download.Client):
    modes = ("pop3s", "pop3s", "pop3s")  # it knows no STLS, and takes what is at another port for another maildrop

    def prepare(self):
        self.sink = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink)
        self.sink.daemon_threads, self.sink.messages = True, []
        threading.Thread(target=self.sink.serve_forever, daemon=True).start()

    @staticmethod
    def leaves(data):
        """A message as Python's email package writes what it has read, header fields folded anew: getmail passes each through it."""
        out = io.BytesIO()
        email.generator.BytesGenerator(out, policy=email.policy.compat32).flatten(email.message_from_bytes(download.in_files(data)),
                                                                                  linesep="\r\n")
        return download.on_the_wire(out.getvalue())

    @staticmethod
    def takes(data):
        """It gives Bcc on to nobody."""
        return download.well_formed(data) and not re.search(rb"(?mi)^(resent-)?bcc:", data)

    def took(self):
        messages, self.sink.messages = self.sink.messages, []
        return messages

    def fetch(self, tls, keep):
        kind, port = ("SimplePOP3SSLRetriever", self.pop3d.tls_port) if tls else ("SimplePOP3Retriever", self.pop3d.port)
        rc = self.write("getmailrc", """[retriever]
type = %s
server = 127.0.0.1
port = %d
username = %s
password = pass
timeout = 60
%s
[destination]
type = MDA_lmtp
host = 127.0.0.1
port = %d
override = u1@example.com

[options]
read_all = false
delete = %s
received = false
delivered_to = false
verbose = 0
""" % (kind, port, download.USER, "ca_certs = " + self.ca_file if tls else "", self.sink.server_address[1], "false" if keep else "true"))
        done = subprocess.run(["getmail", "--getmaildir", self.folder, "--rcfile", rc], capture_output=True, text=True, errors="replace",
                              timeout=110, env=dict(os.environ, HOME=self.folder))
        return None if done.returncode == 0 else "getmail: %d: %s" % (done.returncode, (done.stdout + done.stderr)[-800:])


download.run("getmail", Getmail)
