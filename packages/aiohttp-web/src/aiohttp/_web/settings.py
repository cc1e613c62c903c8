"""What an operator may choose about every connection of one server, as one value.

It is made once a server and shared by its connections. This file knows no socket and no request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attr

from aiohttp._h1.limits import Limits

if TYPE_CHECKING:
    import logging

    from aiohttp.abc import AbstractAccessLogger

__all__ = ("ConnectionSettings", "connection_settings")


def _not_negative(instance: object, attribute: attr.Attribute[float], value: float | None) -> None:
    if value is not None and value < 0:
        raise ValueError(f"{attribute.name}: expected seconds >= 0 or None, got {value!r}")


@attr.s(auto_attribs=True, frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """Times, sizes and switches of a server's connections. Times are in seconds."""

    # Gets what goes wrong: handlers' faults as errors, peers' as debug lines.
    logger: logging.Logger
    # Writes one line a request; None writes none.
    access_logger: AbstractAccessLogger | None = None
    # How long a connection may wait for its next request, and a new one for its first. An hour and
    # half a minute: longer than proxies in front keep theirs, so that they are who closes first.
    keepalive_timeout: float = attr.ib(default=3630.0, validator=_not_negative)
    # Ask the kernel to probe whether a silent peer is still there (SO_KEEPALIVE).
    tcp_keepalive: bool = True
    # Show tracebacks on error pages.
    debug: bool = False
    # What a head may hold.
    limits: Limits = attr.ib(factory=Limits)
    # How long the rest of a body is received and thrown away after its response was sent
    # (RFC 9112 §9.6); 0 closes at once.
    lingering_time: float = attr.ib(default=10.0, validator=_not_negative)
    # Bytes of a body that are kept for a handler before the peer is made to wait.
    read_bufsize: int = 2**18
    # Undo the Content-Encoding of request bodies.
    auto_decompress: bool = True
    # Deadlines further away than this are rounded up to whole seconds, so that the timers of many
    # connections end together.
    timeout_ceil_threshold: float = 5
    # How long a head may take from its first byte to its last; None: as long as
    # keepalive_timeout allows.
    head_timeout: float | None = attr.ib(default=None, validator=_not_negative)
    # How long a body may stand still while it is waited for; None: for ever.
    body_timeout: float | None = attr.ib(default=None, validator=_not_negative)
    # How long an idle connection may still be used for one more request after the shutdown has
    # begun: a request that is on its way then is answered and not lost.
    shutdown_grace: float = attr.ib(default=0.25, validator=_not_negative)


def connection_settings(
    *,
    keepalive_timeout: float = 3630,
    tcp_keepalive: bool = True,
    logger: logging.Logger,
    access_log_class: type[AbstractAccessLogger],
    access_log: logging.Logger | None,
    access_log_format: str,
    debug: bool = False,
    max_line_size: int = 8190,
    max_headers: int = 128,
    max_field_size: int = 8190,
    lingering_time: float = 10.0,
    read_bufsize: int = 2**18,
    auto_decompress: bool = True,
    timeout_ceil_threshold: float = 5,
    head_timeout: float | None = None,
    body_timeout: float | None = None,
    shutdown_grace: float = 0.25,
) -> ConnectionSettings:
    """Turn the keyword arguments of servers and runners into one value.

    Raises:
        ValueError: a time is negative, or the access log's format has an unknown atom.
    """
    return ConnectionSettings(
        logger=logger,
        access_logger=access_log_class(access_log, access_log_format) if access_log else None,
        keepalive_timeout=keepalive_timeout,
        tcp_keepalive=tcp_keepalive,
        debug=debug,
        limits=Limits(max_line_size, max_field_size, max_headers),
        lingering_time=lingering_time or 0.0,
        read_bufsize=read_bufsize,
        auto_decompress=auto_decompress,
        timeout_ceil_threshold=timeout_ceil_threshold,
        head_timeout=head_timeout,
        body_timeout=body_timeout,
        shutdown_grace=shutdown_grace,
    )
