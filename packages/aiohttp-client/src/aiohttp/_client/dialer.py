"""Making a byte stream: a socket, by happy eyeballs (RFC 8305), and TLS over it.

I/O: takes the loop and the addresses.  Errors of the system become errors that name the host.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohappyeyeballs

from aiohttp.client_exceptions import (
    ClientConnectorCertificateError,
    ClientConnectorSSLError,
    cert_errors,
    ssl_errors,
)

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult
    from aiohttp.client_reqrep import ConnectionKey

AddrInfo = tuple[Any, Any, int, str, tuple[Any, ...]]

# `ssl_shutdown_timeout` of the loop's methods came with Python 3.11.
HAS_SHUTDOWN_TIMEOUT = sys.version_info >= (3, 11)


class Dialing(NamedTuple):
    """How sockets are made."""

    # Seconds of head start for an address before the next is tried beside it; None: one by one.
    happy_eyeballs_delay: float | None = 0.25
    # How many addresses of the first family come before one of the other; None: the library's way.
    interleave: int | None = None
    local_addr_infos: list[AddrInfo] | None = None
    socket_factory: Callable[[AddrInfo], socket.socket] | None = None


def addr_infos_of(hosts: Sequence[ResolveResult]) -> list[AddrInfo]:
    """Return what a resolver found in the shape of ``getaddrinfo``."""
    infos: list[AddrInfo] = []
    for found in hosts:
        is_ipv6 = ":" in found["host"]
        address: tuple[Any, ...] = (found["host"], found["port"])
        if is_ipv6:
            address = (found["host"], found["port"], 0, 0)
            if "%" in found["host"]:
                # A link-local address names its interface (RFC 4007 §11).
                host, _, zone = found["host"].partition("%")
                index = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
                address = (host, found["port"], 0, index)
        family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
        infos.append((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address))
    return infos


async def dial(
    loop: asyncio.AbstractEventLoop, addr_infos: list[AddrInfo], dialing: Dialing
) -> socket.socket:
    """Return a socket connected to one of the addresses; ``OSError`` when none answers."""
    return await aiohappyeyeballs.start_connection(
        addr_infos=addr_infos,
        local_addr_infos=dialing.local_addr_infos,
        happy_eyeballs_delay=dialing.happy_eyeballs_delay,
        interleave=dialing.interleave,
        loop=loop,
        socket_factory=dialing.socket_factory,
    )


@contextmanager
def errors_named(key: ConnectionKey, client_error: type[Exception]) -> Iterator[None]:
    """Turn errors of sockets and of TLS into those of the client, which name the host."""
    try:
        yield
    except cert_errors as error:
        raise ClientConnectorCertificateError(key, error) from error
    except ssl_errors as error:
        raise ClientConnectorSSLError(key, error) from error  # type: ignore[arg-type]
    except OSError as error:
        if error.errno is None and isinstance(error, asyncio.TimeoutError):
            raise
        raise client_error(key, error) from error
