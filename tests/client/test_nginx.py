#!/usr/bin/python3
"""nginx, configured by conf/samples/nginx/trivet.conf, as the HTTPS side of caldavd: curl finds the calendars, puts and gets; the log, the
throttling and the rule for passwords go by the client's address, whatever the client itself says.

usage: test_nginx.py [--bin DIR]"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Caldavd, Daemon, Program, Tally, certificate, free_port
from postfix import sample

PROXY, CLIENT = "127.0.0.2", "127.0.0.9"
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Trivet//test//EN\r\nBEGIN:VEVENT\r\nUID:nginx-1\r\nDTSTAMP:20260101T000000Z\r\n"
         "DTSTART:20260105T090000Z\r\nSUMMARY:Lunch\r\nDESCRIPTION:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


class Nginx(Program):
    def __init__(self, home, caldavd, pem, cert):
        self.port = free_port()
        folder = os.path.join(home.folder, "nginx")
        os.mkdir(folder)
        text = sample("nginx/trivet.conf", {
            "server 192.0.2.20:8008 max": "server 127.0.0.1:%d max" % caldavd.port, "listen 443": "listen 127.0.0.1:%d" % self.port,
            "/etc/nginx/trivet.crt": cert, "/etc/nginx/trivet.key": pem, "proxy_pass http": "proxy_bind %s;\n\t\tproxy_pass http" % PROXY})
        paths = "".join("%s_temp_path %s/%s;\n" % (name, folder, name) for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(os.path.join(folder, "nginx.conf"), "w") as f:
            f.write("pid %s/pid;\ndaemon off;\nmaster_process off;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s%s}\n" % (
                folder, paths, text))
        super().__init__("nginx", [shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-p", folder, "-c", folder + "/nginx.conf"],
                         ("127.0.0.1", self.port), os.path.join(home.folder, "nginx.log"), None)
        home.beside.append(self)


def curl(nginx, cert, path, *arguments, user="u1:pass"):
    """Status and what came."""
    ran = subprocess.run(["curl", "-s", "--max-time", "60", "--cacert", cert, "--interface", CLIENT, "-w", "\n%{http_code}", "-u", user,
                          *arguments, "https://localhost:%d%s" % (nginx.port, path)], capture_output=True, timeout=90)
    text, status = ran.stdout.rsplit(b"\n", 1)
    return int(status), text


def works(tally, caldavd, nginx, cert, folder):
    status, text = curl(nginx, cert, "/.well-known/caldav", "-X", "PROPFIND", "-H", "Depth: 0", "-L")
    tally.check(status == 207, "discovery: %d %s" % (status, nginx.tail(500)))
    for size in (63, 3000000):
        path = os.path.join(folder, "event.ics")
        with open(path, "w", newline="") as f:
            f.write(EVENT % "\r\n ".join(["x" * 60] * (size // 63)))
        status, _ = curl(nginx, cert, "/calendars/u1/calendar/a.ics", "-T", path, "-H", "Content-Type: text/calendar")
        tally.check(status in (201, 204), "PUT of %d bytes: %d" % (size, status))
        status, text = curl(nginx, cert, "/calendars/u1/calendar/a.ics")
        with open(path, "rb") as f:
            tally.check(status == 200 and text == f.read(), "it comes back byte for byte: %d" % status)
    status, text = curl(nginx, cert, "/calendars/u1/calendar/b.ics", "-X", "MOVE", "-H",
                        "Destination: https://localhost:%d/calendars/u1/calendar/c.ics" % nginx.port)
    tally.check(status == 404, "MOVE of nothing: %d" % status)
    status, text = curl(nginx, cert, "/calendars/u1/calendar/a.ics", "-X", "MOVE", "-H",
                        "Destination: https://localhost:%d/calendars/u1/calendar/c.ics" % nginx.port)
    tally.check(status == 201, "MOVE with the address that the client knows: %d %s" % (status, text))


def knows_the_client(tally, caldavd, nginx, cert):
    log = caldavd.tail(10 ** 6)
    tally.check(re.search("user=u1 remote=%s(?::0)? PUT /calendars/u1/calendar/a.ics" % CLIENT, log) is not None, "the access log: %s" % log[-500:])
    tally.check(curl(nginx, cert, "/", user="u1:wrong")[0] == 401, "a wrong password")
    tally.check("login failed: user=<u1> rip=%s reason=password" % CLIENT in caldavd.tail(), "is the client's: %s" % caldavd.tail(300))
    tally.check(curl(nginx, cert, "/", "-H", "X-Forwarded-For: 192.0.2.99", "-H", "X-Forwarded-Proto: http", user="u1:wrong")[0] == 401,
                "what the client says of itself")
    tally.check(curl(nginx, cert, "/", "-H", "Forwarded: for=192.0.2.99;proto=https", user="u1:wrong")[0] == 401, "in the other way")
    tally.check("192.0.2.99" not in caldavd.tail(10 ** 6), "is not believed")


def main():
    tally = Tally()
    if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        tally.skip("nginx is not installed")
        tally.end()
    home = Daemon()
    try:
        pem, cert = certificate(home.folder)
        home.add_users(["u1"])
        caldavd = Caldavd(home, ["trusted.forwarders=" + PROXY, "http.access_log=yes", "auth.delay_max=0s"]).start()
        nginx = Nginx(home, caldavd, pem, cert).start()
        works(tally, caldavd, nginx, cert, home.folder)
        knows_the_client(tally, caldavd, nginx, cert)
        caldavd.stop()
        tally.check(curl(nginx, cert, "/")[0] == 502, "without caldavd nginx says so")
        caldavd.start()
        tally.check(curl(nginx, cert, "/calendars/u1/calendar/c.ics")[0] in (200, 502), "and comes back to it")
        tally.check(not caldavd.sanitizer_report(), "no report of a sanitizer: %s" % caldavd.sanitizer_report())
    finally:
        home.remove()
    tally.end()


if __name__ == "__main__":
    main()
