"""One expected answer of HTTP: `S 207|200`, then indented lines: fields, and perhaps a body."""
import os
import re
import xml.etree.ElementTree as ET

import pattern_xml
from pattern_ical import match_calendar, match_text
from talk_lines import LinePattern, match_lines
from tokens import unescape

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
SHORT = re.compile(r"= |\.\.\.$|sync-token: |! ")


def split_message(lines):
    """(fields, lines of the body or None) of the indented lines: the body begins behind an empty line, or with what can be no field."""
    fields = []
    for i, line in enumerate(lines):
        if not line.strip():
            return fields, trimmed(lines[i + 1:])
        if re.match(r"[<@]|BEGIN:|(=|!|sync-token:) ", line):
            return fields, trimmed(lines[i:])
        fields.append(line)
    return fields, None


def trimmed(lines):
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def data_file(name):
    with open(os.path.join(DATA, name), "rb") as f:
        data = f.read()
    return re.sub(rb"(?<!\r)\n", b"\r\n", data) if name.endswith(".ics") else data


class AnswerPattern:
    """lines: without their indentation."""

    def __init__(self, text, lines):
        self.text = text
        self.statuses = [int(status) for status in text.decode().split("|")]
        fields, self.body = split_message(lines)
        self.fields = []
        for field in fields:
            name, colon, value = field.partition(":")
            if not colon and not name.startswith("-"):
                raise ValueError("%r is no field" % field)
            self.fields.append((name, value.strip()))
        self.xml = self.xml_wanted()

    def xml_wanted(self):
        if not self.body:
            return None
        first = self.body[0]
        if first.startswith("! "):
            name = first[2:].strip()
            return pattern_xml.parse("<D:error><%s>...</%s></D:error>" % (name, name))
        if SHORT.match(first):
            return pattern_xml.from_short(self.body)
        return pattern_xml.parse("\n".join(self.body)) if first.startswith("<") else None

    def match(self, answer, bound):
        """(the bindings afterwards, or None; what is wrong)"""
        if answer.status not in self.statuses:
            return None, "the status is %d" % answer.status
        for name, value in self.fields:
            got = answer.field(name.lstrip("-"))
            if name.startswith("-"):
                if got is not None:
                    return None, "there is %s: %s" % (name[1:], got)
                continue
            after = None if got is None else match_text(value, got, bound)
            if after is None:
                return None, "%s is %s" % (name, got)
            bound = after
        if self.body is None:
            return bound, None
        return self.match_body(answer.content, bound)

    def match_body(self, content, bound):
        if self.xml is not None:
            after = pattern_xml.match(self.xml, ET.fromstring(content), bound)
        elif self.body and self.body[0].startswith("@"):
            after = bound if content == data_file(self.body[0][1:]) else None
        elif len(self.body) > 1 and self.body[0].startswith("BEGIN:"):
            after = match_calendar("\n".join(self.body), content.decode(), bound)
        else:
            patterns = [LinePattern(line.encode()) for line in self.body]
            after = match_lines(patterns, re.split(rb"\r?\n", content.rstrip(b"\r\n")) if content else [], bound)
        return after, None if after is not None else "the body is another one"


class Request:
    """`C METHOD TARGET` with its indented lines. A field that begins with `-` is one that is not sent."""

    def __init__(self, text, lines):
        self.method, _, self.target = text.decode("utf-8", "surrogateescape").partition(" ")
        self.fields, self.body = split_message(lines)

    def head_and_body(self, host, authorization, substitute):
        body = self.body_bytes(substitute)
        fields = {"host": "Host: " + host}
        if authorization:
            fields["authorization"] = "Authorization: " + authorization
        if body is not None:
            fields["content-type"] = "Content-Type: " + ("application/xml" if body.startswith(b"<") else "text/calendar; charset=utf-8")
            fields["content-length"] = "Content-Length: %d" % len(body)
        own = []
        for field in self.fields:
            name = field.partition(":")[0].lower()
            fields.pop(name.lstrip("-"), None)
            if name == "transfer-encoding":
                fields.pop("content-length", None)
            if not name.startswith("-"):
                own.append(field)
        lines = ["%s %s HTTP/1.1" % (self.method, self.target)] + list(fields.values()) + own
        head = substitute("\r\n".join(lines).encode("utf-8", "surrogateescape")) + b"\r\n\r\n"
        return head, body or b""

    def body_bytes(self, substitute):
        if self.body is None:
            return None
        if not self.body:
            return b""
        first = self.body[0]
        if first.startswith("@"):
            return data_file(first[1:].strip())
        if first.startswith("<"):
            text = "\n".join(self.body)
            return substitute((pattern_xml.declare(text) if not first.startswith("<?raw") else text[5:]).encode("utf-8", "surrogateescape"))
        out = b""
        for line in self.body:
            line = line.encode("utf-8", "surrogateescape")
            out += unescape(line[:-1]) if line.endswith(b"\\") else line + b"\r\n"
        return substitute(out)
