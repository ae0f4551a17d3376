#!/usr/bin/python3
"""SASL over HTTP: SCRAM (RFC 7804) by a client of our own, on one connection and on two, and with what an attacker would send; Negotiate
(RFC 4559) by curl with tickets of a KDC that runs beside.

usage: test_http_login.py [--bin DIR]"""
import argparse
import base64
import hashlib
import hmac
import http.client
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Caldavd, Daemon, Tally
from kerberos import Realm

BODY = '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'


class Scram:
    """One exchange, message by message (RFC 5802, 3)."""

    def __init__(self, name, user="u1", password="pass", flag="n"):
        self.hash, self.password, self.flag = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}[name], password, flag
        self.bare = "n=%s,r=%s" % (user, base64.b64encode(os.urandom(18)).decode().replace(",", "."))

    def first(self):
        return "%s,,%s" % (self.flag, self.bare)

    def hmac(self, key, text):
        return hmac.new(key, text.encode(), self.hash).digest()

    def final(self, server_first):
        said = dict(part.split("=", 1) for part in server_first.split(","))
        without = "c=%s,r=%s" % (base64.b64encode((self.flag + ",,").encode()).decode(), said["r"])
        messages = ",".join([self.bare, server_first, without])
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(), base64.b64decode(said["s"]), int(said["i"]))
        key = self.hmac(salted, "Client Key")
        signature = self.hmac(hashlib.new(self.hash, key).digest(), messages)
        self.verifier = base64.b64encode(self.hmac(self.hmac(salted, "Server Key"), messages)).decode()
        return "%s,p=%s" % (without, base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode())


def connect(caldavd):
    return http.client.HTTPConnection("127.0.0.1", caldavd.port, timeout=60)


def ask(connection, authorization=None):
    headers = {"Depth": "0"}
    if authorization is not None:
        headers["Authorization"] = authorization
    connection.request("PROPFIND", "/", BODY, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    return answer, text


def encode(text):
    return base64.b64encode(text.encode()).decode()


def parameters(field):
    return {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', field or "")}


def begin(connection, name, scram, form='%s realm="Trivet", data=%s'):
    """(sid, the server's first message)"""
    answer, _ = ask(connection, form % (name, encode(scram.first())))
    challenges = answer.headers.get_all("WWW-Authenticate") or []
    said = parameters(challenges[0]) if answer.status == 401 and len(challenges) == 1 else {}
    return said.get("sid"), base64.b64decode(said.get("data", "")).decode()


def finish(connection, name, sid, scram, server_first):
    return ask(connection, '%s sid=%s, data="%s"' % (name, sid, encode(scram.final(server_first))))


def scram_works(tally, caldavd):
    challenges = ask(connect(caldavd))[0].headers.get_all("WWW-Authenticate")
    tally.check(challenges[0].startswith('Basic realm="Trivet"') and 'SCRAM-SHA-256 realm="Trivet"' in challenges and
                'SCRAM-SHA-1 realm="Trivet"' in challenges and "Negotiate" not in challenges, "all that is on is offered: %s" % challenges)
    for name in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
        for form in ('%s realm="Trivet", data=%s', '%s data="%s"', '%s data=%s'):
            scram, connection = Scram(name), connect(caldavd)
            sid, server_first = begin(connection, name, scram, form)
            answer, text = finish(connection, name, sid, scram, server_first)
            tally.check(answer.status == 207 and "/principals/u1/" in text, "%s, %s: %d" % (name, form, answer.status))
            info = parameters(answer.headers["Authentication-Info"])
            tally.check(info.get("sid") == sid and base64.b64decode(info["data"]).decode() == "v=" + scram.verifier,
                        "the server proves that it knows the secret: %s" % info)
            tally.check(ask(connection)[0].status == 401, "the next request on the connection is nobody's")
    scram = Scram("SCRAM-SHA-256", flag="y")
    sid, server_first = begin(connect(caldavd), "SCRAM-SHA-256", scram)
    answer, _ = finish(connect(caldavd), "SCRAM-SHA-256", sid, scram, server_first)
    tally.check(answer.status == 207, "another connection carries the exchange on; a client that could bind to a channel is let in")


def scram_refuses(tally, caldavd):
    name, scram = "SCRAM-SHA-256", Scram("SCRAM-SHA-256", password="wrong")
    sid, server_first = begin(connect(caldavd), name, scram)
    answer, _ = finish(connect(caldavd), name, sid, scram, server_first)
    tally.check(answer.status == 401 and len(answer.headers.get_all("WWW-Authenticate")) == 3 and
                answer.headers["Authentication-Info"] is None, "a wrong password: %d" % answer.status)
    tally.check("reason=password mechanism=SCRAM-SHA-256" in caldavd.tail(), "it is logged: %s" % caldavd.tail(300))
    nobody = begin(connect(caldavd), name, Scram(name, user="nobody"))
    tally.check(nobody[0] is not None and "s=" in nobody[1], "who exists does not show")
    scram = Scram(name)
    sid, server_first = begin(connect(caldavd), name, scram)
    final = '%s sid=%s, data="%s"' % (name, sid, encode(scram.final(server_first)))
    tally.check(ask(connect(caldavd), final)[0].status == 207, "the right one")
    tally.check(ask(connect(caldavd), final)[0].status == 401, "what was heard cannot be said again")
    for broken in ("SCRAM-SHA-256", "SCRAM-SHA-256 data", "SCRAM-SHA-256 data=", "SCRAM-SHA-256 data=!!!", 'SCRAM-SHA-256 data="',
                   "SCRAM-SHA-256 sid=0000", "SCRAM-SHA-256 sid=%s, data=biws" % ("f" * 32), "SCRAM-SHA-256 sid=%s" % ("0" * 32),
                   'SCRAM-SHA-256 realm="Other", data=' + encode(Scram(name).first()), "SCRAM-SHA-256 data=" + encode("x" * 9000),
                   "SCRAM-SHA-256-PLUS data=" + encode("p=tls-exporter,,n=u1,r=abc"), "Negotiate", "Negotiate !", "Negotiate YII=",
                   "Bearer abc"):
        tally.check(ask(connect(caldavd), broken)[0].status == 401, "refused: %.60s" % broken)
    waiting = [(scram, begin(connect(caldavd), name, scram)) for scram in [Scram(name) for _ in range(1030)]]
    tally.check(finish(connect(caldavd), name, waiting[0][1][0], waiting[0][0], waiting[0][1][1])[0].status == 401,
                "who began too long ago begins again")
    tally.check(finish(connect(caldavd), name, waiting[-1][1][0], waiting[-1][0], waiting[-1][1][1])[0].status == 207,
                "who began just now goes on")


def curl(realm, caldavd, *arguments):
    ran = subprocess.run(["curl", "-s", "-i", "-X", "PROPFIND", "-H", "Depth: 0", "-d", BODY, *arguments] +
                         ["http://localhost:%d/" % caldavd.port] * 2, env=realm.environment, capture_output=True, text=True, timeout=60)
    return re.findall(r"^HTTP/1.1 (\d+)", ran.stdout, re.M), ran.stdout


def negotiate(tally, home):
    realm = Realm(os.path.join(home.folder, "realm"))
    home.environment["KRB5_CONFIG"] = realm.path("krb5.conf")
    try:
        realm.start(["u1", "stranger"], ["HTTP/localhost"])
        settings = ["auth.mechanisms=GSS-SPNEGO SCRAM-SHA-256 PLAIN", "auth.kerberos_host=localhost",
                    "auth.kerberos_keytab=" + realm.path("keytab")]
        caldavd = Caldavd(home, settings).start()
        realm.log_in("u1")
        codes, text = curl(realm, caldavd, "--negotiate", "-u", ":")
        tally.check(codes[-2:] == ["207", "207"] and text.count("/principals/u1/") >= 2, "a ticket opens: %s" % codes)
        tally.check("Persistent-Auth: true" in text and codes.count("401") <= 1, "once a connection: %s" % codes)
        tally.check("mechanism=GSS-SPNEGO" in caldavd.tail(), "it is logged: %s" % caldavd.tail(300))
        tally.check("Negotiate" in ask(connect(caldavd))[0].headers.get_all("WWW-Authenticate"), "it is offered")
        realm.log_in("stranger")
        codes, text = curl(realm, caldavd, "--negotiate", "-u", ":")
        tally.check("207" not in codes and "401" in codes, "whom the realm knows and we do not stays outside: %s" % codes)
        caldavd.stop()
        realm.log_in("u1")
        caldavd = Caldavd(home, settings + ["trusted.forwarders=127.0.0.1"]).start()
        codes, text = curl(realm, caldavd, "--negotiate", "-u", ":")
        tally.check(codes[-2:] == ["207", "207"] and "Persistent-Auth: false" in text,
                    "behind a proxy each request has its own: %s" % codes)
        connection = connect(caldavd)
        tally.check(ask(connection)[0].status == 401, "and a connection is nobody's")
    finally:
        realm.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    tally, home = Tally(), Daemon(parser.parse_args().bin)
    try:
        home.add_users(["u1"])
        caldavd = Caldavd(home, ["auth.throttle_exempt=127.0.0.1", "auth.delay_max=0s", "auth.lockout_failures=0"]).start()
        scram_works(tally, caldavd)
        scram_refuses(tally, caldavd)
        caldavd.stop()
        negotiate(tally, home)
        for program in home.beside:
            tally.check(not program.sanitizer_report(), "no report of a sanitizer: %s" % program.sanitizer_report())
    finally:
        home.remove()
    tally.end()


if __name__ == "__main__":
    main()
