"""The client against a real nginx: how that frames, compresses, closes, and wants TLS."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from tools.programs import missing, nginx, unused_ports

import aiohttp

pytestmark = pytest.mark.skipif(bool(missing("nginx")), reason=missing("nginx"))

TEXT = "".join(f"line {number} of a file that is worth compressing\n" for number in range(2000))
DATA = bytes(range(256)) * 4096

PATIENCE = 20.0  # seconds; a test that works needs a fraction of it


@contextlib.asynccontextmanager
async def site(
    folder: Path, server: str = "", *, tls: bool = False, http: str = ""
) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve two files by the directives ``server``; yield a session with its base URL."""
    files = folder / "files"
    files.mkdir()
    (files / "text.txt").write_text(TEXT, "utf-8")
    (files / "data.bin").write_bytes(DATA)
    (port,) = unused_ports(1)
    text = f"""
    log_format connection '$connection';
    {http}
    server {{
        listen 127.0.0.1:{port}{" ssl" if tls else ""};
        access_log {folder}/connections.log connection;
        root {files};
        {server}
    }}
    """
    with nginx(folder, text, port):
        base = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        async with aiohttp.ClientSession(base) as session:
            yield session


def connections(folder: Path) -> int:
    """Return how many connections the requests came by; when nginx has stopped, and not before."""
    return len(set((folder / "connections.log").read_text("utf-8").split()))


# Framing and compression


async def test_gzip(tmp_path: Path) -> None:
    async with site(tmp_path, "gzip on; gzip_types text/plain;") as session:
        async with session.get("/text.txt") as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert response.headers["Transfer-Encoding"] == "chunked"
            assert await response.text() == TEXT
        async with session.get("/text.txt", auto_decompress=False) as response:
            assert gzip.decompress(await response.read()).decode() == TEXT
        async with session.get("/text.txt", headers={"Accept-Encoding": "identity"}) as response:
            assert "Content-Encoding" not in response.headers
            assert response.content_length == len(TEXT)
            assert await response.text() == TEXT
    assert connections(tmp_path) == 1


async def test_gzip_of_known_length(tmp_path: Path) -> None:
    async with site(tmp_path, "gzip_static on;") as session:
        packed = gzip.compress(TEXT.encode())
        (tmp_path / "files" / "text.txt.gz").write_bytes(packed)
        async with session.get("/text.txt") as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert response.content_length == len(packed)
            assert await response.text() == TEXT


async def test_files_and_ranges(tmp_path: Path) -> None:
    async with site(tmp_path) as session:
        async with session.get("/data.bin") as response:
            assert await response.read() == DATA
            etag = response.headers["ETag"]
        async with session.get("/data.bin", headers={"Range": "bytes=10-19"}) as response:
            assert (response.status, await response.read()) == (206, DATA[10:20])
        async with session.get("/data.bin", headers={"If-None-Match": etag}) as response:
            assert (response.status, await response.read()) == (304, b"")
        async with session.head("/data.bin") as response:
            assert response.content_length == len(DATA)
            assert await response.read() == b""
    assert connections(tmp_path) == 1


async def test_several_ranges_are_multipart(tmp_path: Path) -> None:
    async with site(tmp_path) as session:
        async with session.get("/data.bin", headers={"Range": "bytes=0-1,5-6"}) as response:
            assert response.content_type == "multipart/byteranges"
            found = []
            async for part in aiohttp.MultipartReader.from_response(response):
                assert isinstance(part, aiohttp.BodyPartReader)
                found.append((part.headers["Content-Range"], bytes(await part.read())))
    assert found == [
        (f"bytes 0-1/{len(DATA)}", DATA[:2]),
        (f"bytes 5-6/{len(DATA)}", DATA[5:7]),
    ]


async def test_redirects_of_folders(tmp_path: Path) -> None:
    server = "absolute_redirect off; index text.txt;"
    async with site(tmp_path, server) as session:
        (tmp_path / "files" / "folder").mkdir()
        (tmp_path / "files" / "folder" / "text.txt").write_text("inside")
        async with session.get("/folder") as response:
            assert response.url.path == "/folder/"
            assert [step.status for step in response.history] == [301]
            assert await response.text() == "inside"


async def test_http_1_0(tmp_path: Path) -> None:
    async with site(tmp_path, "gzip on; gzip_types text/plain; gzip_http_version 1.0;") as session:
        async with aiohttp.ClientSession(version=aiohttp.HttpVersion10) as old:
            for _ in range(2):
                async with old.get(session._base_url / "text.txt") as response:  # type: ignore[operator]
                    # nginx ends a body of unknown length by closing.
                    assert "Transfer-Encoding" not in response.headers
                    assert response.content_length is None
                    assert await response.text() == TEXT
    assert connections(tmp_path) == 2


async def test_uploads(tmp_path: Path) -> None:
    server = "location /put/ { dav_methods PUT; client_max_body_size 10m; }"

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(DATA), 2**16):
            yield DATA[start : start + 2**16]

    async with site(tmp_path, server) as session:
        (tmp_path / "files" / "put").mkdir()
        for name, body in (("length", io.BytesIO(DATA)), ("chunked", pieces())):
            async with session.put(f"/put/{name}", data=body, expect100=True) as response:
                assert response.status == 201
            assert (tmp_path / "files" / "put" / name).read_bytes() == DATA


async def test_an_upload_that_is_refused(tmp_path: Path) -> None:
    """nginx answers before it has read the body, and closes."""
    async with site(tmp_path, "client_max_body_size 1k;") as session:
        for _ in range(3):
            async with session.put("/text.txt", data=io.BytesIO(DATA), expect100=True) as response:
                assert response.status == 413
                assert "Too Large" in await response.text()
        async with session.get("/text.txt") as response:
            assert await response.text() == TEXT


# Connections


async def test_keep_alive(tmp_path: Path) -> None:
    async with site(tmp_path) as session:
        for _ in range(10):
            async with session.get("/text.txt") as response:
                assert await response.text() == TEXT
    assert connections(tmp_path) == 1


async def test_requests_of_a_connection_are_limited(tmp_path: Path) -> None:
    async with site(tmp_path, "keepalive_requests 3;") as session:
        for _ in range(9):
            async with session.get("/text.txt") as response:
                assert await response.text() == TEXT
    assert connections(tmp_path) == 3


async def test_no_keep_alive(tmp_path: Path) -> None:
    async with site(tmp_path, "keepalive_timeout 0;") as session:
        for _ in range(3):
            async with session.get("/text.txt") as response:
                assert response.headers["Connection"] == "close"
                assert await response.text() == TEXT
    assert connections(tmp_path) == 3


async def test_idle_connections_that_nginx_closed(tmp_path: Path) -> None:
    """The client does not trip over connections that were closed while they were idle."""
    async with site(tmp_path, "keepalive_timeout 20ms;") as session:
        for _ in range(5):
            async with session.get("/data.bin") as response:
                assert response.connection is not None  # the body is too long to be there already
                assert response.connection.protocol is not None
                closed = response.connection.protocol.closed
                assert closed is not None
                assert await response.read() == DATA
            await asyncio.wait_for(asyncio.shield(closed), PATIENCE)
    assert connections(tmp_path) == 5


async def test_many_at_once(tmp_path: Path) -> None:
    async def ask(session: aiohttp.ClientSession) -> None:
        async with session.get("/text.txt") as response:
            assert await response.text() == TEXT

    async with site(tmp_path, "gzip on; gzip_types text/plain;") as session:
        await asyncio.gather(*(ask(session) for _ in range(200)))
    assert connections(tmp_path) <= 100  # the connector's limit


async def test_a_head_that_is_too_long(tmp_path: Path) -> None:
    async with site(tmp_path, "large_client_header_buffers 1 1k;") as session:
        async with session.get("/text.txt", headers={"X-Long": "x" * 5000}) as response:
            assert response.status == 400
            assert "Request Header Or Cookie Too Large" in await response.text()


# TLS


class Authority:
    """A certification authority, and what it has signed for nginx in a folder."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
        server = self.ca.issue_cert("127.0.0.1")
        self.digest = hashlib.sha256(
            ssl.PEM_cert_to_DER_cert(server.cert_chain_pems[0].bytes().decode())
        ).digest()
        server.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
        server.private_key_pem.write_to_path(str(folder / "key.pem"))
        self.ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        self.server = f"ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/key.pem;"

    def trusted(self) -> ssl.SSLContext:
        """Return a client's context that trusts this authority alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca.configure_trust(context)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
async def test_tls(tmp_path: Path, authority: Authority, version: str) -> None:
    async with site(tmp_path, f"{authority.server} ssl_protocols {version};", tls=True) as session:
        context = authority.trusted()
        for _ in range(3):
            async with session.get("/data.bin", ssl=context) as response:
                assert response.connection is not None
                assert response.connection.transport is not None
                tls = response.connection.transport.get_extra_info("ssl_object")
                assert tls.version() == version
                assert await response.read() == DATA
    assert connections(tmp_path) == 1


async def test_an_unknown_authority(tmp_path: Path, authority: Authority) -> None:
    async with site(tmp_path, authority.server, tls=True) as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match=r"127\.0\.0\.1"):
            await session.get("/text.txt")
        async with session.get("/text.txt", ssl=False) as response:
            assert await response.text() == TEXT


async def test_a_pinned_certificate(tmp_path: Path, authority: Authority) -> None:
    async with site(tmp_path, authority.server, tls=True) as session:
        async with session.get("/text.txt", ssl=aiohttp.Fingerprint(authority.digest)) as response:
            assert await response.text() == TEXT
        with pytest.raises(aiohttp.ServerFingerprintMismatch) as caught:
            await session.get("/text.txt", ssl=aiohttp.Fingerprint(bytes(32)))
        assert caught.value.got == authority.digest


async def test_client_certificates(tmp_path: Path, authority: Authority) -> None:
    server = f"""
    {authority.server}
    ssl_client_certificate {tmp_path}/ca.pem;
    ssl_verify_client on;
    location = /who {{ return 200 $ssl_client_verify; }}
    """
    async with site(tmp_path, server, tls=True) as session:
        async with session.get("/who", ssl=authority.trusted()) as response:
            assert response.status == 400
            assert "No required SSL certificate was sent" in await response.text()
        known = authority.trusted()
        authority.ca.issue_cert("ann@example.org").configure_cert(known)
        async with session.get("/who", ssl=known) as response:
            assert (response.status, await response.text()) == (200, "SUCCESS")
        stranger = authority.trusted()
        trustme.CA().issue_cert("eve@example.org").configure_cert(stranger)
        async with session.get("/who", ssl=stranger) as response:
            assert response.status == 400
            assert "SSL certificate error" in await response.text()


async def test_plain_http_to_a_port_of_tls(tmp_path: Path, authority: Authority) -> None:
    async with site(tmp_path, authority.server, tls=True) as session:
        assert session._base_url is not None
        async with session.get(session._base_url.with_scheme("http")) as response:
            assert response.status == 400
            assert "plain HTTP request was sent to HTTPS port" in await response.text()


async def test_tls_to_a_plain_port(tmp_path: Path) -> None:
    async with site(tmp_path) as session:
        assert session._base_url is not None
        with pytest.raises(aiohttp.ClientConnectorSSLError):
            await session.get(session._base_url.with_scheme("https"))
