"""google-auth: calls with a token, by both of its transports over our sessions."""

from __future__ import annotations

from typing import Any

import pytest

import aiohttp
from aiohttp import ClientSession, web

transport = pytest.importorskip("google.auth.transport._aiohttp_requests", exc_type=ImportError)
credentials = pytest.importorskip("google.oauth2._credentials_async")
sessions = pytest.importorskip("google.auth.aio.transport.sessions")
static = pytest.importorskip("google.auth.aio.credentials")


async def show(request: web.Request) -> web.Response:
    return web.json_response([request.headers.get("Authorization"), await request.text()])


@pytest.fixture
async def url(serve: Any) -> str:
    app = web.Application()
    app.router.add_route("*", "/", show)
    return str((await serve(app)).make_url("/"))


async def test_a_session_of_its_own(url: str) -> None:
    async with transport.AuthorizedSession(credentials.Credentials("token")) as session:
        response = await session.request("POST", url, data=b"body")
        assert await response.json(content_type=None) == ["Bearer token", "body"]


async def test_a_request_is_cloned(url: str) -> None:
    connector = aiohttp.TCPConnector(limit=7, limit_per_host=3, local_addr=("127.0.0.1", 0))
    async with ClientSession(
        connector=connector, auto_decompress=False, headers={"X": "1"}, trust_env=True
    ) as session:
        request = transport.Request(session)
        clone = request._clone()
        other = clone.session
        assert (other.connector.limit, other.connector.limit_per_host) == (7, 3)
        assert other.headers == {"X": "1"} and other.trust_env
        response = await clone(url, method="PUT", body=b"body")
        assert response.status == 200
        assert b'"body"' in await response.content()
        await clone.close()


async def test_the_new_transport(url: str) -> None:
    session = sessions.AsyncAuthorizedSession(static.StaticCredentials("token"))
    response = await session.post(url, data=b"body")
    assert response.status_code == 200
    assert b"Bearer token" in await response.read()
    await response.close()
    await session.close()
