"""A small HTTP client for CalDAV tests: synchronous, exact, and with nothing hidden."""
import base64
import socket
import zlib


class Closed(Exception):
    """The connection is gone."""


class Answer:
    """status; fields: [(name, value)] as they came; body: as it came, without chunks; content: without its coding."""

    def __init__(self, status, reason, fields, body):
        self.status, self.reason, self.fields, self.body = status, reason, fields, body

    def all_of(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def field(self, name):
        """The values of that field, as one list; None: there is none."""
        found = self.all_of(name)
        return ", ".join(found) if found else None

    @property
    def content(self):
        coding = self.field("Content-Encoding")
        if coding is None:
            return self.body
        if coding == "zstd":
            return unzstd(self.body)
        return zlib.decompress(self.body, 47 if coding == "gzip" else 15)


def unzstd(data):
    import subprocess
    return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout


def basic(user, password):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


def read_answer(line, take, method):
    """One answer. line(): the next line with its end; take(n): so many bytes, all up to the end where n is None. ValueError: it is
    malformed (RFC 9112, 6 and 7)."""
    first = line()
    words = first.decode("latin-1").rstrip("\r\n").split(" ", 2)
    if len(words) != 3 or words[0] != "HTTP/1.1" or not words[1].isdigit():
        raise ValueError("not a status line: %r" % first)
    fields = []
    while (text := line()) != b"\r\n":
        name, colon, value = text.decode("latin-1").partition(":")
        if not colon or not text.endswith(b"\r\n") or name != name.strip():
            raise ValueError("a malformed field: %r" % text)
        fields.append((name, value.strip()))
    answer = Answer(int(words[1]), words[2], fields, b"")
    if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
        return answer
    length, coding = answer.field("Content-Length"), answer.field("Transfer-Encoding")
    if coding is not None and (coding != "chunked" or length is not None):
        raise ValueError("how long is it? Transfer-Encoding: %s, Content-Length: %s" % (coding, length))
    answer.body = read_chunks(line, take) if coding else take(None if length is None else int(length))
    return answer


def read_chunks(line, take):
    body = b""
    while True:
        size = int(line().rstrip(b"\r\n").split(b";")[0], 16)
        if size == 0:
            while line() != b"\r\n":
                pass
            return body
        body += take(size)
        if take(2) != b"\r\n":
            raise ValueError("a chunk does not end where it says")


class Caldav:
    """One connection, kept alive; do() sends a request and reads its answer."""

    def __init__(self, port, user=None, password="pass", host="127.0.0.1", timeout=60):
        self.port, self.host, self.timeout = port, host, timeout
        self.authorization = basic(user, password) if user else None
        self.socket = None
        self.connect()

    def connect(self):
        self.close()
        self.socket = socket.create_connection((self.host, self.port), self.timeout)
        self.file = self.socket.makefile("rb", 65536)

    def close(self):
        if self.socket:
            self.file.close()
            self.socket.close()
            self.socket = None

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise Closed("end of file")
        return line

    def take(self, n):
        data = self.file.read() if n is None else self.file.read(n)
        if n is not None and len(data) < n:
            raise Closed("end of file")
        return data

    def do(self, method, path, body=b"", **fields):
        """fields: If_Match="…" for If-Match."""
        head = "%s %s HTTP/1.1\r\nHost: %s:%d\r\n" % (method, path, self.host, self.port)
        if self.authorization:
            head += "Authorization: %s\r\n" % self.authorization
        body = body.encode() if isinstance(body, str) else body
        if body or method in ("PUT", "POST"):
            head += "Content-Length: %d\r\n" % len(body)
        head += "".join("%s: %s\r\n" % (name.replace("_", "-"), value) for name, value in fields.items())
        try:
            self.socket.sendall(head.encode() + b"\r\n" + body)
            answer = read_answer(self.line, self.take, method)
        except OSError as error:
            raise Closed(str(error)) from error
        if "close" in (answer.field("Connection") or ""):
            self.connect()
        return answer

    def put(self, path, body, **fields):
        answer = self.do("PUT", path, body, Content_Type="text/calendar; charset=utf-8", **fields)
        if answer.status not in (201, 204):
            raise ValueError("PUT %s: %d %s" % (path, answer.status, answer.content[:500]))
        return answer
