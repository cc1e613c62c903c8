"""The seam between a session and whatever carries its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp import BaseConnector, ClientSession, ClientTimeout, HttpVersion11, StreamReader
from aiohttp._h1.messages import RawResponseMessage
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import ClientPayloadError, ServerDisconnectedError
from aiohttp.client_reqrep import ClientRequest, ClientResponse


def message(status: int, headers: dict[str, str]) -> RawResponseMessage:
    fields = CIMultiDictProxy(CIMultiDict(headers))
    return RawResponseMessage(HttpVersion11, status, "Fine", fields, (), False, None, False, False)


class Source:
    """What a response reads its head from: no transport, no socket."""

    upgraded = False

    def __init__(self, head: RawResponseMessage, body: StreamReader) -> None:
        self._head = head
        self._body = body

    async def read(self) -> tuple[RawResponseMessage, StreamReader]:
        return self._head, self._body


class Lease:
    """What a response gives back when its body has ended."""

    def __init__(self, source: Source) -> None:
        self.protocol: Any = source
        self.events: list[str] = []

    def add_callback(self, callback: Any) -> None:
        self.events.append("watched")

    def release(self) -> None:
        self.events.append("released")

    def close(self) -> None:
        self.events.append("closed")


class Memory(BaseConnector):
    """A connector that answers by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[ClientRequest] = []
        self.leases: list[Lease] = []
        self.bodies: list[StreamReader] = []
        self.answers: list[RawResponseMessage] = []

    async def send(
        self, request: ClientRequest, traces: Sequence[Any], timeout: ClientTimeout
    ) -> ClientResponse:
        self.requests.append(request)
        loop = asyncio.get_running_loop()
        body = StreamReader(BaseProtocol(loop), 2**16, loop=loop, timer=request.timer)
        self.bodies.append(body)
        lease = Lease(Source(self.answers.pop(0), body))
        self.leases.append(lease)
        response = request.response_class(
            request.method,
            request.original_url,
            writer=None,
            continue100=None,
            timer=request.timer,
            request_info=request.request_info,
            traces=[],
            loop=loop,
            session=request.session,
            stream_writer=None,
        )
        return await response.start(lease)  # type: ignore[arg-type]


async def test_a_response_needs_no_socket() -> None:
    connector = Memory()
    connector.answers.append(message(200, {"Content-Type": "application/json"}))
    async with ClientSession(connector=connector) as session:
        async with session.get("http://in.memory/x", params={"a": "1"}) as response:
            assert (response.status, response.reason) == (200, "Fine")
            body = connector.bodies[0]
            body.feed_data(b'{"a":')
            body.feed_data(b" 1}")
            assert connector.leases[0].events == ["watched"]
            body.feed_eof()
            assert connector.leases[0].events == ["watched", "released"]
            assert await response.json() == {"a": 1}
            assert response.closed
    request = connector.requests[0]
    assert request.url == URL("http://in.memory/x?a=1")
    assert request.headers["Host"] == "in.memory"


async def test_a_broken_body_fails_its_reader_and_closes() -> None:
    connector = Memory()
    connector.answers.append(message(200, {}))
    async with ClientSession(connector=connector) as session:
        response = await session.get("http://in.memory/")
        connector.bodies[0].set_exception(ClientPayloadError("broken"))
        with pytest.raises(ClientPayloadError, match="broken"):
            await response.read()
        assert connector.leases[0].events[-1] == "closed"


async def test_redirects_go_through_the_exchange() -> None:
    connector = Memory()
    connector.answers += [
        message(302, {"Location": "https://else.where/y", "Set-Cookie": "a=b"}),
        message(200, {}),
    ]
    async with ClientSession(connector=connector) as session:
        response = await session.post(
            "http://in.memory/",
            data=b"body",
            headers={"Authorization": "x", "Cookie": "c=d", "X-Kept": "1"},
            cookies={"e": "f"},
        )
        connector.bodies[1].feed_eof()
    first, second = connector.requests
    assert (first.method, second.method) == ("POST", "GET")
    assert second.url == URL("https://else.where/y")
    assert [r.status for r in response.history] == [302]
    assert second.headers["X-Kept"] == "1"
    for name in ("Authorization", "Cookie", "Content-Length", "Content-Type"):
        assert name not in second.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
async def test_an_idempotent_request_is_sent_again_when_a_kept_connection_was_dead(
    method: str,
) -> None:
    connector = _DeadOnce()
    connector.answers.append(message(200, {}))
    async with ClientSession(connector=connector) as session:
        async with session.request(method, "http://in.memory/") as response:
            assert response.status == 200
    assert connector.tries == 2


async def test_post_is_not_sent_again() -> None:
    connector = _DeadOnce()
    async with ClientSession(connector=connector) as session:
        with pytest.raises(ServerDisconnectedError):
            await session.post("http://in.memory/")
    assert connector.tries == 1


async def test_a_new_connection_is_not_tried_twice() -> None:
    connector = _DeadOnce(reused=False)
    async with ClientSession(connector=connector) as session:
        with pytest.raises(ServerDisconnectedError):
            await session.get("http://in.memory/")
    assert connector.tries == 1


class _DeadOnce(Memory):
    def __init__(self, *, reused: bool = True) -> None:
        super().__init__()
        self.tries = 0
        self.reused = reused

    async def send(
        self, request: ClientRequest, traces: Sequence[Any], timeout: ClientTimeout
    ) -> ClientResponse:
        self.tries += 1
        if self.tries == 1:
            request.connection_reused = self.reused
            raise ServerDisconnectedError()
        response = await super().send(request, traces, timeout)
        self.bodies[-1].feed_eof()
        return response
