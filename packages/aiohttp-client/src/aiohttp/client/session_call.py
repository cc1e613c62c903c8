"""A call of a session: what the call asks, merged with what the session always asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from yarl import URL

from aiohttp._client.call import Call
from aiohttp._client.options import ORDINARY_OPTIONS, RequestOptions, response_params
from aiohttp._client.proxies import EnvironmentProxy, FixedProxy, ProxyResolution
from aiohttp._client.tls import merge_ssl_options
from aiohttp._environment import basicauth_from_netrc, get_env_proxy_for_url, netrc_from_env
from aiohttp._fields.auth import BasicAuth
from aiohttp.client.arguments import call_timeout
from aiohttp.client.older_options import warn_of_credentials, warn_of_older
from aiohttp.client_exceptions import InvalidURL
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import BaseConnector
from aiohttp.cookiejar import UnlimitedCookieJar, needs_no_asking

if TYPE_CHECKING:
    from aiohttp.client.session import ClientSession
    from aiohttp.tracing import Trace
    from aiohttp.typedefs import LooseCookies


class SessionCall(Call):
    """One call; its total timeout counts from ``started``."""

    def __init__(
        self,
        session: ClientSession,
        connector: BaseConnector,
        method: str,
        url: URL,
        options: RequestOptions,
        started: float,
    ) -> None:
        super().__init__(
            connector,
            connector.allowed_protocol_schema_set,
            session._cookie_jar,
            session._loop,
            method,
            url,
            options,
        )
        self.session = session
        self.may_retry = session._retry_connection
        self.requote = session._requote_redirect_url
        self.headers = session._prepare_headers(options.headers)
        self.timeout = session._timeout
        self.response_params = session._response_params
        # What most sessions and most calls do not have…
        if session._default_auth is not None:
            self.default_auth = session._default_auth
            self.default_origin = session._base_url_origin
        if session._skip_auto_headers:
            self.skip_auto_headers = session._skip_auto_headers
        if session._middlewares:
            self.middlewares = session._middlewares
        if session._trace_configs:
            self.traces = self._open_traces()
        if session._trust_env or session._default_proxy is not None:
            self._set_way()
        if options.auth is not None or options.proxy_auth is not None:
            warn_of_credentials(options.auth, options.proxy_auth)
        if not options.given <= ORDINARY_OPTIONS:
            self._add_particulars()
        timeout = self.timeout
        self.deadline = session._deadlines.start(timeout.total, timeout.ceil_threshold, started)

    def _add_particulars(self) -> None:
        session, options = self.session, self.options
        warn_of_older(options)
        self.ssl = merge_ssl_options(
            options.ssl, options.verify_ssl, options.ssl_context, options.fingerprint
        )
        if options.skip_auto_headers is not None:
            wanted = frozenset(options.skip_auto_headers)
            self.skip_auto_headers = session._skip_auto_headers | wanted
        if options.middlewares is not None:
            self.middlewares = options.middlewares
        self.timeout = call_timeout(options.timeout, session._timeout)
        self.response_params = response_params(options, self.timeout, session._response_params)
        self._set_way()

    def _set_way(self) -> None:
        """Set through which proxies and with whose credentials the call goes."""
        session, options = self.session, self.options
        proxy = session._default_proxy if options.proxy is None else options.proxy
        auth = session._default_proxy_auth if options.proxy_auth is None else options.proxy_auth
        if proxy is not None:
            try:
                self.proxies = FixedProxy(ProxyResolution(URL(proxy), auth))
            except ValueError as error:
                raise InvalidURL(proxy) from error
        elif session._trust_env:
            self.proxies = EnvironmentProxy(get_env_proxy_for_url)
        if options.proxy_headers is not None:
            self.proxy_headers = CIMultiDict(options.proxy_headers)
        if session._trust_env:
            self.netrc = _netrc_auth

    def _open_traces(self) -> list[Trace]:
        from aiohttp.tracing import Trace

        context = self.options.trace_request_ctx
        return [
            Trace(self.session, config, config.trace_config_ctx(trace_request_ctx=context))
            for config in self.session._trace_configs
        ]

    def new_request(
        self, url: URL, auth: BasicAuth | None, proxy: ProxyResolution
    ) -> ClientRequest:
        session = self.session
        options = self.options
        request = session._request_class(
            self.method,
            url,
            params=self.params,
            headers=self.headers,
            skip_auto_headers=self.skip_auto_headers,
            data=self.data,
            cookies=self.cookies_for(url),
            auth=auth,
            version=session._version,
            compress=options.compress,
            chunked=options.chunked,
            expect100=options.expect100,
            loop=session._loop,
            response_class=session._response_class,
            proxy=proxy.url,
            proxy_auth=proxy.auth,
            timer=self.deadline,
            session=session,
            ssl=self.ssl,
            server_hostname=options.server_hostname,
            proxy_headers=self.proxy_headers if proxy.url is not None else None,
            traces=self.traces,
            trust_env=False,  # what the environment says was found before
        )
        request.response_params = self.response_params
        if options.upload_tracker is not None:
            request.upload_tracker = options.upload_tracker
        return request

    def cookies_for(self, url: URL) -> Any:
        """Return the cookies that go to ``url``: those of the jar, and the call's own over them."""
        jar = self.cookie_jar
        cookies: Any = None if needs_no_asking(jar) else jar.filter_cookies(url)
        if not self.cookies:
            return cookies
        own = self._own_cookies(self.cookies, url)
        if not cookies:
            return own
        cookies.update(own)
        return cookies

    def _own_cookies(self, cookies: LooseCookies, url: URL) -> Any:
        """Return the cookies of the call alone as they go to ``url``."""
        quote_cookie = getattr(self.cookie_jar, "quote_cookie", True)
        jar = UnlimitedCookieJar(unsafe=True, quote_cookie=quote_cookie)
        jar.update_cookies(cookies)
        return jar.filter_cookies(url)


def _netrc_auth(host: str) -> BasicAuth | None:
    """Return what the netrc file has for ``host``."""
    try:
        return basicauth_from_netrc(netrc_from_env(), host)
    except LookupError:
        return None
