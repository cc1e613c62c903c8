"""What a caller asks of a call: values, and how a call's wishes meet the session's.

Pure.  Knows no connection, no clock and no session: a session hands in its defaults as values.
"""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from yarl import URL

from aiohttp._values import value_object

from .._h1.limits import Limits
from ..typedefs import LooseCookies, LooseHeaders, Query, StrOrURL

if TYPE_CHECKING:
    from .._fields.auth import BasicAuth

# Bytes that a response body may hold unread before its connection is paused: the size that
# keeps a fast link busy through one turn of the loop.
DEFAULT_READ_BUFSIZE = 256 * 1024

# As many as curl's and Firefox's defaults are between (50 and 20); enough for every honest site.
DEFAULT_MAX_REDIRECTS = 10


@value_object
class ClientTimeout:
    """How long each phase of a call may take, in seconds; ``None`` or 0: for ever.

    ``total``: the whole call, redirects and reading of the body included.  ``connect``: getting a
    connection, waiting for a place in the pool included.  ``sock_connect``: connecting to a peer.
    ``sock_read``: silence between two pieces of a response.  Deadlines of more than
    ``ceil_threshold`` seconds are rounded up to whole seconds, so that many calls share a timer.
    """

    total: float | None = None
    connect: float | None = None
    sock_read: float | None = None
    sock_connect: float | None = None
    ceil_threshold: float = 5


DEFAULT_TIMEOUT: ClientTimeout = ClientTimeout(total=5 * 60, sock_connect=30)


_DEFAULT_LIMITS = Limits()


@value_object
class ResponseParams:
    """How a response is to be read off its connection."""

    limits: Limits = _DEFAULT_LIMITS
    read_bufsize: int = DEFAULT_READ_BUFSIZE
    auto_decompress: bool = True
    read_until_eof: bool = True
    read_timeout: float | None = None
    ceil_threshold: float = 5


class RequestOptions:
    """The options of one call, as given; what was not given has the value of the class.

    ``None`` means: as the session does.  A plain class whose instances are the keyword arguments
    themselves: one is made for each call, and most calls give nothing.
    """

    params: Query = None
    data: Any = None
    json: Any = None
    cookies: LooseCookies | None = None
    headers: LooseHeaders | None = None
    skip_auto_headers: Iterable[str] | None = None
    auth: BasicAuth | None = None
    allow_redirects: bool = True
    max_redirects: int = DEFAULT_MAX_REDIRECTS
    compress: str | bool | None = None
    chunked: bool | None = None
    expect100: bool = False
    raise_for_status: Any = None
    read_until_eof: bool = True
    proxy: StrOrURL | None = None
    proxy_auth: BasicAuth | None = None
    timeout: Any = None
    verify_ssl: bool | None = None
    fingerprint: bytes | None = None
    ssl_context: Any = None
    ssl: Any = True
    server_hostname: str | None = None
    proxy_headers: LooseHeaders | None = None
    trace_request_ctx: object = None
    read_bufsize: int | None = None
    auto_decompress: bool | None = None
    max_line_size: int | None = None
    max_field_size: int | None = None
    max_headers: int | None = None
    middlewares: Sequence[Any] | None = None
    upload_tracker: Any = None

    def __init__(self, given: dict[str, Any]) -> None:
        """Take the keyword arguments of a call; ``TypeError`` when one is unknown."""
        if not given.keys() <= _OPTION_NAMES:
            unknown = sorted(given.keys() - _OPTION_NAMES)
            raise TypeError(f"a request got an unexpected keyword argument {unknown[0]!r}")
        self.__dict__ = given

    @property
    def given(self) -> KeysView[str]:
        """Names of the options that the caller gave."""
        return self.__dict__.keys()


_OPTION_NAMES = frozenset(RequestOptions.__annotations__)

# What a call may be given and still be read and connected in the session's way.
ORDINARY_OPTIONS = frozenset(
    {
        "allow_redirects",
        "auth",
        "compress",
        "cookies",
        "data",
        "headers",
        "json",
        "max_redirects",
        "params",
        "raise_for_status",
        "upload_tracker",
    }
)


def response_params(
    options: RequestOptions, timeout: ClientTimeout, default: ResponseParams
) -> ResponseParams:
    """Return how to read the response: the session's way (``default``) where nothing else is asked.

    The default itself comes back when it will do, so that a plain call makes no new value.
    """
    if (
        options.read_bufsize is None
        and options.auto_decompress is None
        and options.max_line_size is None
        and options.max_field_size is None
        and options.max_headers is None
        and options.read_until_eof is default.read_until_eof
        and timeout.sock_read == default.read_timeout
        and timeout.ceil_threshold == default.ceil_threshold
    ):
        return default
    limits = default.limits
    return ResponseParams(
        limits=Limits(
            max_line_size=_given(options.max_line_size, limits.max_line_size),
            max_field_size=_given(options.max_field_size, limits.max_field_size),
            max_headers=_given(options.max_headers, limits.max_headers),
        ),
        read_bufsize=_given(options.read_bufsize, default.read_bufsize),
        auto_decompress=(
            default.auto_decompress if options.auto_decompress is None else options.auto_decompress
        ),
        read_until_eof=options.read_until_eof,
        read_timeout=timeout.sock_read,
        ceil_threshold=timeout.ceil_threshold,
    )


def _given(value: int | None, default: int) -> int:
    return default if value is None else value


def merge_headers(default: CIMultiDict[str], given: LooseHeaders | None) -> CIMultiDict[str]:
    """Return the session's headers with the call's over them.

    A name that the call gives replaces every session value of it.  Given several times, it keeps
    all of its values; but another spelling of a name replaces it, as in ``{**defaults, **mine}``.
    """
    # Programs put mappings of other kinds in the place of the session's.
    merged: CIMultiDict[str] = CIMultiDict(default) if default else CIMultiDict()
    if not given:
        return merged
    seen: set[str] = set()
    for name, value in as_headers(given).items():
        if name in seen:
            merged.add(name, value)
        else:
            merged[name] = value
            seen.add(name)
    return merged


def as_headers(given: LooseHeaders) -> Mapping[str, str]:
    """Return ``given`` as a case-insensitive mapping, unless it is one."""
    if isinstance(given, CIMultiDict):
        return given
    return CIMultiDict(given)


def join_base(base: URL | None, url: StrOrURL) -> URL:
    """Return the absolute URL that a call means (RFC 3986 §5.2); an absolute ``url`` stays."""
    parsed = url if isinstance(url, URL) else URL(url)
    if base is None or parsed.absolute:
        return parsed
    return base.join(parsed)
