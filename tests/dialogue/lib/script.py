"""Reads dialogue scripts (STYLE.md, "Tests"; README.md here lists every directive)."""
import os
import re
import shlex

from pattern import Pattern
from pattern_http import AnswerPattern, Request
from talk_lines import LinePattern
from tokens import unescape

ACTIONS = ("wait", "clock", "fault", "eof", "close", "compress", "starttls", "check", "quiet", "bytes", "login", "in", "any", "sasl",
           "trivet", "arrived")
PATTERNS = {"imap": Pattern, "pop3": LinePattern, "lmtp": LinePattern, "caldav": AnswerPattern}
PROTOCOLS = tuple(PATTERNS)  # a script's protocol is the name of its folder


class ScriptError(Exception):
    """The script itself is wrong."""


class Step:
    """One line: kind is C, S, S*, S!, S| or an action's name; where is the connection's number; lines are those behind `arrived`."""

    def __init__(self, line, kind, where, text, blocks, pattern=None):
        self.line, self.kind, self.where, self.text, self.blocks, self.pattern = line, kind, where, text, blocks, pattern
        self.lines = []


def message_line(text):
    """A line of a message with its end, unless it ends in \\; `...` alone is any number of lines."""
    text = text.encode("utf-8", "surrogateescape")
    if text == b"...":
        return LinePattern(text)
    return LinePattern(text[:-1] if text.endswith(b"\\") else text + b"\\r\\n")


class User:
    def __init__(self, name):
        self.name, self.password, self.mailboxes, self.keeps_recent = name, "pass", [], False
        self.domain = ""
        self.calendars = []  # (path below the home, names of its components)
        self.objects = []  # (path below the home, file, number of the copy or 0)


class Script:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        self.protocol = os.path.basename(os.path.dirname(os.path.abspath(path)))
        self.users, self.settings, self.steps, self.others = {}, [], [], {}
        self.is_raw = self.is_tls = self.is_unix = False
        with open(path, "rb") as f:
            self.lines = f.read().decode("utf-8", "surrogateescape").split("\n")
        if self.protocol not in PROTOCOLS:
            raise ScriptError("%s: lies in none of the folders %s" % (self.name, ", ".join(PROTOCOLS)))
        at = 0
        while at < len(self.lines):
            at = self.read(at)
        if not self.users:
            self.users["u1"] = User("u1")

    def protocol_of(self, number):
        """What the connection of that number speaks."""
        return self.others.get(number, self.protocol)

    @property
    def needs_own_daemon(self):
        return bool(self.settings) or self.is_unix or any(step.kind in ("clock", "fault") for step in self.steps)

    @property
    def needs_faults(self):
        return any(step.kind in ("clock", "fault") for step in self.steps)

    @property
    def needs_tls(self):
        return self.is_tls or any(step.kind == "starttls" for step in self.steps)

    def read(self, at):
        """Reads the line `at` and what belongs to it; the next line's index."""
        line = self.lines[at]
        if not line.strip() or line.startswith("#"):
            return at + 1
        word, _, rest = line.partition(" ")
        if word == "repeat":  # repeat N LINE
            count, _, self.lines[at] = rest.partition(" ")
            for _ in range(int(count)):
                after = self.read(at)
            return after
        found = re.fullmatch(r"([CS])([1-9]?)([*!|]?)", word)
        if found and self.protocol_of(int(found[2] or 1)) == "caldav":
            return self.read_message(at, found, rest)
        if found:
            return self.read_dialogue(at, found, rest)
        if word == "user":
            self.read_user(at, rest)
        elif word == "calendar":
            path, *components = rest.split()
            name, _, path = path.partition("/")
            self.users.setdefault(name, User(name)).calendars.append((path, components))
        elif word == "event":
            self.read_event(at, rest)
        elif word == "config":
            self.settings.append(rest.strip())
        elif word == "raw":
            self.is_raw = True
        elif word == "tls":
            self.is_tls = True
        elif word == "unix":
            self.is_unix = True
        elif word in PROTOCOLS:
            self.read_other(at, word, rest)
        elif word == "|" and self.steps and self.steps[-1].kind == "arrived":
            self.steps[-1].lines.append(message_line(rest))
        elif word in ACTIONS:
            self.read_action(at, word, rest)
        else:
            raise ScriptError("%s:%d: what is %r?" % (self.name, at + 1, word))
        return at + 1

    def read_user(self, at, rest):
        words = shlex.split(rest)
        if not words:
            raise ScriptError("%s:%d: user NAME" % (self.name, at + 1))
        user = self.users.setdefault(words[0], User(words[0]))
        words = words[1:]
        while words:
            word = words.pop(0)
            if word == "password":
                user.password = words.pop(0)
            elif word == "recent":
                user.keeps_recent = True
            elif word == "at":
                user.domain = "@" + words.pop(0)
            else:
                mailbox, _, files = word.partition("=")
                user.mailboxes.append((mailbox, files.split(",")))

    def read_event(self, at, rest):
        """event u1/calendar/ a.ics b.ics; event u1/calendar/name.ics=a.ics; event u1/calendar/ a.ics x 70"""
        where, *files = rest.split()
        copies = int(files.pop()) if "x" in files else 0
        if copies:
            files.pop()
        where, _, file = where.partition("=")
        name, _, path = where.partition("/")
        user = self.users.setdefault(name, User(name))
        user.objects += [(path, file, 0)] if file else [(path + one, one, 0) for one in files] if not copies else [
            (path + one.replace(".", "-%d." % i), one, i) for one in files for i in range(1, copies + 1)]

    def read_message(self, at, found, rest):
        """An HTTP message: its first line, then the indented ones behind it."""
        end = at + 1
        while end < len(self.lines) and (not self.lines[end].strip() or self.lines[end].startswith("  ")):
            end += 1
        lines = [line[2:] for line in self.lines[at + 1:end]]
        while lines and not lines[-1].strip():
            lines.pop()
        text = rest.strip().encode("utf-8", "surrogateescape")
        try:
            pattern = (Request if found[1] == "C" else AnswerPattern)(text, lines)
        except (ValueError, SyntaxError) as error:  # of ElementTree
            raise ScriptError("%s:%d: %s" % (self.name, at + 1, error)) from None
        self.steps.append(Step(at + 1, found[1] + found[3], int(found[2] or 1), text, [], pattern))
        return end

    def read_other(self, at, protocol, rest):
        """imap C2 [u2]: that connection speaks another protocol than the script."""
        found = re.fullmatch(r"C([2-9])(?: (\S+))?", rest.strip())
        if not found:
            raise ScriptError("%s:%d: %s C2 [USER]" % (self.name, at + 1, protocol))
        self.others[int(found[1])] = protocol
        if found[2]:
            self.steps.append(Step(at + 1, "login", int(found[1]), found[2].encode(), []))

    def read_action(self, at, word, rest):
        found = re.match(r"C([1-9]?)(?: |$)", rest)
        where = int(found[1] or 1) if found else 1
        text = rest[found.end():] if found else rest
        self.steps.append(Step(at + 1, word, where, text.encode("utf-8", "surrogateescape"), []))

    def read_dialogue(self, at, found, rest):
        """A C or S line with its {{…}} blocks: each block's content in `blocks`, \\0N\\0 in its place."""
        begin, blocks, text = at, [], rest
        while True:
            open_at = text.find("{{")
            if open_at < 0:
                break
            close = text.find("}}", open_at)
            before, content = text[:open_at], None
            plus = text[open_at + 2:open_at + 3] in ("+", "-") and text[open_at + 2:open_at + 3]
            inside = open_at + 2 + len(plus or "")
            if close >= 0:
                content = unescape(text[inside:close].encode("utf-8", "surrogateescape"))
                after = text[close + 2:]
            elif text[inside:].strip():
                raise ScriptError("%s:%d: the block has no end" % (self.name, at + 1))
            else:
                content, after, at = self.read_block(at)
            blocks.append(((plus or "").encode(), content))
            text = "%s\0%d\0%s" % (before, len(blocks) - 1, after)
        kind, where, mark = found[1] + found[3], int(found[2] or 1), found[1]
        encoded = text.encode("utf-8", "surrogateescape")
        pattern = PATTERNS[self.protocol_of(where)](encoded, [content for _, content in blocks]) if mark == "S" else None
        self.steps.append(Step(begin + 1, kind, where, encoded, blocks, pattern))
        return at + 1

    def read_block(self, at):
        """The lines of a block that begins behind line `at`, up to one that begins with }}: (content, rest, index of that line)."""
        content = []
        for i in range(at + 1, len(self.lines)):
            if self.lines[i].startswith("}}"):
                return b"".join(content), self.lines[i][2:], i
            line = self.lines[i].encode("utf-8", "surrogateescape")
            content.append(line[:-1] if line.endswith(b"\\") else line + b"\r\n")
        raise ScriptError("%s:%d: the block has no end" % (self.name, at + 1))
