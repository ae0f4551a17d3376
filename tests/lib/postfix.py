"""Debian's Postfix with configuration, queue and log in a folder of its own, on a loopback port. The installed service is not touched."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from daemon import TOP, free_port

SBIN = "/usr/lib/postfix/sbin"
SAMPLES = os.path.join(TOP, "conf", "samples")
MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {sbin}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination = example.org
local_transport = discard:
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
local_header_rewrite_clients =
enable_long_queue_ids = yes
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
address_verify_poll_delay = 1s
address_verify_poll_count = 10
address_verify_negative_refresh_time = 1s
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
header_size_limit = 1048576
biff = no
"""


def why_not():
    """Why it cannot run here, or None."""
    if not os.path.exists(os.path.join(SBIN, "master")):
        return "postfix is not installed"
    return None if os.getuid() == 0 else "postfix runs as root only"


def sample(path, substitutions):
    """The text of a file in conf/samples, with words of it replaced; each must be there."""
    with open(os.path.join(SAMPLES, path)) as f:
        text = f.read()
    for old, new in substitutions.items():
        if old not in text:
            raise ValueError("%s does not say %s" % (path, old))
        text = text.replace(old, new)
    return text


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Postfix:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="trivet-postfix-")
        os.chmod(self.folder, 0o755)
        self.config, self.log, self.port = self.folder + "/etc", self.folder + "/log", free_port()
        for name in ("etc", "queue", "data"):
            os.mkdir(os.path.join(self.folder, name))
        os.chown(self.folder + "/data", pwd.getpwnam("postfix").pw_uid, -1)
        self.process = None

    def configure(self, main, master=""):
        """Postfix's own settings for the test, Debian's services, and below them what a sample says."""
        with open(self.config + "/main.cf", "w") as f:
            f.write(MAIN.format(folder=self.folder, sbin=SBIN) + main)
        with open("/etc/postfix/master.cf.proto") as f:
            services = re.sub(r"(?m)^smtp( +inet )", r"127.0.0.1:%d\1" % self.port, f.read())
        with open(self.config + "/master.cf", "w") as f:
            f.write(services + master)

    def command(self, *args):
        return subprocess.run(args, capture_output=True, text=True, env=dict(os.environ, MAIL_CONFIG=self.config))

    def start(self):
        # start-fg checks the installation and makes the queue's folders: once is enough, takes seconds, and right behind a SIGKILL the
        # check has failed.
        command = ["postfix", "-c", self.config, "start-fg"] if self.process is None else [SBIN + "/master", "-c", self.config, "-s"]
        with open(self.folder + "/output", "a") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        for _ in range(400):
            if self.process.poll() is not None:
                raise RuntimeError("postfix ended at once: " + self.tail())
            try:
                with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                    if s.recv(4) == b"220 ":
                        return self
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("postfix does not answer: " + self.tail())

    def tail(self, n=3000):
        text = ""
        for name in ("/output", "/log"):
            if os.path.exists(self.folder + name):
                with open(self.folder + name, errors="replace") as f:
                    text += f.read()
        return text[-n:]

    def lines(self):
        with open(self.log, errors="replace") as f:
            return f.read().splitlines()

    def family(self):
        """The process that was started, and all below it."""
        parents = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as f:
                    parents[int(pid)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def signal(self, number):
        for pid in self.family():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """All of it at once, as when the power fails."""
        self.signal(signal.SIGSTOP)  # so that the master starts no others meanwhile
        family = self.family()
        self.signal(signal.SIGKILL)
        self.process.wait()
        while any(is_alive(pid) for pid in family):  # a new master finds their locks gone
            time.sleep(0.01)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.command("postfix", "-c", self.config, "stop")
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def drained(self, seconds):
        """Waits until the queue is empty; whether it is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if "queue is empty" in self.command("postqueue", "-c", self.config, "-p").stdout:
                return True
            self.command("postqueue", "-c", self.config, "-f")
            time.sleep(0.5)
        return False

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
