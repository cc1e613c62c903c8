"""What a server of ours says to a real browser."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from chromium import Browser, browser

from aiohttp import WSMsgType, web

__all__ = ["browser"]  # a fixture

PAGE = "<!doctype html><title>page</title><link rel=icon href=data:,><body></body>"


async def page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def serve(aiohttp_server: Any, *routes: web.AbstractRouteDef) -> str:
    app = web.Application()
    app.add_routes([web.get("/", page), *routes])
    return str((await aiohttp_server(app)).make_url("/"))


async def test_a_form_with_a_file(aiohttp_server: Any, browser: Browser) -> None:
    """The page posts its own form: the answer is the next page, names and bytes are as sent."""
    received: list[tuple[str, str, str, bytes]] = []

    async def form(_: web.Request) -> web.Response:
        fields = '<input name=text><input name=file type=file id=file><button id="go">'
        return web.Response(
            text=f"{PAGE}<form method=post enctype=multipart/form-data>{fields}</form>",
            content_type="text/html",
        )

    async def post(request: web.Request) -> web.Response:
        fields = await request.post()
        file = fields["file"]
        assert isinstance(file, web.FileField) and isinstance(fields["text"], str)
        received.append((fields["text"], file.filename, file.content_type, file.file.read()))
        return web.Response(text=f"{PAGE}<p id=done>thanks</p>", content_type="text/html")

    url = await serve(aiohttp_server, web.get("/form", form), web.post("/form", post))
    tab = await browser.open(url + "form")
    await tab.follow(
        """(() => {
            const files = new DataTransfer();
            const bytes = new Uint8Array(300000).fill(120);
            files.items.add(new File([bytes], 'a "b" ä.txt', {type: 'text/plain'}));
            document.getElementById('file').files = files.files;
            document.querySelector('[name=text]').value = 'ünïcode';
            document.getElementById('go').click();
        })()"""
    )
    assert await tab.evaluate("document.getElementById('done').textContent") == "thanks"
    # Browsers escape quotes so, and only these (HTML, multipart/form-data encoding algorithm).
    assert received == [("ünïcode", "a %22b%22 ä.txt", "text/plain", b"x" * 300_000)]


async def test_fetch_reads_a_stream_piece_by_piece(aiohttp_server: Any, browser: Browser) -> None:
    """The second piece is sent when the page has told that it has the first."""
    has_first = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        await response.prepare(request)
        await response.write(b"first")
        await asyncio.wait_for(has_first.wait(), 20)
        await response.write(b"second")
        return response

    async def told(_: web.Request) -> web.Response:
        has_first.set()
        return web.Response()

    url = await serve(aiohttp_server, web.get("/stream", stream), web.get("/told", told))
    tab = await browser.open(url)
    pieces = await tab.evaluate(
        """(async () => {
            const reader = (await fetch('/stream')).body.getReader();
            const pieces = [], decoder = new TextDecoder();
            for (;;) {
                const {done, value} = await reader.read();
                if (done) return pieces;
                pieces.push(decoder.decode(value));
                if (pieces.length === 1) await fetch('/told');
            }
        })()"""
    )
    assert pieces == ["first", "second"]


async def test_fetch_decodes_what_was_compressed(aiohttp_server: Any, browser: Browser) -> None:
    async def compressed(_: web.Request) -> web.Response:
        response = web.Response(text="x" * 100_000)
        response.enable_compression()
        return response

    url = await serve(aiohttp_server, web.get("/compressed", compressed))
    tab = await browser.open(url)
    answer = await tab.evaluate(
        "fetch('/compressed').then(async r => "
        "[r.headers.get('Content-Encoding') !== null, (await r.text()).length])"
    )
    assert answer == [True, 100_000]


async def test_websocket_with_compression(aiohttp_server: Any, browser: Browser) -> None:
    """Chromium offers permessage-deflate; text, bytes, a big message, a ping and a close go."""
    facts: dict[str, Any] = {}
    closed = asyncio.Event()

    async def echo(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(protocols=("chat",))
        await ws.prepare(request)
        facts["compress"] = ws.compress
        await ws.ping(b"are you there?")
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(message.data)
            else:
                await ws.send_bytes(message.data)
        facts["code"] = ws.close_code
        closed.set()
        return ws

    url = await serve(aiohttp_server, web.get("/ws", echo))
    tab = await browser.open(url)
    answer = await tab.evaluate(
        """new Promise((done, fail) => {
            const socket = new WebSocket(location.href.replace('http', 'ws') + 'ws', ['x', 'chat']);
            socket.binaryType = 'arraybuffer';
            const got = [];
            socket.onerror = () => fail(new Error('the socket failed'));
            socket.onopen = () => {
                socket.send('grüße');
                socket.send(new Uint8Array([0, 255]));
                socket.send('x'.repeat(1000000));
            };
            socket.onmessage = ({data}) => {
                got.push(typeof data !== 'string' ? [...new Uint8Array(data)]
                    : data.length < 100 ? data : data.length);
                if (got.length === 3) socket.close(4321, 'enough');
            };
            socket.onclose = event =>
                done({got, clean: event.wasClean, protocol: socket.protocol,
                      extensions: socket.extensions});
        })"""
    )
    assert answer["got"] == ["grüße", [0, 255], 1_000_000]
    assert (answer["clean"], answer["protocol"]) == (True, "chat")
    assert answer["extensions"].startswith("permessage-deflate")
    assert facts["compress"]
    await asyncio.wait_for(closed.wait(), 5)
    assert facts["code"] == 4321


async def test_server_sent_events(aiohttp_server: Any, browser: Browser) -> None:
    """The browser reads events as they come, and comes back with the number of the last one."""
    last_ids: list[str | None] = []

    async def events(request: web.Request) -> web.StreamResponse:
        last_ids.append(request.headers.get("Last-Event-ID"))
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        first = len(last_ids) * 10
        await response.write(b"retry: 10\n\n")
        for number in (first, first + 1):
            event = f"id: {number}\nevent: step\ndata: {json.dumps(number)}\n\n"
            await response.write(event.encode())
        return response

    url = await serve(aiohttp_server, web.get("/events", events))
    tab = await browser.open(url)
    numbers = await tab.evaluate(
        """new Promise((done, fail) => {
            const source = new EventSource('/events'), numbers = [];
            source.addEventListener('step', event => {
                numbers.push(JSON.parse(event.data));
                if (numbers.length === 4) { source.close(); done(numbers) }
            });
            setTimeout(() => fail(new Error('no events')), 15000);
        })"""
    )
    assert numbers == [10, 11, 20, 21]
    assert last_ids[:2] == [None, "11"]


@pytest.mark.parametrize("field", ["ETag", "Last-Modified"])
async def test_static_files_are_cached(
    aiohttp_server: Any, browser: Browser, tmp_path: Path, field: str
) -> None:
    """A file that did not change is answered 304 and taken from the browser's cache."""
    file = tmp_path / "data.txt"
    file.write_text("one")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    statuses: list[int] = []

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-cache"  # to be asked for again each time
            if field != "ETag":
                del response.headers["ETag"]
            statuses.append(response.status)

    app = web.Application()
    app.add_routes([web.get("/", page), web.static("/static", tmp_path)])
    app.on_response_prepare.append(note)
    tab = await browser.open(str((await aiohttp_server(app)).make_url("/")))
    fetch = "fetch('/static/data.txt').then(async r => [r.status, await r.text()])"
    assert await tab.evaluate(fetch) == [200, "one"]
    assert await tab.evaluate(fetch) == [200, "one"]
    assert statuses == [200, 304]

    file.write_text("two!")
    assert await tab.evaluate(fetch) == [200, "two!"]
    assert statuses == [200, 304, 200]
