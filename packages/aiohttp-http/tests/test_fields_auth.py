"""Credentials and challenges."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from aiohttp._fields.auth import (
    BasicAuth,
    Challenge,
    basic_auth,
    encode_basic_auth,
    format_credentials,
    parse_auth_parameters,
    parse_challenges,
    strip_auth_from_url,
)

# --- Basic ---


@pytest.mark.parametrize(
    ("login", "password", "encoding", "expected"),
    [
        ("nkim", "pwd", "utf-8", "Basic bmtpbTpwd2Q="),
        ("nkim", "", "utf-8", "Basic bmtpbTo="),
        ("ü", "p:q", "utf-8", "Basic w7w6cDpx"),
        ("ü", "p", "latin-1", "Basic /Dpw"),
    ],
)
def test_encode(login: str, password: str, encoding: str, expected: str) -> None:
    assert encode_basic_auth(login, password, encoding) == expected
    assert basic_auth(login, password, encoding).encode() == expected
    assert BasicAuth.decode(expected, encoding) == (login, password, encoding)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":")),
    st.text(st.characters(exclude_categories=["Cs"])),
)
@settings(derandomize=True)
def test_basic_round_trip(login: str, password: str) -> None:
    decoded = BasicAuth.decode(encode_basic_auth(login, password), "utf-8")
    assert (decoded.login, decoded.password) == (login, password)


def test_no_colon_in_the_login() -> None:
    with pytest.raises(ValueError, match="not allowed in login"):
        encode_basic_auth("a:b")
    with pytest.raises(ValueError, match="not allowed in login"):
        basic_auth("a:b")


def test_the_class_is_deprecated_and_its_inner_uses_are_not() -> None:
    with pytest.warns(DeprecationWarning, match="encode_basic_auth"):
        made = BasicAuth("a", "b")
    assert made == basic_auth("a", "b")
    assert made == ("a", "b", "latin1")


@pytest.mark.parametrize("header", ["Basic", "Digest eDp5", "Basic ???", "Basic   ", "Basic eA=="])
def test_decode_refuses(header: str) -> None:
    with pytest.raises(ValueError):
        BasicAuth.decode(header)


@pytest.mark.parametrize("missing", [{"login": None}, {"password": None}])
def test_none_is_no_credential(missing: dict[str, None]) -> None:
    with pytest.raises(ValueError, match="None is not allowed"):
        basic_auth(**{"login": "a", "password": "b", **missing})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a:b%40@h/", ("a", "b@")),
        ("http://a@h/", ("a", "")),
        ("http://:b@h/", ("", "b")),
        ("http://h/", None),
    ],
)
def test_credentials_of_a_url(url: str, expected: tuple[str, str] | None) -> None:
    rest, found = strip_auth_from_url(URL(url))
    assert rest == URL("http://h/")
    assert (found and (found.login, found.password)) == expected


def test_a_url_is_a_url() -> None:
    with pytest.raises(TypeError, match=r"expected yarl\.URL"):
        BasicAuth.from_url("http://h/")  # type: ignore[arg-type]


# --- Challenges ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Basic", [Challenge("Basic", {})]),
        ('Basic realm="a b"', [Challenge("Basic", {"realm": "a b"})]),
        ("Negotiate YWJj==", [Challenge("Negotiate", {}, "YWJj==")]),
        (
            'Basic realm="x", Digest realm="y", nonce=z , QOP="auth,auth-int"',
            [
                Challenge("Basic", {"realm": "x"}),
                Challenge("Digest", {"realm": "y", "nonce": "z", "qop": "auth,auth-int"}),
            ],
        ),
        (
            "Negotiate, Basic realm=x",
            [Challenge("Negotiate", {}), Challenge("Basic", {"realm": "x"})],
        ),
        ('Digest realm="a\\"b", realm=c', [Challenge("Digest", {"realm": 'a"b'})]),
        ('Digest realm="never ends', [Challenge("Digest", {"realm": "never ends"})]),
        ("Digest =invalid", [Challenge("Digest", {})]),
        (", ,Basic a = b", [Challenge("Basic", {"a": "b"})]),
    ],
)
def test_challenges(text: str, expected: list[Challenge]) -> None:
    assert parse_challenges(text) == expected


NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(st.dictionaries(NAMES, VALUES, min_size=1))
@settings(derandomize=True)
def test_parameters_round_trip(parameters: dict[str, str]) -> None:
    text = format_credentials("Digest", parameters.items(), quoted=frozenset(parameters))
    assert parse_challenges(text) == [Challenge("Digest", parameters)]
    assert parse_auth_parameters(text) == parameters


def test_no_header_can_be_injected() -> None:
    with pytest.raises(ValueError, match="control"):
        format_credentials("Digest", [("a", "b\r\nX: y")], quoted=frozenset({"a"}))


@pytest.mark.parametrize("piece", ["a ", ",", 'a="', "a=b ", '"', "= ", "\\"])
def test_long_garbage_is_read_in_one_pass(piece: str) -> None:
    text = "Digest " + piece * 100_000
    parse_challenges(text)
    parse_auth_parameters(text)
