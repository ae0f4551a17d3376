#!/usr/bin/python3
"""What libsasl2 brings beside our own secrets: Kerberos in IMAP and POP3 (curl; a client of our own that binds to the channel), passwords
that saslauthd knows, and secrets in somebody's SQL database.

usage: test_sasl.py [--bin DIR]"""
import argparse
import base64
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import gssapi
from daemon import Daemon, Pop3d, Tally, certificate
from kerberos import Realm

LOCAL = ["auth.delay_max=0s", "auth.lockout_failures=0"]


def curl(environment, *arguments):
    ran = subprocess.run(["curl", "-s", "--max-time", "30", *arguments], env=environment, capture_output=True, text=True, timeout=60)
    return ran.returncode


def log_in(daemon, password, mechanism="PLAIN"):
    """curl's exit status: 0, or 67."""
    return curl(os.environ, "--login-options", "AUTH=" + mechanism, "-u", "u1:" + password, "imap://127.0.0.1:%d/INBOX?ALL" % daemon.port)


def configure(daemon, **settings):
    with open(daemon.config, "a") as f:
        f.write("[auth]\n" + "".join("%s = %s\n" % setting for setting in settings.items()))


def say(stream, line):
    stream.write(line.encode() + b"\r\n")
    stream.flush()
    return stream.readline().decode()


def bind(realm, daemon, cert, data_of):
    """GS2-KRB5-PLUS (RFC 5801) over TLS; data_of(binding): the bytes that the client says it is bound to. The last line of the server."""
    context = ssl.create_default_context(cafile=cert)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # Python can tell tls-unique alone
    with socket.create_connection(("127.0.0.1", daemon.tls_port), 30) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as s, s.makefile("rwb") as stream:
        stream.readline()
        header = b"p=tls-unique,,"
        os.environ.update({name: realm.environment[name] for name in ("KRB5_CONFIG", "KRB5CCNAME")})
        bindings = gssapi.raw.ChannelBindings(application_data=header + data_of(s.get_channel_binding("tls-unique")))
        service = gssapi.Name("imap@localhost", gssapi.NameType.hostbased_service)
        token = gssapi.SecurityContext(name=service, usage="initiate", channel_bindings=bindings).step()
        length = token[1] & 0x7f if token[1] & 0x80 else 0  # without the tag, length and mechanism in front (RFC 5801, 4)
        token = token[2 + length + 11:]
        said = say(stream, "a AUTHENTICATE GS2-KRB5-PLUS " + base64.b64encode(header + token).decode())
        return say(stream, "") if said.startswith("+") else said


def kerberos(tally, bin_dir):
    home = Daemon(bin_dir, LOCAL + ["auth.mechanisms=GS2-KRB5-PLUS GSSAPI GSS-SPNEGO PLAIN", "auth.kerberos_host=localhost"])
    realm = Realm(os.path.join(home.folder, "realm"))
    home.environment["KRB5_CONFIG"] = realm.path("krb5.conf")
    pem, cert = certificate(home.folder)
    try:
        realm.start(["u1", "u1/admin"], ["imap/localhost", "pop/localhost"])
        configure(home, kerberos_keytab=realm.path("keytab"))
        with open(home.config, "a") as f:
            f.write("[listen]\nimaps = 127.0.0.1:%d\n[tls]\ncert = %s\n" % (home.tls_port, pem))
        home.add_users(["u1"])
        home.start()
        pop3d = Pop3d(home, LOCAL + ["auth.mechanisms=GSSAPI PLAIN", "auth.kerberos_host=localhost",
                                     "auth.kerberos_keytab=" + realm.path("keytab")]).start()
        imap, pop3 = "imap://localhost:%d/INBOX?ALL" % home.port, "pop3://localhost:%d/" % pop3d.port
        realm.log_in("u1")
        gss = ("--login-options", "AUTH=GSSAPI", "-u", "u1@%s:" % "TRIVET.TEST")
        tally.check(curl(realm.environment, *gss, imap) == 0, "IMAP by GSSAPI: %s" % home.tail(500))
        tally.check("user=u1 " in home.tail() and "mechanism=GSSAPI" in home.tail(), "the principal of our realm is the user of that name")
        tally.check(curl(realm.environment, *gss, pop3) == 0, "POP3 by GSSAPI: %s" % pop3d.tail(500))
        said = bind(realm, home, cert, lambda binding: binding)
        tally.check(said.startswith("a OK"), "bound to the channel: %s" % said)
        said = bind(realm, home, cert, lambda binding: binding[::-1])
        tally.check(said.startswith("a NO"), "bound to another channel: %s" % said)
        realm.log_in("u1/admin")
        tally.check(curl(realm.environment, *gss, imap) != 0, "another instance of the principal is another one")
        home.stop()
        pop3d.stop()
        for program in (home, pop3d):
            tally.check(not program.sanitizer_report(), "no report of a sanitizer: %s" % program.sanitizer_report())
    finally:
        realm.stop()
        home.remove()


def saslauthd(tally, bin_dir):
    """It asks another IMAP server (rimap), which is ours too, with passwords of its own."""
    oracle, home, daemon = Daemon(bin_dir, LOCAL), Daemon(bin_dir, LOCAL), None
    folder = os.path.join(home.folder, "saslauthd")
    os.mkdir(folder)
    try:
        for one in (oracle, home):
            one.add_users(["u1"])
        oracle.start()
        configure(home, passwords="saslauthd", saslauthd_path=folder + "/mux", mechanisms="SCRAM-SHA-256 PLAIN LOGIN", cache_ttl="0s")
        home.trivet("user", "passwd", "u1", "--password-stdin", text="ours\n")
        home.start()
        with socket.create_connection(("127.0.0.1", home.port), 10) as s:
            greeting = s.recv(1000).decode()
        tally.check("AUTH=PLAIN" in greeting and "SCRAM" not in greeting, "only what it can check is offered: %s" % greeting)
        tally.check(log_in(home, "pass") != 0 and "reason=unavailable" in home.tail(), "while it is away nobody is told that he is wrong")
        daemon = subprocess.Popen(["/usr/sbin/saslauthd", "-d", "-n", "1", "-a", "rimap", "-O", "127.0.0.1/%d" % oracle.port, "-m", folder],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        for _ in range(500):
            if os.path.exists(folder + "/mux"):
                break
            time.sleep(0.02)
        for mechanism in ("PLAIN", "LOGIN"):
            tally.check(log_in(home, "pass", mechanism) == 0, "%s: saslauthd knows the password: %s" % (mechanism, home.tail(300)))
            tally.check(log_in(home, "ours", mechanism) != 0, "%s: and not the directory" % mechanism)
        tally.check("reason=password" in home.tail(), "a wrong one is called wrong")
        home.stop()
        tally.check(not home.sanitizer_report(), "no report of a sanitizer: %s" % home.sanitizer_report())
    finally:
        if daemon is not None:
            os.killpg(daemon.pid, 15)
            daemon.wait(30)
        for one in (oracle, home):
            one.stop()
            one.remove()


def auxprop(tally, bin_dir):
    home = Daemon(bin_dir, LOCAL)
    try:
        home.add_users(["u1"])
        database = sqlite3.connect(os.path.join(home.folder, "people.db"))
        database.executescript("CREATE TABLE people (name TEXT, password TEXT); INSERT INTO people VALUES ('u1', 'theirs');")
        database.close()
        with open(os.path.join(home.folder, "trivet.conf"), "w") as f:
            f.write("sql_engine: sqlite3\nsql_database: %s/people.db\n"
                    "sql_select: SELECT password FROM people WHERE name = '%%u' AND '%%p' = 'userPassword'\n" % home.folder)
        configure(home, passwords="auxprop", auxprop_plugin="sql", mechanisms="SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5")
        home.environment["SASL_CONF_PATH"] = home.folder
        home.start()
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
            tally.check(log_in(home, "theirs", mechanism) == 0, "%s: the secret of the SQL database: %s" % (mechanism, home.tail(300)))
            tally.check(log_in(home, "pass", mechanism) != 0, "%s: and not ours" % mechanism)
        home.stop()
        tally.check(not home.sanitizer_report(), "no report of a sanitizer: %s" % home.sanitizer_report())
    finally:
        home.stop()
        home.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    tally, bin_dir = Tally(), parser.parse_args().bin
    for part in (kerberos, saslauthd, auxprop):
        part(tally, bin_dir)
    tally.end()


if __name__ == "__main__":
    main()
