"""A request on its way out and the response to it.

The door.  ``request`` says what is to be sent, ``sending`` sends it over one connection;
``response`` is what came back, ``head`` what is known of it at once; ``values`` identify both.
"""

from __future__ import annotations

# aiohttp_client_cache imports it from here.
from types import MappingProxyType as MappingProxyType

from aiohttp._client.tls import Fingerprint
from aiohttp._client.upload import UploadTracker
from aiohttp.client_reqrep.head import ContentDisposition
from aiohttp.client_reqrep.request import ClientRequest
from aiohttp.client_reqrep.response import ClientResponse
from aiohttp.client_reqrep.values import ConnectionKey, RequestInfo

__all__ = (
    "ClientRequest",
    "ClientResponse",
    "ConnectionKey",
    "ContentDisposition",
    "Fingerprint",
    "RequestInfo",
    "UploadTracker",
)
