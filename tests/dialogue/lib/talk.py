"""One session of a script: the connection, and how its protocol begins, speaks, listens and ends. Each protocol has its subclass."""


class Mismatch(Exception):
    """The server does not do what the script says."""

    def __init__(self, line, text):
        super().__init__("line %d: %s" % (line, text))


def shown(data, limit=400):
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    return text if len(text) <= limit else text[:limit] + "…"


class Talk:
    """player: what is bound in the script, and whether its lines stand in order."""

    def __init__(self, player, made):
        self.player, self.made = player, made

    def log_in(self, user, password, line):
        """The greeting and what must be said before the first command of most scripts."""
        raise NotImplementedError

    def note(self, data):
        """These bytes are about to be sent."""

    def say(self, step):
        """A C line."""
        raise NotImplementedError

    def listen(self, timeout=None):
        """The next response, or line."""
        raise NotImplementedError

    def expect(self, steps):
        """A run of S lines of this session."""
        raise NotImplementedError

    def sasl_command(self, words, first):
        """The command that begins a SASL exchange: words are those of the script's line, first is the client's message."""
        raise NotImplementedError

    def end(self, line):
        """Takes leave at the end of the script: the session must still be in step, and nothing left unread."""
        raise NotImplementedError
