#!/usr/bin/python3
"""HAProxy, configured by conf/samples/haproxy/haproxy.cfg, in front of imapd, pop3d and caldavd: all know the clients by their own
addresses, by either version of the PROXY protocol, with TLS through it and TLS that ends at it; and its health
checks say the truth, and leave no trace.

usage: test_haproxy.py [--bin DIR]"""
import base64
import http.client
import os
import re
import shutil
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import proxied
from daemon import Caldavd, Daemon, Pop3d, Program, Tally, certificate, free_port
from postfix import sample
from proxied import ProxiedImap, ProxiedPop3, connect, who, with_tls
from watch import wait_until

CLIENT = "127.0.0.9"
SESSIONS = 8


class HAProxy(Program):
    """The sample with the ports of this test; `ports` by the names of its sections."""

    def __init__(self, home, pop3d, caldavd, imaps, health, pem):
        self.ports = {name: free_port() for name in ("imap", "imaps", "pop3", "pop3s", "caldav")}
        text = sample("haproxy/haproxy.cfg", {
            "source 192.0.2.10": "source " + proxied.PROXY, "192.0.2.20:143": "127.0.0.1:%d" % home.port,
            "192.0.2.20:993": "127.0.0.1:%d" % imaps, "192.0.2.20:110": "127.0.0.1:%d" % pop3d.port,
            "bind :143": "bind 127.0.0.1:%d" % self.ports["imap"], "bind :993": "bind 127.0.0.1:%d" % self.ports["imaps"],
            "bind :110": "bind 127.0.0.1:%d" % self.ports["pop3"], "bind :995": "bind 127.0.0.1:%d" % self.ports["pop3s"],
            "bind :443": "bind 127.0.0.1:%d" % self.ports["caldav"], "192.0.2.20:8008": "127.0.0.1:%d" % caldavd.port,
            "port 10143": "port %d" % health["imap"], "port 10110": "port %d" % health["pop3"], "port 10080": "port %d" % health["caldav"],
            "/etc/haproxy/trivet.pem": pem, " check port": " check inter 100ms port"})
        path = os.path.join(home.folder, "haproxy.cfg")
        with open(path, "w") as f:
            f.write("global\n\tlog stdout format raw local0\n\tmaxconn 200\n\tnbthread 1\n\n" + text)
        super().__init__("haproxy", [shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"), "-db", "-f", path],
                         ("127.0.0.1", self.ports["imap"]), os.path.join(home.folder, "haproxy.log"), None)
        home.beside.append(self)


def work(client):
    if isinstance(client, ProxiedImap):
        client.append("INBOX", b"Subject: x\r\n\r\nText\r\n" * 1000)
        client.do("SELECT INBOX")
        return b"Text" in client.do("FETCH * BODY.PEEK[]")[0]
    return client.stat()[0] == 0 or b"Text" in client.do_multi("RETR 1")


def pass_through(tally, daemon, program, what, open_client, wanted_tls):
    """Several clients at once by that way: each is known by its address and port, and served."""
    clients, expected = [], []
    for i in range(SESSIONS):
        client = open_client()
        expected.append(("u%d" % i, CLIENT, str(client.port), wanted_tls))
        client.login("u%d" % i)
        clients.append(client)
    found = sorted(who(daemon, program))
    tally.check(found == sorted(expected), "%s: %s" % (what, found))
    tally.check(all(work(client) for client in clients), "%s: what they do" % what)
    for client in clients:
        client.close()
    tally.check(wait_until(lambda: not who(daemon, program), 10), "%s: and they go" % what)


def opened(kind, port, tls=False):
    def open_client():
        s = connect(port, source=CLIENT)
        number = s.getsockname()[1]
        client = kind(with_tls(s) if tls else s)
        client.port = number
        return client
    return open_client


def checks(tally, daemon):
    """Connections by the proxy itself come and go all the time, some with a header that says LOCAL and some that are reset."""
    log = daemon.tail(10 ** 7)
    tally.check("warning: " not in log and "error: " not in log, "%s: they left nothing in the log: %s" % (
        daemon.name, [line for line in log.splitlines() if "warning: " in line or "error: " in line][:5]))


def propfind(port, cert, user):
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context, source_address=(CLIENT, 0))
    connection.request("PROPFIND", "/", headers={"Authorization": "Basic " + base64.b64encode(user.encode() + b":pass").decode(), "Depth": "0"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def in_http_mode(tally, caldavd, port, cert):
    tally.check(propfind(port, cert, "u1") == 207, "CalDAV in HTTP mode: %s" % caldavd.tail(500))
    tally.check(re.search("remote=%s:[0-9]+ PROPFIND / 207" % CLIENT, caldavd.tail()), "its client is known: %s" % caldavd.tail(500))


def says_the_truth(tally, daemon, haproxy, ports, cert):
    """The store is locked by somebody: nothing can be changed, though all ports are open."""
    for _ in range(2):
        hold = daemon.data.hold()
        down = haproxy.tail(10 ** 7).count("is DOWN")
        tally.check(wait_until(lambda: haproxy.tail(10 ** 7).count("is DOWN") == down + len(ports), 30), "without the store all are down")
        tally.check(propfind(ports["caldav"], cert, "u1") == 503, "and HAProxy says so at once")
        up = haproxy.tail(10 ** 7).count("is UP")
        hold.release()
        tally.check(wait_until(lambda: haproxy.tail(10 ** 7).count("is UP") == up + len(ports), 30), "with it they are up again")
        tally.check(propfind(ports["caldav"], cert, "u1") == 207, "and serve")


def main():
    tally = Tally()
    if not shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"):
        tally.skip("haproxy is not installed")
        tally.end()
    settings = ["trusted.proxies=" + proxied.PROXY, "log.level=debug", "store.busy_timeout=300ms"]
    imaps, health = free_port(), {name: free_port() for name in ("imap", "pop3", "caldav")}

    def healthy_at(name):
        return "listen.health=127.0.0.1:%d" % health[name]
    daemon = Daemon(settings=["listen.imaps=127.0.0.1:%d" % imaps, healthy_at("imap"), *settings])
    try:
        pem, cert = certificate(daemon.folder)
        with open(daemon.config, "a") as f:
            f.write("[tls]\ncert = %s\n" % pem)
        pop3d = Pop3d(daemon, [healthy_at("pop3")] + settings)
        caldavd = Caldavd(daemon, [healthy_at("caldav"), "http.access_log=yes"] + settings)
        daemon.add_users(["u%d" % i for i in range(SESSIONS)])
        daemon.start()
        pop3d.start()
        caldavd.start()
        haproxy = HAProxy(daemon, pop3d, caldavd, imaps, health, pem).start()
        ports = haproxy.ports
        tally.check(wait_until(lambda: not who(daemon, "trivet-imapd"), 10), "the first look is over")
        pass_through(tally, daemon, "trivet-imapd", "IMAP by version 2", opened(ProxiedImap, ports["imap"]), "plain")
        pass_through(tally, daemon, "trivet-imapd", "IMAP over TLS, behind the header", opened(ProxiedImap, ports["imaps"], True), "tls")
        pass_through(tally, daemon, "trivet-pop3d", "POP3 by version 1", opened(ProxiedPop3, ports["pop3"]), "plain")
        pass_through(tally, daemon, "trivet-pop3d", "POP3, TLS ends at HAProxy", opened(ProxiedPop3, ports["pop3s"], True), "plain")
        tally.check(pop3d.tail(10 ** 7).count("it speaks for %s:" % CLIENT) == 2 * SESSIONS and
                    pop3d.tail(10 ** 7).count(", a client over TLS") == SESSIONS, "pop3d was told which clients use TLS")
        in_http_mode(tally, caldavd, ports["caldav"], cert)
        tally.check("is DOWN" not in haproxy.tail(10 ** 7), "to HAProxy both were always there: %s" % haproxy.tail())
        for program in (daemon, pop3d, caldavd):
            tally.check(wait_until(lambda: program.tail(10 ** 7).count("remote=%s:" % proxied.PROXY) > 10, 10),
                        "%s: health checks come" % program.name)
            checks(tally, program)
        says_the_truth(tally, daemon, haproxy, ports, cert)
        tally.check(haproxy.stop() is not None, "haproxy ends")
        for program in (daemon, pop3d, caldavd):
            tally.check(program.stop() == 0 and not program.sanitizer_report(), "%s ends well: %s" % (program.name, program.sanitizer_report()))
    finally:
        daemon.remove()
    tally.end()


main()
