"""One call without keeping a session."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp._content_headers import sentinel
from aiohttp._h1.messages import HttpVersion, HttpVersion11
from aiohttp.client.pending import _SessionRequestContextManager
from aiohttp.client.session import ClientSession
from aiohttp.connector import (
    BaseConnector,
    TCPConnector,
)
from aiohttp.typedefs import (
    StrOrURL,
)


def request(
    method: str,
    url: StrOrURL,
    *,
    version: HttpVersion = HttpVersion11,
    connector: BaseConnector | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
    **kwargs: Any,
) -> _SessionRequestContextManager:
    """Make one call without keeping a session: ``async with request("GET", url) as response``.

    ``connector``: carries the request, and is left open.  Keyword arguments as of
    `ClientSession.request`.
    """
    connector_owner = connector is None
    if connector is None:
        connector = TCPConnector(loop=loop, force_close=True)
    session = ClientSession(
        loop=loop,
        cookies=kwargs.pop("cookies", None),
        version=version,
        timeout=kwargs.pop("timeout", sentinel),
        connector=connector,
        connector_owner=connector_owner,
    )
    return _SessionRequestContextManager(session._request(method, url, **kwargs), session)
