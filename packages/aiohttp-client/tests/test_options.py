"""How a call's wishes meet the session's."""

from __future__ import annotations

import attr
import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp._client.options import (
    ClientTimeout,
    RequestOptions,
    ResponseParams,
    join_base,
    merge_headers,
    response_params,
)


def test_a_timeout_is_a_value() -> None:
    timeout = ClientTimeout(total=5)
    assert attr.evolve(timeout, connect=1) == ClientTimeout(total=5, connect=1)
    with pytest.raises(attr.exceptions.FrozenInstanceError):
        timeout.total = 3  # type: ignore[misc]


def test_options_that_are_not_given_have_a_value() -> None:
    options = RequestOptions({"data": b"x"})
    assert (options.data, options.json, options.max_redirects) == (b"x", None, 10)
    assert set(options.given) == {"data"}


def test_an_unknown_option() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'heders'"):
        RequestOptions({"heders": {}})


def test_a_call_replaces_the_headers_of_its_session() -> None:
    default = CIMultiDict([("A", "1"), ("A", "2"), ("B", "3")])
    merged = merge_headers(default, [("a", "4"), ("C", "5"), ("C", "6")])
    assert merged.getall("A") == ["4"]
    assert merged.getall("C") == ["5", "6"]
    assert merged["B"] == "3"
    assert default.getall("A") == ["1", "2"]


@pytest.mark.parametrize("default", [{}, {"user-agent": "session"}])
def test_another_spelling_of_a_name_replaces_it(default: dict[str, str]) -> None:
    given = {"User-Agent": "defaults of a program", "user-agent": "mine"}
    assert merge_headers(CIMultiDict(default), given).getall("User-Agent") == ["mine"]


def test_params_of_the_session_are_not_copied() -> None:
    default = ResponseParams()
    assert response_params(RequestOptions({}), ClientTimeout(), default) is default


def test_params_of_a_call() -> None:
    default = ResponseParams()
    options = RequestOptions({"max_headers": 3, "auto_decompress": False, "read_bufsize": 7})
    params = response_params(options, ClientTimeout(sock_read=2), default)
    assert params.limits.max_headers == 3
    assert params.limits.max_line_size == 8190
    assert (params.auto_decompress, params.read_bufsize, params.read_timeout) == (False, 7, 2)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("x", "http://a/api/x"),
        ("/x", "http://a/x"),
        ("../x?q", "http://a/x?q"),
        ("https://b/", "https://b/"),
    ],
)
def test_base_url(url: str, expected: str) -> None:
    assert join_base(URL("http://a/api/"), url) == URL(expected)
