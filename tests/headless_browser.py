"""Headless Chromium, driven over a pipe by the DevTools protocol: no driver, no port, no package."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",  # root may not have one, and the page is ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
TIME_LIMIT_SEC = 60
# What a key types and its number, without which Chromium only tells the page of it; others type themselves.
KEYS = {"Enter": ("\r", 13), "Tab": ("", 9)}


class Browser:
    """A browser with one page.

    Attributes:
        requests: The addresses that the page asked for.
        complaints: What the page's console says, exceptions above all, and what it opens a dialog for.
    """

    def __init__(self, profile: Path):
        commands_out, commands_in = os.pipe()
        answers_out, answers_in = os.pipe()
        assert CHROMIUM is not None
        # Chromium reads commands at descriptor 3 and answers at 4.
        plumbing = f'exec "$0" "$@" 3<&{commands_out} 4>&{answers_in}'
        command = ["bash", "-c", plumbing, CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(command, pass_fds=(commands_out, answers_in), stderr=subprocess.DEVNULL)
        os.close(commands_out)
        os.close(answers_in)
        self._commands, self._answers = commands_in, answers_out
        self._buffer = b""
        self._number = 0
        self._is_loaded = False
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._session: str | None = None
        target = self._find_page()
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(TIME_LIMIT_SEC)
        os.close(self._commands)
        os.close(self._answers)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events that come before it are noted."""
        number = self._send(method, **params)
        while (answer := self._read()).get("id") != number:
            self._note(answer)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def run(self, script: str) -> Any:
        """Return what an expression of the page's JavaScript gives."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Return what an expression gives as soon as it is true."""
        return _wait(lambda: self.run(script), script)

    def open(self, address: str, width: int = 800, dark: bool = False, scripts: bool = True) -> None:
        """Open a page anew: in a window of this width, for a person who likes it dark, with scripts or without."""
        self.resize(width)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.requests.clear()
        self.complaints.clear()
        self._is_loaded = False
        self.call("Page.navigate", url=address)
        _wait(lambda: self._is_loaded or self.run("0"), address)

    def resize(self, width: int, height: int = 900) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def click(self, selector: str) -> None:
        """Click the middle of an element or of its first line, which must be what a person sees there."""
        point = self.run(
            f"""(() => {{
                const element = document.querySelector({json.dumps(selector)});
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const box = element.getClientRects()[0];  // a link that wraps has one a line
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                return element.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
            }})()"""
        )
        assert point, f"something covers {selector}"
        self.mouse("mousePressed", *point)
        self.mouse("mouseReleased", *point)

    def mouse(self, kind: str, x: float, y: float) -> None:
        buttons = 0 if kind == "mouseReleased" else 1
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=buttons, clickCount=1)

    def key(self, key: str) -> None:
        text, number = KEYS.get(key, (key if len(key) == 1 else "", 0))
        pressed = {"key": key, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def _find_page(self) -> str:
        def find() -> str | None:
            targets = self.call("Target.getTargets")["targetInfos"]
            return next((target["targetId"] for target in targets if target["type"] == "page"), None)

        return _wait(find, "a page")

    def _send(self, method: str, **params: Any) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        return self._number

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._answers, 2**20)
            assert chunk, "Chromium has ended"
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(str(params["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(params["message"])
            self._send("Page.handleJavaScriptDialog", accept=False)
        elif method == "Page.loadEventFired":
            self._is_loaded = True


def _wait(function: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + TIME_LIMIT_SEC
    while not (value := function()):
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.05)
    return value
