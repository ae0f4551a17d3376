#!/usr/bin/python3
"""imapd and pop3d behind a proxy: the PROXY protocol in both versions, in front of the greeting and of TLS, in pieces, wrong, missing, and
from an address that is no proxy.

usage: test_proxy.py [--bin DIR]"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import imap
import pop3
import proxied
from daemon import Daemon, Pop3d, Tally, certificate, free_port
from proxied import connect, over_tls, rest_of, v1, v2, who, with_tls
from watch import wait_until

CLIENT, OTHER, SIX = "198.51.100.7", "198.51.100.8", "2001:db8::7"
PER_ADDRESS, LOGIN_TIME = 3, 4
SETTINGS = ["trusted.proxies=203.0.113.0/24 " + proxied.PROXY, "limits.connections_per_address=%d" % PER_ADDRESS,
            "limits.login_time=%ds" % LOGIN_TIME]


class ImapSide:
    client, failed, too_many = proxied.ProxiedImap, imap.Failed, b"* BYE"
    greeting, bad = re.compile(rb"\* OK"), re.compile(rb"\S+ BAD")
    start_tls = "STARTTLS"

    def __init__(self, daemon, tls_port):
        self.program, self.daemon, self.port, self.tls_port = "trivet-imapd", daemon, daemon.port, tls_port

    def takes_passwords(self, client):
        return b"LOGINDISABLED" not in b" ".join(client.do("CAPABILITY")).split()


class Pop3Side:
    client, failed, too_many = proxied.ProxiedPop3, pop3.Failed, b"-ERR"
    greeting, bad = re.compile(rb"\+OK"), re.compile(rb"-ERR")
    start_tls = "STLS"

    def __init__(self, pop3d):
        self.program, self.daemon, self.port, self.tls_port = "trivet-pop3d", pop3d, pop3d.port, pop3d.tls_port

    def takes_passwords(self, client):
        return b"USER" in client.do_multi("CAPA").splitlines()


def headers(tally, home, side):
    """Each kind of header: whom the session is with, and what that means for passwords in the clear."""
    cases = [("v1", v1(CLIENT, 4711), CLIENT, "4711", False),
             ("v1 over IPv6", v1(SIX, 4712, "2001:db8::20"), "[%s]" % SIX, "4712", False),
             ("v2", v2(CLIENT, 4713), CLIENT, "4713", False),
             ("v2 over IPv6", v2(SIX, 4714), "[%s]" % SIX, "4714", False),
             ("v2 with a checksum", v2(CLIENT, 4715, checksum=True), CLIENT, "4715", False),
             ("v2 of a client over TLS", v2(CLIENT, 4716, over_tls()), CLIENT, "4716", True),
             ("v2 of a client without TLS", v2(CLIENT, 4717, over_tls(False)), CLIENT, "4717", False),
             ("v2 with much behind the addresses", v2(CLIENT, 4718, proxied.value(4, bytes(3000)) + over_tls()), CLIENT, "4718", True),
             ("v1 UNKNOWN", b"PROXY UNKNOWN\r\n", proxied.PROXY, None, True),
             ("v2 LOCAL", v2(), proxied.PROXY, None, True)]
    for what, header, address, port, is_trusted in cases:
        client = side.client(connect(side.port, header))
        sessions = who(home, side.program)
        tally.check(len(sessions) == 1 and sessions[0][1] == address and sessions[0][2] == (port or sessions[0][2]) and
                    sessions[0][3] == "plain", "%s: %s: %s" % (side.program, what, sessions))
        tally.check(side.takes_passwords(client) == is_trusted, "%s: %s: passwords in the clear" % (side.program, what))
        if is_trusted:
            client.login("u1")
            tally.check(who(home, side.program)[0][0] == "u1", "%s: %s: log-in" % (side.program, what))
        else:
            try:
                client.login("u1")
                tally.check(False, "%s: %s: a password went in the clear" % (side.program, what))
            except side.failed:
                tally.check(True, "")
        client.close()
        wait_until(lambda: not who(home, side.program), 10)


def tls(tally, home, side):
    client = side.client(with_tls(connect(side.tls_port, v1(CLIENT, 4721))))
    client.login("u1")
    tally.check(who(home, side.program) == [("u1", CLIENT, "4721", "tls")], "%s: TLS behind the header" % side.program)
    client.close()
    wait_until(lambda: not who(home, side.program), 10)
    client = side.client(connect(side.port, v2(CLIENT, 4722)))
    client.do(side.start_tls)
    client.socket = with_tls(client.socket)
    client.file = client.socket.makefile("rb")
    client.login("u1")
    tally.check(who(home, side.program) == [("u1", CLIENT, "4722", "tls")], "%s: STARTTLS behind the header" % side.program)
    client.close()
    wait_until(lambda: not who(home, side.program), 10)


def pieces(tally, home, side):
    for header in (v1(CLIENT, 4731), v2(CLIENT, 4731, over_tls())):
        cut = [header[i:i + 1] for i in range(len(header))]
        client = side.client(connect(side.port, *cut, pause=lambda: time.sleep(0.005)))
        tally.check(who(home, side.program)[0][1:3] == (CLIENT, "4731"), "%s: byte by byte" % side.program)
        client.close()
        wait_until(lambda: not who(home, side.program), 10)


def new_lines(side, before):
    return side.daemon.tail(10 ** 7)[before:]


def bad(tally, side):
    """One line in the log, and not a byte for whoever sent it."""
    cases = [b"a1 NOOP\r\n", b"CAPA\r\n", b"PROXY TCP4 198.51.100.7 192.0.2.20 4711\r\n", b"PROXY TCP4 2001:db8::7 192.0.2.20 1 2\r\n",
             b"PROXY TCP4 198.51.100.7 192.0.2.20 65536 143\r\n", b"PROXY UNKNOWN " + b"x" * 100, v2(CLIENT, 1, b"\x04"),
             v2(CLIENT, 1, checksum=False), v2(CLIENT, 1, proxied.value(4, bytes(4090))), b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0"]
    for case in cases:
        before = len(side.daemon.tail(10 ** 7))
        got = rest_of(connect(side.port, case))
        log = new_lines(side, before)
        tally.check(got == b"", "%s: %r is not answered: %r" % (side.program, case[:40], got))
        tally.check(log.count("warning: ") == 1 and "must begin with a PROXY header" in log and "remote=%s:" % proxied.PROXY in log,
                    "%s: %r: one line: %s" % (side.program, case[:40], log))
    before = len(side.daemon.tail(10 ** 7))
    got = rest_of(connect(side.tls_port, b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0"))
    tally.check(got == b"" and "must begin with a PROXY header" in new_lines(side, before), "%s: TLS without a header" % side.program)


def missing(tally, side):
    before, begin = len(side.daemon.tail(10 ** 7)), time.monotonic()
    silent, begun = connect(side.port), connect(side.tls_port, b"PROXY TCP4 ")
    got = rest_of(silent, LOGIN_TIME + 10), rest_of(begun, LOGIN_TIME + 10)
    seconds = time.monotonic() - begin
    tally.check(got == (b"", b""), "%s: no header, no answer: %r" % (side.program, got))
    tally.check(LOGIN_TIME - 1 < seconds < LOGIN_TIME + 5, "%s: the limit of log-in: %.1f s" % (side.program, seconds))
    log = new_lines(side, before)
    tally.check(log.count("no PROXY header has come in time") == 2 and log.count("warning: ") == 2, "%s: two lines: %s" % (side.program, log))


def spoofing(tally, home, side):
    s = connect(side.port, source="127.0.0.1")
    file = s.makefile("rb")
    tally.check(side.greeting.match(file.readline()), "%s: who is no proxy is greeted at once" % side.program)
    s.sendall(v1(CLIENT, 4741))
    answer = file.readline()
    tally.check(side.bad.match(answer), "%s: its header is a bad command: %r" % (side.program, answer))
    tally.check(who(home, side.program)[0][1] == "127.0.0.1", "%s: and does not change who it is" % side.program)
    s.close()
    wait_until(lambda: not who(home, side.program), 10)
    before = len(side.daemon.tail(10 ** 7))
    rest_of(connect(side.tls_port, v1(CLIENT, 4742), source="127.0.0.1"))
    tally.check(CLIENT not in new_lines(side, before), "%s: nor does it in front of TLS" % side.program)


def limits(tally, home, side):
    """They count clients, not the proxy they come by."""
    clients = [side.client(connect(side.port, v2(CLIENT, 4750 + i))) for i in range(PER_ADDRESS)]
    before = len(side.daemon.tail(10 ** 7))
    got = rest_of(connect(side.port, v2(CLIENT, 4759)))
    tally.check(got is not None and got.startswith(side.too_many) and got.count(b"\r\n") == 1, "%s: one too many: %r" % (side.program, got))
    tally.check("remote=%s:4759 refused: too many connections" % CLIENT in new_lines(side, before), "%s: and in the log" % side.program)
    others = [side.client(connect(side.port, v2(OTHER, 4760 + i))) for i in range(PER_ADDRESS)]
    tally.check(len(who(home, side.program)) == 2 * PER_ADDRESS, "%s: another client by the same proxy" % side.program)
    clients.pop().close()
    wait_until(lambda: len(who(home, side.program)) < 2 * PER_ADDRESS, 10)
    clients.append(side.client(connect(side.port, v1(CLIENT, 4758))))
    tally.check(True, "there is room again")
    for client in clients + others:
        client.close()
    wait_until(lambda: not who(home, side.program), 10)


def failed_login(tally, side):
    before = len(side.daemon.tail(10 ** 7))
    client = side.client(connect(side.port, v2(OTHER, 4771, over_tls())))
    try:
        client.login("u2", "wrong")
        tally.check(False, "a wrong password")
    except side.failed:
        pass
    log = new_lines(side, before)
    tally.check(re.search(r"login failed: user=<u2> rip=%s " % re.escape(OTHER), log), "%s: fail2ban gets the client: %s" % (side.program, log))
    client.close()


def main():
    tally, tls_port = Tally(), free_port()
    daemon = Daemon(settings=["listen.imaps=127.0.0.1:%d" % tls_port, *SETTINGS])
    try:
        pem, _ = certificate(daemon.folder)
        with open(daemon.config, "a") as f:
            f.write("[tls]\ncert = %s\n" % pem)
        pop3d = Pop3d(daemon, SETTINGS, pem)
        daemon.add_users(["u1", "u2"])
        daemon.start()
        pop3d.start()
        for side in (ImapSide(daemon, tls_port), Pop3Side(pop3d)):
            wait_until(lambda: not who(daemon, side.program), 10)
            headers(tally, daemon, side)
            tls(tally, daemon, side)
            pieces(tally, daemon, side)
            bad(tally, side)
            missing(tally, side)
            spoofing(tally, daemon, side)
            limits(tally, daemon, side)
            failed_login(tally, side)
            tally.check(side.daemon.stop() == 0, "%s ends well" % side.program)
            tally.check(not side.daemon.sanitizer_report(), "%s: %s" % (side.program, side.daemon.sanitizer_report()))
    finally:
        daemon.remove()
    tally.end()


main()
