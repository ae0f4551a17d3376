#!/usr/bin/python3
"""ENVELOPE and BODYSTRUCTURE of every message of the corpus, ours beside another server's.

usage: compare_structure.py --ours PORT --theirs PORT [--user NAME] [--file PATTERN]

Both servers get every message by APPEND, with CRLF. Each difference must be explained by a line of
structure_differences.txt; a line that explains nothing any more is reported too. Exit 0: all explained."""
import argparse
import fnmatch
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import corpus  # noqa: E402
import imap  # noqa: E402

ENVELOPE = ["date", "subject", "from", "sender", "reply-to", "to", "cc", "bcc", "in-reply-to", "message-id"]
ADDRESS = ["name", "route", "mailbox", "host"]
SINGLE = ["type", "subtype", "params", "id", "description", "encoding", "size"]
EXTENSION = ["disposition", "language", "location"]
TOKEN = re.compile(rb'\(|\)|"((?:[^"\\\r\n]|\\.)*)"|\{(\d+)\}\r\n|([^\s()"{]+)')


class Broken(Exception):
    """What a server sent is not in the grammar."""


def parse(data, at=0):
    """One value at this place: (value, place behind it). Lists, bytes, int, None."""
    found = TOKEN.match(data, at)
    if not found:
        raise Broken("no value at %r" % data[at:at + 40])
    at = found.end()
    if found[0] == b"(":
        values = []
        while data[at:at + 1] != b")":
            if values and data[at:at + 1] == b" ":
                at += 1
            value, at = parse(data, at)
            values.append(value)
        return values, at + 1
    if found[0] == b")":
        raise Broken("a value is missing before %r" % data[at - 1:at + 40])
    if found[1] is not None:
        return re.sub(rb"\\(.)", rb"\1", found[1], flags=re.S), at
    if found[2] is not None:
        size = int(found[2])
        return data[at:at + size], at + size
    word = found[3]
    return (None if word.upper() == b"NIL" else int(word) if word.isdigit() else word), at


def items_of(response):
    """The two items of one FETCH response."""
    values, end = parse(response, response.index(b"("))
    if end != len(response):
        raise Broken("something behind the list: %r" % response[end:end + 40])
    return values


def name_envelope(envelope):
    """The envelope as a dictionary of paths."""
    named = {}
    if len(envelope) != len(ENVELOPE):
        raise Broken("an envelope of %d fields" % len(envelope))
    for field, value in zip(ENVELOPE, envelope):
        if not isinstance(value, list):
            named[field] = value
            continue
        named[field] = len(value)
        for i, address in enumerate(value):
            for part, text in zip(ADDRESS, address):
                named["%s/%d/%s" % (field, i, part)] = text
    return named


def lower(value):
    return value.lower() if isinstance(value, bytes) else value


def name_params(named, path, params):
    if params is None:
        named[path] = None
        return
    for name, value in zip(params[::2], params[1::2]):
        key = "%s/%s" % (path, name.decode("latin-1").lower())
        while key in named:
            key += "+"
        named[key] = lower(value) if key.endswith("/charset") else value


def name_extension(named, path, values):
    for field, value in zip(EXTENSION, values):
        if field == "disposition" and value:
            named[path + "/disposition"] = lower(value[0])
            name_params(named, path + "/disposition", value[1])
        elif field == "language":
            named[path + "/language"] = value if not isinstance(value, bytes) else [value]
        else:
            named[path + "/" + field] = value


def name_body(named, path, body):
    """Adds what the structure says of one part, and of those in it, to a dictionary of paths."""
    if isinstance(body[0], list):
        parts = [value for value in body if isinstance(value, list)]
        parts = parts[:next(i for i, value in enumerate(body) if not isinstance(value, list))]
        named[path + "/parts"] = len(parts)
        for i, part in enumerate(parts):
            name_body(named, "%s.%d" % (path, i + 1), part)
        rest = body[len(parts):]
        named[path + "/subtype"] = lower(rest[0])
        name_params(named, path + "/params", rest[1])
        name_extension(named, path, rest[2:])
        return
    for field, value in zip(SINGLE, body):
        if field == "params":
            name_params(named, path + "/params", value)
        else:
            named["%s/%s" % (path, field)] = lower(value) if field in ("type", "subtype", "encoding") else value
    rest = body[len(SINGLE):]
    if lower(body[0]) == b"message" and lower(body[1]) in (b"rfc822", b"global") and isinstance(rest[0], list):
        for field, value in name_envelope(rest[0]).items():
            named["%s/envelope/%s" % (path, field)] = value
        name_body(named, path + ".m", rest[1])
        named[path + "/lines"] = rest[2]
        rest = rest[3:]
    elif lower(body[0]) == b"text":
        named[path + "/lines"] = rest[0]
        rest = rest[1:]
    named[path + "/md5"] = rest[0]
    name_extension(named, path, rest[1:])


def name_all(response):
    """{path: value} of a FETCH response with both items."""
    values = items_of(response)
    found = dict(zip(values[::2], values[1::2]))
    named = {}
    for field, value in name_envelope(found[b"ENVELOPE"]).items():
        named["envelope/" + field] = value
    name_body(named, "body", found[b"BODYSTRUCTURE"])
    return named


def fetch(server, mailbox, message):
    """The structure that a server sees in a message, or the text of its refusal."""
    try:
        server.do(['APPEND "%s" () ' % mailbox, message])
        server.do("NOOP")
        lines = server.do("FETCH * (ENVELOPE BODYSTRUCTURE)")
        line = next(line for line in lines if b" FETCH (" in line[:40])
        server.do("STORE * +FLAGS.SILENT (\\Deleted)")
        server.do("EXPUNGE")
        return name_all(line)
    except imap.Failed as error:
        return {"refused": str(error).encode()}


class Explanations:
    """Lines of structure_differences.txt: file, item, theirs, ours (patterns), reason, parted by tabs."""

    def __init__(self, path):
        self.rows = []
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    self.rows.append(line.rstrip("\n").split("\t"))
        self.used = [0] * len(self.rows)

    def cover(self, name, item, theirs, ours):
        for i, (file, path, their, our, _) in enumerate(self.rows):
            if fnmatch.fnmatchcase(name, file) and fnmatch.fnmatchcase(item, path) and \
                    fnmatch.fnmatchcase(show(theirs), their) and fnmatch.fnmatchcase(show(ours), our):
                self.used[i] += 1
                return True
        return False


def show(value):
    """A value as the list of explanations writes it."""
    if isinstance(value, bytes):
        return '"%s"' % value.decode("latin-1").encode("unicode_escape").decode()
    if isinstance(value, list):
        return "(%s)" % " ".join(show(one) for one in value)
    return "-" if value is MISSING else "NIL" if value is None else str(value)


MISSING = object()


def differences(ours, theirs):
    for item in sorted(set(ours) | set(theirs)):
        a, b = ours.get(item, MISSING), theirs.get(item, MISSING)
        if a != b:
            yield item, b, a


def connect(port, user):
    server = imap.Imap(port)
    server.login(user)
    try:
        server.do("CREATE structure")
    except imap.Failed:
        pass
    server.do("SELECT structure")
    return server


def compare(messages, get_ours, get_theirs, explanations):
    """Prints every difference without an explanation; returns how many there are."""
    unexplained = 0
    for name, message in messages:
        for item, theirs, ours in differences(get_ours(name, message), get_theirs(name, message)):
            if not explanations.cover(name, item, theirs, ours):
                unexplained += 1
                print("%s\t%s\ttheirs %s\tours %s" % (name, item, show(theirs), show(ours)))
    return unexplained


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--ours", type=int, required=True)
    options.add_argument("--theirs", type=int, required=True)
    options.add_argument("--user", default="u0")
    options.add_argument("--file", default="*")
    options = options.parse_args()
    explanations = Explanations(os.path.join(HERE, "structure_differences.txt"))
    ours, theirs = connect(options.ours, options.user), connect(options.theirs, options.user)
    messages = [(name, corpus.crlf(data)) for name, data in corpus.messages()
                if fnmatch.fnmatchcase(name, options.file)]
    unexplained = compare(messages, lambda name, message: fetch(ours, "structure", message),
                          lambda name, message: fetch(theirs, "structure", message), explanations)
    stale = [row for row, used in zip(explanations.rows, explanations.used) if not used and options.file == "*"]
    for row in stale:
        print("explains nothing: %s" % "\t".join(row))
    print("%d messages, %d differences explained, %d not" % (len(messages), sum(explanations.used), unexplained))
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())
