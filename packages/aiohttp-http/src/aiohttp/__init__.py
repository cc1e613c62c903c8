"""The door of the family: which name lives where, and nothing else.

Every distribution adds its modules to this one package; only ``aiohttp-http`` ships this file.  It
imports neither the client nor the server: a public name is looked up in a table when it is first
asked for, so that ``import aiohttp`` costs next to nothing and works with any selection of
distributions installed.  A name whose distribution is missing says which one to install.
"""

from __future__ import annotations

from pkgutil import extend_path

# First of all: editable installs keep each distribution's modules in a folder of its own.
__path__ = extend_path(__path__, __name__)

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "3.15.0"

# Public name -> the module below ``aiohttp`` that defines it.
_HOMES = {
    "AddrInfoType": "connector",
    "AsyncIterablePayload": "payload",
    "AsyncResolver": "resolver",
    "BadContentDispositionHeader": "multipart",
    "BadContentDispositionParam": "multipart",
    "BaseConnector": "connector",
    "BasicAuth": "_fields.auth",
    "BodyPartReader": "multipart",
    "BufferedReaderPayload": "payload",
    "BytesIOPayload": "payload",
    "BytesPayload": "payload",
    "ChainMapProxy": "_keys",
    "ClientConnectionError": "client_exceptions",
    "ClientConnectionResetError": "client_exceptions",
    "ClientConnectorCertificateError": "client_exceptions",
    "ClientConnectorDNSError": "client_exceptions",
    "ClientConnectorError": "client_exceptions",
    "ClientConnectorSSLError": "client_exceptions",
    "ClientError": "client_exceptions",
    "ClientHandlerType": "client_middlewares",
    "ClientHttpProxyError": "client_exceptions",
    "ClientMiddlewareType": "client_middlewares",
    "ClientOSError": "client_exceptions",
    "ClientPayloadError": "client_exceptions",
    "ClientProxyConnectionError": "client_exceptions",
    "ClientRequest": "client_reqrep",
    "ClientResponse": "client_reqrep",
    "ClientResponseError": "client_exceptions",
    "ClientSSLError": "client_exceptions",
    "ClientSession": "client",
    "ClientTimeout": "client",
    "ClientWSTimeout": "client_ws",
    "ClientWebSocketResponse": "client_ws",
    "ConnectionTimeoutError": "client_exceptions",
    "ContentTypeError": "client_exceptions",
    "CookieJar": "cookiejar",
    "DataQueue": "streams",
    "DefaultResolver": "resolver",
    "DigestAuthMiddleware": "client_middleware_digest_auth",
    "DummyCookieJar": "cookiejar",
    "EMPTY_PAYLOAD": "streams",
    "ETag": "_fields.etag",
    "EofStream": "streams",
    "Fingerprint": "client_reqrep",
    "FlowControlDataQueue": "streams",
    "FormData": "formdata",
    "GunicornUVLoopWebWorker": "worker",
    "GunicornWebWorker": "worker",
    "HttpVersion": "_h1.messages",
    "HttpVersion10": "_h1.messages",
    "HttpVersion11": "_h1.messages",
    "IOBasePayload": "payload",
    "InvalidURL": "client_exceptions",
    "InvalidUrlClientError": "client_exceptions",
    "InvalidUrlRedirectClientError": "client_exceptions",
    "JsonPayload": "payload",
    "MultipartReader": "multipart",
    "MultipartWriter": "multipart",
    "NamedPipeConnector": "connector",
    "NonHttpUrlClientError": "client_exceptions",
    "NonHttpUrlRedirectClientError": "client_exceptions",
    "PAYLOAD_REGISTRY": "payload",
    "Payload": "payload",
    "RedirectClientError": "client_exceptions",
    "RequestInfo": "client_reqrep",
    "ServerConnectionError": "client_exceptions",
    "ServerDisconnectedError": "client_exceptions",
    "ServerFingerprintMismatch": "client_exceptions",
    "ServerTimeoutError": "client_exceptions",
    "SocketFactoryType": "connector",
    "SocketTimeoutError": "client_exceptions",
    "StreamReader": "streams",
    "StringIOPayload": "payload",
    "StringPayload": "payload",
    "TCPConnector": "connector",
    "TextIOPayload": "payload",
    "ThreadedResolver": "resolver",
    "TooManyRedirects": "client_exceptions",
    "TraceConfig": "tracing",
    "TraceConnectionCreateEndParams": "tracing",
    "TraceConnectionCreateStartParams": "tracing",
    "TraceConnectionQueuedEndParams": "tracing",
    "TraceConnectionQueuedStartParams": "tracing",
    "TraceConnectionReuseconnParams": "tracing",
    "TraceDnsCacheHitParams": "tracing",
    "TraceDnsCacheMissParams": "tracing",
    "TraceDnsResolveHostEndParams": "tracing",
    "TraceDnsResolveHostStartParams": "tracing",
    "TraceRequestChunkSentParams": "tracing",
    "TraceRequestEndParams": "tracing",
    "TraceRequestExceptionParams": "tracing",
    "TraceRequestHeadersSentParams": "tracing",
    "TraceRequestRedirectParams": "tracing",
    "TraceRequestStartParams": "tracing",
    "TraceResponseChunkReceivedParams": "tracing",
    "UnixConnector": "connector",
    "UploadAbortedError": "client_exceptions",
    "UploadTracker": "client_reqrep",
    "WSCloseCode": "_websocket.models",
    "WSMessage": "_websocket.models",
    "WSMessageTypeError": "client_exceptions",
    "WSMsgType": "_websocket.models",
    "WSServerHandshakeError": "client_exceptions",
    "WebSocketError": "_websocket.models",
    "content_disposition_filename": "multipart",
    "encode_basic_auth": "_fields.auth",
    "get_payload": "payload",
    "parse_content_disposition": "multipart",
    "payload_type": "payload",
    "request": "client",
    "set_zlib_backend": "compression_utils",
    "streamer": "payload_streamer",
}

# Names of other libraries that are public here -> where they come from.
_BORROWED = {"Signal": "aiosignal"}

# Public module -> the distribution that ships it.
_DOORS = {
    "abc": "aiohttp-http",
    "base_protocol": "aiohttp-http",
    "client_exceptions": "aiohttp-http",
    "compression_utils": "aiohttp-http",
    "hdrs": "aiohttp-http",
    "helpers": "aiohttp-http",
    "http": "aiohttp-http",
    "http_exceptions": "aiohttp-http",
    "http_parser": "aiohttp-http",
    "http_websocket": "aiohttp-http",
    "http_writer": "aiohttp-http",
    "log": "aiohttp-http",
    "multipart": "aiohttp-http",
    "payload": "aiohttp-http",
    "payload_streamer": "aiohttp-http",
    "streams": "aiohttp-http",
    "tcp_helpers": "aiohttp-http",
    "typedefs": "aiohttp-http",
    "client": "aiohttp-client",
    "client_middleware_digest_auth": "aiohttp-client",
    "client_middlewares": "aiohttp-client",
    "client_proto": "aiohttp-client",
    "client_reqrep": "aiohttp-client",
    "client_ws": "aiohttp-client",
    "connector": "aiohttp-client",
    "cookiejar": "aiohttp-client",
    "formdata": "aiohttp-client",
    "resolver": "aiohttp-client",
    "tracing": "aiohttp-client",
    "web": "aiohttp-web",
    "web_app": "aiohttp-web",
    "web_exceptions": "aiohttp-web",
    "web_fileresponse": "aiohttp-web",
    "web_log": "aiohttp-web",
    "web_middlewares": "aiohttp-web",
    "web_protocol": "aiohttp-web",
    "web_request": "aiohttp-web",
    "web_response": "aiohttp-web",
    "web_routedef": "aiohttp-web",
    "web_runner": "aiohttp-web",
    "web_server": "aiohttp-web",
    "web_urldispatcher": "aiohttp-web",
    "web_ws": "aiohttp-web",
    "pytest_plugin": "aiohttp-testing",
    "test_utils": "aiohttp-testing",
    "worker": "aiohttp-gunicorn",
}

# Private home of public names -> the distribution that ships it: all of these are the wire's.
_ROOMS = frozenset({"_fields", "_h1", "_keys", "_websocket"})

# Distribution -> the room whose ``__version__`` tells that it is there, and which release it is of.
_MARKERS = {
    "aiohttp-client": "_client",
    "aiohttp-web": "_web",
    "aiohttp-testing": "_testing",
    "aiohttp-gunicorn": "_gunicorn",
}

if TYPE_CHECKING:
    from aiosignal import Signal as Signal

    from aiohttp import hdrs as hdrs
    from aiohttp._fields.auth import (
        BasicAuth as BasicAuth,
    )
    from aiohttp._fields.auth import (
        encode_basic_auth as encode_basic_auth,
    )
    from aiohttp._fields.etag import (
        ETag as ETag,
    )
    from aiohttp._h1.messages import (
        HttpVersion as HttpVersion,
    )
    from aiohttp._h1.messages import (
        HttpVersion10 as HttpVersion10,
    )
    from aiohttp._h1.messages import (
        HttpVersion11 as HttpVersion11,
    )
    from aiohttp._keys import (
        ChainMapProxy as ChainMapProxy,
    )
    from aiohttp._websocket.models import (
        WebSocketError as WebSocketError,
    )
    from aiohttp._websocket.models import (
        WSCloseCode as WSCloseCode,
    )
    from aiohttp._websocket.models import (
        WSMessage as WSMessage,
    )
    from aiohttp._websocket.models import (
        WSMsgType as WSMsgType,
    )
    from aiohttp.client import (
        ClientSession as ClientSession,
    )
    from aiohttp.client import (
        ClientTimeout as ClientTimeout,
    )
    from aiohttp.client import (
        request as request,
    )
    from aiohttp.client_exceptions import (
        ClientConnectionError as ClientConnectionError,
    )
    from aiohttp.client_exceptions import (
        ClientConnectionResetError as ClientConnectionResetError,
    )
    from aiohttp.client_exceptions import (
        ClientConnectorCertificateError as ClientConnectorCertificateError,
    )
    from aiohttp.client_exceptions import (
        ClientConnectorDNSError as ClientConnectorDNSError,
    )
    from aiohttp.client_exceptions import (
        ClientConnectorError as ClientConnectorError,
    )
    from aiohttp.client_exceptions import (
        ClientConnectorSSLError as ClientConnectorSSLError,
    )
    from aiohttp.client_exceptions import (
        ClientError as ClientError,
    )
    from aiohttp.client_exceptions import (
        ClientHttpProxyError as ClientHttpProxyError,
    )
    from aiohttp.client_exceptions import (
        ClientOSError as ClientOSError,
    )
    from aiohttp.client_exceptions import (
        ClientPayloadError as ClientPayloadError,
    )
    from aiohttp.client_exceptions import (
        ClientProxyConnectionError as ClientProxyConnectionError,
    )
    from aiohttp.client_exceptions import (
        ClientResponseError as ClientResponseError,
    )
    from aiohttp.client_exceptions import (
        ClientSSLError as ClientSSLError,
    )
    from aiohttp.client_exceptions import (
        ConnectionTimeoutError as ConnectionTimeoutError,
    )
    from aiohttp.client_exceptions import (
        ContentTypeError as ContentTypeError,
    )
    from aiohttp.client_exceptions import (
        InvalidURL as InvalidURL,
    )
    from aiohttp.client_exceptions import (
        InvalidUrlClientError as InvalidUrlClientError,
    )
    from aiohttp.client_exceptions import (
        InvalidUrlRedirectClientError as InvalidUrlRedirectClientError,
    )
    from aiohttp.client_exceptions import (
        NonHttpUrlClientError as NonHttpUrlClientError,
    )
    from aiohttp.client_exceptions import (
        NonHttpUrlRedirectClientError as NonHttpUrlRedirectClientError,
    )
    from aiohttp.client_exceptions import (
        RedirectClientError as RedirectClientError,
    )
    from aiohttp.client_exceptions import (
        ServerConnectionError as ServerConnectionError,
    )
    from aiohttp.client_exceptions import (
        ServerDisconnectedError as ServerDisconnectedError,
    )
    from aiohttp.client_exceptions import (
        ServerFingerprintMismatch as ServerFingerprintMismatch,
    )
    from aiohttp.client_exceptions import (
        ServerTimeoutError as ServerTimeoutError,
    )
    from aiohttp.client_exceptions import (
        SocketTimeoutError as SocketTimeoutError,
    )
    from aiohttp.client_exceptions import (
        TooManyRedirects as TooManyRedirects,
    )
    from aiohttp.client_exceptions import (
        UploadAbortedError as UploadAbortedError,
    )
    from aiohttp.client_exceptions import (
        WSMessageTypeError as WSMessageTypeError,
    )
    from aiohttp.client_exceptions import (
        WSServerHandshakeError as WSServerHandshakeError,
    )
    from aiohttp.client_middleware_digest_auth import (
        DigestAuthMiddleware as DigestAuthMiddleware,
    )
    from aiohttp.client_middlewares import (
        ClientHandlerType as ClientHandlerType,
    )
    from aiohttp.client_middlewares import (
        ClientMiddlewareType as ClientMiddlewareType,
    )
    from aiohttp.client_reqrep import (
        ClientRequest as ClientRequest,
    )
    from aiohttp.client_reqrep import (
        ClientResponse as ClientResponse,
    )
    from aiohttp.client_reqrep import (
        Fingerprint as Fingerprint,
    )
    from aiohttp.client_reqrep import (
        RequestInfo as RequestInfo,
    )
    from aiohttp.client_reqrep import (
        UploadTracker as UploadTracker,
    )
    from aiohttp.client_ws import (
        ClientWebSocketResponse as ClientWebSocketResponse,
    )
    from aiohttp.client_ws import (
        ClientWSTimeout as ClientWSTimeout,
    )
    from aiohttp.compression_utils import (
        set_zlib_backend as set_zlib_backend,
    )
    from aiohttp.connector import (
        AddrInfoType as AddrInfoType,
    )
    from aiohttp.connector import (
        BaseConnector as BaseConnector,
    )
    from aiohttp.connector import (
        NamedPipeConnector as NamedPipeConnector,
    )
    from aiohttp.connector import (
        SocketFactoryType as SocketFactoryType,
    )
    from aiohttp.connector import (
        TCPConnector as TCPConnector,
    )
    from aiohttp.connector import (
        UnixConnector as UnixConnector,
    )
    from aiohttp.cookiejar import (
        CookieJar as CookieJar,
    )
    from aiohttp.cookiejar import (
        DummyCookieJar as DummyCookieJar,
    )
    from aiohttp.formdata import (
        FormData as FormData,
    )
    from aiohttp.multipart import (
        BadContentDispositionHeader as BadContentDispositionHeader,
    )
    from aiohttp.multipart import (
        BadContentDispositionParam as BadContentDispositionParam,
    )
    from aiohttp.multipart import (
        BodyPartReader as BodyPartReader,
    )
    from aiohttp.multipart import (
        MultipartReader as MultipartReader,
    )
    from aiohttp.multipart import (
        MultipartWriter as MultipartWriter,
    )
    from aiohttp.multipart import (
        content_disposition_filename as content_disposition_filename,
    )
    from aiohttp.multipart import (
        parse_content_disposition as parse_content_disposition,
    )
    from aiohttp.payload import (
        PAYLOAD_REGISTRY as PAYLOAD_REGISTRY,
    )
    from aiohttp.payload import (
        AsyncIterablePayload as AsyncIterablePayload,
    )
    from aiohttp.payload import (
        BufferedReaderPayload as BufferedReaderPayload,
    )
    from aiohttp.payload import (
        BytesIOPayload as BytesIOPayload,
    )
    from aiohttp.payload import (
        BytesPayload as BytesPayload,
    )
    from aiohttp.payload import (
        IOBasePayload as IOBasePayload,
    )
    from aiohttp.payload import (
        JsonPayload as JsonPayload,
    )
    from aiohttp.payload import (
        Payload as Payload,
    )
    from aiohttp.payload import (
        StringIOPayload as StringIOPayload,
    )
    from aiohttp.payload import (
        StringPayload as StringPayload,
    )
    from aiohttp.payload import (
        TextIOPayload as TextIOPayload,
    )
    from aiohttp.payload import (
        get_payload as get_payload,
    )
    from aiohttp.payload import (
        payload_type as payload_type,
    )
    from aiohttp.payload_streamer import (
        streamer as streamer,
    )
    from aiohttp.resolver import (
        AsyncResolver as AsyncResolver,
    )
    from aiohttp.resolver import (
        DefaultResolver as DefaultResolver,
    )
    from aiohttp.resolver import (
        ThreadedResolver as ThreadedResolver,
    )
    from aiohttp.streams import (
        EMPTY_PAYLOAD as EMPTY_PAYLOAD,
    )
    from aiohttp.streams import (
        DataQueue as DataQueue,
    )
    from aiohttp.streams import (
        EofStream as EofStream,
    )
    from aiohttp.streams import (
        FlowControlDataQueue as FlowControlDataQueue,
    )
    from aiohttp.streams import (
        StreamReader as StreamReader,
    )
    from aiohttp.tracing import (
        TraceConfig as TraceConfig,
    )
    from aiohttp.tracing import (
        TraceConnectionCreateEndParams as TraceConnectionCreateEndParams,
    )
    from aiohttp.tracing import (
        TraceConnectionCreateStartParams as TraceConnectionCreateStartParams,
    )
    from aiohttp.tracing import (
        TraceConnectionQueuedEndParams as TraceConnectionQueuedEndParams,
    )
    from aiohttp.tracing import (
        TraceConnectionQueuedStartParams as TraceConnectionQueuedStartParams,
    )
    from aiohttp.tracing import (
        TraceConnectionReuseconnParams as TraceConnectionReuseconnParams,
    )
    from aiohttp.tracing import (
        TraceDnsCacheHitParams as TraceDnsCacheHitParams,
    )
    from aiohttp.tracing import (
        TraceDnsCacheMissParams as TraceDnsCacheMissParams,
    )
    from aiohttp.tracing import (
        TraceDnsResolveHostEndParams as TraceDnsResolveHostEndParams,
    )
    from aiohttp.tracing import (
        TraceDnsResolveHostStartParams as TraceDnsResolveHostStartParams,
    )
    from aiohttp.tracing import (
        TraceRequestChunkSentParams as TraceRequestChunkSentParams,
    )
    from aiohttp.tracing import (
        TraceRequestEndParams as TraceRequestEndParams,
    )
    from aiohttp.tracing import (
        TraceRequestExceptionParams as TraceRequestExceptionParams,
    )
    from aiohttp.tracing import (
        TraceRequestHeadersSentParams as TraceRequestHeadersSentParams,
    )
    from aiohttp.tracing import (
        TraceRequestRedirectParams as TraceRequestRedirectParams,
    )
    from aiohttp.tracing import (
        TraceRequestStartParams as TraceRequestStartParams,
    )
    from aiohttp.tracing import (
        TraceResponseChunkReceivedParams as TraceResponseChunkReceivedParams,
    )
    from aiohttp.worker import (
        GunicornUVLoopWebWorker as GunicornUVLoopWebWorker,
    )
    from aiohttp.worker import (
        GunicornWebWorker as GunicornWebWorker,
    )

    __all__ = (
        "EMPTY_PAYLOAD",
        "PAYLOAD_REGISTRY",
        "AddrInfoType",
        "AsyncIterablePayload",
        "AsyncResolver",
        "BadContentDispositionHeader",
        "BadContentDispositionParam",
        "BaseConnector",
        "BasicAuth",
        "BodyPartReader",
        "BufferedReaderPayload",
        "BytesIOPayload",
        "BytesPayload",
        "ChainMapProxy",
        "ClientConnectionError",
        "ClientConnectionResetError",
        "ClientConnectorCertificateError",
        "ClientConnectorDNSError",
        "ClientConnectorError",
        "ClientConnectorSSLError",
        "ClientError",
        "ClientHandlerType",
        "ClientHttpProxyError",
        "ClientMiddlewareType",
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
        "CookieJar",
        "DataQueue",
        "DefaultResolver",
        "DigestAuthMiddleware",
        "DummyCookieJar",
        "ETag",
        "EofStream",
        "Fingerprint",
        "FlowControlDataQueue",
        "FormData",
        "GunicornUVLoopWebWorker",
        "GunicornWebWorker",
        "HttpVersion",
        "HttpVersion10",
        "HttpVersion11",
        "IOBasePayload",
        "InvalidURL",
        "InvalidUrlClientError",
        "InvalidUrlRedirectClientError",
        "JsonPayload",
        "MultipartReader",
        "MultipartWriter",
        "NamedPipeConnector",
        "NonHttpUrlClientError",
        "NonHttpUrlRedirectClientError",
        "Payload",
        "RedirectClientError",
        "RequestInfo",
        "ServerConnectionError",
        "ServerDisconnectedError",
        "ServerFingerprintMismatch",
        "ServerTimeoutError",
        "Signal",
        "SocketFactoryType",
        "SocketTimeoutError",
        "StreamReader",
        "StringIOPayload",
        "StringPayload",
        "TCPConnector",
        "TextIOPayload",
        "ThreadedResolver",
        "TooManyRedirects",
        "TraceConfig",
        "TraceConnectionCreateEndParams",
        "TraceConnectionCreateStartParams",
        "TraceConnectionQueuedEndParams",
        "TraceConnectionQueuedStartParams",
        "TraceConnectionReuseconnParams",
        "TraceDnsCacheHitParams",
        "TraceDnsCacheMissParams",
        "TraceDnsResolveHostEndParams",
        "TraceDnsResolveHostStartParams",
        "TraceRequestChunkSentParams",
        "TraceRequestEndParams",
        "TraceRequestExceptionParams",
        "TraceRequestHeadersSentParams",
        "TraceRequestRedirectParams",
        "TraceRequestStartParams",
        "TraceResponseChunkReceivedParams",
        "UnixConnector",
        "UploadAbortedError",
        "UploadTracker",
        "WSCloseCode",
        "WSMessage",
        "WSMessageTypeError",
        "WSMsgType",
        "WSServerHandshakeError",
        "WebSocketError",
        "content_disposition_filename",
        "encode_basic_auth",
        "get_payload",
        "hdrs",
        "parse_content_disposition",
        "payload_type",
        "request",
        "set_zlib_backend",
        "streamer",
    )

else:

    def _distribution_of(module: str) -> str:
        room = module.partition(".")[0]
        return "aiohttp-http" if room in _ROOMS else _DOORS[room]

    def _release_of(distribution: str) -> str | None:
        """Return the release of an installed distribution, None where it is not installed."""
        if distribution == "aiohttp-http":
            return __version__
        marker = f"aiohttp.{_MARKERS[distribution]}"
        try:
            return importlib.import_module(marker).__version__
        except ModuleNotFoundError as error:
            if error.name != marker:
                raise
            return None

    def _fits(distribution: str) -> bool:
        """Say whether a distribution is installed, and of this release."""
        try:
            return _release_of(distribution) == __version__
        except ImportError:
            return False

    def _import_home(name: str, module: str) -> Any:
        """Import the home of ``name``; explain a missing or an unfitting distribution."""
        distribution = _distribution_of(module)
        release = _release_of(distribution)
        if release is None:
            raise ModuleNotFoundError(
                f"{name} is part of {distribution}, which is not installed: "
                f"pip install {distribution}",
                name=f"aiohttp.{module}",
            )
        from aiohttp._releases import require_one_release

        require_one_release(distribution, release)
        return importlib.import_module(f"aiohttp.{module}")

    def _names() -> tuple[str, ...]:
        """Return the public names of the distributions that are installed."""
        there = {d for d in ("aiohttp-http", *_MARKERS) if _fits(d)}
        homes = (name for name, home in _HOMES.items() if _distribution_of(home) in there)
        return tuple(sorted([*homes, *_BORROWED, "hdrs"]))

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            value: Any = _names()
        elif name in _HOMES:
            value = getattr(_import_home(name, _HOMES[name]), name)
        elif name in _DOORS:
            value = _import_home(f"aiohttp.{name}", name)
        elif name in _BORROWED:
            value = getattr(importlib.import_module(_BORROWED[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        there = (d for d, owner in _DOORS.items() if _fits(owner))
        return sorted({*globals(), *_names(), *there})
