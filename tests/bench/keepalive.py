#!/usr/bin/python3
"""What a kept-alive connection costs caldavd: N connections over TLS (2000), each of which has made one PROPFIND and waits. Prints how
much the daemon's proportional set size grew for each, and fails where it is more than 24 KiB.

usage: keepalive.py [--bin DIR] [--connections N]     (a release build: sanitizers cost more than what is measured)"""
import os
import resource
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import basic
from daemon import Caldavd, Daemon, certificate, free_port
from watch import option

LIMIT_KIB, USERS = 24, 50
BODY = b'<propfind xmlns="DAV:"><prop><displayname/><sync-token/><resourcetype/></prop></propfind>'


def pss_kib(process):
    with open("/proc/%d/smaps_rollup" % process.pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:"))


def propfind(context, port, user):
    """A connection that has had its answer."""
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 60))
    s.sendall(b"PROPFIND /calendars/%s/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nDepth: 1\r\nContent-Length: %d\r\n\r\n%s" % (
        user.encode(), basic(user, "pass").encode(), len(BODY), BODY))
    data = b""
    while not data.rstrip().endswith((b"</D:multistatus>", b"</D:multistatus>\n\r\n0")):
        piece = s.recv(65536)
        if not piece:
            raise OSError("the connection ended: %r" % data[:200])
        data += piece
    assert data.startswith(b"HTTP/1.1 207 "), data[:200]
    return s


def measure(caldavd, port, cert, count):
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    connect = lambda i: propfind(context, port, "u%d" % (i % USERS))
    warm = [connect(i) for i in range(USERS)]  # log-ins, threads, readers, caches
    for s in warm:
        s.close()
    time.sleep(1)
    before = pss_kib(caldavd.process)
    held = [connect(i) for i in range(count)]
    time.sleep(1)
    after = pss_kib(caldavd.process)
    for s in held:
        s.close()
    return before, after


def main():
    count = option("--connections", 2000)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < count + 200:
        print("skipped: only %d files may be open" % hard)
        sys.exit(77)
    daemon = Daemon()
    try:
        pem, cert = certificate(daemon.folder)
        port = free_port()
        daemon.add_users("u%d" % i for i in range(USERS))
        caldavd = Caldavd(daemon, settings=["listen.https=127.0.0.1:%d" % port, "tls.cert=" + pem]).start()
        before, after = measure(caldavd, port, cert, count)
    finally:
        daemon.remove()
    each = (after - before) / count
    print("%d kept-alive TLS connections: %.1f KiB each (%d KiB of memory before, %d with them)" % (count, each, before, after))
    sys.exit(each > LIMIT_KIB)


main()
