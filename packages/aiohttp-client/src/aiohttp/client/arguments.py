"""What the constructor and a call are given, checked."""

from __future__ import annotations

import asyncio
from typing import Any

from yarl import URL

from aiohttp._client.options import (
    DEFAULT_TIMEOUT,
    ClientTimeout,
)
from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._deprecations import declare
from aiohttp.client_ws import DEFAULT_WS_CLIENT_TIMEOUT, ClientWSTimeout
from aiohttp.connector import (
    BaseConnector,
)
from aiohttp.typedefs import (
    StrOrURL,
)

_CONN_TIMEOUT = declare(
    "conn_timeout argument of ClientSession",
    since="3.3",
    instead="timeout=ClientTimeout(connect=...)",
)
_READ_TIMEOUT = declare(
    "read_timeout argument of ClientSession",
    since="3.3",
    instead="timeout=ClientTimeout(total=...)",
)
_FLOAT_TIMEOUT = declare(
    "float as timeout of a call",
    since="3.3",
    instead="timeout=ClientTimeout(total=...)",
    unmarked="the options of a call have no types for checkers",
)
_WS_FLOAT_TIMEOUT = declare(
    "float as timeout of ws_connect", since="3.11", instead="timeout=ClientWSTimeout(ws_close=...)"
)
_RECEIVE_TIMEOUT = declare(
    "receive_timeout argument of ws_connect",
    since="3.11",
    instead="timeout=ClientWSTimeout(ws_receive=...)",
    wording="float parameter 'receive_timeout' is deprecated, "
    "please use parameter 'timeout=ClientWSTimeout(ws_receive=...)'",
)


def checked_base_url(base_url: StrOrURL | None) -> tuple[URL | None, URL | None]:
    """Return the base URL and its origin."""
    url = URL(base_url) if isinstance(base_url, str) else base_url
    if url is None:
        return None, None
    try:
        origin = url.origin()
    except ValueError as error:
        raise ValueError(f"base_url; expected an absolute URL; got {str(url)!r}") from error
    if not url.path.endswith("/"):
        raise ValueError("base_url must have a trailing '/'")
    return url, origin


def session_loop(
    loop: asyncio.AbstractEventLoop | None, connector: BaseConnector | None
) -> asyncio.AbstractEventLoop:
    if loop is None:
        loop = connector._loop if connector is not None else asyncio.get_running_loop()
    if connector is not None and connector._loop is not loop:
        raise RuntimeError("Session and connector has to use same event loop")
    return loop


def session_timeout(
    timeout: Any, read_timeout: float | _SENTINEL | None, conn_timeout: float | None
) -> ClientTimeout:
    if timeout is not sentinel and timeout is not None:
        if not isinstance(timeout, ClientTimeout):
            raise ValueError(
                f"timeout parameter cannot be of {type(timeout)} type, please use "
                "'timeout=ClientTimeout(...)'"
            )
        for given, name in (
            (read_timeout is not sentinel, "read"),
            (conn_timeout is not None, "conn"),
        ):
            if given:
                raise ValueError(
                    f"{name}_timeout and timeout parameters conflict, please set up timeout alone"
                )
        return timeout
    if conn_timeout is None and read_timeout is sentinel:
        return DEFAULT_TIMEOUT
    import attr

    merged = DEFAULT_TIMEOUT
    if conn_timeout is not None:
        _CONN_TIMEOUT.warn_outside()
        merged = attr.evolve(merged, connect=conn_timeout)
    if read_timeout is not sentinel:
        _READ_TIMEOUT.warn_outside()
        merged = attr.evolve(merged, total=read_timeout)
    return merged


def call_timeout(given: Any, default: ClientTimeout) -> ClientTimeout:
    if given is None or given is sentinel:
        return default
    if isinstance(given, ClientTimeout):
        return given
    _FLOAT_TIMEOUT.warn_outside()
    return ClientTimeout(total=given)


def ws_timeout(timeout: Any, receive_timeout: float | None) -> ClientWSTimeout:
    if timeout is sentinel:
        chosen = DEFAULT_WS_CLIENT_TIMEOUT
    elif isinstance(timeout, ClientWSTimeout):
        chosen = timeout
    else:
        _WS_FLOAT_TIMEOUT.warn_outside()
        chosen = ClientWSTimeout(ws_close=timeout)
    if receive_timeout is not None:
        _RECEIVE_TIMEOUT.warn_outside()
        import attr

        chosen = attr.evolve(chosen, ws_receive=receive_timeout)
    return chosen
