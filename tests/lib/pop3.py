"""A small POP3 client for tests: synchronous, exact, and with nothing hidden."""
import socket
import ssl


class Closed(Exception):
    """The connection is gone."""


class Failed(Exception):
    """The answer is -ERR."""


class Pop3:
    def __init__(self, port, host="127.0.0.1", timeout=60, tls=False):
        try:
            self.socket = socket.create_connection((host, port), timeout)
            if tls:
                self.socket = ssl._create_unverified_context().wrap_socket(self.socket)
            self.file = self.socket.makefile("rb", 65536)
        except OSError as error:
            raise Closed(str(error)) from error
        self.greeting = self.answer()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *commands):
        try:
            self.socket.sendall(b"".join(c.encode() + b"\r\n" for c in commands))
        except OSError as error:
            raise Closed(str(error)) from error

    def line(self):
        try:
            line = self.file.readline()
        except (OSError, ValueError) as error:
            raise Closed(str(error)) from error
        if not line.endswith(b"\n"):
            raise Closed("end of file")
        return line

    def answer(self):
        """The text behind +OK; Failed with that behind -ERR."""
        line = self.line()
        if line.startswith(b"+OK") and line.endswith(b"\r\n"):
            return line[3:].strip()
        raise Failed(line.decode(errors="replace").strip())

    def body(self):
        """The lines up to the lone dot, without their stuffing, with their ends."""
        lines = []
        while (line := self.line()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def do(self, command):
        self.send(command)
        return self.answer()

    def do_multi(self, command):
        self.send(command)
        self.answer()
        return self.body()

    def login(self, user, password="pass"):
        self.do("USER " + user)
        self.do("PASS " + password)

    def stat(self):
        """(messages, octets)"""
        return tuple(int(n) for n in self.do("STAT").split()[:2])

    def uidl(self):
        """{number: unique id}"""
        return {int(n): uid for n, uid in (line.split() for line in self.do_multi("UIDL").splitlines())}
