#!/usr/bin/python3
"""Exim, configured by the files in conf/samples/exim, gives real messages to `trivet lmtp` over a Unix socket and over TCP, and to
`trivet deliver`: each arrives once, byte for byte. Debian allows one mail transport agent a machine, so where Exim is not installed its
packages are unpacked into a temporary folder, and it sees an /etc of its own.

usage: test_exim.py [--bin DIR] [--seed N]"""
import os
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import corpus
from daemon import Daemon, Lmtpd, Tally, free_port
from mta import Mail, add_users, undisturbed
from postfix import sample

COUNT, COUNT_PIPE = 100, 20
USER = "Debian-exim"
CONFIG = """exim_path = {exim}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
pid_file_path = {folder}/pid
primary_hostname = mx.example.org
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
smtp_accept_max = 100
smtp_accept_max_per_connection = 1000
queue_only_load = 1000
deliver_queue_load_max = 1000
smtp_load_reserve = 1000
keep_environment =
remote_max_parallel = 4
acl_smtp_rcpt = acl_check_rcpt

begin acl
acl_check_rcpt:
  {acl}
  accept domains = example.com
  deny

begin routers
{router}
lost:
  driver = accept
  transport = nowhere

begin transports
{transport}
nowhere:
  driver = appendfile
  file = /dev/null
  user = nobody

begin retry
* * F,1h,1s
"""


class Exim:
    """Exim with configuration, spool and log in a folder of its own."""

    def __init__(self):
        self.folder, self.port, self.process = tempfile.mkdtemp(prefix="trivet-exim-"), free_port(), None
        os.chmod(self.folder, 0o755)
        self.etc, self.before = self.folder + "/etc", []

    def prepare(self):
        """Finds or unpacks the program; why it cannot be had, or None."""
        self.exim = shutil.which("exim4") or "/usr/sbin/exim4"
        if os.getuid() != 0:
            return "Exim runs as root only"
        if not os.path.exists(self.exim):
            if why := self.unpack():
                return why
        return self.enter()

    def unpack(self):
        packages = self.folder + "/packages"
        os.mkdir(packages)
        done = subprocess.run(["apt-get", "download", "-q", "exim4-daemon-light", "exim4-base"], cwd=packages, capture_output=True,
                              text=True)
        if done.returncode != 0:
            return "exim4 is neither installed nor to be had: " + done.stderr.strip()[-200:]
        for name in os.listdir(packages):
            subprocess.run(["dpkg", "-x", os.path.join(packages, name), self.folder + "/root"], check=True)
        self.exim = self.folder + "/root/usr/sbin/exim4"
        return None

    def enter(self):
        """Only the file that is built in is trusted with root, and the user whom the package makes may not be there: for Exim and what it
        starts there is another /etc. Why it does not work, or None."""
        os.makedirs(self.etc + "/exim4")
        for name, line in (("passwd", "%s:x:64999:64999::/:/usr/sbin/nologin\n"), ("group", "%s:x:64999:\n")):
            with open("/etc/" + name) as old, open(os.path.join(self.etc, name), "w") as new:
                text = old.read()
                new.write(text if USER in text else text + line % USER)
        self.before = ["unshare", "-m", "sh", "-ec", "mount --make-rprivate /; mount -t overlay overlay -o lowerdir=%s:/etc /etc; "
                       "exec \"$@\"" % self.etc, "sh"]
        self.configure("")
        tried = self.run("-bV")
        return None if tried.returncode == 0 else "exim4 does not run: " + (tried.stdout + tried.stderr)[-200:]

    def configure(self, transport, acl=""):
        router = sample("exim/router", {})
        with open(self.etc + "/exim4/exim4.conf", "w") as f:
            f.write(CONFIG.format(exim=self.exim, folder=self.folder, port=self.port, acl=acl, router=router.rstrip(), transport=transport))
        for name in ("/spool", "/log"):
            os.makedirs(self.folder + name, exist_ok=True)
            subprocess.run([*self.before, "chown", USER, self.folder + name], check=True)

    def run(self, *args):
        return subprocess.run([*self.before, self.exim, *args], capture_output=True, text=True)

    def start(self):
        with open(self.folder + "/output", "a") as out:
            self.process = subprocess.Popen([*self.before, self.exim, "-bdf", "-q5s"], start_new_session=True,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        for _ in range(400):
            if self.process.poll() is not None:
                raise RuntimeError("exim ended at once: " + self.tail())
            try:
                with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                    if s.recv(4) == b"220 ":
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("exim does not answer: " + self.tail())

    def tail(self, n=3000):
        text = ""
        for name in ("output", "log/main"):
            if os.path.exists(os.path.join(self.folder, name)):
                with open(os.path.join(self.folder, name), errors="replace") as f:
                    text += f.read()
        return text[-n:]

    def drained(self, seconds):
        """Waits until the queue is empty; whether it is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run("-bpc").stdout.strip() == "0":
                return True
            time.sleep(0.5)
        return False

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def unknown(tally, server):
    with smtplib.SMTP("127.0.0.1", server.port, "client.example.net", 60) as smtp:
        smtp.ehlo()
        smtp.mail("sender@example.org")
        code, text = smtp.rcpt("nobody-here@example.com")
        tally.check(code == 550, "an unknown address is refused by Exim, which has asked: %d %r" % (code, text))


def rounds(tally, daemon, server, seed):
    mail, seen = Mail(seed), {}
    folder = os.path.join(server.folder, "run")
    os.mkdir(folder)
    daemon.give_to("nobody")
    add_users(daemon)
    daemon.start()
    socket_path = os.path.join(folder, "lmtp.sock")

    lmtpd = Lmtpd(daemon, socket=socket_path).start()
    server.configure(sample("exim/lmtp-unix.transport", {"/run/trivet/lmtp.sock\n": socket_path + "\n"}))
    server.start()
    undisturbed(tally, daemon, server, mail, COUNT, "LMTP over a Unix socket", seen)
    server.stop()
    tally.check(lmtpd.stop() == 0, "a polite end: " + lmtpd.tail(1000))

    lmtpd = Lmtpd(daemon).start()
    server.configure(sample("exim/lmtp-tcp.transport", {"port = 24": "port = %d" % lmtpd.port}), "require verify = recipient/callout")
    server.start()
    undisturbed(tally, daemon, server, mail, COUNT, "LMTP over TCP", seen)
    unknown(tally, server)
    server.stop()

    server.configure(sample("exim/pipe.transport", {"user = trivet": "user = nobody", "/etc/trivet/lmtp.conf": lmtpd.config,
                                                    "/usr/local/bin/trivet": os.path.join(daemon.bin, "trivet")}))
    server.start()
    undisturbed(tally, daemon, server, mail, COUNT_PIPE, "trivet deliver", seen)
    server.stop()
    tally.check(lmtpd.stop() == 0, "a polite end: " + lmtpd.tail(1000))
    with open(server.folder + "/log/main", errors="replace") as f:
        bounced = [line for line in f if " ** " in line]
    tally.check(not bounced, "nothing bounced: %s" % bounced[:2])


def main():
    seed, tally = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else int(time.time()), Tally()
    server = Exim()
    why = server.prepare() or (None if corpus.is_there() else "no corpus (TRIVET_CORPUS)")
    if why:
        server.remove()
        tally.skip(why)
        tally.end()
    print("seed", seed)
    daemon = Daemon()
    try:
        rounds(tally, daemon, server, seed)
        check = daemon.trivet("check", check=False)
        tally.check(check.returncode == 0, "trivet check: " + check.stdout + check.stderr)
        for program in (daemon, *daemon.beside):
            tally.check(not program.sanitizer_report(), "no report of a sanitizer: %s" % program.sanitizer_report()[:3])
    except (OSError, RuntimeError) as error:
        tally.check(False, "%r; Exim says:\n%s" % (error, server.tail()))
    finally:
        server.remove()
        daemon.remove()
    tally.end()


main()
