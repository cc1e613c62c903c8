"""Calls without particulars, over connections that were kept: the short way of a session.

Whatever is in doubt goes the other way (`_client.call`), which does the same.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

from multidict import CIMultiDict, CIMultiDictProxy, getversion
from yarl import URL

from aiohttp._client.call import DEAD_CONNECTION
from aiohttp._client.exchange import exchange_of
from aiohttp._client.options import (
    DEFAULT_MAX_REDIRECTS,
    RequestOptions,
    join_base,
    merge_headers,
    response_params,
)
from aiohttp._client.plain import BARE_OPTIONS, JSON_OPTIONS, MAX_PLAIN_BODY, PlainRequest
from aiohttp._client.redirects import REDIRECT_STATUSES, decide, reachable, redirect_location
from aiohttp._client.request_head import IDEMPOTENT_METHODS
from aiohttp.client.settings import SessionSettings
from aiohttp.client_exceptions import InvalidURL
from aiohttp.client_reqrep import (
    ClientRequest,
    ClientResponse,
)
from aiohttp.client_reqrep.response import response_error
from aiohttp.cookiejar import CookieJar, needs_no_asking
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.payload import JsonBytesPayload, JsonPayload, Payload
from aiohttp.typedefs import (
    LooseHeaders,
    StrOrURL,
)

if TYPE_CHECKING:
    from aiohttp.client.session import ClientSession

_NEVER = float("inf")

# What tracers put wrappers in the place of: then every request has to go through them.
_MAKE = ClientRequest.__init__
_SEND = ClientRequest.send
_START = ClientResponse.start
_FILTER = CookieJar.filter_cookies


class PlainCalls(SessionSettings):
    """The part of a session that makes them."""

    @functools.cached_property
    def _has_own_classes(self) -> bool:
        """Whether the program has put something of its own in the place of ours."""
        return (
            self._request_class is not ClientRequest
            or self._response_class is not ClientResponse
            or getattr(self._build_url, "__func__", None) is not PlainCalls._build_url
            or getattr(self._prepare_headers, "__func__", None) is not PlainCalls._prepare_headers
        )

    def _is_plain(self) -> bool:
        """Return whether the session asks for no more than most do."""
        return not (
            self._middlewares
            or self._trace_configs
            or self._trust_env
            or self._has_own_classes
            or self._default_auth is not None
            or self._default_proxy is not None
            or not isinstance(self._raise_for_status, bool)
            or ClientRequest.__init__ is not _MAKE
            or ClientRequest.send is not _SEND
            or ClientResponse.start is not _START
            or CookieJar.filter_cookies is not _FILTER
        )

    async def _ask_plainly(
        self,
        method: str,
        url: StrOrURL,
        options: dict[str, Any],
        started: float,
    ) -> ClientResponse | None:
        """Return the response of the first hop, if there is a connection for it that lives."""
        connector = self._connector
        if connector is None or not connector.keeps_any or not connector.sends_plainly:
            return None
        if exchange_of(connector) is not connector:
            return None
        request = self._plain_request(method, url, options)
        if request is None:
            return None
        timeout, params = self._timeout, self._response_params
        if options.get("timeout") is not None:
            timeout = options["timeout"]
            params = response_params(RequestOptions(options), timeout, params)
        deadline = started + timeout.total if timeout.total else _NEVER
        protocol = connector.take_kept(request.key, started, deadline)
        if protocol is None:
            return None
        try:
            await protocol.ask(request.wire, request.method, params, started, deadline)
            message = protocol.take_head()
        except DEAD_CONNECTION:
            connector.give_back(request.key, protocol, should_close=True)
            if self._retry_connection and request.method in IDEMPOTENT_METHODS:
                return None
            raise
        except BaseException as error:
            connector.give_back(request.key, protocol, should_close=True)
            if isinstance(error, HttpProcessingError):
                raise response_error(error, request.info) from error
            raise
        response = ClientResponse.of_plain(request, message, self._loop, self._resolve_charset)
        whole = protocol.take_whole()
        if whole is not None:
            response.take_whole(whole)
            connector.give_back(request.key, protocol)
        else:
            response.take_stream(protocol.take_stream(), connector.lend(request.key, protocol))
        self._look_at(response, options)
        return response

    async def _follow_plainly(
        self, response: ClientResponse, options: dict[str, Any], started: float
    ) -> tuple[ClientResponse, tuple[ClientResponse, ...]]:
        """Follow redirects as far as it is plain; return the last response, and what led to it."""
        history: tuple[ClientResponse, ...] = ()
        if not options.keys() <= BARE_OPTIONS:
            return response, history
        # The status is checked when the history is known.
        given = {**options, "raise_for_status": False}
        while (target := self._plain_target(response, len(history) + 1, options)) is not None:
            response.release()
            following = await self._ask_plainly(response.method, target, given, started)
            if following is None:
                break
            history = (*history, response)
            response = following
        if history and response.status not in REDIRECT_STATUSES:
            response.set_history(history)
            self._check_plainly(response, options)
        return response, history

    def _plain_target(
        self, response: ClientResponse, number: int, options: dict[str, Any]
    ) -> URL | None:
        """Return where the redirect of that number leads to, if nothing else changes by it."""
        most = options.get("max_redirects", DEFAULT_MAX_REDIRECTS)
        location = redirect_location(response.headers)
        if (
            location is None
            or response.status not in REDIRECT_STATUSES
            or (most and number >= most)
            or self._connector is None
        ):
            return None
        schemes = reachable(self._connector.allowed_protocol_schema_set)
        try:
            redirect = decide(
                response.status,
                response.method,
                response.real_url,
                location,
                requote=self._requote_redirect_url,
                schemes=schemes,
            )
        except InvalidURL:
            return None
        return redirect.url if redirect.keeps_body and redirect.same_origin else None

    def _look_at(self, response: ClientResponse, options: dict[str, Any]) -> None:
        """Keep the cookies of a plain response; raise for its status, where that is asked for."""
        if response.set_cookie_fields:
            self._cookie_jar.update_cookies_from_headers(response.set_cookie_fields, response.url)
        self._check_plainly(response, options)

    def _check_plainly(self, response: ClientResponse, options: dict[str, Any]) -> None:
        if response.status >= 400:
            check = options.get("raise_for_status")
            if self._raise_for_status if check is None else check:
                response.raise_for_status()

    def _plain_request(
        self, method: str, url: StrOrURL, options: dict[str, Any]
    ) -> PlainRequest | None:
        """Return what is to be sent, if nothing is wrong with it: the ordinary way tells what."""
        has_json = options.get("json") is not None
        question = (method, url, has_json)
        made_of = None
        if options.keys() <= (JSON_OPTIONS if has_json else BARE_OPTIONS):
            made_of = self._made_of()
        try:
            if made_of is not None:
                known = self._plain_requests.find(question, made_of)
                if known is not None:
                    return self._with_json(known, options) if has_json else known
            wanted = self._new_plain_request(method, url, options)
            wire = None if wanted is None else wanted.at_hand()
        except (ValueError, TypeError):
            return None
        if wanted is None or wire is None:
            if wanted is not None and has_json:
                _take_for_json(options, wanted.body_payload)
            return None
        request = PlainRequest(wanted.request_info, wanted.connection_key, wire, made_of)
        if made_of is not None:
            kept = request.pattern() if has_json else request
            if kept is not None:
                self._plain_requests.remember(question, kept)
        return request

    def _with_json(self, pattern: PlainRequest, options: dict[str, Any]) -> PlainRequest | None:
        """Return what differs from ``pattern`` by the JSON that it carries, if that is not long."""
        if self._json_serialize_bytes is not None:
            body = self._json_serialize_bytes(options["json"])
        else:
            body = self._json_serialize(options["json"]).encode()
        if len(body) <= MAX_PLAIN_BODY:
            return pattern.with_body(body)
        _take_for_json(options, JsonBytesPayload(body, dumps=bytes))
        return None

    def _made_of(self) -> tuple[int, int] | None:
        """Return what equal calls have in common as long as it is the same; None: nothing."""
        headers: object = self._default_headers
        # Programs put mappings of other kinds in its place, which tell of no changes.
        if not isinstance(headers, (CIMultiDict, CIMultiDictProxy)):
            return None
        jar = self._cookie_jar
        state = 0
        if not needs_no_asking(jar):
            # Another class, or another function in the place of the method, may do as it likes.
            if type(jar) is not CookieJar or "filter_cookies" in vars(jar):
                return None
            state = jar.state()
        return getversion(headers), state

    def _new_plain_request(
        self, method: str, url: StrOrURL, options: dict[str, Any]
    ) -> ClientRequest | None:
        parsed = self._build_url(url)
        schemes = self._connector.allowed_protocol_schema_set if self._connector else ()
        if (
            parsed.scheme not in schemes
            or parsed.raw_user is not None
            or parsed.raw_password is not None
        ):
            return None
        jar = self._cookie_jar
        data = options.get("data")
        if data is None and options.get("json") is not None:
            data = self._json_payload(options["json"])
        return ClientRequest(
            method.upper(),
            parsed,
            params=options.get("params"),
            headers=self._prepare_headers(options.get("headers")),
            skip_auto_headers=self._skip_auto_headers,
            data=data,
            cookies=None if needs_no_asking(jar) else jar.filter_cookies(parsed),
            version=self._version,
            ssl=options.get("ssl", True),
            loop=self._loop,
            session=cast("ClientSession", self),
        )

    # What the other way does just so…

    def _json_payload(self, value: Any) -> JsonBytesPayload | JsonPayload:
        if self._json_serialize_bytes is not None:
            return JsonBytesPayload(value, dumps=self._json_serialize_bytes)
        return JsonPayload(value, dumps=self._json_serialize)

    def _build_url(self, str_or_url: StrOrURL) -> URL:
        """Return the absolute URL that a call means."""
        return join_base(self._base_url, str_or_url)

    def _prepare_headers(self, headers: LooseHeaders | None) -> CIMultiDict[str]:
        """Return the session's headers with the call's over them."""
        return merge_headers(self._default_headers, headers)


def _take_for_json(options: dict[str, Any], payload: Payload | None) -> None:
    """Let ``payload`` be what the call carries: serializing a long value again would take long."""
    options["data"], options["json"] = payload, None
