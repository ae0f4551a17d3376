"""POP3 and LMTP sessions: an answer is lines of text, which come in their order."""
import re

from connection import Gone, TimedOut
from pattern import regex_of
from talk import Mismatch, Talk, shown
from tokens import unescape


class LinePattern:
    """One expected line, without its end. `...` matches anything, `$name` one word, the same again later; \\r, \\0 and \\xNN are bytes."""

    def __init__(self, text, blocks=()):
        if blocks:
            raise ValueError("{{ }} stands in C lines only")
        self.text, self.bytes = text, unescape(text)

    def match(self, line, bound):
        """The bindings afterwards, or None."""
        regex, names = regex_of(self.bytes, bound, False, False)
        found = regex.fullmatch(line)
        return None if found is None else {**bound, **{name: found[name] for name in names}}


def match_lines(patterns, lines, bound):
    """Whether the lines of a message are these; a pattern that is `...` alone takes any number of them."""
    if not patterns:
        return bound if not lines else None
    if patterns[0].text == b"...":
        for skip in range(len(lines) + 1):
            after = match_lines(patterns[1:], lines[skip:], bound)
            if after is not None:
                return after
        return None
    after = patterns[0].match(lines[0], bound) if lines else None
    return None if after is None else match_lines(patterns[1:], lines[1:], after)


class Wanted:
    """An S line with its alternatives (S|), and what is said before it of lines that may (S*) or must not come (S!)."""

    def __init__(self, step, allowed, forbidden):
        self.line, self.patterns, self.allowed, self.forbidden = step.line, [step.pattern], allowed, forbidden

    def text(self):
        return " or ".join(shown(pattern.text) for pattern in self.patterns)


def first_match(patterns, line, bound):
    return next((after for after in (pattern.match(line, bound) for pattern in patterns) if after is not None), None)


class LineTalk(Talk):
    def listen(self, timeout=None):
        return self.made.line(timeout)

    def say(self, step):
        """{{…}} alone is sent as it stands; else its size stands in its place, and it follows the line (RFC 3030, 2: BDAT)."""
        substitute = self.player.substitute
        content = b"".join(substitute(content) for _, content in step.blocks)
        if re.fullmatch(rb"\0\d+\0", step.text):
            self.made.send(content)
            return
        line = re.sub(rb"\0(\d+)\0", lambda found: b"%d" % len(substitute(step.blocks[int(found[1])][1])), substitute(step.text))
        self.made.send(line + b"\r\n" + content)

    def expect(self, steps):
        wanted, allowed, forbidden = [], [], []
        for step in steps:
            if step.kind == "S*":
                allowed.append(step.pattern)
            elif step.kind == "S!":
                forbidden.append(step.pattern)
            elif step.kind == "S|":
                wanted[-1].patterns.append(step.pattern)
            else:
                wanted.append(Wanted(step, allowed, forbidden))
                allowed, forbidden = [], []
        if allowed or forbidden:
            raise Mismatch(steps[-1].line, "S* and S! stand before the line up to which they hold")
        while wanted:
            self.take(wanted)

    def take(self, wanted):
        """Reads one line and removes what it meets from `wanted`: the first one, in any order one of them."""
        first, player = wanted[0], self.player
        try:
            line = self.listen()
        except (Gone, TimedOut, ValueError) as error:
            raise Mismatch(first.line, "expected: %s\n  got: %s" % (first.text(), error)) from None
        if first_match(first.forbidden, line, player.bound) is not None:
            raise Mismatch(first.line, "must not come: " + shown(line))
        for one in wanted if player.order == "any" else wanted[:1]:
            after = first_match(one.patterns, line, player.bound)
            if after is not None:
                player.bound = after
                wanted.remove(one)
                return
        if first_match(first.allowed, line, player.bound) is None:
            raise Mismatch(first.line, "expected: %s\n  got: %s" % (first.text(), shown(line)))

    def command(self, command, good, line):
        """A command of the runner's own (or the greeting, where it is None), and the last line of its answer."""
        if command is not None:
            self.made.send(command + b"\r\n")
        answer = self.listen()
        while answer.startswith(good + b"-"):
            answer = self.listen()
        if not answer.startswith(good):
            what = "greeting" if command is None else shown(command)
            raise Mismatch(line, "%s: %s" % (what, shown(answer)))

    def leave(self, good, line):
        self.command(b"QUIT", good, line)
        self.listen()


class Pop3Talk(LineTalk):
    def log_in(self, user, password, line):
        self.command(None, b"+OK", line)
        self.command(b"USER " + user.encode(), b"+OK", line)
        self.command(b"PASS " + password.encode(), b"+OK", line)

    def sasl_command(self, words, first):
        return b"AUTH %s %s\r\n" % (words[-2].encode(), first)

    def end(self, line):
        self.leave(b"+OK", line)


class LmtpTalk(LineTalk):
    def log_in(self, user, password, line):
        self.command(None, b"220", line)
        self.command(b"LHLO client.example", b"250", line)

    def end(self, line):
        self.leave(b"221", line)
