"""The client's side of SCRAM (RFC 5802, RFC 7677), to play a whole exchange in one line of a script."""
import base64
import hashlib
import hmac
import os

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}


class Scram:
    def __init__(self, mechanism, user, password):
        self.hash, self.password = HASHES[mechanism], password
        nonce = base64.b64encode(os.urandom(18)).decode()
        self.bare = "n=%s,r=%s" % (user, nonce)

    def first(self):
        return base64.b64encode(("n,," + self.bare).encode())

    def final(self, challenge):
        """The client's final message for the server's first one, both base64."""
        server = base64.b64decode(challenge).decode()
        fields = dict(part.split("=", 1) for part in server.split(","))
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        without = "c=biws,r=" + fields["r"]
        whole = ",".join((self.bare, server, without)).encode()
        key = hmac.digest(salted, b"Client Key", self.hash)
        signature = hmac.digest(hashlib.new(self.hash, key).digest(), whole, self.hash)
        proof = bytes(a ^ b for a, b in zip(key, signature))
        server_key = hmac.digest(salted, b"Server Key", self.hash)
        self.verifier = base64.b64encode(hmac.digest(server_key, whole, self.hash)).decode()
        return base64.b64encode(("%s,p=%s" % (without, base64.b64encode(proof).decode())).encode())

    def is_genuine(self, challenge):
        return base64.b64decode(challenge).decode() == "v=" + self.verifier
