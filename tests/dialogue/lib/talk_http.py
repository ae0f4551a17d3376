"""HTTP sessions: requests one after the other, and their answers in the same order."""
import re
import xml.etree.ElementTree as ET

import pattern_xml
from caldav import basic, read_answer
from connection import Gone, TimedOut
from pattern_http import Request
from talk import Mismatch, Talk, shown

REQUEST = re.compile(rb"(?:^|\n)([A-Z]+) \S+ HTTP/1\.\d\r\n")
CHUNK = 1000
CHALLENGES = 'Basic realm="Trivet", charset="UTF-8", SCRAM-SHA-256 realm="Trivet", SCRAM-SHA-1 realm="Trivet"'


class HttpTalk(Talk):
    def __init__(self, player, made):
        super().__init__(player, made)
        self.authorization, self.methods, self.held = None, [], b""

    def log_in(self, user, password, line):
        """Nothing is said yet: the credentials come with every request."""
        self.authorization = basic(user, password)

    def note(self, data):
        self.methods += [method.decode() for method in REQUEST.findall(data)]

    def say(self, step):
        request = step.pattern
        head, body = request.head_and_body("localhost", self.authorization, self.player.substitute)
        if re.search(rb"\r\nTransfer-Encoding: chunked\r\n", head):
            pieces = [body[i:i + CHUNK] for i in range(0, len(body), CHUNK)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        self.methods.append(request.method)
        if b"\r\nExpect: 100-continue\r\n" in head:
            body, self.held = b"", body
        try:
            self.made.send(head + body)
        except Gone:
            pass  # it refuses before it has read all; the answer is there nevertheless

    def read(self, timeout=None):
        timeout, taken = timeout or self.made.timeout, []

        def line():
            taken.append(self.made.take_line(timeout))
            return taken[-1]

        def take(n):
            if n is None:
                data = self.rest(timeout)
            else:
                data = self.made.take(n, timeout)
            taken.append(data)
            return data

        try:
            answer = read_answer(line, take, self.methods[0] if self.methods else "GET")
        except Gone:
            if taken or self.made.buffer:
                raise ValueError("it closes inside an answer: %s" % shown(b"".join(taken) + self.made.buffer)) from None
            raise
        self.made.transcript.append(("S", b"".join(taken)))
        if answer.status >= 200 and self.methods:
            self.methods.pop(0)
        return answer, b"".join(taken)

    def rest(self, timeout):
        """Up to the end of the connection."""
        data = b""
        try:
            while True:
                data += self.made.take(1, timeout)
        except Gone:
            return data

    def listen(self, timeout=None):
        return self.read(timeout)[1]

    def expect(self, steps):
        for step in steps:
            if step.kind != "S":
                raise Mismatch(step.line, "an answer is S and nothing else")
            self.take_answer(step)

    def take_answer(self, step):
        try:
            answer, raw = self.read()
        except (Gone, TimedOut, ValueError) as error:
            raise Mismatch(step.line, "expected: %s\n  got: %s" % (shown(step.text), error)) from None
        wrong = complaint(answer)
        if wrong:
            raise Mismatch(step.line, "%s\n  got: %s" % (wrong, shown(raw, 3000)))
        after, wrong = step.pattern.match(answer, self.player.bound)
        if after is None:
            raise Mismatch(step.line, "expected: %s; %s\n  got: %s" % (shown(step.text), wrong, shown(raw, 3000)))
        self.player.bound = after
        if answer.status == 100:
            self.made.send(self.held)
        self.held = b""

    def end(self, line):
        """Something that nobody must log in for, and then the connection's end."""
        self.methods.append("GET")
        base = next((s.partition("=")[2] for s in self.player.script.settings if s.startswith("http.base_path=")), "").encode()
        self.made.send(b"GET " + base + b"/robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = self.read()[0]
        if answer.status != 200 or not answer.content.startswith(b"User-agent"):
            raise Mismatch(line, "at the end: something was unread, or the connection is out of step: %d" % answer.status)
        self.listen()


def complaint(answer):
    """What is wrong with an answer, whatever was asked; or None."""
    if answer.status == 100:
        return None
    if len(answer.all_of("Date")) != 1:
        return "there is not one Date"
    for name in ("Content-Type", "Content-Length", "ETag", "Location", "Content-Encoding", "Allow"):
        if len(answer.all_of(name)) > 1:
            return "%s comes twice" % name
    if answer.status in (204, 304) and (answer.field("Content-Length") or answer.field("Transfer-Encoding")):
        return "a body is announced where none may be"
    if (answer.status == 401) != (answer.field("WWW-Authenticate") is not None) or \
            (answer.status == 401 and answer.field("WWW-Authenticate") != CHALLENGES):
        return "401 has the challenge %s" % answer.field("WWW-Authenticate")
    if answer.status == 405 and not answer.field("Allow"):
        return "405 has no Allow (RFC 9110, 15.5.6)"
    return complaint_about_xml(answer)


def complaint_about_xml(answer):
    is_xml = "xml" in (answer.field("Content-Type") or "")
    if answer.status == 207 and not is_xml:
        return "207 without XML"
    if not is_xml or not answer.content:
        return None
    try:
        root = ET.fromstring(answer.content)
    except ET.ParseError as error:
        return "the XML is malformed: %s" % error
    if (answer.status == 207) != (root.tag == "{DAV:}multistatus"):
        return "%d with %s" % (answer.status, root.tag)
    return pattern_xml.complaint(root)
