"""vdirsyncer between a folder and the calendars of a server, with its configuration and status in a folder of the test."""
import os
import shutil
import subprocess

CONFIG = """[general]
status_path = "{folder}/status/"

[pair calendars]
a = "here"
b = "there"
collections = ["from a", "from b"]
metadata = ["color", "displayname"]
conflict_resolution = {conflicts}

[storage here]
type = "filesystem"
path = "{folder}/calendars/"
fileext = ".ics"

[storage there]
type = "caldav"
url = "{url}"
username = "{user}"
password = "{password}"
"""


def is_there():
    return shutil.which("vdirsyncer")


class Vdirsyncer:
    def __init__(self, folder, url, user, password="pass"):
        self.folder, self.url, self.user, self.password = os.path.join(folder, "vdirsyncer"), url, user, password
        self.calendars = os.path.join(self.folder, "calendars")
        os.makedirs(self.calendars)
        self.configure("null")

    def configure(self, conflicts):
        """conflicts: null, "a wins" or "b wins", in the quotes of the configuration."""
        with open(os.path.join(self.folder, "config"), "w") as f:
            f.write(CONFIG.format(folder=self.folder, url=self.url, user=self.user, password=self.password, conflicts=conflicts))

    def do(self, *arguments, answers=""):
        return subprocess.run(["vdirsyncer", "--config", os.path.join(self.folder, "config"), *arguments], input=answers, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                              env=dict(os.environ, HOME=self.folder, LC_ALL="C.UTF-8"))

    def files(self, calendar):
        """{name: bytes}"""
        found = {}
        for name in os.listdir(os.path.join(self.calendars, calendar)):
            if name.endswith(".ics"):
                found[name] = self.read(calendar, name)
        return found

    def read(self, calendar, name):
        with open(os.path.join(self.calendars, calendar, name), "rb") as f:
            return f.read()

    def write(self, calendar, name, data):
        """As other programs do it: a file is there whole, or not at all."""
        path = os.path.join(self.calendars, calendar, name)
        with open(path + ".new", "wb") as f:
            f.write(data)
        os.rename(path + ".new", path)

    def remove(self, calendar, name):
        os.unlink(os.path.join(self.calendars, calendar, name))
