# SPDX-License-Identifier: Apache-2.0
"""Drives the annotator's page in headless Chromium, as a person would: by mouse and by keyboard.

What is looked at is what the page shows: its text, its data attributes, the pixels of its canvas.
"""

import os
import shutil
import struct
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, SOURCE_DIR, Tap, find_program, wait_for

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = Keys = None

PASSWORD = "a-long-enough-password"
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
# Counts what the page was not allowed to do. Runs before the page's own scripts.
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def need():
    """Ends the script with a skip when something that the tests need is not there."""
    if webdriver is None:
        Tap.skip_all("python3-selenium is not installed")
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            Tap.skip_all(f"{program} is not installed")
    for program in ("annotationd", "annotationctl"):
        if find_program(program) is None:
            Tap.skip_all(f"{program} is not built")


def make_daemon(annotation=None, http=None):
    """A daemon that serves the page of this source tree, with the accounts ann, bob and root; options by group."""
    daemon = Daemon(
        {
            "annotation": {"labels": ["person", "car", "dog", "bicycle"], **(annotation or {})},
            "http": {"web-dir": os.path.join(SOURCE_DIR, "data", "web"), **(http or {})},
        }
    )
    daemon.add_user("ann", PASSWORD)
    daemon.add_user("bob", PASSWORD)
    daemon.add_user("root", PASSWORD, ["admin"])
    return daemon.start()


def png(width, height, colour):
    """A picture of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(colour) * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Page:
    """One browser with the page open; its own cookies and storage."""

    def __init__(self, daemon, width=1440, height=900, insecure=False):
        self.url = f"http://127.0.0.1:{daemon.port}/"
        self.profile = tempfile.mkdtemp(prefix="annotationd-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for switch in (*SWITCHES, f"--user-data-dir={self.profile}", f"--window-size={width},{height}"):
            options.add_argument(switch)
        options.accept_insecure_certs = insecure
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """Read in one step: the page redraws whenever it likes."""
        return self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def is_shown(self, selector):
        return self.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def open(self):
        self.browser.get(self.url)

    def sign_in(self, name, password=PASSWORD):
        self.open()
        wait_for(lambda: self.is_shown("#username"))
        self.find("#username").send_keys(name)
        self.find("#password").send_keys(password, Keys.ENTER)
        return wait_for(lambda: self.connection() == "open")

    def connection(self):
        return self.run("return document.querySelector('#connection')?.dataset.state")

    def current(self):
        """The id of the example that is wholly shown, None for none."""
        return self.run("""
            const stage = document.querySelector("#stage");
            return ["shown", "no-frame"].includes(stage?.dataset.state) ? stage.dataset.example : null;""")

    def wait_current(self, example, timeout=10):
        return wait_for(lambda: self.current() == example, timeout)

    def queue(self):
        """What stands in the queue: [(id, priority, place)], from top to bottom."""
        rows = self.run("""return [...document.querySelectorAll("#queue li")].map((row) =>
            [row.dataset.example, Number(row.dataset.priority), row.dataset.place]);""")
        return [tuple(row) for row in rows]

    def boxes(self):
        """The boxes as listed: dicts with class, verdict, drawn, selected and the corners."""
        return self.run("""return [...document.querySelectorAll("#boxes li")].map((row) => ({
            id: row.id, class: row.dataset.class, verdict: row.dataset.verdict, drawn: "drawn" in row.dataset,
            selected: row.getAttribute("aria-selected") === "true",
            x1: Number(row.dataset.x1), y1: Number(row.dataset.y1),
            x2: Number(row.dataset.x2), y2: Number(row.dataset.y2)}));""")

    def selected(self):
        return next((box for box in self.boxes() if box["selected"]), None)

    def place(self, x, y):
        """Where a point of the image is in the window."""
        return self.run(
            """
            const canvas = document.querySelector("#canvas");
            const frame = canvas.getBoundingClientRect();
            const { scale, x, y } = canvas.dataset;
            return [Math.round(frame.left + Number(x) + arguments[0] * Number(scale)),
                    Math.round(frame.top + Number(y) + arguments[1] * Number(scale))];""",
            x,
            y,
        )

    def scale(self):
        return self.run("return Number(document.querySelector('#canvas').dataset.scale)")

    def pixel(self, x, y):
        """The colour that the canvas has at a point of the image."""
        return self.run(
            """
            const canvas = document.querySelector("#canvas");
            const { scale, x, y } = canvas.dataset;
            const at = [Number(x) + arguments[0] * Number(scale), Number(y) + arguments[1] * Number(scale)];
            const density = canvas.width / canvas.clientWidth;
            return [...canvas.getContext("2d").getImageData(at[0] * density, at[1] * density, 1, 1).data].slice(0, 3);
            """,
            x,
            y,
        )

    def settle(self):
        """Two frames later all that was asked for has been painted."""
        self.browser.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));"
        )

    def click(self, selector):
        self.find(selector).click()
        self.settle()

    def pointer(self, *points):
        """Presses at the first point of the image, moves through the others, lets go."""
        actions = ActionBuilder(self.browser)
        mouse = actions.pointer_action
        mouse.move_to_location(*self.place(*points[0])).pointer_down()
        for point in points[1:]:
            mouse.move_to_location(*self.place(*point))
        mouse.pointer_up()
        actions.perform()
        self.settle()

    def press(self, *keys, modifiers=()):
        """Types keys at whatever has the focus."""
        chain = ActionChains(self.browser)
        for modifier in modifiers:
            chain.key_down(modifier)
        for key in keys:
            chain.send_keys(key)
        for modifier in modifiers:
            chain.key_up(modifier)
        chain.perform()
        self.settle()

    def problems(self, expected=()):
        """Violations of the policy and errors in the console, but those that contain one of the expected words."""
        found = list(self.run("return window.violations ?? []"))
        for entry in self.browser.get_log("browser"):
            if entry["level"] == "SEVERE" and not any(word in entry["message"] for word in expected):
                found.append(entry["message"])
        return found


class Clock:
    """How long something took."""

    def __init__(self):
        self.start = time.monotonic()

    def seconds(self):
        return time.monotonic() - self.start
