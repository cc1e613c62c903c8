"""The head of a response: facts, each made when it is first asked for.

It knows neither the connection that the response came over nor its body.
"""

from __future__ import annotations

from http.cookies import SimpleCookie
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy
from propcache.api import under_cached_property as reify
from yarl import URL

from aiohttp import hdrs
from aiohttp._content_headers import HeadersMixin
from aiohttp._deprecations import declare, marked
from aiohttp._fields.cookies import parse_set_cookie_headers
from aiohttp._fields.link import parse_links
from aiohttp._h1.messages import HttpVersion
from aiohttp._values import value_object
from aiohttp.client_reqrep.values import RequestInfo
from aiohttp.typedefs import RawHeaders

if TYPE_CHECKING:
    from aiohttp._h1.messages import RawResponseMessage
    from aiohttp.client_reqrep.response import ClientResponse

_URL_OBJ = declare("ClientResponse.url_obj", since="1.1", instead="ClientResponse.url")


@value_object
class ContentDisposition:
    """The Content-Disposition field (RFC 6266)."""

    type: str | None
    parameters: MappingProxyType[str, str]
    filename: str | None


class ResponseHead(HeadersMixin):
    """What is known of a response as soon as its head is there."""

    # What was made when it was first asked for.
    _cache: dict[str, Any]
    method: str
    _url: URL
    _real_url: URL
    # None until the head has come.
    version: HttpVersion | None = None
    status: int = None  # type: ignore[assignment]
    reason: str | None = None
    _request_info: RequestInfo | None = None
    # What request_info is made of.
    _request_parts: tuple[URL, str, CIMultiDict[str], URL] | None = None

    _headers: CIMultiDictProxy[str] = None  # type: ignore[assignment]
    _raw_headers: RawHeaders | None = None
    # The head as it was read; the fields as bytes are taken from it.
    _message: RawResponseMessage | None = None
    # Responses that redirected here, oldest first.
    _history: tuple[ClientResponse, ...] = ()
    _cookies: SimpleCookie | None = None
    _raw_cookie_headers: tuple[str, ...] | None = None

    def _take_head(self, message: RawResponseMessage) -> None:
        self._message = message
        self.version = message.version
        self.status = message.code
        self.reason = message.reason
        self._headers = headers = message.headers
        if hdrs.SET_COOKIE in headers:
            self._raw_cookie_headers = tuple(headers.getall(hdrs.SET_COOKIE))

    @reify
    def url(self) -> URL:
        """What was asked for, without a fragment."""
        return self._url

    @property
    @marked("ClientResponse.url_obj: use ClientResponse.url")
    def url_obj(self) -> URL:
        """Deprecated name of ``url``."""
        _URL_OBJ.warn(stacklevel=2)
        return self._url

    @reify
    def real_url(self) -> URL:
        """What was asked for, with its fragment."""
        return self._real_url

    @reify
    def host(self) -> str:
        """The host that was asked."""
        if self._url.host is None:
            raise RuntimeError(f"URL of a response has no host; got {self._url!r}")
        return self._url.host

    @reify
    def headers(self) -> CIMultiDictProxy[str]:
        """The fields of the head."""
        return self._headers

    @reify
    def raw_headers(self) -> RawHeaders:
        """The fields as byte pairs, in the order in which they came."""
        if self._raw_headers is None and self._message is not None:
            self._raw_headers = self._message.raw_headers
        return self._raw_headers  # type: ignore[return-value]

    @reify
    def request_info(self) -> RequestInfo:
        """The request that this answers."""
        if self._request_info is None and self._request_parts is not None:
            url, method, headers, real_url = self._request_parts
            self._request_info = RequestInfo(url, method, CIMultiDictProxy(headers), real_url)
        return self._request_info  # type: ignore[return-value]

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies that the response sets."""
        if self._cookies is None:
            jar: SimpleCookie = SimpleCookie()
            if self._raw_cookie_headers is not None:
                jar.update(parse_set_cookie_headers(self._raw_cookie_headers))
            self._cookies = jar
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: SimpleCookie) -> None:
        self._cookies = cookies
        # The jar of the session takes its cookies from the fields: keep both in step.
        self._raw_cookie_headers = (
            tuple(morsel.OutputString() for morsel in cookies.values()) if cookies else None
        )

    @reify
    def content_disposition(self) -> ContentDisposition | None:
        """The Content-Disposition field (RFC 6266), ``None`` when there is none."""
        raw = self._headers.get(hdrs.CONTENT_DISPOSITION)
        if raw is None:
            return None
        from aiohttp import multipart

        kind, parameters = multipart.parse_content_disposition(raw)
        filename = multipart.content_disposition_filename(parameters)
        return ContentDisposition(kind, MappingProxyType(dict(parameters)), filename)

    @property
    def set_cookie_fields(self) -> tuple[str, ...] | None:
        """The Set-Cookie fields as they came; ``None`` when there are none."""
        return self._raw_cookie_headers

    def set_history(self, history: tuple[ClientResponse, ...]) -> None:
        """Remember which responses redirected here."""
        self._history = history

    @reify
    def history(self) -> tuple[ClientResponse, ...]:
        """The responses that redirected here, oldest first."""
        return self._history

    @reify
    def links(self) -> MultiDictProxy[MultiDictProxy[str | URL]]:
        """The Link fields (RFC 8288) by relation; ``url`` of each is absolute."""
        links: MultiDict[MultiDictProxy[str | URL]] = MultiDict()
        for parsed in parse_links(", ".join(self.headers.getall(hdrs.LINK, ()))):
            link: MultiDict[str | URL] = MultiDict(parsed.parameters)
            relation = link.get("rel", parsed.target)
            link.add("url", self._url.join(URL(parsed.target)))
            links.add(str(relation), MultiDictProxy(link))
        return MultiDictProxy(links)

    @property
    def ok(self) -> bool:
        """Whether the status is below 400: nothing is said of the body."""
        return self.status < 400
