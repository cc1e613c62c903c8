"""Whose credentials go where."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp._client.credentials import choose_auth, drop_private_fields, refuse_two_sources
from aiohttp._fields.auth import BasicAuth, basic_auth

CALL, SITE, SESSION = (basic_auth(name, "pw") for name in ("call", "site", "session"))


def choose(
    explicit: BasicAuth | None,
    from_url: BasicAuth | None,
    default: BasicAuth | None,
    origin: URL | None = None,
) -> BasicAuth | None:
    return choose_auth(
        URL("http://a/x"),
        explicit=explicit,
        from_url=from_url,
        default=default,
        default_origin=origin,
        headers=CIMultiDict(),
    )


def test_the_nearest_wins() -> None:
    assert choose(CALL, None, SESSION) is CALL
    assert choose(None, SITE, SESSION) is SITE
    assert choose(None, None, SESSION) is SESSION
    assert choose(None, None, None) is None


def test_the_session_s_go_to_its_own_site_only() -> None:
    assert choose(None, None, SESSION, URL("http://a")) is SESSION
    assert choose(None, None, SESSION, URL("http://b")) is None


@pytest.mark.parametrize(
    ("explicit", "from_url", "headers"),
    [
        (CALL, SITE, {}),
        (CALL, None, {"authorization": "x"}),
        (None, SITE, {"Authorization": "x"}),
    ],
)
def test_two_sources(
    explicit: BasicAuth | None, from_url: BasicAuth | None, headers: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="Cannot combine"):
        refuse_two_sources(explicit, from_url, CIMultiDict(headers))


def test_every_copy_of_a_private_field_is_dropped() -> None:
    headers = CIMultiDict([("Cookie", "a"), ("cookie", "b"), ("Authorization", "c"), ("X", "d")])
    headers.add("Proxy-Authorization", "e")
    assert drop_private_fields(headers) == ["Authorization", "Cookie", "Proxy-Authorization"]
    assert headers == CIMultiDict({"X": "d"})
