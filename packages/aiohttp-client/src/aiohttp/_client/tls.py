"""What a caller may say about TLS, and the contexts that come of it.

Contexts are made at first use: loading the system's certificates takes milliseconds.  Knows no
connection but for the transport that a fingerprint is compared with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Union

from aiohttp._deprecations import declare
from aiohttp.client_exceptions import ServerFingerprintMismatch

if TYPE_CHECKING:
    from ssl import SSLContext

# What `ssl=` takes: True for the default checks, False for none, a pin, or a context.
SSLOption = Union[bool, "Fingerprint", "SSLContext"]

_VERIFY_SSL = declare("verify_ssl argument", since="3.0", instead="ssl=True or ssl=False")
_SSL_CONTEXT = declare("ssl_context argument", since="3.0", instead="ssl=ssl_context")
_FINGERPRINT = declare("fingerprint argument", since="3.0", instead="ssl=Fingerprint(digest)")


# Bytes of a SHA-256 digest.
_SHA256_LENGTH = 32


class _HashFunctions:
    """The hash functions by the length of their digests; few programs need them."""

    def __get__(self, instance: object, owner: object) -> dict[int, Callable[..., Any]]:
        import hashlib

        return {16: hashlib.md5, 20: hashlib.sha1, 32: hashlib.sha256}


class Fingerprint:
    """The SHA-256 digest of the one certificate that is trusted; nothing else of it is checked."""

    HASHFUNC_BY_DIGESTLEN = _HashFunctions()

    def __init__(self, fingerprint: bytes) -> None:
        if len(fingerprint) not in self.HASHFUNC_BY_DIGESTLEN:
            raise ValueError(
                f"fingerprint has invalid length; expected the 32 bytes of a SHA-256 digest; "
                f"got {len(fingerprint)} bytes"
            )
        if len(fingerprint) != _SHA256_LENGTH:
            raise ValueError(
                "md5 and sha1 are insecure and not supported. Use sha256: "
                "hashlib.sha256(certificate_in_der).digest()"
            )
        self._fingerprint = fingerprint

    def __repr__(self) -> str:
        return f"<Fingerprint {self._fingerprint.hex()}>"

    @property
    def fingerprint(self) -> bytes:
        """The digest."""
        return self._fingerprint

    def check(self, transport: asyncio.Transport) -> None:
        """Compare with the peer's certificate; do nothing on a connection without TLS.

        Raises `ServerFingerprintMismatch` when the certificate is another one.
        """
        if not transport.get_extra_info("sslcontext"):
            return
        certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        import hashlib
        import hmac

        got = hashlib.sha256(certificate or b"").digest()
        if not hmac.compare_digest(got, self._fingerprint):
            host, port, *_ = transport.get_extra_info("peername")
            raise ServerFingerprintMismatch(self._fingerprint, got, host, port)


def checked_ssl(value: Any) -> SSLOption:
    """Return ``value`` when it is something that ``ssl=`` takes; ``TypeError`` when not."""
    if isinstance(value, (bool, Fingerprint)):
        return value
    if value is None:
        return True
    from ssl import SSLContext

    if isinstance(value, SSLContext):
        return value
    raise TypeError(f"ssl should be SSLContext, bool, Fingerprint or None, got {value!r} instead.")


def merge_ssl_options(
    ssl: Any, verify_ssl: bool | None, ssl_context: Any, fingerprint: bytes | None
) -> SSLOption:
    """Return what ``ssl`` says, or else what one of the three older arguments says.

    The older ones warn; ``ValueError`` when more than one thing is said.
    """
    if verify_ssl is None and ssl_context is None and fingerprint is None:
        return ssl if ssl is True else checked_ssl(ssl)
    merged: Any = True if ssl is None else ssl
    older: tuple[tuple[bool, Any, Callable[[Any], Any], Any], ...] = (
        (verify_ssl is not None and not verify_ssl, _VERIFY_SSL, lambda _: False, verify_ssl),
        (ssl_context is not None, _SSL_CONTEXT, lambda context: context, ssl_context),
        (fingerprint is not None, _FINGERPRINT, Fingerprint, fingerprint),
    )
    for given, deprecation, convert, value in older:
        if not given:
            continue
        deprecation.warn_outside()
        if merged is not True:
            raise ValueError(
                "verify_ssl, ssl_context, fingerprint and ssl parameters are mutually exclusive; "
                "use ssl alone"
            )
        merged = convert(value)
    return checked_ssl(merged)


@lru_cache(maxsize=2)
def default_context(verified: bool) -> SSLContext:
    """Return the context for ``ssl=True`` (``verified``) or ``ssl=False``; made once.

    Offers ``http/1.1`` by ALPN (RFC 7301): some servers refuse a client that offers nothing.
    """
    import ssl

    if verified:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.options |= ssl.OP_NO_COMPRESSION
        context.set_default_verify_paths()
    context.set_alpn_protocols(("http/1.1",))
    return context


async def context_for(
    options: tuple[SSLOption, ...], loop: asyncio.AbstractEventLoop
) -> SSLContext:
    """Return the context that the first telling one of ``options`` asks for.

    The order is the call's, then the connector's; ``True`` says nothing.  Loading certificates
    happens in a thread.
    """
    for option in options:
        if not isinstance(option, (bool, Fingerprint)):
            return option
        if option is not True:
            return await _default_context(False, loop)
    return await _default_context(True, loop)


async def _default_context(verified: bool, loop: asyncio.AbstractEventLoop) -> SSLContext:
    if default_context.cache_info().currsize == 2:
        return default_context(verified)
    return await loop.run_in_executor(None, default_context, verified)
