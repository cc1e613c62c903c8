"""What a call can fail with.

These names stand with the wire, below both roles, because the wire and the server raise two of them
(``ClientConnectionResetError``, ``WSMessageTypeError``); exceptions are vocabulary.  The file knows
neither sockets nor sessions: it keeps facts, and says them in a sentence.

    ClientError
    ├── ClientConnectionError                     the connection
    │   ├── ClientConnectionResetError            also ConnectionResetError
    │   ├── ClientOSError                         also OSError
    │   │   └── ClientConnectorError              it could not be made; host, port, os_error
    │   │       ├── ClientConnectorDNSError
    │   │       ├── ClientProxyConnectionError
    │   │       ├── UnixClientConnectorError
    │   │       └── ClientSSLError
    │   │           ├── ClientConnectorSSLError           also ssl.SSLError
    │   │           └── ClientConnectorCertificateError   also ssl.SSLCertVerificationError
    │   └── ServerConnectionError                 it was lost, or the server is not who it should be
    │       ├── ServerDisconnectedError
    │       ├── ServerFingerprintMismatch
    │       └── ServerTimeoutError                also TimeoutError
    │           ├── ConnectionTimeoutError
    │           └── SocketTimeoutError
    ├── ClientResponseError                       a response, but not the wanted one; status
    │   ├── ClientHttpProxyError
    │   ├── ContentTypeError
    │   ├── TooManyRedirects
    │   └── WSServerHandshakeError
    ├── ClientPayloadError                        the body of the response is damaged
    ├── UploadAbortedError                        the body of the request was not sent to its end
    ├── InvalidURL                                also ValueError
    │   └── InvalidUrlClientError
    │       └── InvalidUrlRedirectClientError     also RedirectClientError
    ├── NonHttpUrlClientError
    │   └── NonHttpUrlRedirectClientError         also RedirectClientError
    └── RedirectClientError
    WSMessageTypeError                            also TypeError
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, overload

from multidict import CIMultiDict, CIMultiDictProxy, MultiMapping

from aiohttp._deprecations import declare, marked

# asyncio imports ssl where the interpreter has it: to import it here costs nothing more.
try:
    import ssl
except ImportError:  # an interpreter without TLS
    _SSLError: type[OSError] = OSError
    _SSLCertVerificationError: type[Exception] = ValueError
else:
    _SSLError = ssl.SSLError
    _SSLCertVerificationError = ssl.SSLCertVerificationError

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientResponse, ConnectionKey, Fingerprint, RequestInfo
    from aiohttp.typedefs import StrOrURL

    SSLContext = ssl.SSLContext

    # The type checker wants classes as bases, not variables.
    class _SSLErrorBase(ssl.SSLError): ...

    class _CertificateErrorBase(ssl.SSLCertVerificationError): ...

else:
    _SSLErrorBase = _SSLError
    _CertificateErrorBase = _SSLCertVerificationError

__all__ = (
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
    "ClientResponseError",
    "ClientSSLError",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "RedirectClientError",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "UploadAbortedError",
    "WSMessageTypeError",
    "WSServerHandshakeError",
)

_CODE_ARGUMENT = declare(
    "code argument of ClientResponseError", since="3.0", instead="the status argument"
)
_CODE_PROPERTY = declare(
    "code property of ClientResponseError", since="3.0", instead="the status attribute"
)


class ClientError(Exception):
    """Whatever a client call can fail with, but for timeouts of the caller's own."""


# --- A response came, but not the one that was wanted ---


class ClientResponseError(ClientError):
    """A response that its caller cannot use.

    Args:
        request_info: the request that it answers.
        history: responses that led to it by redirects.
        status: its status code; 0 when there is none.
        message: its reason phrase, or what is wrong with it.
        headers: its fields.
        code: deprecated name of ``status``.
    """

    @overload
    def __init__(
        self,
        request_info: RequestInfo,
        history: tuple[ClientResponse, ...],
        *,
        status: int | None = None,
        message: str = "",
        headers: MultiMapping[str] | None = None,
    ) -> None: ...

    @overload
    @marked("code argument of ClientResponseError: use the status argument")
    def __init__(
        self,
        request_info: RequestInfo,
        history: tuple[ClientResponse, ...],
        *,
        code: int | None,
        message: str = "",
        headers: MultiMapping[str] | None = None,
    ) -> None: ...

    def __init__(
        self,
        request_info: RequestInfo,
        history: tuple[ClientResponse, ...],
        *,
        code: int | None = None,
        status: int | None = None,
        message: str = "",
        headers: MultiMapping[str] | None = None,
    ) -> None:
        if code is not None:
            if status is not None:
                raise ValueError(
                    "both code and status of a ClientResponseError are given;"
                    " code is the deprecated name: pass status only"
                )
            _CODE_ARGUMENT.warn()
            status = code
        self.request_info = request_info
        self.history = history
        self.status = status or 0
        self.message = message
        self.headers = headers
        self.args = (request_info, history)

    def __str__(self) -> str:
        url = getattr(self.request_info, "real_url", None)
        return f"{self.status}, message={self.message!r}, url={str(url)!r}"

    def __repr__(self) -> str:
        optional = (("status", 0), ("message", ""), ("headers", None))
        shown = [repr(self.request_info), repr(self.history)]
        for name, default in optional:
            if (value := getattr(self, name)) != default:
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Proxies of header maps and live responses cannot be pickled: the maps are copied, the
        # responses stay behind.
        info = _picklable_request_info(self.request_info)
        history = tuple(r for r in self.history if not hasattr(r, "release"))
        state = {**self.__dict__, "request_info": info, "history": history}
        state["headers"] = _picklable_headers(self.headers)
        return type(self)._restore, (type(self), state)

    @staticmethod
    def _restore(cls: type[ClientResponseError], state: dict[str, Any]) -> ClientResponseError:
        error = cls.__new__(cls, state["request_info"], state["history"])
        error.__dict__.update(state)
        error.args = (state["request_info"], state["history"])
        return error

    @property
    @marked("code property of ClientResponseError: use the status attribute")
    def code(self) -> int:
        """Deprecated name of ``status``."""
        _CODE_PROPERTY.warn()
        return self.status

    @code.setter
    @marked("code property of ClientResponseError: use the status attribute")
    def code(self, value: int) -> None:
        _CODE_PROPERTY.warn()
        self.status = value


def _picklable_headers(headers: Any) -> Any:
    return CIMultiDict(headers) if isinstance(headers, CIMultiDictProxy) else headers


def _picklable_request_info(info: Any) -> Any:
    if not isinstance(getattr(info, "headers", None), CIMultiDictProxy):
        return info
    headers = _picklable_headers(info.headers)
    if hasattr(info, "_replace"):  # a named tuple
        return info._replace(headers=headers)
    # Whose request info is of attrs has loaded it.
    import attr

    return attr.evolve(info, headers=headers) if attr.has(type(info)) else info


class ContentTypeError(ClientResponseError):
    """The body is not of the media type that the caller asked to decode."""


class WSServerHandshakeError(ClientResponseError):
    """The server did not accept the WebSocket (RFC 6455 §4.1)."""


class ClientHttpProxyError(ClientResponseError):
    """A proxy answered CONNECT with something else than 2xx."""


class TooManyRedirects(ClientResponseError):
    """There were more redirects than ``max_redirects``."""


# --- The connection ---


class ClientConnectionError(ClientError):
    """The connection could not be made or used."""


class ClientConnectionResetError(ClientConnectionError, ConnectionResetError):
    """The peer closed while something was being written."""


class ClientOSError(ClientConnectionError, OSError):
    """The operating system reported an error of the connection."""


class ClientConnectorError(ClientOSError):
    """A connection could not be made: ``host``, ``port``, ``ssl`` say where, ``os_error`` why."""

    def __init__(self, connection_key: ConnectionKey, os_error: OSError) -> None:
        self._conn_key = connection_key
        self._os_error = os_error
        super().__init__(os_error.errno, os_error.strerror)
        self.args = (connection_key, os_error)

    @property
    def os_error(self) -> OSError:
        """The error of the system call."""
        return self._os_error

    @property
    def host(self) -> str:
        return self._conn_key.host

    @property
    def port(self) -> int | None:
        return self._conn_key.port

    @property
    def ssl(self) -> SSLContext | bool | Fingerprint:
        return self._conn_key.ssl

    def __str__(self) -> str:
        tls = "default" if self.ssl is True else self.ssl
        return f"Cannot connect to host {self.host}:{self.port} ssl:{tls} [{self._reason()}]"

    def _reason(self) -> str:
        # An error made from one argument has no strerror: its text is all there is.
        return str(self.strerror or self._os_error)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._picklable_args()

    def _picklable_args(self) -> tuple[Any, ...]:
        key: Any = self._conn_key
        # An SSLContext or a Fingerprint cannot be pickled; that TLS was used at all, can.
        if hasattr(key, "_replace") and not isinstance(key.ssl, bool):
            key = key._replace(ssl=True)
        return key, self._os_error


class ClientConnectorDNSError(ClientConnectorError):
    """The name of the host did not resolve."""


class ClientProxyConnectionError(ClientConnectorError):
    """The connection to the proxy could not be made; ``host`` and ``port`` are the proxy's."""


class UnixClientConnectorError(ClientConnectorError):
    """A Unix socket could not be connected; ``path`` is its path."""

    def __init__(self, path: str, connection_key: ConnectionKey, os_error: OSError) -> None:
        self._path = path
        super().__init__(connection_key, os_error)

    @property
    def path(self) -> str:
        return self._path

    def __str__(self) -> str:
        tls = "default" if self.ssl is True else self.ssl
        return f"Cannot connect to unix socket {self.path} ssl:{tls} [{self._reason()}]"

    def _picklable_args(self) -> tuple[Any, ...]:
        return (self._path, *super()._picklable_args())


class ClientSSLError(ClientConnectorError):
    """TLS failed while connecting."""


class ClientConnectorSSLError(ClientSSLError, _SSLErrorBase):
    """The TLS handshake failed."""


class ClientConnectorCertificateError(ClientSSLError, _CertificateErrorBase):
    """The certificate of the server was not accepted; ``certificate_error`` says why."""

    def __init__(self, connection_key: ConnectionKey, certificate_error: Exception) -> None:
        as_os_error = certificate_error if isinstance(certificate_error, OSError) else OSError()
        super().__init__(connection_key, as_os_error)
        self._certificate_error = certificate_error
        self.args = (connection_key, certificate_error)

    @property
    def certificate_error(self) -> Exception:
        """The error of the ssl module."""
        return self._certificate_error

    @property
    def host(self) -> str:
        return self._conn_key.host

    @property
    def port(self) -> int | None:
        return self._conn_key.port

    @property
    def ssl(self) -> bool:
        """Whether the scheme asked for TLS."""
        return self._conn_key.is_ssl

    def __str__(self) -> str:
        reason = f"{type(self._certificate_error).__name__}: {self._certificate_error.args}"
        return f"Cannot connect to host {self.host}:{self.port} ssl:{self.ssl} [{reason}]"

    def _picklable_args(self) -> tuple[Any, ...]:
        return super()._picklable_args()[0], self._certificate_error


class ServerConnectionError(ClientConnectionError):
    """The server broke the connection off, or is not the server that was wanted."""


class ServerDisconnectedError(ServerConnectionError):
    """The server closed before the response was complete; ``message`` says how far it came."""

    def __init__(self, message: Any = None) -> None:
        if message is None:
            message = "Server disconnected"
        self.args = (message,)
        self.message = message


class ServerTimeoutError(ServerConnectionError, asyncio.TimeoutError):
    """The server did not do the next step in time."""


class ConnectionTimeoutError(ServerTimeoutError):
    """Connecting took longer than ``ClientTimeout.connect`` or ``sock_connect``."""


class SocketTimeoutError(ServerTimeoutError):
    """Nothing came for ``ClientTimeout.sock_read`` seconds."""


class ServerFingerprintMismatch(ServerConnectionError):
    """The SHA-256 of the server's certificate is not the pinned one.

    Args:
        expected: pinned digest.
        got: digest of the certificate that the server showed.
        host: name of the server.
        port: its port.
    """

    def __init__(self, expected: bytes, got: bytes, host: str, port: int) -> None:
        self.expected = expected
        self.got = got
        self.host = host
        self.port = port
        self.args = (expected, got, host, port)

    def __str__(self) -> str:
        return (
            f"certificate of {self.host}:{self.port} has another fingerprint;"
            f" expected {self.expected.hex()}; got {self.got.hex()}"
        )

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} expected={self.expected!r} got={self.got!r}"
            f" host={self.host!r} port={self.port!r}>"
        )


# --- Bodies ---


class ClientPayloadError(ClientError):
    """The body of the response is damaged or incomplete."""


class UploadAbortedError(ClientError):
    """The body of the request was not sent to its end."""


# --- URLs ---


class InvalidURL(ClientError, ValueError):
    """A URL that cannot be used; ``url`` and ``description`` say which and why."""

    # ValueError makes it an exception that callers of URL parsers expect.
    def __init__(self, url: StrOrURL, description: str | None = None) -> None:
        self._url = url
        self._description = description
        super().__init__(*((url,) if description is None else (url, description)))

    @property
    def url(self) -> StrOrURL:
        return self._url

    @property
    def description(self) -> str | None:
        return self._description

    def __str__(self) -> str:
        return f"{self.url} - {self.description}" if self.description else str(self.url)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class InvalidUrlClientError(InvalidURL):
    """The URL of a request cannot be used."""


class RedirectClientError(ClientError):
    """A redirect that cannot be followed."""


class NonHttpUrlClientError(ClientError):
    """The scheme of the URL is not one that the connector speaks."""


class InvalidUrlRedirectClientError(InvalidUrlClientError, RedirectClientError):
    """The Location of a redirect cannot be used."""


class NonHttpUrlRedirectClientError(NonHttpUrlClientError, RedirectClientError):
    """The Location of a redirect is not an HTTP URL."""


# --- WebSocket ---


class WSMessageTypeError(TypeError):
    """A WebSocket message is not of the type that the caller asked for."""


# Groups to catch with one ``except``, for callers that name the errors of the ssl module.
cert_errors: tuple[type[Exception], ...]
cert_errors_bases: tuple[type[Exception], ...]
if _SSLError is OSError:
    cert_errors = cert_errors_bases = ()
    ssl_errors: tuple[type[Exception], ...] = ()
    ssl_error_bases: tuple[type[Exception], ...] = (ClientSSLError, OSError)
else:
    cert_errors = (_SSLCertVerificationError,)
    cert_errors_bases = (ClientSSLError, _SSLCertVerificationError)
    ssl_errors = (_SSLError,)
    ssl_error_bases = (ClientSSLError, _SSLError)
