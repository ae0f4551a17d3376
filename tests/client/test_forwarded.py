#!/usr/bin/python3
"""Behind an HTTP proxy: who the client is, and whether its password came over TLS, says the proxy's Forwarded or X-Forwarded-… field, and
nobody else's.

usage: test_forwarded.py [--bin DIR]"""
import argparse
import base64
import http.client
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Caldavd, Daemon, Tally

BODY = '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'


def ask(caldavd, path="/", password="pass", **fields):
    connection = http.client.HTTPConnection("127.0.0.1", caldavd.port, timeout=20)
    headers = {"Authorization": "Basic " + base64.b64encode(("u1:" + password).encode()).decode(), "Depth": "0"}
    headers.update((name.replace("_", "-"), value) for name, value in fields.items())
    connection.request("PROPFIND", path, BODY, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def log_of(caldavd):
    return caldavd.tail(100000)


def believed(tally, home):
    caldavd = Caldavd(home, ["trusted.forwarders=127.0.0.1", "http.access_log=yes"]).start()
    said = ask(caldavd, X_Forwarded_For="192.0.2.1, 198.51.100.7", X_Forwarded_Proto="https")
    tally.check(said[0] == 207, "over TLS to the proxy the password is taken: %d" % said[0])
    tally.check("remote=198.51.100.7 PROPFIND / 207" in log_of(caldavd), "the last one of the chain is the client")
    said = ask(caldavd, X_Forwarded_For="198.51.100.8", X_Forwarded_Proto="http")
    tally.check(said[0] == 403, "without TLS to the proxy it is not: %d" % said[0])
    said = ask(caldavd, X_Forwarded_For="127.0.0.9", X_Forwarded_Proto="http")
    tally.check(said[0] == 207, "but from loopback: %d" % said[0])
    said = ask(caldavd, password="wrong", Forwarded='for=192.0.2.60, for="[2001:db8::9]:4711";proto=https')
    tally.check(said[0] == 401 and "rip=2001:db8::9 reason=password" in log_of(caldavd),
                "a failed log-in is the client's: %s" % log_of(caldavd)[-300:])
    said = ask(caldavd, Forwarded="for=unknown;proto=https")
    tally.check(said[0] == 207, "an address that is none is passed over: %d" % said[0])


def not_believed(tally, home):
    caldavd = Caldavd(home, ["trusted.forwarders=192.0.2.1", "http.access_log=yes"]).start()
    said = ask(caldavd, X_Forwarded_For="198.51.100.99", X_Forwarded_Proto="http")
    tally.check(said[0] == 207, "from others the fields mean nothing: %d" % said[0])
    tally.check("198.51.100.99" not in log_of(caldavd), "and are not logged")


def based(tally, home):
    caldavd = Caldavd(home, ["http.base_path=/dav/cal/"]).start()
    said = ask(caldavd, "/dav/cal/calendars/u1/calendar/")
    tally.check(said[0] == 207 and "<D:href>/dav/cal/principals/u1/</D:href>" in said[1] and
                "<D:href>/dav/cal/calendars/u1/calendar/</D:href>" in said[1], "addresses have the base path: %s" % said[1])
    tally.check(ask(caldavd, "/.well-known/caldav")[0] == 207, "discovery is at the root of the host")
    tally.check(ask(caldavd, "/calendars/u1/")[0] == 404, "beside the base path there is nothing")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    tally, home = Tally(), Daemon(parser.parse_args().bin)
    try:
        home.add_users(["u1"])
        for part in (believed, not_believed, based):
            part(tally, home)
            home.beside[-1].stop()
    finally:
        home.remove()
    tally.end()


if __name__ == "__main__":
    main()
