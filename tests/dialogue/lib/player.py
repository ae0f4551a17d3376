"""Plays one script against a server."""
import base64
import re
import time

from connection import Connection, Gone, TimedOut
from pattern import SPECIAL, Pattern
from sasl import Scram
from script import ScriptError
from tokens import unescape

VARIABLE = re.compile(rb"\$b64\{([^}]*)\}|\$([a-z][a-z0-9_]*)|\{#([a-z][a-z0-9_]*)\}")
OPENING = re.compile(rb"^(\S+) (?:SELECT|EXAMINE)\b", re.I | re.M)
# what may come with any command, and with SELECT and EXAMINE, without being named in the script
ALWAYS_FREE = [Pattern(text, []) for text in (b"* ... RECENT", b"* FLAGS ...", b"* OK [PERMANENTFLAGS ...] ...")]
FREE_WHEN_OPENING = ALWAYS_FREE + [Pattern(text, []) for text in (
    b"* ... EXISTS", b"* OK [UNSEEN ...] ...", b"* OK [UIDVALIDITY ...] ...", b"* OK [UIDNEXT ...] ...",
    b"* OK [HIGHESTMODSEQ ...] ...", b"* OK [NOMODSEQ] ...", b"* OK [MAILBOXID ...] ...", b"* OK [CLOSED] ...", b"* LIST ...")]
FREE_AT_THE_END = ALWAYS_FREE + [Pattern(text, []) for text in (b"* BYE ...", b"* ... EXISTS", b"* ... EXPUNGE", b"* ... FETCH ...",
                                                                b"* VANISHED ...")]


class Mismatch(Exception):
    """The server does not do what the script says."""

    def __init__(self, line, text):
        super().__init__("line %d: %s" % (line, text))


def shown(data, limit=400):
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    return text if len(text) <= limit else text[:limit] + "…"


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


class Player:
    """server: port, tls_port, clock_move(), fault_set(); users: {name in the script: name on the server}."""

    def __init__(self, script, server, users, mode, source=None):
        self.script, self.server, self.users, self.mode, self.source = script, server, users, mode, source
        self.connections, self.logins = {}, {}
        self.bound = {name: real.encode() for name, real in users.items()}
        self.in_order = False

    # --- connections

    def connection(self, number, line):
        if number not in self.connections:
            port = self.server.tls_port if self.script.is_tls else self.server.port
            made = Connection(port, self.mode, self.source, self.script.is_tls)
            self.connections[number] = made
            if not self.script.is_raw:
                self.log_in(made, self.logins.get(number, next(iter(self.script.users))), line)
        return self.connections[number]

    def log_in(self, made, name, line):
        greeting = made.response()
        if not greeting.startswith(b"* OK"):
            raise Mismatch(line, "greeting: " + shown(greeting))
        user = self.script.users[name]
        self.plain_command(made, b'0 LOGIN "%s" "%s"' % (self.users[name].encode(), user.password.encode()), line)

    def plain_command(self, made, command, line, free=ALWAYS_FREE):
        """Sends a command of the runner's own and waits for its OK."""
        made.send(command + b"\r\n")
        tag = command.split(b" ", 1)[0]
        while True:
            response = made.response()
            if response.startswith(tag + b" "):
                if response[len(tag) + 1:][:2].upper() != b"OK":
                    raise Mismatch(line, "%s: %s" % (shown(command), shown(response)))
                return
            if not any(pattern.match(response, {}) is not None for pattern in free) and b" CAPABILITY " not in response:
                raise Mismatch(line, "%s: unexpected: %s" % (shown(command), shown(response)))

    # --- what the script sends

    def substitute(self, data):
        def one(found):
            if found[1] is not None:
                return base64.b64encode(self.substitute(unescape(found[1])))
            name = (found[2] or found[3]).decode()
            if name not in self.bound:
                return found[0]
            return self.bound[name] if found[2] else b"{%d}" % len(self.bound[name])
        return VARIABLE.sub(one, data)

    def say(self, step):
        made = self.connection(step.where, step.line)
        self.note_opening(made, step.text)
        parts = re.split(rb"\0(\d+)\0", step.text)
        data = b""
        for i, part in enumerate(parts):
            if i % 2 == 0:
                data += self.substitute(part)
                continue
            plus, content = step.blocks[int(part)]
            content = self.substitute(content) if b"\r\n" not in content else content
            data += b"{%d%s}\r\n" % (len(content), plus)
            if not plus:
                made.send(data)
                data = b""
                self.await_continuation(made, step)
            data += content
        made.send(data + b"\r\n")

    def note_opening(self, made, data):
        for found in OPENING.finditer(data):
            made.opening.add(found[1])

    def await_continuation(self, made, step):
        while True:
            response = made.response()
            if response.startswith(b"+"):
                return
            if not response.startswith(b"* "):
                raise Mismatch(step.line, "expected: + ...\n  got: " + shown(response))
            made.early.append(response)

    # --- what the script expects

    def next_response(self, made):
        return made.early.pop(0) if made.early else made.response()

    def expect(self, steps):
        """A run of S lines of one connection: groups, each closed by a tagged or a continuation line."""
        made = self.connection(steps[0].where, steps[0].line)
        group, allowed, forbidden = [], [], []
        for step in steps:
            if group and not group[-1].is_untagged and step.kind != "S|":
                self.expect_group(made, group, allowed, forbidden)
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
            self.expect_group(made, group, allowed, forbidden)
        elif forbidden:
            raise ScriptError("S! stands before the line that ends its group")

    def expect_group(self, made, group, allowed, forbidden):
        open_ones = list(group)
        while open_ones:
            try:
                response = self.next_response(made)
            except (Gone, TimedOut, ValueError) as error:
                raise Mismatch(open_ones[0].line, "expected: %s\n  got: %s" % (open_ones[0].text(), error)) from None
            self.take(made, response, open_ones, allowed, forbidden)

    def take(self, made, response, open_ones, allowed, forbidden):
        """Finds the expectation that a response meets, and removes it."""
        for pattern in forbidden:
            if pattern.match(response, self.bound) is not None:
                raise Mismatch(open_ones[0].line, "must not come: " + shown(response))
        is_untagged = response.startswith(b"* ")
        for one in open_ones[:1] if self.in_order else open_ones:
            after = one.match(response, self.bound)
            if after is None or (not is_untagged and one is not open_ones[0]):
                continue
            self.bound = after
            open_ones.remove(one)
            if not is_untagged:
                made.opening.discard(response.split(b" ", 1)[0])
            return
        free = FREE_WHEN_OPENING if made.opening else ALWAYS_FREE
        if any(pattern.match(response, self.bound) is not None for pattern in allowed + free):
            return
        raise Mismatch(open_ones[0].line, "expected: %s\n  got: %s" % (open_ones[0].text(), shown(response)))

    # --- everything else

    def act(self, step):
        text = step.text.decode("utf-8", "surrogateescape").strip()
        getattr(self, "do_" + step.kind)(step, text)

    def do_wait(self, step, text):
        time.sleep(float(text))

    def do_in(self, step, text):
        self.in_order = True

    def do_any(self, step, text):
        self.in_order = False

    def do_clock(self, step, text):
        found = re.fullmatch(r"\+(\d+)([smhd])", text)
        time.sleep(0.3)  # what the server still does behind its last answer happens at the old time
        self.server.clock_move(int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])

    def do_fault(self, step, text):
        where, what, count = text.split()
        self.server.fault_set("%s %s" % (where, what), int(count))

    def do_login(self, step, text):
        self.logins[step.where] = text

    def do_eof(self, step, text):
        made = self.connection(step.where, step.line)
        try:
            response = self.next_response(made)
        except Gone:
            made.close()
            return
        except TimedOut as error:
            raise Mismatch(step.line, "the server does not close: %s" % error) from None
        raise Mismatch(step.line, "expected the end\n  got: " + shown(response))

    def do_close(self, step, text):
        self.connection(step.where, step.line).close()

    def do_compress(self, step, text):
        self.connection(step.where, step.line).start_compression()

    def do_starttls(self, step, text):
        self.connection(step.where, step.line).start_tls()

    def do_quiet(self, step, text):
        made = self.connection(step.where, step.line)
        try:
            response = made.response(float(text))
        except TimedOut:
            return
        raise Mismatch(step.line, "expected silence\n  got: " + shown(response))

    def do_bytes(self, step, text):
        """bytes C "…" [x N]: these bytes and nothing else."""
        found = re.fullmatch(rb'"(.*)"(?: x (\d+))?', step.text.strip(), re.S)
        if not found:
            raise ScriptError('%s:%d: bytes C "…" [x N]' % (self.script.name, step.line))
        made = self.connection(step.where, step.line)
        data = unescape(self.substitute(found[1])) * int(found[2] or 1)
        self.note_opening(made, data)
        try:
            made.send(data)
        except Gone:
            pass  # the script's next line says whether that was right

    def do_check(self, step, text):
        """check $a < $b: numbers; = and != compare texts."""
        left, operator, right = self.substitute(step.text).decode().split()
        if operator in ("=", "!="):
            holds = (left == right) == (operator == "=")
        else:
            a, b = int(left), int(right)
            holds = {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]
        if not holds:
            raise Mismatch(step.line, "%s does not hold: %s %s %s" % (text, left, operator, right))

    def do_sasl(self, step, text):
        """sasl C TAG MECHANISM USER: a SCRAM exchange up to its last client message; the script expects the tagged line."""
        tag, mechanism, name = text.split()
        made = self.connection(step.where, step.line)
        exchange = Scram(mechanism, self.users[name], self.script.users[name].password)
        made.send(("%s AUTHENTICATE %s " % (tag, mechanism)).encode() + exchange.first() + b"\r\n")
        challenge = made.response()
        if not challenge.startswith(b"+ "):
            raise Mismatch(step.line, "expected: + ...\n  got: " + shown(challenge))
        made.send(exchange.final(challenge[2:]) + b"\r\n")
        challenge = made.response()
        if not challenge.startswith(b"+ ") or not exchange.is_genuine(challenge[2:]):
            raise Mismatch(step.line, "expected the server's signature\n  got: " + shown(challenge))
        made.send(b"\r\n")

    def do_trivet(self, step, text):
        """trivet ARGS…: runs the command on the same store."""
        self.server.trivet(*self.substitute(step.text).decode().split())

    def play(self):
        steps, at = self.script.steps, 0
        while at < len(steps):
            step = steps[at]
            if step.kind == "C":
                self.say(step)
                at += 1
            elif step.kind.startswith("S"):
                end = at
                while end < len(steps) and steps[end].kind.startswith("S") and steps[end].where == step.where:
                    end += 1
                self.expect(steps[at:end])
                at = end
            else:
                self.act(step)
                at += 1
        for number, made in self.connections.items():
            if made.is_open:
                self.check_end(number, made)

    def check_end(self, number, made):
        """Every session must still be in step: it takes LOGOUT, and nothing unexpected was left unread."""
        last = self.script.steps[-1].line
        if made.early:
            raise Mismatch(last, "unread: " + shown(made.early[0]))
        try:
            self.plain_command(made, b"zz LOGOUT", last, FREE_AT_THE_END)
            made.response()
        except (TimedOut, ValueError) as error:
            raise Mismatch(last, "at the end, C%d LOGOUT: %s" % (number, error)) from None
        except Gone:
            return
        raise Mismatch(last, "C%d: something came behind LOGOUT" % number)

    def run(self):
        """None, or what went wrong."""
        try:
            self.play()
        except (Mismatch, ScriptError) as error:
            return str(error)
        except (Gone, TimedOut, OSError, ValueError, KeyError, AttributeError) as error:
            return "%s: %s" % (type(error).__name__, error)
        finally:
            for made in self.connections.values():
                made.close()
        return None

    def transcript(self, limit=10):
        lines = []
        for number, made in sorted(self.connections.items()):
            for who, data in made.transcript[-limit:]:
                text = shown(data, 200).rstrip("\r\n").replace("\r\n", "\n    |   ")
                lines.append("%s%s %s" % (who, number if len(self.connections) > 1 else "", text))
        return lines
