"""A small IMAP client for tests: synchronous, exact, and with nothing hidden. Responses are bytes with literals in place."""
import re
import socket
import ssl

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


class Closed(Exception):
    """The connection is gone."""


class Failed(Exception):
    """The tagged response is not OK."""


class Imap:
    def __init__(self, port, host="127.0.0.1", timeout=60, tls=False):
        try:
            self.socket = socket.create_connection((host, port), timeout)
            if tls:
                context = ssl._create_unverified_context()
                self.socket = context.wrap_socket(self.socket)
            self.file = self.socket.makefile("rb", 65536)
        except OSError as error:
            raise Closed(str(error)) from error
        self.tag = 0
        self.greeting = self.line()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Closed(str(error)) from error

    def line(self):
        """One response with its literals, without the last line end."""
        whole = b""
        while True:
            try:
                part = self.file.readline()
            except (OSError, ValueError) as error:
                raise Closed(str(error)) from error
            if not part.endswith(b"\n"):
                raise Closed("end of file")
            whole += part
            found = LITERAL.search(part)
            if not found:
                return whole[:-2]
            try:
                literal = self.file.read(int(found[1]))
            except (OSError, ValueError) as error:
                raise Closed(str(error)) from error
            if len(literal) < int(found[1]):
                raise Closed("end of file in a literal")
            whole += literal

    def start(self, command):
        """Sends a command; a list alternates text and literals (sent non-synchronizing)."""
        self.tag += 1
        tag = b"t%d" % self.tag
        parts = command if isinstance(command, list) else [command]
        data = tag + b" "
        for i, part in enumerate(parts):
            part = part.encode() if isinstance(part, str) else part
            data += b"{%d+}\r\n" % len(part) + part if i % 2 else part
        self.send(data + b"\r\n")
        return tag

    def finish(self, tag):
        """Untagged responses and the tagged one."""
        untagged = []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                return untagged, line[len(tag) + 1:]
            untagged.append(line)

    def do(self, command):
        """The untagged responses; Failed where the tagged one is not OK."""
        untagged, tagged = self.finish(self.start(command))
        if not tagged.upper().startswith(b"OK"):
            raise Failed(tagged.decode(errors="replace"))
        self.tagged = tagged
        return untagged

    def login(self, user, password="pass"):
        self.do('LOGIN "%s" "%s"' % (user, password))

    def append(self, mailbox, message, flags=""):
        """The UID of the new message."""
        self.do(['APPEND "%s" (%s) ' % (mailbox, flags), message])
        return int(re.search(rb"APPENDUID \d+ (\d+)", self.tagged)[1])
