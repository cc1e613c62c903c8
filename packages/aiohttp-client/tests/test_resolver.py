"""Resolvers, without a network."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from aiohttp import resolver
from aiohttp.resolver import AsyncResolver, ThreadedResolver

NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class FakeLoop:
    """Answers getaddrinfo and getnameinfo from a table."""

    def __init__(self, *infos: Any) -> None:
        self.infos = list(infos)
        self.asked: dict[str, Any] = {}

    async def getaddrinfo(self, host: str, port: int, **options: Any) -> Any:
        self.asked = {"host": host, "port": port, **options}
        if not self.infos:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return self.infos

    async def getnameinfo(self, address: Any, flags: int) -> tuple[str, str]:
        return f"{address[0]}%eth{address[3]}", str(address[1])


def info(family: int, *address: Any) -> Any:
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address


async def test_threaded() -> None:
    loop: Any = FakeLoop(
        info(socket.AF_INET, "192.0.2.1", 80),
        info(socket.AF_INET6, "2001:db8::1", 80, 0, 0),
        info(socket.AF_INET6, "fe80::1", 80, 0, 2),
    )
    found = await ThreadedResolver(loop).resolve("example.com", 80, socket.AF_UNSPEC)
    assert [one["host"] for one in found] == ["192.0.2.1", "2001:db8::1", "fe80::1%eth2"]
    assert found[0] == {
        "hostname": "example.com",
        "host": "192.0.2.1",
        "port": 80,
        "family": socket.AF_INET,
        "proto": socket.IPPROTO_TCP,
        "flags": NUMERIC,
    }
    assert loop.asked["type"] is socket.SOCK_STREAM
    assert loop.asked["family"] is socket.AF_UNSPEC


async def test_threaded_without_ipv6_support() -> None:
    loop: Any = FakeLoop(
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (10, b"\x01")),
        info(socket.AF_INET, "192.0.2.1", 80),
    )
    found = await ThreadedResolver(loop).resolve("example.com", 80, socket.AF_UNSPEC)
    assert [one["host"] for one in found] == ["192.0.2.1"]


async def test_threaded_failure_is_an_os_error() -> None:
    loop: Any = FakeLoop()
    with pytest.raises(OSError, match="no such name"):
        await ThreadedResolver(loop).resolve("nowhere.invalid")


async def test_localhost_on_windows_is_found_without_a_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolver, "_IS_WINDOWS", True)
    loop: Any = FakeLoop(info(socket.AF_INET, "127.0.0.1", 80))
    await ThreadedResolver(loop).resolve("localhost", 80)
    assert loop.asked["flags"] == 0
    await ThreadedResolver(loop).resolve("example.com", 80)
    assert loop.asked["flags"] == socket.AI_ADDRCONFIG


async def test_threaded_real() -> None:
    one = ThreadedResolver()
    assert "127.0.0.1" in {found["host"] for found in await one.resolve("localhost", 80)}
    await one.close()


# --- aiodns ---

pytest.importorskip("aiodns")


class FakeDNS:
    """Stands for aiodns.DNSResolver."""

    made: ClassVar[list[FakeDNS]] = []

    def __init__(self, *args: Any, loop: Any = None, **options: Any) -> None:
        self.args, self.options = args, options
        self.nodes: list[Any] = []
        self.error: Exception | None = None
        self.cancelled = 0
        self.made.append(self)

    async def getaddrinfo(self, host: str, **options: Any) -> Any:
        if self.error is not None:
            raise self.error
        return SimpleNamespace(nodes=self.nodes)

    async def getnameinfo(self, address: Any, flags: int) -> Any:
        return SimpleNamespace(node=f"{address[0]}%eth{address[3]}", service=None)

    def cancel(self) -> None:
        self.cancelled += 1


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> type[FakeDNS]:
    FakeDNS.made = []
    monkeypatch.setattr(resolver, "aiodns", SimpleNamespace(DNSResolver=FakeDNS), raising=False)
    monkeypatch.setattr(resolver._DNSResolverManager, "_instance", None)
    return FakeDNS


def node(family: int, *address: Any) -> Any:
    return SimpleNamespace(family=family, addr=address)


async def test_async(dns: type[FakeDNS]) -> None:
    one = AsyncResolver()
    dns.made[0].nodes = [
        node(socket.AF_INET, b"192.0.2.1", 80),
        node(socket.AF_INET6, b"2001:db8::1", 80, 0, 0),
        node(socket.AF_INET6, b"fe80::1", 80, 0, 2),
    ]
    found = await one.resolve("example.com", 80, socket.AF_UNSPEC)
    assert [entry["host"] for entry in found] == ["192.0.2.1", "2001:db8::1", "fe80::1%eth2"]
    assert {entry["port"] for entry in found} == {80}
    assert {entry["flags"] for entry in found} == {NUMERIC}
    await one.close()


@pytest.mark.parametrize(
    ("arguments", "text"), [((1, "no such name"), "no such name"), ((), "DNS lookup failed")]
)
async def test_async_failure_is_an_os_error(
    dns: type[FakeDNS], arguments: tuple[Any, ...], text: str
) -> None:
    from aiodns.error import DNSError

    one = AsyncResolver()
    dns.made[0].error = DNSError(*arguments)
    with pytest.raises(OSError, match=text):
        await one.resolve("nowhere.invalid")
    dns.made[0].error = None
    with pytest.raises(OSError, match="DNS lookup failed"):
        await one.resolve("empty.invalid")
    await one.close()


async def test_resolvers_of_a_loop_share_one(dns: type[FakeDNS]) -> None:
    one, other = AsyncResolver(), AsyncResolver()
    assert len(dns.made) == 1
    await one.close()
    await one.close()
    assert dns.made[0].cancelled == 0
    await other.close()
    assert dns.made[0].cancelled == 1
    with pytest.raises(RuntimeError, match="closed"):
        await one.resolve("example.com")


async def test_a_resolver_with_options_is_its_own(dns: type[FakeDNS]) -> None:
    one, other = AsyncResolver(), AsyncResolver(nameservers=["192.0.2.53"])
    assert [made.options for made in dns.made] == [{}, {"nameservers": ["192.0.2.53"]}]
    await other.close()
    await other.close()
    assert [made.cancelled for made in dns.made] == [0, 1]
    await one.close()


def test_loops_do_not_share(dns: type[FakeDNS]) -> None:
    async def use() -> None:
        await AsyncResolver().close()

    asyncio.run(use())
    asyncio.run(use())
    assert [made.cancelled for made in dns.made] == [1, 1]


async def test_without_aiodns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "aiodns", None, raising=False)
    with pytest.raises(RuntimeError, match="pip install aiodns"):
        AsyncResolver()
    assert resolver._aiodns_can_getaddrinfo() is False


def test_the_default() -> None:
    assert resolver.DefaultResolver is AsyncResolver
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        resolver.nothing  # noqa: B018


async def test_async_real() -> None:
    one = AsyncResolver()
    assert "127.0.0.1" in {found["host"] for found in await one.resolve("localhost", 80)}
    await one.close()
