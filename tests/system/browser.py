"""A real browser, headless, asked by WebDriver: chromium and its driver, of Debian's packages.

    with Browser() as browser:
        browser.open(path)
        browser.run("return document.title")
"""
import base64
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request

START_MAX = 60  # seconds, for what a busy machine takes to start a browser


def why_not():
    """Why there is no browser here; empty if there is one."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"no {' and no '.join(missing)}" if missing else ""


class Browser:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="wisp-browser-")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, cwd=self.folder)
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self):
        line = next(line for line in self.driver.stdout if "started successfully" in line)
        self.base = "http://127.0.0.1:" + re.search(r"on port (\d+)", line).group(1)
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1100",
                            f"--user-data-dir={self.folder}/profile", "--disable-background-networking",
                            "--host-resolver-rules=MAP * ~NOTFOUND"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = None
        made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{made['sessionId']}"

    def __exit__(self, *_):
        try:
            if getattr(self, "session", None):
                self._ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(START_MAX)
            self.driver.stdout.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=START_MAX) as answer:
            return json.load(answer)["value"]

    def open(self, path):
        self._ask("POST", f"{self.session}/url", {"url": path.as_uri()})

    def run(self, script, *args):
        """What the body of a function returns in the page."""
        return self._ask("POST", f"{self.session}/execute/sync", {"script": script, "args": list(args)})

    def move_to(self, x, y):
        """The pointer, in the window's own units."""
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        self._ask("POST", f"{self.session}/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}]})

    def emulate(self, media="", scheme="light"):
        """As on paper ("print"), or on a dark screen."""
        self._ask("POST", f"{self.session}/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {
            "media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]}})

    def complaints(self):
        """What the page has put on the console since the last call, errors and warnings."""
        entries = self._ask("POST", f"{self.session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self._ask("GET", f"{self.session}/screenshot")))
