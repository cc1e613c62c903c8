"""The client: sessions, and the names that programs look for beside them.

The door.  ``session`` has the session, which inherits ``verbs``, ``websockets``, ``settings`` and
``plain_calls``, the short way of most calls; ``session_call`` merges a call's wishes with these;
``pending`` is what verbs return, ``once`` a call without a session.
"""

from __future__ import annotations

# aiobotocore imports it from here.
from yarl import URL as URL

from aiohttp._client.options import DEFAULT_TIMEOUT, ClientTimeout
from aiohttp._client.upload import UploadTracker
from aiohttp.client.once import request
from aiohttp.client.pending import (
    _BaseRequestContextManager,
    _RequestContextManager,
    _SessionRequestContextManager,
    _WSRequestContextManager,
)
from aiohttp.client.request_options import _RequestOptions
from aiohttp.client.session import ClientSession
from aiohttp.client.settings import _CharsetResolver
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSSLError,
    ConnectionTimeoutError,
    ContentTypeError,
    InvalidURL,
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    RedirectClientError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    UploadAbortedError,
    WSMessageTypeError,
    WSServerHandshakeError,
)
from aiohttp.client_reqrep import ClientRequest, ClientResponse, Fingerprint, RequestInfo
from aiohttp.client_ws import ClientWebSocketResponse, ClientWSTimeout
from aiohttp.connector import (
    BaseConnector,
    NamedPipeConnector,
    TCPConnector,
    UnixConnector,
)

__all__ = (
    "DEFAULT_TIMEOUT",
    "BaseConnector",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientHttpProxyError",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientRequest",
    "ClientResponse",
    "ClientResponseError",
    "ClientSSLError",
    "ClientSession",
    "ClientTimeout",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "Fingerprint",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NamedPipeConnector",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "RedirectClientError",
    "RequestInfo",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TCPConnector",
    "TooManyRedirects",
    "UnixConnector",
    "UploadAbortedError",
    "UploadTracker",
    "WSMessageTypeError",
    "WSServerHandshakeError",
    "_BaseRequestContextManager",
    "_CharsetResolver",
    "_RequestContextManager",
    "_RequestOptions",
    "_SessionRequestContextManager",
    "_WSRequestContextManager",
    "request",
)
