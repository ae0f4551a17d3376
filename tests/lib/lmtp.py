"""A small LMTP client for tests: synchronous, exact, and with nothing hidden."""
import re


class Closed(Exception):
    """The connection is gone."""


class Lmtp:
    def __init__(self, program, timeout=60):
        """program: a running Lmtpd."""
        try:
            self.socket = program.connect(timeout)
        except OSError as error:
            raise Closed(str(error)) from error
        self.file = self.socket.makefile("rb", 65536)
        self.greeting = self.reply()
        self.send(b"LHLO client.example\r\n")
        self.extensions = self.reply()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Closed(str(error)) from error

    def reply(self):
        """One reply: its lines, without their ends."""
        text = b""
        while True:
            try:
                line = self.file.readline()
            except (OSError, ValueError) as error:
                raise Closed(str(error)) from error
            if not line.endswith(b"\n"):
                raise Closed("end of file")
            text += line
            if line[3:4] != b"-":
                return text[:-2].decode(errors="replace")

    def do(self, command):
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def begin(self, sender, recipients):
        """As far as DATA: the replies to RCPT. True where DATA may follow."""
        recipients = list(recipients)
        self.send(b"".join([b"MAIL FROM:<%s>\r\n" % sender.encode()] + [b"RCPT TO:<%s>\r\n" % r.encode() for r in recipients]))
        mail = self.reply()
        replies = [self.reply() for _ in recipients]
        return [mail if not mail.startswith("250") else r for r in replies]

    def message(self, sender, recipients, data):
        """The last reply for each recipient, be it that to RCPT or that behind the message."""
        replies = self.begin(sender, recipients)
        taken = [i for i, r in enumerate(replies) if r.startswith("250")]
        go = self.do("DATA") if taken else ""
        if not go.startswith("354"):
            return replies if not taken else [go if i in taken else r for i, r in enumerate(replies)]
        self.send(re.sub(rb"(?m)^\.", b"..", data) + (b"" if data.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        for i in taken:
            replies[i] = self.reply()
        return replies
