"""A real browser for the tests: headless Chromium, spoken to over its DevTools protocol.

Pages are opened from disk; what they print to the console and whatever they ask of a network is
kept.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in _NAMES if (path := shutil.which(name))), None)
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
_PATIENCE_SECONDS = 60.0


@dataclass
class Page:
    """An open page.

    Attributes:
        connection: To the browser.
        session: Of the page.
        console: What it printed, and what went wrong in it.
        requests: Addresses it asked for, the file itself and data in the page left out.
    """

    connection: ClientConnection
    session: str
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _number: int = 100
    _events: list[str] = field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._number += 1
        message = {
            "id": self._number, "method": method, "params": parameters, "sessionId": self.session,
        }  # fmt: skip
        self.connection.send(json.dumps(message))
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found

    def open(self, path: Path) -> None:
        """Open a file and wait until it is loaded."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self._events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while "Page.loadEventFired" not in self._events:
            self._receive()

    def show(self, width: int, height: int, *, is_phone: bool = False) -> None:
        """Give the page a screen."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=is_phone,
        )  # fmt: skip

    def evaluate(self, script: str) -> Any:
        """Value of a JavaScript expression; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press and let go of a key."""
        codes = {"Tab": 9, "Enter": 13}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key,
                windowsVirtualKeyCode=codes[key], text="\r" if key == "Enter" else "",
            )  # fmt: skip

    def picture(self, path: Path, *, is_whole: bool = False) -> None:
        """Write a screenshot."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=is_whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def print_to(self, path: Path) -> None:
        """Write the page as it prints."""
        answer = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv(timeout=_PATIENCE_SECONDS))
        method, told = message.get("method", ""), message.get("params", {})
        self._events.append(method)
        if method == "Runtime.consoleAPICalled":
            self.console.append(json.dumps(told["args"]))
        elif method == "Runtime.exceptionThrown":
            self.console.append(json.dumps(told["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.console.append(told["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            address = told["request"]["url"]
            if not address.startswith(("data:", "file:")):
                self.requests.append(address)
        return message


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A page of a browser of its own, which ends with the block."""
    assert CHROMIUM
    command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        with connect(
            _address(profile), max_size=None, open_timeout=_PATIENCE_SECONDS
        ) as connection:
            _send(connection, 1, "Target.createTarget", url="about:blank")
            target = _answer(connection, 1)["targetId"]
            _send(connection, 2, "Target.attachToTarget", targetId=target, flatten=True)
            yield Page(connection, _answer(connection, 2)["sessionId"])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _send(connection: ClientConnection, number: int, method: str, **parameters: Any) -> None:
    connection.send(json.dumps({"id": number, "method": method, "params": parameters}))


def _answer(connection: ClientConnection, number: int) -> dict[str, Any]:
    while True:
        message = json.loads(connection.recv(timeout=_PATIENCE_SECONDS))
        if message.get("id") == number:
            found: dict[str, Any] = message["result"]
            return found


def _address(profile: Path) -> str:
    """Where the browser listens; it writes so to a file once it does."""
    told = profile / "DevToolsActivePort"
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
        if len(lines) > 1:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.1)
    raise TimeoutError(CHROMIUM)
