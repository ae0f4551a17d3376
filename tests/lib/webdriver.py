"""A headless Chromium by the WebDriver protocol (W3C), with nothing but the standard library."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from daemon import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to it


def is_there():
    return shutil.which("chromedriver") is not None and shutil.which("chromium") is not None


class Browser:
    def __init__(self, size=(1000, 1400), dark=False):
        self.folder = tempfile.mkdtemp(prefix="trivet-chromium-")
        self.port = free_port()
        self.base = "http://127.0.0.1:%d" % self.port
        self.driver = subprocess.Popen(["chromedriver", "--port=%d" % self.port], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=dict(os.environ, HOME=self.folder, TMPDIR=self.folder))
        self.session = None
        try:
            self.open(size, dark)
        except BaseException:
            self.close()
            raise

    def open(self, size, dark):
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=%d,%d" % size,
                     "--user-data-dir=" + os.path.join(self.folder, "profile")]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")  # it does not run as root otherwise
        if dark:
            arguments.append("--force-dark-mode")
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments, "binary": shutil.which("chromium")}}
        for _ in range(300):
            try:
                answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
                break
            except urllib.error.HTTPError:
                raise
            except OSError:
                if self.driver.poll() is not None:
                    raise RuntimeError("chromedriver has ended")
                time.sleep(0.1)
        else:
            raise RuntimeError("chromedriver does not answer")
        self.session = "/session/" + answer["sessionId"]

    def ask(self, method, path, body=None):
        data = None if body is None and method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError("%s %s: %s" % (method, path, error.read()[:1000].decode("utf-8", "replace"))) from error

    def do(self, method, path, body=None):
        return self.ask(method, self.session + path, body)

    def go(self, url):
        self.do("POST", "/url", {"url": url})

    def find(self, css, seconds=10):
        """Waits for it: the page behind a form may still be on its way."""
        end = time.monotonic() + seconds
        while True:
            try:
                return "/element/%s" % self.do("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]
            except RuntimeError as error:
                if "no such element" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def count(self, css):
        return len(self.do("POST", "/elements", {"using": "css selector", "value": css}))

    def click(self, css):
        self.do("POST", self.find(css) + "/click")

    def type(self, css, text):
        element = self.find(css)
        if self.do("GET", element + "/property/type") != "file":
            self.do("POST", element + "/clear")
        self.do("POST", element + "/value", {"text": text})

    def text(self, css="body"):
        return self.do("GET", self.find(css) + "/text")

    def run(self, script):
        """What a script of the test itself gives back; the page's own policy does not hold for it."""
        return self.do("POST", "/execute/sync", {"script": script, "args": []})

    @property
    def title(self):
        return self.do("GET", "/title")

    @property
    def url(self):
        return self.do("GET", "/url")

    def log(self):
        return [entry["message"] for entry in self.do("POST", "/se/log", {"type": "browser"})]

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.do("GET", "/screenshot")))

    def close(self):
        if self.session:
            try:
                self.do("DELETE", "")
            except (OSError, RuntimeError):
                pass
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
