"""Applications inside an application: below a path prefix, or for a domain."""

from __future__ import annotations

import abc
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from yarl import URL

from aiohttp import hdrs
from aiohttp.web_exceptions import HTTPMethodNotAllowed
from aiohttp.web_urldispatcher.resources import AbstractResource, PrefixResource
from aiohttp.web_urldispatcher.routes import AbstractRoute, UrlMappingMatchInfo

if TYPE_CHECKING:
    from aiohttp.web_app import Application
    from aiohttp.web_request import Request
    from aiohttp.web_urldispatcher.resources import Resolution
    from aiohttp.web_urldispatcher.routes import InfoDict


class PrefixedSubAppResource(PrefixResource):
    """An application below a path prefix; it answers every path there, if only with its own 404."""

    def __init__(self, prefix: str, app: Application) -> None:
        super().__init__(prefix)
        self._app = app
        self._add_prefix_to_resources(self._prefix)

    def add_prefix(self, prefix: str) -> None:
        super().add_prefix(prefix)
        self._add_prefix_to_resources(prefix)

    def _add_prefix_to_resources(self, prefix: str) -> None:
        router = self._app.router
        for resource in router.resources():
            # The path is the key in the index, so it changes place there.
            router.unindex_resource(resource)
            resource.add_prefix(prefix)
            router.index_resource(resource)
        if router.frozen:
            # Ours is a part of another application, which gets its own prefix now.
            router._learn_targets()

    def url_for(self, *args: str, **kwargs: str) -> NoReturn:
        raise RuntimeError(".url_for() is not supported by sub-application root")

    def get_info(self) -> InfoDict:
        return {"app": self._app, "prefix": self._prefix}

    async def resolve(self, request: Request) -> Resolution:
        return self._entered(await self._app.router.resolve(request))

    def _resolve_now(self, request: Request, path: str) -> Resolution | None:
        match_info = self._app.router._resolve_now(request)
        return None if match_info is None else self._entered(match_info)

    def _entered(self, match_info: UrlMappingMatchInfo) -> Resolution:
        match_info.add_app(self._app)
        error = match_info.http_exception
        allowed = error.allowed_methods if isinstance(error, HTTPMethodNotAllowed) else set()
        return match_info, allowed

    def __len__(self) -> int:
        return len(self._app.router.routes())

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter(self._app.router.routes())

    def __repr__(self) -> str:
        return f"<PrefixedSubAppResource {self._prefix} -> {self._app!r}>"


class AbstractRuleMatching(abc.ABC):
    """Decides whether a request is for an application, by something else than its path."""

    @abc.abstractmethod
    async def match(self, request: Request) -> bool:
        """Whether the request is for the application."""

    @abc.abstractmethod
    def get_info(self) -> InfoDict:
        """Facts about the rule, for introspection."""

    @property
    @abc.abstractmethod
    def canonical(self) -> str:
        """The rule as it was written."""


class Domain(AbstractRuleMatching):
    """Matches requests whose ``Host`` is one domain."""

    # One label of a host name (RFC 1123 §2.1).
    re_part = re.compile(r"(?!-)[a-z\d-]{1,63}(?<!-)", re.ASCII)

    def __init__(self, domain: str) -> None:
        super().__init__()
        self._domain = self.validation(domain)

    @property
    def canonical(self) -> str:
        return self._domain

    def validation(self, domain: str) -> str:
        """Return ``domain`` in the form that is compared.

        Raises:
            TypeError: it is not a str.
            ValueError: it is empty, has a scheme, or is no host name.
        """
        if not isinstance(domain, str):
            raise TypeError(f"Domain must be str, got {domain!r}")
        domain = domain.rstrip(".").lower()
        if not domain:
            raise ValueError("Domain cannot be empty")
        if "://" in domain:
            raise ValueError(f"Scheme not supported in a domain, got {domain!r}")
        url = URL("http://" + domain)
        if url.raw_host is None or not all(
            self.re_part.fullmatch(part) for part in url.raw_host.split(".")
        ):
            raise ValueError(f"Domain not valid: {domain!r}")
        if url.port == 80:
            return url.raw_host
        return f"{url.raw_host}:{url.port}"

    async def match(self, request: Request) -> bool:
        return self._matches(request)

    def _matches(self, request: Request) -> bool:
        host = request.headers.get(hdrs.HOST)
        return bool(host) and self.match_domain(host)  # type: ignore[arg-type]

    def match_domain(self, host: str) -> bool:
        """Whether ``host``, as in the field, is the domain; a port counts if the domain has one."""
        host = host.lower()
        if ":" not in self._domain:
            host = host.partition(":")[0]
        return host == self._domain

    def get_info(self) -> InfoDict:
        return {"domain": self._domain}


class MaskDomain(Domain):
    """Matches requests for the domains of a mask: ``*.example.com``."""

    re_part = re.compile(r"(?!-)[a-z\d\*-]{1,63}(?<!-)", re.ASCII)

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        # A star is any number of labels, but no port.
        mask = re.escape(self._domain).replace(r"\*", "[^:]*")
        self._mask = re.compile(mask if ":" in self._domain else f"{mask}(?::.*)?")

    @property
    def canonical(self) -> str:
        return self._mask.pattern

    def match_domain(self, host: str) -> bool:
        return self._mask.fullmatch(host.lower()) is not None


class MatchedSubAppResource(PrefixedSubAppResource):
    """An application for the requests that a rule selects."""

    def __init__(self, rule: AbstractRuleMatching, app: Application) -> None:
        AbstractResource.__init__(self)
        self._set_prefix("")
        self._app = app
        self._rule = rule

    @property
    def canonical(self) -> str:
        return self._rule.canonical

    def get_info(self) -> InfoDict:
        return {"app": self._app, "rule": self._rule}

    async def resolve(self, request: Request) -> Resolution:
        if not await self._rule.match(request):
            return None, set()
        return await super().resolve(request)

    def _resolve_now(self, request: Request, path: str) -> Resolution | None:
        rule = self._rule
        if not isinstance(rule, Domain) or type(rule).match is not Domain.match:
            return None
        if not rule._matches(request):
            return None, set()
        return super()._resolve_now(request, path)

    def __repr__(self) -> str:
        return f"<MatchedSubAppResource -> {self._app!r}>"
