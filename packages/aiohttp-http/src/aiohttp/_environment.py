"""What the environment says about proxies and passwords: ``*_PROXY``, ``NO_PROXY``, netrc.

It reads the process environment and the user's netrc file, and nothing else; whoever asks caches.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from yarl import URL

from aiohttp._fields.auth import BasicAuth, basic_auth, strip_auth_from_url
from aiohttp._switches import IS_WINDOWS
from aiohttp._values import value_object
from aiohttp.log import client_logger

if TYPE_CHECKING:
    import netrc


# Schemes whose proxies are looked for, in the order in which they are reported.
_PROXIED_SCHEMES = ("https", "http", "wss", "ws")


@value_object
class ProxyInfo:
    """A proxy without credentials in its URL, and these."""

    proxy: URL
    proxy_auth: BasicAuth | None


def netrc_from_env() -> netrc.netrc | None:
    """Return the netrc file that ``NETRC`` names, or the one in the home directory, or None.

    A file that ``NETRC`` names and that cannot be read is reported at WARNING; a missing file in
    the home directory is the ordinary case.
    """
    # Rarely asked for, and the module brings shlex along.
    import netrc

    named = os.environ.get("NETRC")
    try:
        path = Path(named) if named is not None else _default_netrc_path()
        if path is None:
            return None
        return netrc.netrc(str(path))
    except netrc.NetrcParseError as error:
        client_logger.warning("Could not parse .netrc file: %s", error)
    except OSError as error:
        if named is not None:
            client_logger.warning("Could not read .netrc file: %s", error)
        else:
            client_logger.debug("no netrc file: %s", error)
    return None


def _default_netrc_path() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError as error:
        # There is no user, as in a container that runs under a bare number.
        client_logger.debug(
            "Could not resolve the user's home directory when trying to find .netrc file: %s", error
        )
        return None
    return home / ("_netrc" if IS_WINDOWS else ".netrc")


def basicauth_from_netrc(netrc_obj: netrc.netrc | None, host: str) -> BasicAuth:
    """Return the credentials that a netrc file has for ``host``.

    Raises:
        LookupError: it has none, or there is no file.
    """
    if netrc_obj is None:
        raise LookupError("No .netrc file found")
    entry = netrc_obj.authenticators(host)
    if entry is None:
        raise LookupError(f"No entry for {host} found in the .netrc file.")
    login, account, password = entry
    # `account` stands in where a file has no login (the manual page of ftp(1)).
    # A missing password is None up to Python 3.10, "" from 3.11 on.
    return basic_auth(login or account or "", password or "")


def proxies_from_env() -> dict[str, ProxyInfo]:
    """Return the proxy of each scheme that the environment names one for."""
    # urllib.request brings half of the standard library: only for those who trust the environment.
    from urllib.request import getproxies

    found: dict[str, ProxyInfo] = {}
    named = getproxies()
    netrc_obj: netrc.netrc | None = None
    looked_for_netrc = False
    for scheme in _PROXIED_SCHEMES:
        if not (text := named.get(scheme)):
            continue
        proxy, auth = strip_auth_from_url(URL(text))
        if proxy.scheme in ("https", "wss"):
            client_logger.warning(
                "%s proxies %s are not supported, ignoring", proxy.scheme.upper(), proxy
            )
            continue
        if auth is None and proxy.host is not None:
            if not looked_for_netrc:
                netrc_obj, looked_for_netrc = netrc_from_env(), True
            auth = _auth_or_none(netrc_obj, proxy.host)
        found[scheme] = ProxyInfo(proxy, auth)
    return found


def _auth_or_none(netrc_obj: netrc.netrc | None, host: str) -> BasicAuth | None:
    try:
        return basicauth_from_netrc(netrc_obj, host)
    except LookupError:
        return None


def get_env_proxy_for_url(url: URL) -> tuple[URL, BasicAuth | None]:
    """Return the proxy that the environment wants for ``url``, and its credentials.

    Raises:
        LookupError: none; either no proxy is set, or ``NO_PROXY`` excepts the host.
    """
    from urllib.request import proxy_bypass

    if url.host is not None and proxy_bypass(url.host):
        raise LookupError(f"Proxying is disallowed for `{url.host!r}`")
    try:
        info = proxies_from_env()[url.scheme]
    except KeyError:
        raise LookupError(f"No proxies found for `{url!s}` in the env") from None
    return info.proxy, info.proxy_auth
