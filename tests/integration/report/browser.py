"""A real browser: Debian's Chromium, driven through ChromeDriver (W3C WebDriver)."""

import base64
import json
import re
import subprocess
import urllib.request
from contextlib import contextmanager
from types import SimpleNamespace

HEADLESS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
"""No sandbox: a container's root has none, and the only page opened is our own."""
ANSWER_S = 120


@contextmanager
def opened_browser():
    """Open a window; nothing of it is left afterwards."""
    command = ["chromedriver", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as driver:
        try:
            port = next(found[1] for line in driver.stdout if (found := re.search(r"successfully on port (\d+)", line)))
            browser = Browser(f"http://127.0.0.1:{port}/session")
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()


class Browser:
    """One window."""

    def __init__(self, base):
        self._base = base
        wishes = {"goog:chromeOptions": {"args": HEADLESS}, "goog:loggingPrefs": {"browser": "ALL"}}
        started = self._ask("POST", "", {"capabilities": {"alwaysMatch": wishes}})
        self._base += "/" + started["sessionId"]

    def close(self):
        """Close it."""
        self._ask("DELETE", "")

    def _ask(self, method, path, content=None):
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        # No proxy: ChromeDriver is on this machine, whatever the environment says.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=ANSWER_S) as answer:
            return json.load(answer)["value"]

    def _devtools(self, command, **parameters):
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def show(self, page, *, width, theme="light", height=900):
        """Open a file in a window of so many pixels, as a phone where it is narrow; wait until its charts are drawn."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._devtools("Emulation.setDeviceMetricsOverride", **size)
        self._devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self._ask("POST", "/url", {"url": page.as_uri()})
        self._ask("POST", "/timeouts", {"script": ANSWER_S * 1000})
        drawn = """const done = arguments[0]; const wait = () =>
            document.documentElement.dataset.drawn ? done() : setTimeout(wait, 50); wait();"""
        self._ask("POST", "/execute/async", {"script": drawn, "args": []})

    def run(self, expression):
        """Return the value of a JavaScript expression."""
        return self._ask("POST", "/execute/sync", {"script": f"return {expression}", "args": []})

    def complaints(self):
        """Return what the console has to say since it was last asked."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        return [SimpleNamespace(level=entry["level"], message=entry["message"]) for entry in entries]

    def screenshot(self, path):
        """Keep the whole page as a picture."""
        shot = self._devtools("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
