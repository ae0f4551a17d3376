"""Plays one script against a server."""
import base64
import re
import time

from connection import Connection, Gone, TimedOut
from imap import Failed, Imap
from sasl import Scram
from script import ScriptError
from talk import Mismatch, shown
from talk_http import HttpTalk
from talk_imap import ImapTalk
from talk_lines import LmtpTalk, Pop3Talk, match_lines
from tokens import unescape

VARIABLE = re.compile(rb"\$b64\{([^}]*)\}|\$([a-z][a-z0-9_]*)|\{#([a-z][a-z0-9_]*)\}")
TALKS = {"imap": ImapTalk, "pop3": Pop3Talk, "lmtp": LmtpTalk, "caldav": HttpTalk}


class Player:
    """server: address(), port, trivet(), clock_move(), fault_set(); users: {name in the script: name on the server}."""

    def __init__(self, script, server, users, mode, source=None):
        self.script, self.server, self.users, self.mode, self.source = script, server, users, mode, source
        self.talks, self.logins = {}, {}
        self.bound = {name: real.encode() for name, real in users.items()}
        self.order = None  # "in" or "any" where the script says so

    # --- sessions

    def talk(self, step):
        """The session that a line of the script speaks of, begun where this is the first such line."""
        number = step.where
        if number not in self.talks:
            protocol = self.script.protocol_of(number)
            is_own = protocol == self.script.protocol
            tls = self.script.is_tls and is_own
            address = self.server.address(protocol, tls)
            made = Connection(address, self.mode, self.source, tls)
            self.talks[number] = TALKS[protocol](self, made)
            if not (self.script.is_raw and is_own):
                name = self.logins.get(number, next(iter(self.script.users)))
                self.talks[number].log_in(self.users[name], self.script.users[name].password, step.line)
        return self.talks[number]

    def substitute(self, data):
        def one(found):
            if found[1] is not None:
                return base64.b64encode(self.substitute(unescape(found[1])))
            name = (found[2] or found[3]).decode()
            if name not in self.bound:
                return found[0]
            return self.bound[name] if found[2] else b"{%d}" % len(self.bound[name])
        return VARIABLE.sub(one, data)

    # --- the script's words

    def act(self, step):
        text = step.text.decode("utf-8", "surrogateescape").strip()
        getattr(self, "do_" + step.kind)(step, text)

    def do_wait(self, step, text):
        time.sleep(float(text))

    def do_in(self, step, text):
        self.order = "in"

    def do_any(self, step, text):
        self.order = "any"

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
        talk = self.talk(step)
        try:
            response = talk.listen()
        except Gone:
            talk.made.close()
            return
        except TimedOut as error:
            raise Mismatch(step.line, "the server does not close: %s" % error) from None
        raise Mismatch(step.line, "expected the end\n  got: " + shown(response))

    def do_close(self, step, text):
        self.talk(step).made.close()

    def do_compress(self, step, text):
        self.talk(step).made.start_compression()

    def do_starttls(self, step, text):
        self.talk(step).made.start_tls()

    def do_quiet(self, step, text):
        try:
            response = self.talk(step).listen(float(text))
        except TimedOut:
            return
        raise Mismatch(step.line, "expected silence\n  got: " + shown(response))

    def do_bytes(self, step, text):
        """bytes C "…" [x N] [at once]: these bytes and nothing else; at once: in one piece in every mode."""
        found = re.fullmatch(rb'"(.*)"(?: x (\d+))?( at once)?', step.text.strip(), re.S)
        if not found:
            raise ScriptError('%s:%d: bytes C "…" [x N] [at once]' % (self.script.name, step.line))
        talk = self.talk(step)
        data = unescape(self.substitute(found[1])) * int(found[2] or 1)
        talk.note(data)
        try:
            talk.made.send(data, found[3] is not None)
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
        """sasl C [TAG] MECHANISM USER: a SCRAM exchange up to its last client message; the script expects what comes then."""
        words = text.split()
        mechanism, name = words[-2:]
        talk = self.talk(step)
        exchange = Scram(mechanism, self.users[name], self.script.users[name].password)
        talk.made.send(talk.sasl_command(words, exchange.first()))
        challenge = talk.listen()
        if not challenge.startswith(b"+ "):
            raise Mismatch(step.line, "expected: + ...\n  got: " + shown(challenge))
        talk.made.send(exchange.final(challenge[2:]) + b"\r\n")
        challenge = talk.listen()
        if not challenge.startswith(b"+ ") or not exchange.is_genuine(challenge[2:]):
            raise Mismatch(step.line, "expected the server's signature\n  got: " + shown(challenge))
        talk.made.send(b"\r\n")

    def do_trivet(self, step, text):
        """trivet ARGS…: runs the command on the same store."""
        self.server.trivet(*self.substitute(step.text).decode().split())

    def do_arrived(self, step, text):
        """arrived USER MAILBOX [N]: so many messages are in the mailbox; the newest has the lines that follow with |."""
        words = text.split()
        name, mailbox, count = words[0], words[1], int(words[2]) if len(words) > 2 else 1
        got, newest = self.look(name, mailbox)
        if got != count:
            raise Mismatch(step.line, "%s of %s: %d messages\n  got: %d" % (mailbox, name, count, got))
        if not step.lines:
            return
        after = match_lines(step.lines, re.findall(rb"(?s).*?\r\n|.+$", newest), self.bound)
        if after is None:
            raise Mismatch(step.line, "%s of %s: another message\n  got: %s" % (mailbox, name, shown(newest, 2000)))
        self.bound = after

    def look(self, name, mailbox):
        """(number of messages, bytes of the newest) over an IMAP session of its own."""
        imap = Imap(self.server.port)
        try:
            imap.login(self.users[name], self.script.users[name].password)
            untagged = imap.do('EXAMINE "%s"' % mailbox)
            count = next(int(line.split()[1]) for line in untagged if line.endswith(b" EXISTS"))
            if not count:
                return 0, b""
            fetched = next(line for line in imap.do("FETCH %d BINARY.PEEK[]" % count) if b"BINARY[] " in line)
            head, data = fetched.split(b"\r\n", 1)
            return count, data[:int(re.search(rb"\{(\d+)\}$", head)[1])]
        finally:
            imap.close()

    def play(self):
        steps, at = self.script.steps, 0
        while at < len(steps):
            step = steps[at]
            if step.kind == "C":
                self.talk(step).say(step)
                at += 1
            elif step.kind.startswith("S"):
                end = at
                while end < len(steps) and steps[end].kind.startswith("S") and steps[end].where == step.where:
                    end += 1
                self.talk(step).expect(steps[at:end])
                at = end
            else:
                self.act(step)
                at += 1
        for number, talk in self.talks.items():
            if talk.made.is_open:
                self.check_end(number, talk)

    def check_end(self, number, talk):
        """Every session must still be in step: it takes its leave, and nothing unexpected was left unread."""
        last = self.script.steps[-1].line
        try:
            talk.end(last)
        except (TimedOut, ValueError) as error:
            raise Mismatch(last, "at the end, C%d: %s" % (number, error)) from None
        except Gone:
            return
        raise Mismatch(last, "C%d: something came behind the end" % number)

    def run(self):
        """None, or what went wrong."""
        try:
            self.play()
        except (Mismatch, ScriptError) as error:
            return str(error)
        except (Gone, TimedOut, Failed, OSError, ValueError, KeyError, AttributeError) as error:
            return "%s: %s" % (type(error).__name__, error)
        finally:
            for talk in self.talks.values():
                talk.made.close()
        return None

    def transcript(self, limit=10):
        lines = []
        for number, talk in sorted(self.talks.items()):
            for who, data in talk.made.transcript[-limit:]:
                text = shown(data, 200).rstrip("\r\n").replace("\r\n", "\n    |   ")
                lines.append("%s%s %s" % (who, number if len(self.talks) > 1 else "", text))
        return lines
