"""Names with an underscore that other libraries read, set, wrap or override."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from yarl import URL

import aiohttp
from aiohttp import ClientRequest, ClientResponse, ClientSession, TCPConnector, UnixConnector
from aiohttp.client import _RequestOptions

SESSION = {
    "_connector": "fsspec, gcsfs, s3fs, litellm, google_auth, ddtrace",
    "_request": "aioresponses, vcrpy, ddtrace, newrelic, aiohttp_client_cache",
    "_loop": "web3, litellm, google_auth",
    "_base_url": "ddtrace, aiohttp_client_cache",
    "_cookie_jar": "vcrpy, google_auth",
    "_default_headers": "homeassistant, google_auth",
    "_prepare_headers": "aioresponses, aiohttp_client_cache",
    "_trace_configs": "opentelemetry, google_auth",
    "_auto_decompress": "google_auth",
    "_build_url": "aioresponses",
    "_default_auth": "google_auth",
    "_json_serialize": "google_auth",
    "_json_serialize_bytes": "aiohttp_client_cache",
    "_raise_for_status": "aioresponses",
    "_timeout": "google_auth",
    "_trust_env": "google_auth",
}

CONNECTOR = {
    "_close": "fsspec, gcsfs, s3fs, litellm",
    "_acquired": "litellm",
    "_conns": "gql",
    "_create_connection": "ddtrace",
    "_force_close": "google_auth",
    "_limit": "google_auth",
    "_limit_per_host": "google_auth",
    "_cleanup_closed_period": "homeassistant",
    "_local_addr_infos": "google_auth",
    "_resolve_host": "homeassistant",
    "_ssl": "google_auth",
    "_update_proxy_auth_header_and_build_proxy_req": "aiobotocore",
    "_wrap_create_connection": "aiohttp_socks",
}

RESPONSE = ("_body", "_headers", "_history", "_raw_headers", "_released", "_stored_content_type")


async def test_they_exist() -> None:
    async with ClientSession() as session:
        assert [name for name in SESSION if not hasattr(session, name)] == []
        assert [name for name in CONNECTOR if not hasattr(session.connector, name)] == []
    unix = UnixConnector("/no/such/socket")
    assert unix._path == "/no/such/socket"
    await unix.close()
    assert [name for name in RESPONSE if not hasattr(ClientResponse, name)] == []
    assert "headers" in _RequestOptions.__annotations__


async def test_request_is_what_the_verbs_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stub(self: ClientSession, method: str, url: str, **kwargs: Any) -> Any:
        return method, url, kwargs

    monkeypatch.setattr(ClientSession, "_request", stub)
    async with ClientSession() as session:
        assert await session.get("u", params={}) == (  # type: ignore[comparison-overlap]
            "GET",
            "u",
            {"allow_redirects": True, "params": {}},
        )


async def test_a_response_made_by_hand() -> None:
    """As aioresponses and vcrpy make theirs."""
    loop = asyncio.get_running_loop()
    url = URL("http://a/b")
    info = aiohttp.RequestInfo(url, "GET", {})  # type: ignore[arg-type]
    async with ClientSession() as session:
        response = ClientResponse(
            "GET",
            url,
            writer=None,
            continue100=None,
            timer=None,
            request_info=info,
            traces=[],
            loop=loop,
            session=session,
            stream_writer=None,
        )
        response.status = 200
        response.reason = "OK"
        response._headers = {"Content-Type": "application/json"}  # type: ignore[assignment]
        response._raw_headers = ((b"Content-Type", b"application/json"),)
        response._body = b"[1]"
        response._history = ()
        assert await response.json() == [1]
        assert response.raw_headers == ((b"Content-Type", b"application/json"),)
        assert response.request_info is info
        assert response.ok
        response.close()


async def test_the_way_to_an_address_can_be_overridden() -> None:
    """As aiohttp_socks and homeassistant do."""
    seen: dict[str, Any] = {}

    class Connector(TCPConnector):
        async def _resolve_host(self, host: str, port: int, traces: Any = None) -> Any:
            seen["host"] = host
            return [
                {
                    "hostname": host,
                    "host": "192.0.2.1",
                    "port": port,
                    "family": 2,
                    "proto": 6,
                    "flags": 0,
                }
            ]

        async def _wrap_create_connection(
            self, *args: Any, addr_infos: Any, req: Any, timeout: Any, **kwargs: Any
        ) -> Any:
            seen["address"] = addr_infos[0][4]
            seen["ssl"] = kwargs["ssl"]
            raise aiohttp.ClientConnectionError("far enough")

    async with ClientSession(connector=Connector()) as session:
        with pytest.raises(aiohttp.ClientConnectionError, match="far enough"):
            await session.get("http://name:8080/")
    assert seen == {"host": "name", "address": ("192.0.2.1", 8080), "ssl": None}


async def test_send_can_be_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """As newrelic does."""
    sent: list[str] = []
    original = ClientRequest.send

    async def wrapped(self: ClientRequest, conn: Any) -> ClientResponse:
        sent.append(self.method)
        return await original(self, conn)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 None\r\n\r\n")
        writer.close()

    monkeypatch.setattr(ClientRequest, "send", wrapped)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with ClientSession() as session:
        async with session.get(f"http://{host}:{port}/") as response:
            assert response.status == 204
    server.close()
    assert sent == ["GET"]


async def test_a_connector_can_be_closed_when_its_loop_is_dead() -> None:
    loop = asyncio.new_event_loop()

    async def make() -> TCPConnector:
        return TCPConnector()

    connector = await make()
    loop.close()
    connector._loop = loop
    assert connector._close() == []
    assert connector.closed
