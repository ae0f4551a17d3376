#!/usr/bin/python3
"""The command trivet run by root on a store that belongs to somebody else, without a configuration, and with odd arguments.

usage: test_admin_owner.py [--bin DIR]"""
import imaplib
import json
import os
import pwd
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, Tally

EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_CONFIG = 0, 64, 65, 66, 78
BIG = b"Subject: big\r\n\r\n" + b"0123456789abcdef" * 8192 + b"\r\n"


def without_configuration(daemon, tally):
    command = os.path.join(daemon.bin, "trivet")

    def run(*args):
        return subprocess.run([command, "--config", "/nowhere/trivet.conf", *args], capture_output=True, text=True)

    tally.check(run("version").returncode == EX_OK, "trivet version needs no configuration")
    tally.check("version" in json.loads(run("version", "--json").stdout), "trivet version --json")
    tally.check(run("--version").returncode == EX_OK, "trivet --version")
    tally.check(run("user", "add", "--help").stdout.startswith("usage: trivet user add "), "--help needs no configuration")
    tally.check(run("who").returncode == EX_CONFIG, "trivet who does")
    tally.check(run("user", "list").returncode == EX_CONFIG, "trivet user list does")


def logs_in(daemon, user):
    client = imaplib.IMAP4("127.0.0.1", daemon.port)
    try:
        client.login(user, "pass")
        return "yes"
    except imaplib.IMAP4.error as e:
        return str(e)
    finally:
        client.shutdown()


def settings_of_a_user(daemon, tally):
    def show():
        return json.loads(daemon.trivet("user", "show", "u1", "--json").stdout)

    daemon.trivet("user", "set", "--name", "Anna B", "u1", "--mail", "u1@example.com")
    tally.check(show()["display_name"] == "Anna B" and show()["mail"] == "u1@example.com", "user set --name --mail")
    daemon.trivet("user", "set", "u1", "--admin", "yes")
    tally.check(show()["admin"] and show()["display_name"] == "Anna B" and not show()["disabled"], "user set --admin keeps the rest")
    tally.check(logs_in(daemon, "u1") == "yes", "a user who may")
    daemon.trivet("user", "set", "u1", "--disabled", "yes")
    tally.check("CONTACTADMIN" in logs_in(daemon, "u1"), "a user who is disabled")
    daemon.trivet("user", "set", "u1", "--disabled", "no", "--admin", "no")
    tally.check(logs_in(daemon, "u1") == "yes" and not show()["admin"], "a user who may again")
    tally.check(daemon.trivet("user", "set", "u1", "--admin", "maybe", check=False).returncode == EX_USAGE, "neither yes nor no")
    tally.check(daemon.trivet("user", "set", check=False).returncode == EX_USAGE, "user set without a name")


def names_of_mailboxes(daemon, tally):
    daemon.trivet("mailbox", "create", "u1", "Entwu\u0308rfe")
    daemon.trivet("mailbox", "create", "u1", "inbox/below")
    daemon.trivet("mailbox", "rename", "u1", "Inbox/below", "Entw\u00fcrfe/--json")
    names = [m["name"] for m in json.loads(daemon.trivet("mailbox", "list", "u1", "--json").stdout)]
    tally.check("Entw\u00fcrfe" in names and "Entw\u00fcrfe/--json" in names, "names are NFC, INBOX is written so: %s" % names)
    daemon.trivet("mailbox", "create", "u1", "--", check=False)
    daemon.trivet("mailbox", "delete", "u1", "Entwu\u0308rfe/--json")
    odd = subprocess.run([os.path.join(daemon.bin, "trivet"), "--config", daemon.shared, "mailbox", "create", "u1", b"\xff\xfe"], capture_output=True)
    tally.check(odd.returncode == EX_DATAERR, "a name that is no UTF-8")


def many_arguments(daemon, tally):
    folder = os.path.join(daemon.folder, "many")
    os.mkdir(folder)
    paths = []
    for i in range(5000):
        paths.append(os.path.join(folder, "%d.eml" % i))
        with open(paths[-1], "wb") as f:
            f.write(b"Subject: %d\r\n\r\n" % i)
    daemon.trivet("import", "--user", "u1", "--mailbox", "Many", "--format", "eml", *paths)
    counts = {m["name"]: m["messages"] for m in json.loads(daemon.trivet("mailbox", "list", "u1", "--json").stdout)}
    tally.check(counts.get("Many") == 5000, "5000 paths: %s" % counts.get("Many"))
    tally.check(len(os.listdir(os.path.join(daemon.store, "import"))) == 1, "one journal for the files of a folder")
    again = daemon.trivet("import", "--user", "u1", "--mailbox", "Many", "--format", "eml", folder, "--json")
    tally.check(json.loads(again.stdout)["skipped"] == 5000, "the folder itself has nothing new: %s" % again.stdout)


def a_path_that_is_not_there(daemon, tally):
    one, two = os.path.join(daemon.folder, "one.eml"), os.path.join(daemon.folder, "two.eml")
    for path in (one, two):
        with open(path, "wb") as f:
            f.write(b"Subject: x\r\n\r\n")
    command = ("import", "--user", "u1", "--mailbox", "Some", "--format", "eml", one, os.path.join(daemon.folder, "nothing.eml"), two, "--json")
    done = daemon.trivet(*command, check=False)
    tally.check(done.returncode == EX_NOINPUT and json.loads(done.stdout)["messages"] == 1, "those in front of it are taken in: %s" % done.stdout)
    listed = os.path.join(daemon.folder, "map")
    with open(listed, "w") as f:
        f.write("u1\t%s\nu2\t%s\nu1\t%s\n" % (one, one, two))
    done = daemon.trivet("import", "--map", listed, "--mailbox", "Some", "--format", "eml", "--json")
    tally.check(json.loads(done.stdout)["messages"] == 2, "a map of files: %s" % done.stdout)
    for user, want in (("u1", 2), ("u2", 1)):
        counts = {m["name"]: m["messages"] for m in json.loads(daemon.trivet("mailbox", "list", user, "--json").stdout)}
        tally.check(counts.get("Some") == want, "%s has %s" % (user, counts.get("Some")))


def everything(path):
    for folder, folders, files in os.walk(path):
        yield folder
        for name in files:
            yield os.path.join(folder, name)


def as_root(tally, bin_dir):
    if os.geteuid() != 0:
        tally.skip("the owner of the store: needs root")
        return
    nobody = pwd.getpwnam("nobody")
    daemon = Daemon(bin_dir)
    try:
        os.chmod(daemon.folder, 0o755)
        with open(daemon.shared, "a") as f:
            f.write("[process]\nuser = nobody\n")
        daemon.add_users(["u1"])  # makes the folder
        secret = os.path.join(daemon.folder, "secret")
        os.mkdir(secret, 0o700)
        with open(os.path.join(secret, "big.eml"), "wb") as f:
            f.write(BIG)
        daemon.trivet("import", "--user", "u1", "--format", "eml", os.path.join(secret, "big.eml"))
        daemon.trivet("export", "--user", "u1", "--format", "maildir", os.path.join(secret, "out"))
        found = [open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(os.path.join(secret, "out")) for n in names if "cur" in d or "new" in d]
        tally.check(found and found[0].replace(b"\r\n", b"\n") == BIG.replace(b"\r\n", b"\n"), "root imports from and exports to folders of its own")
        tally.check(daemon.trivet("check").returncode == EX_OK, "the store is well")
        others = [p for p in everything(daemon.store) if os.lstat(p).st_uid != nobody.pw_uid]
        tally.check(not others, "all of the store is its owner's: %s" % others)
        alone = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", str(nobody.pw_gid), "--clear-groups", os.path.join(bin_dir, "trivet"),
                                "--config", daemon.shared, "check"], capture_output=True, text=True)
        tally.check(alone.returncode == EX_OK, "its owner alone can read it: %s" % alone.stderr)
    finally:
        daemon.remove()


def main():
    tally = Tally()
    daemon = Daemon()
    try:
        without_configuration(daemon, tally)
        daemon.add_users(["u1"])
        daemon.start()
        settings_of_a_user(daemon, tally)
        names_of_mailboxes(daemon, tally)
        many_arguments(daemon, tally)
        daemon.add_users(["u2"])
        a_path_that_is_not_there(daemon, tally)
        tally.check(daemon.stop() == 0, "the daemon ends well")
        tally.check(not daemon.sanitizer_report(), "no report of a sanitizer: %s" % daemon.sanitizer_report())
    finally:
        daemon.remove()
    as_root(tally, daemon.bin)
    tally.end()


if __name__ == "__main__":
    main()
