"""Sockets and port numbers for test servers.  Knows nothing of aiohttp."""

from __future__ import annotations

import os
import socket
import sys

# On Windows SO_REUSEADDR lets a second process steal a port that is in use.
REUSE_ADDRESS = os.name == "posix" and sys.platform != "cygwin"


def get_port_socket(
    host: str, port: int, family: socket.AddressFamily = socket.AF_INET
) -> socket.socket:
    """Return a socket bound to ``host`` and ``port``; port 0 lets the system choose one.

    The caller owns the socket, and so the port stays taken until it is closed.
    """
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if REUSE_ADDRESS:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except BaseException:
        bound.close()
        raise
    return bound


def get_unused_port_socket(
    host: str, family: socket.AddressFamily = socket.AF_INET
) -> socket.socket:
    """Return a socket bound to a port of ``host`` that nobody uses."""
    return get_port_socket(host, 0, family)


def unused_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago.

    Another process may take it before the caller does: prefer :func:`get_unused_port_socket`.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
