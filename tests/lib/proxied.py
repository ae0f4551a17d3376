"""Connections as a proxy opens them: from an address of its own, with a PROXY header in front, and then perhaps TLS."""
import json
import socket
import ssl
import struct
import time

from imap import Imap
from pop3 import Pop3

PROXY = "127.0.0.2"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, FORWARDED = 0x20, 0x21
TCP4, TCP6 = 0x11, 0x21


def v1(address, port, to="192.0.2.20"):
    return b"PROXY %s %s %s %d 143\r\n" % (b"TCP6" if ":" in address else b"TCP4", address.encode(), to.encode(), port)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def value(kind, data):
    return struct.pack(">BH", kind, len(data)) + data


def over_tls(yes=True):
    return value(0x20, struct.pack(">BI", 1 if yes else 0, 1) + value(0x21, b"TLSv1.3"))


def v2(address=None, port=0, values=b"", checksum=None):
    """LOCAL without an address. `checksum`: True for the right one, False for a wrong one."""
    block = b""
    if address:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        pad = socket.inet_pton(family, address)
        block = pad + pad[::-1] + struct.pack(">HH", port, 143)
    block += values + (value(3, bytes(4)) if checksum is not None else b"")
    head = SIGNATURE + bytes([FORWARDED if address else LOCAL, 0 if not address else TCP6 if ":" in address else TCP4])
    whole = head + struct.pack(">H", len(block)) + block
    if checksum is None:
        return whole
    return whole[:-4] + struct.pack(">I", crc32c(whole) ^ (0 if checksum else 1))


def connect(port, *pieces, source=PROXY, pause=None):
    """A socket, after the pieces were sent on it; pause() is called between them."""
    s = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        s.sendall(piece)
        if pause:
            pause()
    return s


def with_tls(s):
    return ssl._create_unverified_context().wrap_socket(s)


class ProxiedImap(Imap):
    def __init__(self, connection):
        self.socket, self.file, self.tag = connection, connection.makefile("rb", 65536), 0
        self.greeting = self.line()


class ProxiedPop3(Pop3):
    def __init__(self, connection):
        self.socket, self.file = connection, connection.makefile("rb", 65536)
        self.greeting = self.answer()


def rest_of(s, seconds=10):
    """What comes until the other side closes; None where it does not."""
    s.settimeout(seconds)
    got = b""
    try:
        while piece := s.recv(4096):
            got += piece
    except ConnectionResetError:
        pass
    except TimeoutError:
        return None
    finally:
        s.close()
    return got


def who(daemon, program):
    """[(user, remote without its port, port, tls)] of that program's sessions."""
    for _ in range(200):
        done = daemon.trivet("who", "--json", check=False)
        rows = [row for row in json.loads(done.stdout or "[]") if row["program"] == program]
        # a daemon listens before it has its control socket; "?": a worker is still at that session
        if done.returncode == 0 and all(row["tls"] != "?" for row in rows):
            return [(row["user"], *row["remote"].rpartition(":")[::2], row["tls"]) for row in rows]
        time.sleep(0.05)
    raise RuntimeError("trivet who: %d: %s%s" % (done.returncode, done.stdout, done.stderr))
