"""Request targets and Host (RFC 9112 §3.2)."""

from __future__ import annotations

import pytest

from aiohttp._h1.target import KNOWN_HOSTS, check_host, check_target
from aiohttp.http_exceptions import BadHttpMessage, InvalidURLError


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a",
        "a.b-c_d~e",
        "a:",
        "a:65535",
        "%41",
        "a,b;c=d",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:8080",
        "[fe80::1%25eth0]",
        "[v1.fe:x]",
    ],
)
def test_hosts(host: str) -> None:
    check_host(host)
    assert host in KNOWN_HOSTS


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "a@b",
        "a/b",
        "a?b",
        "a#b",
        "{a}",
        "a\\b",
        'a"',
        "a:b",
        "a:65536",
        "a:080000",
        ":80",
        "%4",
        "[::1",
        "[]",
        "[:::]",
        "[1.2.3.4]",
        "::1",
        "ü",
        "a\udcff",
        "٣",
    ],
)
def test_no_hosts(host: str) -> None:
    with pytest.raises(BadHttpMessage, match="Invalid Host header: expected a host name"):
        check_host(host)
    assert host not in KNOWN_HOSTS


def test_hosts_that_are_remembered_are_bounded() -> None:
    for number in range(1000):
        check_host(f"host-{number}")
    check_host("a" * 5000)
    assert len(KNOWN_HOSTS) <= 256
    assert "a" * 5000 not in KNOWN_HOSTS


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "//a"),
        ("GET", "http://a"),
        ("GET", "coap+tcp://a:1/b"),
        ("GET", "http://[::1]/"),
        ("OPTIONS", "*"),
        ("CONNECT", "a:1"),
        ("CONNECT", "a"),
        ("CONNECT", "a:65535"),
        ("CONNECT", "a:10"),
        ("CONNECT", "[::]"),
        ("CONNECT", "[::1]:1"),
    ],
)
def test_targets(method: str, target: str) -> None:
    check_target(method, target)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "*"),
        ("GET", "a"),
        ("GET", "?a"),
        ("GET", "#a"),
        ("GET", "a:b"),
        ("GET", "1://a"),
        ("GET", "http://"),
        ("GET", "http://:80/"),
        ("GET", "http://a@b/"),
        ("GET", "http://a:x/"),
        ("OPTIONS", "**"),
        ("CONNECT", "/"),
        ("CONNECT", ":443"),
        ("CONNECT", "a:"),
        ("CONNECT", "a:0"),
        ("CONNECT", "a:00"),
        ("CONNECT", "a:65536"),
        ("CONNECT", "a:x"),
        ("CONNECT", "[::1]:"),
        ("CONNECT", "a@b:1"),
        ("CONNECT", "http://a:1/"),
    ],
)
def test_no_targets(method: str, target: str) -> None:
    with pytest.raises(InvalidURLError):
        check_target(method, target)
