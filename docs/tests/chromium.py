"""A headless Chromium, driven over the Chrome DevTools Protocol by this project's own client."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import aiohttp

# Each switch keeps the browser from a display, from a sandbox that root may not have, or from the
# network beyond 127.0.0.1.
_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--window-size=1100,900",
    "--hide-scrollbars",
)


class Browser:
    """One Chromium process and the WebSocket that steers it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        # Number of a command, or session and name of an event -> who waits for it.
        self._waiting: dict[Any, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            answer = json.loads(message.data)
            key = answer.get("id") or (answer.get("sessionId"), answer["method"])
            waiter = self._waiting.pop(key, None)
            if waiter is not None and not waiter.done():
                waiter.set_result(answer)

    async def command(self, method: str, session: str | None = None, **params: Any) -> Any:
        """Run one command of the protocol and return its result."""
        number = next(self._numbers)
        waiter = self._waiting[number] = asyncio.get_running_loop().create_future()
        target = {} if session is None else {"sessionId": session}
        await self._socket.send_json({"id": number, "method": method, "params": params, **target})
        answer = await asyncio.wait_for(waiter, 20)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def event(self, name: str, session: str) -> asyncio.Future[dict[str, Any]]:
        """Return a future for the next event of that name."""
        waiter = self._waiting[session, name] = asyncio.get_running_loop().create_future()
        return waiter

    async def open(self, url: str) -> Tab:
        """Open a window and wait until its page is loaded."""
        target = await self.command("Target.createTarget", url="about:blank", newWindow=True)
        attached = await self.command(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        session = attached["sessionId"]
        await self.command("Page.enable", session)
        loaded = self.event("Page.loadEventFired", session)
        await self.command("Page.navigate", session, url=url)
        await asyncio.wait_for(loaded, 20)
        return Tab(self, session)

    async def close(self) -> None:
        """Close the browser."""
        await self.command("Browser.close")
        await self._reader


class Tab:
    """One window of the browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    async def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; a promise is awaited."""
        result = await self._browser.command(
            "Runtime.evaluate",
            self._session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    async def follow(self, expression: str) -> None:
        """Evaluate what leaves the page, and wait until the next one is loaded."""
        loaded = self._browser.event("Page.loadEventFired", self._session)
        await self.evaluate(expression)
        await asyncio.wait_for(loaded, 20)

    async def until(self, condition: str) -> None:
        """Wait until a JavaScript condition holds; the page says so itself, frame by frame."""
        await self.evaluate(
            "new Promise((done, fail) => { const end = performance.now() + 15000;"
            f" (function look() {{ let held = false; try {{ held = {condition} }} catch {{}}"
            " if (held) done(true);"
            " else if (performance.now() > end) fail(new Error('timeout'));"
            " else setTimeout(look, 20) })() })"
        )

    async def screenshot(self) -> bytes:
        """Return a picture of the window, as PNG."""
        result = await self._browser.command("Page.captureScreenshot", self._session, format="png")
        return base64.b64decode(result["data"])


@asynccontextmanager
async def _chromium(program: str, profile: Path) -> AsyncIterator[str]:
    """Run Chromium; give the address of its DevTools."""
    process = await asyncio.create_subprocess_exec(
        program,
        *_SWITCHES,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        while line := (await asyncio.wait_for(process.stderr.readline(), 30)).decode():
            if "DevTools listening on" in line:
                break
        else:
            raise RuntimeError("Chromium ended before it listened")
        drain = asyncio.ensure_future(process.stderr.read())  # a full pipe would stop it
        yield line.split()[-1]
        await asyncio.wait_for(process.wait(), 20)
        await drain
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    """A Chromium for the time of a test."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    async with (
        _chromium(program, tmp_path / "profile") as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address, max_msg_size=0) as socket,
    ):
        chromium = Browser(socket)
        yield chromium
        await chromium.close()
