"""Which messages have a body."""

from __future__ import annotations

import pytest

from aiohttp._fields import bodies


@pytest.mark.parametrize(
    ("method", "status", "empty", "no_length"),
    [
        ("GET", 200, False, False),
        ("HEAD", 200, True, False),
        ("GET", 100, True, True),
        ("GET", 204, True, True),
        ("GET", 304, True, True),
        ("CONNECT", 200, True, True),
        ("CONNECT", 404, False, False),
    ],
)
def test_bodies(method: str, status: int, empty: bool, no_length: bool) -> None:
    assert bodies.must_be_empty_body(method, status) is empty
    assert bodies.should_remove_content_length(method, status) is no_length


def test_the_two_halves() -> None:
    assert bodies.method_must_be_empty_body("head")
    assert not bodies.method_must_be_empty_body("GET")
    assert bodies.status_code_must_be_empty_body(199)
    assert not bodies.status_code_must_be_empty_body(200)
