"""The errors of calls: the tree, the facts they keep, and what they say."""

from __future__ import annotations

import asyncio
import pickle
import ssl
from typing import Any, NamedTuple

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp import client_exceptions as errors

URL_ = URL("http://example.com/")


class Key(NamedTuple):
    host: str = "example.com"
    port: int = 8080
    is_ssl: bool = False
    ssl: Any = True


class Info(NamedTuple):
    url: URL
    headers: Any
    real_url: URL


class Live:
    """Stands for a response, which cannot be pickled."""

    def release(self) -> None:
        raise NotImplementedError

    def __reduce__(self) -> str:
        raise TypeError("live")


def info() -> Any:
    return Info(URL_, CIMultiDictProxy(CIMultiDict(a="b")), URL_)


def key(**changes: Any) -> Any:
    return Key(**changes)


@pytest.mark.parametrize(
    ("error", "bases"),
    [
        (errors.ClientConnectionResetError, (errors.ClientConnectionError, ConnectionResetError)),
        (errors.ClientOSError, (errors.ClientConnectionError, OSError)),
        (errors.ClientConnectorDNSError, (errors.ClientConnectorError,)),
        (errors.ClientProxyConnectionError, (errors.ClientConnectorError,)),
        (errors.UnixClientConnectorError, (errors.ClientConnectorError,)),
        (errors.ClientConnectorSSLError, (errors.ClientSSLError, ssl.SSLError)),
        (
            errors.ClientConnectorCertificateError,
            (errors.ClientSSLError, ssl.SSLCertVerificationError),
        ),
        (errors.SocketTimeoutError, (errors.ServerTimeoutError, asyncio.TimeoutError)),
        (errors.ConnectionTimeoutError, (errors.ServerTimeoutError, errors.ServerConnectionError)),
        (errors.InvalidURL, (errors.ClientError, ValueError)),
        (errors.InvalidUrlRedirectClientError, (errors.InvalidURL, errors.RedirectClientError)),
        (
            errors.NonHttpUrlRedirectClientError,
            (errors.NonHttpUrlClientError, errors.RedirectClientError),
        ),
        (errors.ContentTypeError, (errors.ClientResponseError,)),
        (errors.WSMessageTypeError, (TypeError,)),
        (errors.UploadAbortedError, (errors.ClientError,)),
    ],
)
def test_tree(error: type[Exception], bases: tuple[type[Exception], ...]) -> None:
    assert all(issubclass(error, base) for base in bases)


def test_all_names_exist() -> None:
    assert all(isinstance(getattr(errors, name), type) for name in errors.__all__)


# --- Responses ---


def test_response_error_says_status_and_url() -> None:
    error = errors.ClientResponseError(info(), (), status=404, message="Not Found")
    assert str(error) == "404, message='Not Found', url='http://example.com/'"
    assert repr(error).endswith(", (), status=404, message='Not Found')")


def test_response_error_has_no_status_by_default() -> None:
    error = errors.ClientResponseError(info(), ())
    assert (error.status, error.message, error.headers) == (0, "", None)


def test_code_is_the_deprecated_name_of_status() -> None:
    with pytest.warns(DeprecationWarning, match="code argument"):
        error = errors.ClientResponseError(info(), (), code=400)
    with pytest.warns(DeprecationWarning, match="code property"):
        assert error.code == 400
    with pytest.warns(DeprecationWarning, match="code property"):
        error.code = 401
    assert error.status == 401


def test_code_and_status_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="code is the deprecated name"):
        errors.ClientResponseError(info(), (), code=400, status=400)  # type: ignore[call-overload]


def test_response_error_pickles_without_what_lives() -> None:
    history: Any = (Live(),)
    headers = CIMultiDictProxy(CIMultiDict(X="y"))
    error = errors.ContentTypeError(info(), history, status=200, headers=headers)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is errors.ContentTypeError
    assert str(copy) == str(error)
    assert copy.headers == headers
    assert copy.history == ()
    assert copy.request_info.headers["a"] == "b"


# --- Connections ---

REFUSED = OSError(111, "Connection refused")


def test_connector_error_says_where_and_why() -> None:
    error = errors.ClientConnectorError(key(), REFUSED)
    assert str(error) == "Cannot connect to host example.com:8080 ssl:default [Connection refused]"
    assert (error.host, error.port, error.ssl) == ("example.com", 8080, True)
    assert (error.errno, error.strerror, error.os_error) == (111, "Connection refused", REFUSED)


def test_connector_error_without_strerror_says_what_there_is() -> None:
    error = errors.ClientConnectorDNSError(key(ssl=False), OSError("no such name"))
    assert str(error) == "Cannot connect to host example.com:8080 ssl:False [no such name]"


def test_unix_error_names_the_path() -> None:
    error = errors.UnixClientConnectorError("/run/x", key(), REFUSED)
    assert error.path == "/run/x"
    assert str(error) == "Cannot connect to unix socket /run/x ssl:default [Connection refused]"


def test_certificate_error() -> None:
    cause = ssl.SSLCertVerificationError(1, "self-signed")
    error = errors.ClientConnectorCertificateError(key(is_ssl=True), cause)
    assert error.certificate_error is cause
    assert (error.host, error.port, error.ssl) == ("example.com", 8080, True)
    assert "ssl:True [SSLCertVerificationError: (1, 'self-signed')]" in str(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.ClientConnectorError(key(), REFUSED),
        errors.ClientConnectorDNSError(key(), REFUSED),
        errors.UnixClientConnectorError("/run/x", key(), REFUSED),
        errors.ClientConnectorSSLError(key(), ssl.SSLError(1, "bad")),
        errors.ClientConnectorCertificateError(key(), ValueError("bad")),
        errors.ServerDisconnectedError(),
        errors.ServerFingerprintMismatch(b"a", b"b", "h", 443),
        errors.InvalidURL("x", "why"),
        errors.ClientPayloadError("cut off"),
    ],
    ids=repr,
)
def test_pickle(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), repr(copy)) == (str(error), repr(error))


def test_pickle_leaves_the_tls_context_behind() -> None:
    error = errors.ClientConnectorError(key(ssl=ssl.create_default_context()), REFUSED)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.host, copy.port, copy.ssl) == ("example.com", 8080, True)


def test_fingerprint_mismatch_shows_both_digests() -> None:
    error = errors.ServerFingerprintMismatch(b"\x01", b"\x02", "h", 443)
    assert (
        repr(error)
        == "<ServerFingerprintMismatch expected=b'\\x01' got=b'\\x02' host='h' port=443>"
    )
    assert "expected 01; got 02" in str(error)


def test_server_disconnected_has_a_message() -> None:
    assert str(errors.ServerDisconnectedError()) == "Server disconnected"
    assert errors.ServerDisconnectedError("after 3 bytes").message == "after 3 bytes"


# --- URLs ---


@pytest.mark.parametrize(
    ("arguments", "text"),
    [(("x",), "x"), (("x", "no host"), "x - no host"), ((URL("http://x/"),), "http://x/")],
)
def test_invalid_url(arguments: Any, text: str) -> None:
    error = errors.InvalidUrlClientError(*arguments)
    assert str(error) == text
    assert repr(error) == f"<InvalidUrlClientError {text}>"
    assert (error.url, error.description) == (*arguments, None)[:2]
