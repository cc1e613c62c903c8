"""Socket options for transports.

This file knows asyncio transports and sockets; it does not know what is sent over them.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

__all__ = ("tcp_cork", "tcp_keepalive", "tcp_nodelay")

_INTERNET_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


def tcp_keepalive(transport: asyncio.Transport) -> None:
    """Ask the kernel to probe an idle peer (``SO_KEEPALIVE``, RFC 9293 §3.8.4).

    A transport without a socket is left alone.
    """
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def tcp_nodelay(transport: asyncio.Transport, value: bool) -> None:
    """Switch Nagle's algorithm off (``value=True``) or on (RFC 9293 §3.7.4).

    A transport without a TCP socket, or whose socket is closed already, is left alone.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in _INTERNET_FAMILIES:
        return
    # A peer may have closed the connection before this call; the next write tells so.
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, bool(value))


# Linux's name, and that of the BSDs and macOS, for the same thing.
_CORK = getattr(socket, "TCP_CORK", getattr(socket, "TCP_NOPUSH", None))


def tcp_cork(transport: asyncio.Transport, value: bool) -> None:
    """Hold back packets that are not full (``value=True``) or let them go.

    A transport without a TCP socket, whose socket is closed already, or a system that cannot do
    it, is left alone.
    """
    sock = transport.get_extra_info("socket")
    if _CORK is None or sock is None or sock.family not in _INTERNET_FAMILIES:
        return
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, _CORK, bool(value))
