#!/usr/bin/python3
"""ENVELOPE and BODYSTRUCTURE of every message of the corpus beside Dovecot's; each difference must be explained in
structure_differences.txt. Needs the corpus, root, and the script that starts Dovecot beside the corpus.

usage: test_structure.py [--bin DIR]"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import corpus
from daemon import Daemon, Tally, free_port

PEER = os.path.join(corpus.FOLDER, "..", "peers", "dovecot.sh")


def peer_port():
    """Dovecot takes four ports in a row."""
    for _ in range(50):
        port = free_port()
        if port < 60000 and port + 3 < 65536:
            return port
    return 21143


def main():
    tally = Tally()
    if not corpus.is_there() or not os.path.exists(PEER):
        tally.skip("no corpus or no script for Dovecot (TRIVET_CORPUS)")
        tally.end()
    if os.getuid() != 0:
        tally.skip("only root can start Dovecot")
        tally.end()
    port = peer_port()
    folder = tempfile.mkdtemp(prefix="trivet-dovecot-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    # Into a file: Dovecot keeps what the script was given as its output, so a pipe would never end.
    with tempfile.TemporaryFile("w+") as said:
        started = subprocess.run(["bash", PEER, "start", folder, str(port)], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                 timeout=600)
        said.seek(0)
        words = said.read()
    if started.returncode != 0:
        tally.check(False, "Dovecot starts: " + words[-500:])
        tally.end()
    daemon = Daemon()
    try:
        daemon.add_users(["u0"])
        daemon.start()
        result = subprocess.run(["/usr/bin/python3", os.path.join(HERE, "compare_structure.py"), "--ours", str(daemon.port),
                                 "--theirs", str(port)], capture_output=True, text=True, timeout=900)
        print(result.stdout[-3000:])
        tally.check(result.returncode == 0, "each difference is explained: " + result.stderr[-1000:])
        tally.check(daemon.stop() == 0, "a polite end")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report()[:3])
    finally:
        daemon.remove()
        subprocess.run(["bash", PEER, "stop", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        subprocess.run(["rm", "-rf", folder], check=False)
    tally.end()


main()
