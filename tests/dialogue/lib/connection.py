"""A client's connection as the dialogues need it: sends whole or byte by byte, reads as fast or as slowly as told, speaks TLS and
DEFLATE. Keeps a transcript."""
import re
import socket
import ssl
import zlib

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
MODES = ("whole", "bytes", "slow")
READ_LIMIT = 64 << 20


class Gone(Exception):
    """The server has closed the connection."""


class TimedOut(Exception):
    """The server has said nothing for too long."""


class Connection:
    """address: a port of 127.0.0.1, or the path of a Unix socket."""

    def __init__(self, address, mode, source=None, tls=False, timeout=15):
        self.mode, self.timeout = mode, timeout
        self.buffer, self.is_open = b"", True
        self.inflate = self.deflate = None
        self.transcript = []
        is_path = isinstance(address, str)
        self.socket = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        if mode == "slow":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        if source and not is_path:
            self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect(address if is_path else ("127.0.0.1", address))
        if not is_path:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.start_tls()

    def start_tls(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def start_compression(self):
        self.inflate, self.deflate = zlib.decompressobj(-15), zlib.compressobj(6, zlib.DEFLATED, -15)
        early, self.buffer = self.buffer, b""
        if early:
            self.buffer = self.inflate.decompress(early)

    def send(self, data, at_once=False):
        shown = data if len(data) <= 300 else data[:300] + b"... (%d bytes)" % len(data)
        self.transcript.append(("C", shown))
        if self.deflate:
            data = self.deflate.compress(data) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        try:
            if self.mode == "bytes" and len(data) <= 5000 and not at_once:
                for i in range(len(data)):
                    self.socket.sendall(data[i:i + 1])
            else:
                self.socket.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from error

    def fill(self, timeout):
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(1 if self.mode == "slow" and len(self.buffer) < 20000 else 65536)
        except (socket.timeout, ssl.SSLWantReadError):
            raise TimedOut("nothing came for %g s" % timeout) from None
        except OSError as error:
            raise Gone(str(error)) from error
        if not data:
            raise Gone("closed")
        self.buffer += self.inflate.decompress(data) if self.inflate else data

    def take(self, count, timeout):
        while len(self.buffer) < count:
            self.fill(timeout)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_line(self, timeout):
        searched = 0
        while True:
            end = self.buffer.find(b"\n", searched)
            if end >= 0:
                return self.take(end + 1, timeout)
            searched = len(self.buffer)
            self.fill(timeout)

    def line(self, timeout=None):
        """One line, without its end."""
        line = self.take_line(timeout or self.timeout)
        if not line.endswith(b"\r\n"):
            raise ValueError("a line that ends in a bare LF: %r" % line[-200:])
        self.transcript.append(("S", line[:-2]))
        return line[:-2]

    def response(self, timeout=None):
        """One IMAP response with its literals, without the last line end."""
        whole, timeout = b"", timeout or self.timeout
        while True:
            line = self.take_line(timeout)
            whole += line
            if not line.endswith(b"\r\n"):
                raise ValueError("a line that ends in a bare LF: %r" % line[-200:])
            found = LITERAL.search(line)
            if not found:
                whole = whole[:-2]
                self.transcript.append(("S", whole))
                return whole
            whole += self.take(int(found[1]), timeout)

    def close(self):
        self.is_open = False
        self.socket.close()
