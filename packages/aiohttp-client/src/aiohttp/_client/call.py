"""One call of a session: hop after hop until a response is final.

I/O: drives an exchange (a connector), a cookie jar and the environment, all handed in.  What is
decided on the way is decided in the pure rooms beside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from yarl import URL

from aiohttp import hdrs
from aiohttp._client import credentials, redirects
from aiohttp._client.exchange import exchange_of
from aiohttp._client.proxies import DIRECT
from aiohttp._client.request_head import IDEMPOTENT_METHODS
from aiohttp._fields.auth import strip_auth_from_url
from aiohttp.client_exceptions import (
    ClientConnectionResetError,
    ClientOSError,
    ClientPayloadError,
    InvalidUrlClientError,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    TooManyRedirects,
)
from aiohttp.client_middlewares import build_client_middlewares
from aiohttp.log import client_logger
from aiohttp.payload import BytesPayload
from aiohttp.payload.base import close_later

if TYPE_CHECKING:
    import asyncio

    from aiohttp._client.deadlines import AnyDeadline
    from aiohttp._client.exchange import Exchange
    from aiohttp._client.options import ClientTimeout, RequestOptions, ResponseParams
    from aiohttp._client.proxies import ProxyResolution, ProxyResolver
    from aiohttp._fields.auth import BasicAuth
    from aiohttp.abc import AbstractCookieJar
    from aiohttp.client_reqrep import ClientRequest, ClientResponse
    from aiohttp.tracing import Trace

# What a kept connection that died meanwhile fails with.
DEAD_CONNECTION = (ServerDisconnectedError, ClientOSError, ClientConnectionResetError)


# Never appended to.
_NO_TRACES: list[Trace] = []


class Call(ABC):
    """What is to be asked next, and what was asked before; made for each call.

    The session sets what differs from the values of the class, and makes the requests.
    """

    ssl: Any = True
    # Which way leads to a URL, and whose credentials the environment has for a host.
    proxies: ProxyResolver | None = None
    proxy_headers: CIMultiDict[str] | None = None
    netrc: Callable[[str], BasicAuth | None] | None = None
    # The session's credentials, and the one origin that may see them (None: all may).
    default_auth: BasicAuth | None = None
    default_origin: URL | None = None
    skip_auto_headers: frozenset[str] | None = None
    middlewares: Sequence[Any] = ()
    traces: list[Trace] = _NO_TRACES
    # Responses that redirected, oldest first.
    history: tuple[ClientResponse, ...] = ()
    headers: CIMultiDict[str]
    timeout: ClientTimeout
    response_params: ResponseParams
    deadline: AnyDeadline
    # Whether to send an idempotent request again when its kept connection was dead.
    may_retry = True
    # Whether the location of a redirect is percent-encoded anew.
    requote = True

    def __init__(
        self,
        exchange: Exchange,
        schemes: frozenset[str],
        cookie_jar: AbstractCookieJar,
        loop: asyncio.AbstractEventLoop,
        method: str,
        url: URL,
        options: RequestOptions,
    ) -> None:
        self.exchange = exchange_of(exchange)
        # What the exchange can reach.
        self.schemes = schemes
        self.cookie_jar = cookie_jar
        self.loop = loop
        self.options = options
        # The request of the next hop.
        self.method = method
        self.url = url
        self.params = options.params
        self.data = options.data
        self.cookies = options.cookies
        self.auth = options.auth

    # The loop…

    async def run(
        self,
        first: ClientResponse | None = None,
        history: tuple[ClientResponse, ...] = (),
    ) -> ClientResponse:
        """Return the final response.

        ``first``: of the first hop, if that was made before; or of a later one, ``history`` then
        has the redirects, without a body and within the origin, that led to it.
        """
        request: ClientRequest | None = None
        if history and first is not None:
            self.history = history
            self.url = first.real_url
            self.params = None
        while True:
            if first is not None:
                response, first = first, None
            else:
                request, response = await self._hop()
            try:
                if request is not None:  # those of a response from before were kept before
                    self._keep_cookies(response)
                location = self._location(response)
                if location is None:
                    await self._finish(request, response)
                    return response
                if self.traces:
                    await self._tell_redirect(response)
                await self._follow(self._redirect(response, location), request, response)
            except BaseException:
                response.close()
                if request is not None:
                    await self._abandon_body(request)
                raise

    async def _hop(self) -> tuple[ClientRequest, ClientResponse]:
        """Send the next request; once more when it met a connection that had died meanwhile."""
        may_retry = self.may_retry and self.method in IDEMPOTENT_METHODS
        while True:
            url, auth = self._asked_url()
            if auth is None and self.netrc is not None:
                auth = await self._look_up_auth(url)
            proxy = DIRECT if self.proxies is None else await self._resolve_proxy(url)
            tracker = self.options.upload_tracker
            if tracker is not None:
                tracker.attempt_started()
            request = self.new_request(url, auth, proxy)
            try:
                if self.middlewares:
                    handler = build_client_middlewares(self._send, self.middlewares)
                    response = await handler(request)
                else:
                    response = await self.exchange.send(request, self.traces, self.timeout)
            except DEAD_CONNECTION:
                body = request.body_payload
                if may_retry and request.connection_reused and (body is None or not body.consumed):
                    may_retry = False
                    if body is not None:
                        self.data = body
                    continue
                await self._abandon_body(request)
                raise
            except BaseException:
                await self._abandon_body(request)
                raise
            return request, response

    async def _send(self, request: ClientRequest) -> ClientResponse:
        request.response_params = self.response_params
        return await self.exchange.send(request, self.traces, self.timeout)

    # The request of a hop…

    def _asked_url(self) -> tuple[URL, BasicAuth | None]:
        """Return the URL of the next request without credentials, and the credentials for it."""
        url = self.url
        if not url.raw_host:
            raise InvalidUrlClientError(url, "a URL without a host cannot be asked")
        from_url: BasicAuth | None = None
        if url.raw_user is not None or url.raw_password is not None:
            self.url, from_url = strip_auth_from_url(url)
            url = self.url
        elif self.auth is None and self.default_auth is None:
            return url, None
        return url, self._choose_auth(url, from_url)

    @abstractmethod
    def new_request(
        self, url: URL, auth: BasicAuth | None, proxy: ProxyResolution
    ) -> ClientRequest:
        """Return the request of the next hop."""

    @abstractmethod
    def cookies_for(self, url: URL) -> Any:
        """Return the cookies that go to ``url``: those of the jar, and the call's own over them."""

    def _choose_auth(self, url: URL, from_url: BasicAuth | None) -> BasicAuth | None:
        explicit = self.auth
        if not self.history:
            credentials.refuse_two_sources(explicit, from_url, self.headers)
        elif from_url is not None:
            explicit = None  # a redirect that names its user knows better
        return credentials.choose_auth(
            url,
            explicit=explicit,
            from_url=from_url,
            default=self.default_auth,
            default_origin=self.default_origin,
            headers=self.headers,
        )

    async def _look_up_auth(self, url: URL) -> BasicAuth | None:
        """Ask the netrc file, in a thread; what the headers say goes before it."""
        if self.netrc is None or url.host is None or hdrs.AUTHORIZATION in self.headers:
            return None
        return await self.loop.run_in_executor(None, self.netrc, url.host)

    async def _resolve_proxy(self, url: URL) -> ProxyResolution:
        resolver = self.proxies
        if resolver is None:
            return DIRECT
        if resolver.blocking:
            return await self.loop.run_in_executor(None, resolver.resolve, url)
        return resolver.resolve(url)

    # Redirects…

    def _location(self, response: ClientResponse) -> str | None:
        """Return where ``response`` redirects to, if that is to be followed."""
        if response.status in redirects.REDIRECT_STATUSES and self.options.allow_redirects:
            return redirects.redirect_location(response.headers)
        return None

    def _redirect(self, response: ClientResponse, location: str) -> redirects.Redirect:
        """Return what ``response`` asks for; raise when it must not be done."""
        options = self.options
        self.history = (*self.history, response)
        if options.max_redirects and len(self.history) >= options.max_redirects:
            raise TooManyRedirects(
                self.history[0].request_info,
                self.history,
                status=response.status,
                message=f"more than {options.max_redirects - 1} redirects; "
                "pass a larger max_redirects if the site is to be trusted",
                headers=response.headers,
            )
        return redirects.decide(
            response.status,
            self.method.upper(),
            self.url,
            location,
            requote=self.requote,
            schemes=redirects.reachable(self.schemes),
        )

    def _keep_cookies(self, response: ClientResponse) -> None:
        if response.set_cookie_fields:
            self.cookie_jar.update_cookies_from_headers(response.set_cookie_fields, response.url)

    async def _follow(
        self,
        redirect: redirects.Redirect,
        request: ClientRequest | None,
        response: ClientResponse,
    ) -> None:
        """Make the next hop the one that ``redirect`` asks for."""
        response.release()
        body = None if request is None else request.body_payload
        if not redirect.keeps_body:
            if redirect.method != self.method or self.data is not None:
                redirects.drop_body_fields(self.headers)
            self.data = None
            await self._close(body)
        elif body is not None:
            if body.consumed:
                raise ClientPayloadError(
                    f"Cannot follow redirect with a consumed request body: {response.status} for "
                    f"{self.method} {self.url} wants it again, and a {type(body).__name__} can be "
                    "sent once; pass bytes or a seekable file, or set allow_redirects=False"
                )
            self.data = body
        if not redirect.same_origin:
            self._leave_origin(redirect.url)
        self.method = redirect.method
        self.url = redirect.url
        self.params = None

    def _leave_origin(self, url: URL) -> None:
        dropped = credentials.drop_private_fields(self.headers)
        if self.auth is not None:
            dropped.append("auth")
        if self.cookies:
            dropped.append("cookies")
        self.auth = None
        self.cookies = None
        if dropped:
            client_logger.debug(
                "redirect to another origin (%s): not sent there: %s",
                url.origin(),
                ", ".join(dropped),
            )

    # Tracers…

    def _traced_url(self) -> URL:
        return self.url.update_query(self.params) if self.params else self.url

    async def tell_start(self) -> None:
        """Tell the tracers that the call begins; those that were not told hear no more of it."""
        traces, self.traces = self.traces, []
        for trace in traces:
            await trace.send_request_start(self.method, self._traced_url(), self.headers)
            self.traces.append(trace)

    async def _tell_redirect(self, response: ClientResponse) -> None:
        for trace in self.traces:
            await trace.send_request_redirect(
                self.method, self._traced_url(), self.headers, response
            )

    async def tell_end(self, response: ClientResponse) -> None:
        """Tell the tracers of the final response."""
        for trace in self.traces:
            await trace.send_request_end(self.method, self._traced_url(), self.headers, response)

    async def tell_exception(self, error: BaseException) -> None:
        """Tell the tracers what the call failed with."""
        for trace in self.traces:
            await trace.send_request_exception(self.method, self._traced_url(), self.headers, error)

    # The end…

    async def _finish(self, request: ClientRequest | None, response: ClientResponse) -> None:
        """Take ``response`` for the final one: close the request's body as soon as it is sent."""
        if self.history:
            response.set_history(self.history)
        body = None if request is None else request.body_payload
        if body is None or isinstance(body, BytesPayload):
            return
        writer = response.upload_task
        if writer is None:
            await body.close()
        else:
            loop = self.loop
            writer.add_done_callback(lambda _: close_later(body, loop))

    async def _abandon_body(self, request: ClientRequest) -> None:
        request.terminate()
        await self._close(request.body_payload)

    async def _close(self, body: Any) -> None:
        if body is not None:
            await body.close()


def check_scheme(url: URL, schemes: frozenset[str]) -> None:
    """Raise `NonHttpUrlClientError` for a scheme that is out of reach."""
    if url.scheme not in schemes:
        raise NonHttpUrlClientError(url)
