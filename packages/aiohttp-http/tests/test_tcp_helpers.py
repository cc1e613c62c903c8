"""Socket options, on real sockets that are not connected."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from unittest import mock

import pytest

from aiohttp.tcp_helpers import tcp_keepalive, tcp_nodelay


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        yield sock


def transport_of(sock: socket.socket | None) -> mock.Mock:
    transport = mock.Mock()
    transport.get_extra_info.return_value = sock
    return transport


@pytest.mark.parametrize("value", [True, False])
def test_nodelay(sock: socket.socket, value: bool) -> None:
    tcp_nodelay(transport_of(sock), value)
    assert bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)) is value


def test_keepalive(sock: socket.socket) -> None:
    tcp_keepalive(transport_of(sock))
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_no_socket() -> None:
    tcp_nodelay(transport_of(None), True)
    tcp_keepalive(transport_of(None))


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
def test_a_socket_that_is_not_tcp() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        tcp_nodelay(transport_of(sock), True)


def test_a_closed_socket(sock: socket.socket) -> None:
    transport = transport_of(sock)
    sock.close()
    tcp_nodelay(transport, True)
