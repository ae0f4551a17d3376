"""Cuts an IMAP response (RFC 9051, 9) into a tree, so that what means the same compares equal: a quoted string and a literal, flags in
another order. Also cuts the expected lines of scripts, which look the same but hold `...`, `$name` and `{{…}}` blocks."""
import re

ATOM, STRING, LIST, BRACKET = "atom", "string", "list", "bracket"
LITERAL = re.compile(rb"~?\{(\d+)\+?\}\r\n")
ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}


class Node:
    """kind ATOM or STRING: value is bytes; LIST or BRACKET: value is a list of nodes. exact: no `...` or `$name` is meant."""
    __slots__ = ("kind", "value", "exact")

    def __init__(self, kind, value, exact=False):
        self.kind, self.value, self.exact = kind, value, exact


def unescape(text):
    """\\r \\n \\t \\0 \\xNN and \\C (any other character itself)."""
    def one(found):
        if found[1]:
            return bytes([int(found[1], 16)])
        return ESCAPES.get(found[2], found[2])
    return re.sub(rb"\\(?:x([0-9a-fA-F]{2})|(.))", one, text, flags=re.S)


class Cutter:
    def __init__(self, data, blocks=None):
        self.data, self.at, self.blocks = data, 0, blocks

    def nodes(self, end=None):
        """Nodes up to the byte `end`, which is consumed, or up to the end of the data."""
        found = []
        while self.at < len(self.data):
            c = self.data[self.at:self.at + 1]
            if c == end:
                self.at += 1
                return found
            if c in b" \r\n":
                self.at += 1
            else:
                found.append(self.node(c))
        return found

    def node(self, c):
        if c == b"(":
            self.at += 1
            return Node(LIST, self.nodes(b")"))
        if c == b"[":
            self.at += 1
            return Node(BRACKET, self.nodes(b"]"))
        if c == b'"':
            found = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.S).match(self.data, self.at)
            if found:
                self.at = found.end()
                # in a response \ only protects a character; in a script it may also write CR, LF and bytes
                value = unescape(found[1]) if self.blocks is not None else re.sub(rb"\\(.)", rb"\1", found[1], flags=re.S)
                return Node(STRING, value)
        found = LITERAL.match(self.data, self.at)
        if found:
            begin = found.end()
            self.at = begin + int(found[1])
            return Node(STRING, self.data[begin:self.at])
        if self.blocks is not None and c == b"\0":
            found = re.compile(rb"\0(\d+)\0").match(self.data, self.at)
            self.at = found.end()
            return Node(STRING, self.blocks[int(found[1])], exact=True)
        return Node(ATOM, self.atom())

    def atom(self):
        begin = self.at
        self.at += 1
        while self.at < len(self.data):
            c = self.data[self.at:self.at + 1]
            if c == b"[":  # BODY[HEADER.FIELDS (TO)]
                close = self.data.find(b"]", self.at)
                self.at = len(self.data) if close < 0 else close + 1
            elif c in b' ()"\r\n]\0':
                break
            else:
                self.at += 1
        value = self.data[begin:self.at]
        return value.replace(b'"', b"") if b"[" in value else value


def cut_response(data):
    return Cutter(data).nodes()


def cut_expected(text, blocks):
    """text holds \\0N\\0 where blocks[N] stands."""
    return Cutter(text, blocks).nodes()
