"""What stands in the head of a request besides what the caller put there.

Pure: takes the parts of a request, returns field values.  RFC 9112 §3 (request line), §9.3
(persistence), RFC 9110 §7.2 (Host), §12.5.3 (Accept-Encoding).
"""

from __future__ import annotations

import re
from collections.abc import Container

from multidict import CIMultiDict
from yarl import URL

from aiohttp import hdrs
from aiohttp._fields.grammar import has_token
from aiohttp._h1.messages import HttpVersion, HttpVersion10, HttpVersion11
from aiohttp._late import late_pattern

# RFC 9110 §5.6.2: what cannot stand in a token.
_NOT_TOKEN = late_pattern(r"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")

_HTTP_VERSION = late_pattern(r"([0-9]+)\.([0-9]+)", re.ASCII)

# Methods whose request has no body unless the caller gives one, not even an empty one.
BODILESS_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS, hdrs.METH_TRACE})

# Sending one of these twice does what sending it once does (RFC 9110 §9.2.2).
IDEMPOTENT_METHODS = frozenset(
    {
        hdrs.METH_GET,
        hdrs.METH_HEAD,
        hdrs.METH_OPTIONS,
        hdrs.METH_TRACE,
        hdrs.METH_PUT,
        hdrs.METH_DELETE,
    }
)

SSL_SCHEMES = frozenset({"https", "wss"})


def checked_method(method: str) -> str:
    """Return ``method`` in upper case; ``ValueError`` when it is no token (RFC 9110 §9.1)."""
    if found := _NOT_TOKEN.search(method):
        raise ValueError(
            f"Method cannot contain non-token characters {method!r} "
            f"(found at least {found.group()!r})"
        )
    return method.upper()


def checked_version(version: HttpVersion | str) -> HttpVersion:
    """Return the HTTP version that ``"1.1"`` or a pair means; ``ValueError`` for anything else."""
    if isinstance(version, str):
        match = _HTTP_VERSION.fullmatch(version)
        if match is None:
            raise ValueError(f"HTTP version; expected digits like '1.1'; got {version!r}")
        return HttpVersion(int(match[1]), int(match[2]))
    return version


def request_target(method: str, url: URL, *, absolute: bool) -> str:
    """Return the second word of the request line (RFC 9112 §3.2).

    ``absolute``: the request goes to a proxy, which has to be told the origin.
    """
    if method == hdrs.METH_CONNECT:
        # Authority form (§3.2.3): always with a port; IPv6 in brackets.
        return f"{url.host_subcomponent}:{url.port}"
    if absolute:
        return str(url)
    return url.raw_path_qs


def connection_option(version: HttpVersion, *, keep_alive: bool) -> str | None:
    """Return the value of Connection, if the version's default is not meant (RFC 9112 §9.3)."""
    if version == HttpVersion11:
        return None if keep_alive else "close"
    if version == HttpVersion10 and keep_alive:
        return "keep-alive"
    return None


def says_close(headers: CIMultiDict[str]) -> bool:
    """Return whether the connection must carry no other request after this one (§9.6)."""
    return hdrs.CONNECTION in headers and has_token(headers.getall(hdrs.CONNECTION), "close")


def accept_encoding(*, brotli: bool, zstd: bool) -> str:
    """Return the codings that this process can undo."""
    codings = ["gzip", "deflate"]
    if brotli:
        codings.append("br")
    if zstd:
        codings.append("zstd")
    return ", ".join(codings)


def add_missing(
    headers: CIMultiDict[str], automatic: CIMultiDict[str], skip: Container[str]
) -> None:
    """Add each automatic field that is neither there nor unwanted."""
    for name, value in automatic.items():
        if name not in headers and name not in skip:
            headers.add(name, value)


def asks_for_continue(headers: CIMultiDict[str]) -> bool:
    """Return whether the head has ``Expect: 100-continue`` (RFC 9110 §10.1.1)."""
    return headers.get(hdrs.EXPECT, "").lower() == "100-continue"


def frame_body(
    headers: CIMultiDict[str],
    *,
    chunked: bool | None,
    size: int | None,
    version: HttpVersion = HttpVersion11,
) -> bool:
    """Make ``headers`` say where the body ends (RFC 9112 §6); return whether it is sent in chunks.

    ``size``: of the body, in bytes; ``None``: not known.  ``ValueError`` when the caller asked for
    chunks and for a length, or twice for chunks, or for what a server would misread.
    """
    if hdrs.TRANSFER_ENCODING in headers:
        _drop_no_coding(headers)
    if hdrs.TRANSFER_ENCODING in headers:
        _check_codings(headers)
        if chunked and _codings(headers)[-1].lower() == "chunked":
            raise ValueError(
                'chunked can not be set if "Transfer-Encoding: chunked" header is set; '
                "remove one of the two"
            )
        if hdrs.CONTENT_LENGTH in headers:
            # §6.2: what one recipient takes for the body, another takes for the next request.
            raise ValueError(
                "Content-Length can not be set if Transfer-Encoding header is set; "
                "remove one of the two"
            )
    elif chunked:
        if hdrs.CONTENT_LENGTH in headers:
            raise ValueError(
                "chunked can not be set if Content-Length header is set; remove one of the two"
            )
        headers[hdrs.TRANSFER_ENCODING] = "chunked"
    else:
        if hdrs.CONTENT_LENGTH not in headers and size is not None:
            headers[hdrs.CONTENT_LENGTH] = str(size)
        return False
    if version < HttpVersion11:
        raise ValueError(
            f"Body in chunks; expected HTTP/1.1; got HTTP/{version[0]}.{version[1]} "
            "(RFC 9112 §6.1); give a body of known size that is not compressed, or Content-Length"
        )
    return True


def _drop_no_coding(headers: CIMultiDict[str]) -> None:
    """Remove a Transfer-Encoding that names no coding, which RFC 2616 called ``identity``."""
    if {coding.lower() for coding in _codings(headers)} <= {"identity"}:
        del headers[hdrs.TRANSFER_ENCODING]


def _check_codings(headers: CIMultiDict[str]) -> None:
    """Refuse codings whose end cannot be found: ``chunked`` is the last (RFC 9112 §6.1)."""
    codings = [coding.lower() for coding in _codings(headers)]
    if "chunked" in codings[:-1]:
        raise ValueError(
            f"Transfer-Encoding header; expected 'chunked' as the last coding only; "
            f"got {', '.join(codings)!r}"
        )


def _codings(headers: CIMultiDict[str]) -> list[str]:
    """Return the transfer codings; empty members of the list say nothing (RFC 9110 §5.6.1)."""
    values = headers.getall(hdrs.TRANSFER_ENCODING, ())
    members = [member.strip(" \t") for value in values for member in value.split(",")]
    return [member for member in members if member]


def ending_in_chunked(headers: CIMultiDict[str]) -> CIMultiDict[str]:
    """Return the fields as they are sent: ``chunked`` comes behind codings of the caller's (§6.1).

    Those that were given are left as they are: the caller may look at them.
    """
    codings = _codings(headers)
    if not codings:
        return headers
    if codings[-1].lower() != "chunked":
        codings.append("chunked")
    value = ", ".join(codings)
    if headers.getall(hdrs.TRANSFER_ENCODING) == [value]:
        return headers
    sent = CIMultiDict(headers)
    sent[hdrs.TRANSFER_ENCODING] = value
    return sent
