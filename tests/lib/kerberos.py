"""A realm of our own for the tests: a KDC on a loopback port, principals, keytabs and tickets; everything lies in one folder."""
import os
import socket
import subprocess
import time

from daemon import free_port

REALM = "TRIVET.TEST"


class Realm:
    """`environment` is for programs that use it: KRB5_CONFIG and a cache of tickets of its own."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        os.mkdir(folder)
        with open(self.path("krb5.conf"), "w") as f:
            f.write("[libdefaults]\ndefault_realm = %s\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n"
                    "dns_canonicalize_hostname = false\n[realms]\n%s = {\nkdc = 127.0.0.1:%d\n}\n" % (REALM, REALM, self.port))
        with open(self.path("kdc.conf"), "w") as f:
            f.write("[kdcdefaults]\nkdc_listen = 127.0.0.1:%d\nkdc_tcp_listen = 127.0.0.1:%d\n[realms]\n%s = {\ndatabase_name = %s\n"
                    "key_stash_file = %s\nsupported_enctypes = aes256-cts-hmac-sha1-96:normal\n}\n" % (
                        self.port, self.port, REALM, self.path("principals"), self.path("stash")))
        self.environment = dict(os.environ, KRB5_CONFIG=self.path("krb5.conf"), KRB5_KDC_PROFILE=self.path("kdc.conf"),
                                KRB5CCNAME="FILE:" + self.path("tickets"), PATH=os.environ["PATH"] + ":/usr/sbin")

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command, given=""):
        return subprocess.run(command, env=self.environment, input=given, capture_output=True, text=True, check=True, timeout=60)

    def start(self, users, services):
        """Users have the password "pass"; the keys of the services ("HTTP/localhost") lie in the file "keytab"."""
        self.run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
        for user in users:
            self.run("kadmin.local", "-q", "addprinc -pw pass " + user)
        for service in services:
            self.run("kadmin.local", "-q", "addprinc -randkey " + service)
            self.run("kadmin.local", "-q", "ktadd -k %s %s" % (self.path("keytab"), service))
        self.process = subprocess.Popen(["krb5kdc", "-n", "-r", REALM], env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("krb5kdc does not answer")

    def log_in(self, user):
        self.run("kinit", user, given="pass\n")

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
