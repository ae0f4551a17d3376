"""An IMAP session: tagged and untagged responses, literals, continuations."""
import re

from connection import Gone, TimedOut
from pattern import Pattern
from script import ScriptError
from talk import Mismatch, Talk, shown

OPENING = re.compile(rb"^(\S+) (?:SELECT|EXAMINE)\b", re.I | re.M)
# what may come with any command, and with SELECT and EXAMINE, without being named in the script
ALWAYS_FREE = [Pattern(text, []) for text in (b"* ... RECENT", b"* FLAGS ...", b"* OK [PERMANENTFLAGS ...] ...")]
FREE_WHEN_OPENING = ALWAYS_FREE + [Pattern(text, []) for text in (
    b"* ... EXISTS", b"* OK [UNSEEN ...] ...", b"* OK [UIDVALIDITY ...] ...", b"* OK [UIDNEXT ...] ...",
    b"* OK [HIGHESTMODSEQ ...] ...", b"* OK [NOMODSEQ] ...", b"* OK [MAILBOXID ...] ...", b"* OK [CLOSED] ...", b"* LIST ...")]
FREE_AT_THE_END = ALWAYS_FREE + [Pattern(text, []) for text in (b"* BYE ...", b"* ... EXISTS", b"* ... EXPUNGE", b"* ... FETCH ...",
                                                                b"* VANISHED ...")]


class Expectation:
    """An S line, with its alternatives (S|)."""

    def __init__(self, step):
        self.line, self.patterns = step.line, [step.pattern]

    @property
    def is_untagged(self):
        return self.patterns[0].tag == b"*"

    def match(self, response, bound):
        for pattern in self.patterns:
            after = pattern.match(response, bound)
            if after is not None:
                return after
        return None

    def text(self):
        parts = []
        for pattern in self.patterns:
            text = pattern.text
            for i, block in enumerate(pattern.blocks):
                text = text.replace(b"\0%d\0" % i, b"{{" + block + b"}}")
            parts.append(shown(text))
        return " or ".join(parts)


class ImapTalk(Talk):
    def __init__(self, player, made):
        super().__init__(player, made)
        self.early = []  # responses that came while a continuation was awaited
        self.opening = set()  # tags of SELECT and EXAMINE commands that are not answered yet

    def log_in(self, user, password, line):
        greeting = self.made.response()
        if not greeting.startswith(b"* OK"):
            raise Mismatch(line, "greeting: " + shown(greeting))
        self.plain_command(b'0 LOGIN "%s" "%s"' % (user.encode(), password.encode()), line)

    def plain_command(self, command, line, free=ALWAYS_FREE):
        """Sends a command of the runner's own and waits for its OK."""
        self.made.send(command + b"\r\n")
        tag = command.split(b" ", 1)[0]
        while True:
            response = self.made.response()
            if response.startswith(tag + b" "):
                if response[len(tag) + 1:][:2].upper() != b"OK":
                    raise Mismatch(line, "%s: %s" % (shown(command), shown(response)))
                return
            if not any(pattern.match(response, {}) is not None for pattern in free) and b" CAPABILITY " not in response:
                raise Mismatch(line, "%s: unexpected: %s" % (shown(command), shown(response)))

    def note(self, data):
        for found in OPENING.finditer(data):
            self.opening.add(found[1])

    def say(self, step):
        self.note(step.text)
        parts = re.split(rb"\0(\d+)\0", step.text)
        data, substitute = b"", self.player.substitute
        for i, part in enumerate(parts):
            if i % 2 == 0:
                data += substitute(part)
                continue
            plus, content = step.blocks[int(part)]
            content = substitute(content) if b"\r\n" not in content else content
            data += b"{%d%s}\r\n" % (len(content), plus)
            if not plus:
                self.made.send(data)
                data = b""
                self.await_continuation(step)
            data += content
        self.made.send(data + b"\r\n")

    def await_continuation(self, step):
        while True:
            response = self.made.response()
            if response.startswith(b"+"):
                return
            if not response.startswith(b"* "):
                raise Mismatch(step.line, "expected: + ...\n  got: " + shown(response))
            self.early.append(response)

    def listen(self, timeout=None):
        return self.early.pop(0) if self.early else self.made.response(timeout)

    def expect(self, steps):
        """Groups, each closed by a tagged or a continuation line."""
        group, allowed, forbidden = [], [], []
        for step in steps:
            if group and not group[-1].is_untagged and step.kind != "S|":
                self.expect_group(group, allowed, forbidden)
                group, allowed, forbidden = [], [], []
            if step.kind == "S*":
                allowed.append(step.pattern)
            elif step.kind == "S!":
                forbidden.append(step.pattern)
            elif step.kind == "S|":
                group[-1].patterns.append(step.pattern)
            else:
                group.append(Expectation(step))
        if group:
            self.expect_group(group, allowed, forbidden)
        elif forbidden:
            raise ScriptError("S! stands before the line that ends its group")

    def expect_group(self, group, allowed, forbidden):
        open_ones = list(group)
        while open_ones:
            try:
                response = self.listen()
            except (Gone, TimedOut, ValueError) as error:
                raise Mismatch(open_ones[0].line, "expected: %s\n  got: %s" % (open_ones[0].text(), error)) from None
            self.take(response, open_ones, allowed, forbidden)

    def take(self, response, open_ones, allowed, forbidden):
        """Finds the expectation that a response meets, and removes it."""
        player = self.player
        for pattern in forbidden:
            if pattern.match(response, player.bound) is not None:
                raise Mismatch(open_ones[0].line, "must not come: " + shown(response))
        is_untagged = response.startswith(b"* ")
        for one in open_ones[:1] if player.order == "in" else open_ones:
            after = one.match(response, player.bound)
            if after is None or (not is_untagged and one is not open_ones[0]):
                continue
            player.bound = after
            open_ones.remove(one)
            if not is_untagged:
                self.opening.discard(response.split(b" ", 1)[0])
            return
        free = FREE_WHEN_OPENING if self.opening else ALWAYS_FREE
        if any(pattern.match(response, player.bound) is not None for pattern in allowed + free):
            return
        raise Mismatch(open_ones[0].line, "expected: %s\n  got: %s" % (open_ones[0].text(), shown(response)))

    def sasl_command(self, words, first):
        tag, mechanism, _ = words
        return b"%s AUTHENTICATE %s %s\r\n" % (tag.encode(), mechanism.encode(), first)

    def end(self, line):
        if self.early:
            raise Mismatch(line, "unread: " + shown(self.early[0]))
        self.plain_command(b"zz LOGOUT", line, FREE_AT_THE_END)
        self.made.response()
