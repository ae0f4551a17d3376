"""The messages of the corpus as a mail client sends them."""
import glob
import os
import re
import subprocess

FOLDER = os.environ.get("TRIVET_CORPUS", os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "corpus"))


def is_there():
    return os.path.isdir(os.path.join(FOLDER, "mail"))


def crlf(data):
    """Line ends as IMAP sends them: a bare LF gets its CR."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", data)


def messages():
    """(name, bytes as in the source) of every message."""
    for path in sorted(glob.glob(os.path.join(FOLDER, "mail", "*.eml"))):
        with open(path, "rb") as f:
            data = f.read()
        if data:
            yield os.path.basename(path), data


def archive(limit):
    """Up to so many messages of a mailing list, LF."""
    path = os.path.join(FOLDER, "mail", "archive", "linux-man-2020-2023-patches.mboxrd.zst")
    data = subprocess.run(["zstdcat", path], capture_output=True, check=True).stdout
    for part in re.split(rb"(?m)^From mboxrd@z .*\n", data)[1:limit + 1]:
        yield re.sub(rb"(?m)^>(>*From )", rb"\1", part[:-1] if part.endswith(b"\n\n") else part)


def numbered(count, first=0):
    """(number, bytes with CRLF) of so many messages that all differ by the field X-Trivet-Number on top: the single ones, then those of
    a mailing list."""
    number = 0
    for source in ((data for _, data in messages()), archive(3000)):
        for data in source:
            if number == first + count:
                return
            if number >= first:
                yield number, b"X-Trivet-Number: %d\r\n" % number + crlf(data)
            number += 1


NUMBER = re.compile(rb"(?m)^X-Trivet-Number: (\d+)\r?$")


def number_of(data):
    """Which of numbered() this is, or None."""
    found = NUMBER.search(data)
    return int(found[1]) if found else None
