"""Drives a real Thunderbird under Xvfb through Marionette (its remote control, a JSON protocol on a loopback port)."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

PREFS = {
    "mail.account.account1.identities": "id1", "mail.account.account1.server": "server1",
    "mail.account.account2.server": "server2", "mail.accountmanager.accounts": "account1,account2",
    "mail.accountmanager.defaultaccount": "account1", "mail.accountmanager.localfoldersserver": "server2",
    "mail.identity.id1.fullName": "Test", "mail.identity.id1.valid": True,
    "mail.server.server1.type": "imap", "mail.server.server1.name": "Test", "mail.server.server1.authMethod": 3,
    "mail.server.server1.login_at_startup": False, "mail.server.server1.check_new_mail": False, "mail.server.server1.socketType": 0,
    "mail.server.server2.type": "none", "mail.server.server2.hostname": "Local Folders",
    "mail.server.server2.userName": "nobody", "mail.server.server2.name": "Local Folders",
    "app.update.enabled": False, "app.donation.eoy.version.viewed": 999, "mailnews.start_page.enabled": False,
    "mail.rights.version": 1, "mail.provider.enabled": False, "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True, "mail.winsearch.firstRunDone": True, "mail.spam.version": 1,
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.enabled": False,
    "browser.safebrowsing.enabled": False, "extensions.update.enabled": False, "network.proxy.type": 0,
    "network.connectivity-service.enabled": False, "network.captive-portal-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/", "intl.multilingual.downloadEnabled": False,
    "messenger.startup.action": 0, "mail.inappnotifications.enabled": False,
}


def is_there():
    return shutil.which("thunderbird") and shutil.which("Xvfb")


class Thunderbird:
    def __init__(self, port, user, password):
        self.folder = tempfile.mkdtemp(prefix="trivet-tb-")
        self.profile = os.path.join(self.folder, "profile")
        os.mkdir(self.profile)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        prefs = dict(PREFS, **{"marionette.port": self.port, "mail.server.server1.hostname": "127.0.0.1",
                               "mail.server.server1.port": port, "mail.server.server1.userName": user,
                               "mail.identity.id1.useremail": user + "@example.com"})
        with open(os.path.join(self.profile, "user.js"), "w") as f:
            for name, value in prefs.items():
                f.write("user_pref(%s, %s);\n" % (json.dumps(name), json.dumps(value)))
        self.user, self.password = user, password
        self.number = 0
        self.processes = []

    def start(self):
        log = open(os.path.join(self.folder, "log"), "w")
        read, write = os.pipe()
        self.processes.append(subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
                                               stdout=log, stderr=log, pass_fds=(write,)))
        os.close(write)
        self.display = ":" + os.read(read, 16).decode().strip()
        self.processes.append(subprocess.Popen(
            ["thunderbird", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", self.profile], stdout=log, stderr=log, start_new_session=True,
            env=dict(os.environ, DISPLAY=self.display, HOME=self.folder, MOZ_CRASHREPORTER_DISABLE="1")))
        for _ in range(600):
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), 120)
                break
            except OSError:
                time.sleep(0.1)
        self.read()
        self.command("WebDriver:NewSession", {"capabilities": {}})
        self.command("Marionette:SetContext", {"value": "chrome"})
        self.command("WebDriver:SetTimeouts", {"script": 120000})
        self.run("""await Services.logins.addLoginAsync(Object.assign(Cc["@mozilla.org/login-manager/loginInfo;1"]
            .createInstance(Ci.nsILoginInfo), {hostname: "imap://127.0.0.1", origin: "imap://127.0.0.1",
            httpRealm: "imap://127.0.0.1", username: args[0], password: args[1], usernameField: "", passwordField: ""}));""",
                 self.user, self.password)
        return self

    def read(self):
        size = b""
        while not size.endswith(b":"):
            byte = self.socket.recv(1)
            if not byte:
                raise RuntimeError("Thunderbird has gone")
            size += byte
        data = b""
        while len(data) < int(size[:-1]):
            data += self.socket.recv(65536)
        return json.loads(data)

    def command(self, name, parameters):
        self.number += 1
        data = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self.read()
        if error:
            raise RuntimeError("%s: %s" % (error.get("error"), error.get("message")))
        return result

    def run(self, script, *arguments):
        """Runs JavaScript with the rights of the program; `args` are the arguments, a `return` gives the answer."""
        body = """const args = [...arguments].slice(0, -1), done = arguments[arguments.length - 1];
            const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
            const root = () => MailServices.accounts.getAccount("account1").incomingServer.rootFolder;
            const folder = name => root().getChildNamed(name);
            (async () => { %s })().then(r => done({ok: r === undefined ? null : r}), e => done({failed: String(e) + " " + e.stack}));
            """ % script
        answer = self.command("WebDriver:ExecuteAsyncScript", {"script": body, "args": list(arguments), "newSandbox": True})["value"]
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer["ok"]

    def wait(self, script, *arguments, seconds=60):
        """Until the script's answer is true; the answer, or None when the time is over."""
        end = time.time() + seconds
        while time.time() < end:
            try:
                answer = self.run(script, *arguments)
            except RuntimeError:
                answer = None
            if answer:
                return answer
            time.sleep(0.2)
        return None

    def screenshot(self, path):
        subprocess.run(["import", "-display", self.display, "-window", "root", path], check=False)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
