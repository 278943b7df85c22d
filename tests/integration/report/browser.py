"""A real browser: Debian's Chromium, driven through ChromeDriver (W3C WebDriver).

The README's picture, which is the top of a page: ``python -m tests.integration.report.browser PAGE docs/page.png``.
"""

import base64
import json
import re
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

HEADLESS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
"""No sandbox: a container's root has none, and the only page opened is our own."""
ANSWER_S = 120
FOLDED = "details:not([open])"


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

    def show(self, page, *, width, theme="light", height=900, unfolded=True, media="", fragment=""):
        """Open a file in a window of so many pixels, as a phone where it is narrow; wait until its charts are drawn.

        ``unfolded``: open all its parts, which are folded at first; ``media``: "print" is as on paper;
        ``fragment``: ends its address.
        """
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._devtools("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self._devtools("Emulation.setEmulatedMedia", media=media, features=features)
        if fragment:  # of the page that is shown already it would only be followed
            self._ask("POST", "/url", {"url": "about:blank"})
        self._ask("POST", "/url", {"url": page.as_uri() + fragment})
        self._ask("POST", "/timeouts", {"script": ANSWER_S * 1000})
        self.wait("document.documentElement.dataset.drawn")
        if unfolded:
            self.run("document.querySelectorAll('details.part').forEach(part => { part.open = true; })")
            drawn = f"chart => chart.closest('{FOLDED}') || chart.dataset.drawn"
            self.wait(f"[...document.querySelectorAll('.chart')].every({drawn})")
            self.wait("document.documentElement.dataset.drawn")

    def wait(self, condition):
        """Wait until a JavaScript expression is true."""
        script = f"""const done = arguments[0];
            const wait = () => ({condition}) ? done() : setTimeout(wait, 50); wait();"""
        self._ask("POST", "/execute/async", {"script": script, "args": []})

    def show_without_scripts(self, page, *, width):
        """Open a file in a window of so many pixels whose scripts are not carried out."""
        self._devtools("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self._devtools(
                "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
            )
            self._ask("POST", "/url", {"url": page.as_uri()})
        finally:
            self._devtools("Emulation.setScriptExecutionDisabled", value=False)

    def printed(self, path):
        """Keep the page as it is printed on A4."""
        found = self._devtools("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)
        path.write_bytes(base64.b64decode(found["data"]))

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

    def picture_of_the_top(self, page, path):
        """Keep what a page begins with as a picture."""
        self.show(page, width=1180, unfolded=False)
        bottom = self.run("document.querySelector('.below').getBoundingClientRect().top + scrollY")
        clip = {"x": 0, "y": 0, "width": 1180, "height": int(bottom), "scale": 1}
        shot = self._devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    with opened_browser() as opened:
        opened.picture_of_the_top(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
