#!/usr/bin/python3
"""curl puts and fetches as scripts do: with a netrc, after 100 Continue, in chunks, compressed, by HTTPS, in parts, by HTTP/1.0, and many
times on one connection.

usage: test_caldav_curl.py [--bin DIR]"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Caldavd, Daemon, Tally, certificate, free_port

CALENDAR = "/calendars/u1/calendar/"
LOGIN = ("-u", "u1:pass")


def event(uid, padding=0):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nSUMMARY:from curl\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n" % (
                uid, "COMMENT:%s\r\n" % ("many words " * 6) * padding)).encode()


class Curl:
    def __init__(self, server, folder, tls_port, authority):
        self.server, self.folder, self.tls_port, self.authority = server, folder, tls_port, authority

    def url(self, path, secure=False):
        return "https://localhost:%d%s" % (self.tls_port, path) if secure else "http://127.0.0.1:%d%s" % (self.server.port, path)

    def do(self, *arguments, data=None):
        return subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], input=data, capture_output=True,
                              env=dict(os.environ, HOME=self.folder))

    def status(self, *arguments, data=None):
        """The status of the last answer, its body thrown away."""
        return self.do(*arguments, "-o", os.devnull, "-w", "%{http_code}", data=data).stdout.decode()

    def put(self, path, data, *arguments, secure=False):
        """--data-binary has a length, -T - has none."""
        return self.status(*LOGIN, "-X", "PUT", "-H", "Content-Type: text/calendar", "--data-binary", "@-", *arguments,
                           self.url(path, secure), data=data)

    def get(self, path, *arguments, secure=False):
        return self.do(*LOGIN, *arguments, self.url(path, secure)).stdout


def logging_in(curl, tally):
    netrc = os.path.join(curl.folder, "netrc")
    with open(netrc, "w") as f:
        f.write("machine 127.0.0.1 login u1 password pass\n")
    tally.check(curl.put(CALENDAR + "a.ics", event("a")) == "201", "PUT of a new one")
    tally.check(curl.put(CALENDAR + "a.ics", event("a")) == "204", "PUT again")
    got = curl.do("--netrc-file", netrc, curl.url(CALENDAR + "a.ics"))
    tally.check(got.stdout == event("a"), "a netrc: %r" % got)
    tally.check(curl.status("--netrc-file", netrc, "--anyauth", curl.url(CALENDAR + "a.ics")) == "200", "it finds out how to log in")
    tally.check(curl.status(curl.url(CALENDAR + "a.ics")) == "401", "without a login: 401")
    tally.check(curl.status("-u", "u1:wrong", curl.url(CALENDAR + "a.ics")) == "401", "a wrong password: 401")
    got = curl.do("-u", "u1:pass", "--digest", "-D", "-", curl.url(CALENDAR + "a.ics"))
    tally.check(got.stdout.startswith(b"HTTP/1.1 401 ") and re.search(rb'(?mi)^www-authenticate: Basic realm="', got.stdout)
                and b"BEGIN:VCALENDAR" not in got.stdout, "Digest is not taken, and what is, is told: %r" % got.stdout[:300])


def sending(curl, tally):
    large = event("large", 2000)
    got = curl.do(*LOGIN, "-v", "-X", "PUT", "-H", "Expect: 100-continue", "-H", "Content-Type: text/calendar", "--data-binary", "@-",
                  curl.url(CALENDAR + "large.ics"), data=large)
    tally.check(b"< HTTP/1.1 100 Continue" in got.stderr and b"< HTTP/1.1 201 " in got.stderr, "100 Continue comes before 201")
    tally.check(curl.get(CALENDAR + "large.ics") == large, "the whole of it has arrived")
    got = curl.do("-v", "-X", "PUT", "-H", "Expect: 100-continue", "-H", "Content-Type: text/calendar", "--data-binary", "@-",
                  curl.url(CALENDAR + "large.ics"), data=large)
    tally.check(b"< HTTP/1.1 401 " in got.stderr and b"100 Continue" not in got.stderr, "without a login nothing needs to be sent")
    chunked = event("chunked", 500)
    tally.check(curl.put(CALENDAR + "chunked.ics", chunked, "-H", "Transfer-Encoding: chunked") == "201", "in chunks")
    tally.check(curl.get(CALENDAR + "chunked.ics") == chunked, "they are put together")
    path = os.path.join(curl.folder, "upload.ics")
    with open(path, "wb") as f:
        f.write(event("upload"))
    tally.check(curl.status(*LOGIN, "-T", path, curl.url(CALENDAR)) == "201", "-T into a collection, without a Content-Type")
    tally.check(curl.get(CALENDAR + "upload.ics") == event("upload"), "has the file's name")
    return large


def fetching(curl, large, tally):
    tally.check(curl.get(CALENDAR + "large.ics", "--compressed") == large, "an object, whose tag is for its bytes, comes as it is")
    listing = ("-X", "PROPFIND", "-H", "Depth: 1")
    plain = curl.get(CALENDAR, *listing)
    for coding in ("gzip", "deflate", "zstd"):
        asked = (*listing, "-H", "Accept-Encoding: " + coding)
        raw = curl.get(CALENDAR, *asked)
        got = curl.do(*LOGIN, *asked, "--compressed", "-D", os.path.join(curl.folder, "fields"), curl.url(CALENDAR))
        with open(os.path.join(curl.folder, "fields")) as f:
            told = "Content-Encoding: " + coding in f.read()
        tally.check(told and got.stdout == plain and len(raw) < len(plain) // 2, "%s: %d bytes for %d" % (coding, len(raw), len(plain)))
    tally.check(curl.get(CALENDAR + "large.ics", "-r", "100-299") == large[100:300], "a part")
    tally.check(curl.get(CALENDAR + "large.ics", "-r", "-100") == large[-100:], "the last part")
    tally.check(curl.status(*LOGIN, "-r", "100-299", curl.url(CALENDAR + "large.ics")) == "206", "it is 206")
    tally.check(curl.status(*LOGIN, "-r", "%d-" % len(large), curl.url(CALENDAR + "large.ics")) == "416", "behind the end: 416")
    broken = os.path.join(curl.folder, "continued")
    with open(broken, "wb") as f:
        f.write(large[:777])
    curl.do(*LOGIN, "-C", "-", "-o", broken, curl.url(CALENDAR + "large.ics"))
    with open(broken, "rb") as f:
        tally.check(f.read() == large, "a download goes on where it was broken off")
    tag = re.search(rb'(?mi)^etag: (\S+)', curl.do(*LOGIN, "-I", curl.url(CALENDAR + "large.ics")).stdout)[1].decode()
    tally.check(curl.status(*LOGIN, "-H", "If-None-Match: " + tag, curl.url(CALENDAR + "large.ics")) == "304", "what has not changed: 304")
    tags = os.path.join(curl.folder, "tags")
    curl.get(CALENDAR + "a.ics", "--etag-save", tags)
    tally.check(curl.status(*LOGIN, "--etag-compare", tags, curl.url(CALENDAR + "a.ics")) == "304", "--etag-save and --etag-compare")


def old_and_secure(curl, large, tally):
    tally.check(curl.get(CALENDAR + "large.ics", "-0") == large, "GET by HTTP/1.0")
    tally.check(curl.put(CALENDAR + "old.ics", event("old"), "-0") == "201", "PUT by HTTP/1.0")
    secure = ("--cacert", curl.authority)
    tally.check(curl.get(CALENDAR + "large.ics", *secure, secure=True) == large, "GET by HTTPS")
    tally.check(curl.put(CALENDAR + "secure.ics", event("secure"), *secure, secure=True) == "201", "PUT by HTTPS")
    tally.check(curl.get(CALENDAR + "secure.ics", "-k", secure=True) == event("secure"), "with the certificate not looked at")
    tally.check(curl.do(*LOGIN, curl.url(CALENDAR, True)).returncode == 60, "a certificate that curl does not know is refused by it")


def many(curl, tally):
    """One process, one connection."""
    one = [*LOGIN, "-o", os.devnull, "-w", "%{http_code} %{num_connects}\\n", curl.url(CALENDAR + "a.ics")]
    arguments = one + [word for _ in range(299) for word in ("--next", "-sS", *one)]
    lines = curl.do(*arguments).stdout.decode().split("\n")[:-1]
    tally.check(lines == ["200 1"] + ["200 0"] * 299, "300 requests on one connection: %s" % sorted(set(lines)))
    os.mkdir(os.path.join(curl.folder, "many"))
    for i in range(100):
        with open(os.path.join(curl.folder, "many", "p%d.ics" % i), "wb") as f:
            f.write(event("p%d" % i))
    files = "{%s}" % ",".join(os.path.join(curl.folder, "many", "p%d.ics" % i) for i in range(100))
    got = curl.do(*LOGIN, "-Z", "--parallel-max", "8", "-T", files, curl.url(CALENDAR), "-w", "%{http_code}\\n")
    tally.check(got.stdout.split() == [b"201"] * 100, "100 uploads, 8 at a time: %s" % sorted(set(got.stdout.split())))
    got = curl.do(*LOGIN, "-Z", curl.url(CALENDAR + "p[0-99].ics"))
    tally.check(sorted(re.findall(rb"UID:p(\d+)", got.stdout), key=int) == [b"%d" % i for i in range(100)], "all are there")
    got = curl.do(*LOGIN, curl.url(CALENDAR + "p[0-99].ics"))
    tally.check(got.stdout == b"".join(event("p%d" % i) for i in range(100)), "and as they were")
    for count, want in ((20000, "207"), (20001, "507")):
        query = (b'<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop>' +
                 b"<href>%sp1.ics</href>" % CALENDAR.encode() * count + b"</C:calendar-multiget>")
        tally.check(curl.status(*LOGIN, "-X", "REPORT", "--data-binary", "@-", curl.url(CALENDAR), data=query) == want,
                    "a multiget of %d is %s" % (count, want))
    tally.check(curl.status(*LOGIN, "-X", "DELETE", curl.url(CALENDAR + "p0.ics")) == "204", "DELETE")
    tally.check(curl.status(*LOGIN, curl.url(CALENDAR + "p0.ics")) == "404", "it is gone")


def main():
    tally = Tally()
    if not shutil.which("curl"):
        tally.skip("curl is not installed")
        tally.end()
    home = Daemon()
    try:
        home.add_users(["u1"])
        pem, authority = certificate(home.folder)
        tls_port = free_port()
        server = Caldavd(home, ["listen.https=127.0.0.1:%d" % tls_port, "tls.cert=" + pem]).start()
        curl = Curl(server, home.folder, tls_port, authority)
        logging_in(curl, tally)
        large = sending(curl, tally)
        fetching(curl, large, tally)
        old_and_secure(curl, large, tally)
        many(curl, tally)
        tally.check(server.stop() == 0, "a polite end")
        tally.check(not server.sanitizer_report(), "no report of a sanitizer: %s" % server.sanitizer_report()[:3])
    finally:
        home.remove()
    tally.end()


main()
