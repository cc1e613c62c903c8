"""Cookie and Set-Cookie values."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields import cookies
from aiohttp._fields.cookies import (
    copy_morsel,
    decode_value,
    encode_value,
    format_cookie_header,
    make_morsel,
    parse_cookie_header,
    parse_set_cookie,
    parse_set_cookie_headers,
)


def said(morsel: Morsel[str]) -> dict[str, Any]:
    return {name: value for name, value in morsel.items() if value != ""}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a=b; c=d", [("a", "b"), ("c", "d")]),
        ("a=b;c=d;", [("a", "b"), ("c", "d")]),
        ("a=1; a=2", [("a", "1"), ("a", "2")]),
        ('a="b c"', [("a", "b c")]),
        ('a="b;c"; d=e', [("a", "b;c"), ("d", "e")]),
        ('a="b; c=d', [("a", '"b'), ("c", "d")]),
        (r'a="\101\"\\"', [("a", 'A"\\')]),
        ('a={"x":1,"y":[2]}', [("a", '{"x":1,"y":[2]}')]),
        ("a=b=c", [("a", "b=c")]),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("[x]={y}; (z)=1", [("[x]", "{y}"), ("(z)", "1")]),
        ("path=/; secure; a=b", [("path", "/"), ("secure", ""), ("a", "b")]),
        ("$Version=1; a=b", [("$Version", "1"), ("a", "b")]),
        ("a=ü", [("a", "ü")]),
        ("", []),
        (" ; ;; ", []),
        # A cookie without a name must not be taken for the one that its value looks like.
        ("=__Host-a=b; c=d", [("c", "d")]),
    ],
)
def test_cookie_header(header: str, expected: list[tuple[str, str]]) -> None:
    assert [(name, cookie.value) for name, cookie in parse_cookie_header(header)] == expected


@pytest.mark.parametrize(
    ("header", "name", "value", "attributes"),
    [
        ("a=b", "a", "b", {}),
        ("a=b; Path=/x; Secure", "a", "b", {"path": "/x", "secure": True}),
        ("a=b;secure;httponly", "a", "b", {"secure": True, "httponly": True}),
        ("a=b; Secure=false", "a", "b", {"secure": True}),
        ("a=b; Secure qux", "a", "b", {}),
        ("a=b; unknown=1; SameSite=Lax", "a", "b", {"samesite": "Lax"}),
        ("a=b; Partitioned", "a", "b", {"partitioned": True}),
        ("a=b; Domain=A.com; domain=B.com", "a", "b", {"domain": "B.com"}),
        ("a=b; Path=/x y", "a", "b", {"path": "/x y"}),
        ('a=b; Path="/x;y"', "a", "b", {"path": "/x;y"}),
        ("a=b; Path", "a", "b", {}),
        ("a=b; Max-Age= 3 ", "a", "b", {"max-age": "3"}),
        (
            "a=b; Expires=Thu, 01 Jan 2030 00:00:00 GMT",
            "a",
            "b",
            {"expires": "Thu, 01 Jan 2030 00:00:00 GMT"},
        ),
        ('a="b;c"; HttpOnly', "a", "b;c", {"httponly": True}),
        ("a=b, c=d", "a", "b, c=d", {}),
        ("novalue", "", "novalue", {}),
        ("=x; Path=/", "", "x", {"path": "/"}),
        ("{a}=b", "{a}", "b", {}),
        ("a=\tb\t", "a", "b", {}),
    ],
)
def test_set_cookie(header: str, name: str, value: str, attributes: dict[str, Any]) -> None:
    cookie = parse_set_cookie(header)
    assert cookie is not None
    assert (cookie.key, cookie.value, said(cookie)) == (name, value, attributes)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "=",
        "; Secure",
        "a=b\x00",
        "a=b\nSet-Cookie: c=d",
        "a=b; Path=/\x7f",
        "a=" + "b" * 4096,
    ],
)
def test_set_cookie_that_is_ignored(header: str) -> None:
    assert parse_set_cookie(header) is None
    assert parse_set_cookie_headers([header, "c=d"])[0][0] == "c"


def test_the_length_of_a_pair_is_in_octets() -> None:
    assert parse_set_cookie("a=" + "b" * 4095) is not None
    assert parse_set_cookie("a=" + "ü" * 2048) is None


def test_long_attributes_are_ignored() -> None:
    cookie = parse_set_cookie("a=b; Path=/" + "x" * 1024 + "; Secure")
    assert cookie is not None
    assert said(cookie) == {"secure": True}


def test_no_response_sets_more_cookies_than_a_jar_holds() -> None:
    assert len(parse_set_cookie_headers(["a=b"] * 5000)) == cookies.MAX_COOKIES_A_RESPONSE


@pytest.mark.parametrize("piece", ['"', '="', ";=", "\\", '="\\', " ", "a=b ", '="a"'])
def test_long_garbage_is_read_in_one_pass(piece: str) -> None:
    text = "a=b; c" + piece * 100_000
    parse_cookie_header(text)
    parse_set_cookie(text)


def test_values_go_back_as_they_came() -> None:
    header = 'a="b c"; d=x y; e=f,g; h={"i":1}'
    assert format_cookie_header(cookie for _, cookie in parse_cookie_header(header)) == header


def test_a_cookie_without_a_name_is_sent_as_its_value() -> None:
    assert format_cookie_header([make_morsel("", "x", "x"), make_morsel("a", "b", "b")]) == "x; a=b"


NAMES = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="=;"), min_size=1
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))


@given(st.lists(st.tuples(NAMES, VALUES)))
@settings(derandomize=True)
def test_round_trip(pairs: list[tuple[str, str]]) -> None:
    header = format_cookie_header(
        make_morsel(name, value, encode_value(value)) for name, value in pairs
    )
    parsed = [(name, cookie.value) for name, cookie in parse_cookie_header(header)]
    assert parsed == pairs


@given(
    st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1),
    VALUES,
    st.sampled_from(["", "/", "/a b"]),
    st.sampled_from(["", "example.com"]),
    st.booleans(),
    st.sampled_from(["", "Lax", "None"]),
)
@settings(derandomize=True)
def test_set_cookie_round_trip(
    name: str, value: str, path: str, domain: str, secure: bool, samesite: str
) -> None:
    jar: SimpleCookie = SimpleCookie({name: value})
    sent = jar[name]
    sent.update({"path": path, "domain": domain, "samesite": samesite})
    sent["secure"] = secure
    [(key, got)] = parse_set_cookie_headers([sent.OutputString()])
    assert (key, got.value) == (name, value)
    assert (got["path"], got["domain"], got["samesite"]) == (path, domain, samesite)
    assert bool(got["secure"]) == secure


@given(VALUES)
@settings(derandomize=True)
def test_values_are_read_as_the_standard_library_writes_them(value: str) -> None:
    jar: SimpleCookie = SimpleCookie()
    jar["a"] = value
    assert decode_value(jar["a"].coded_value) == value


@given(st.text(alphabet='ab=;" \\,', max_size=30))
@settings(derandomize=True)
def test_garbage_is_read_without_an_error(text: str) -> None:
    parse_cookie_header(text)
    parse_set_cookie(text)


def test_copy() -> None:
    cookie = parse_set_cookie("a=b; Path=/x; Secure")
    assert cookie is not None
    copied = copy_morsel(cookie, coded_value='"b"')
    assert (copied.key, copied.value, copied.coded_value) == ("a", "b", '"b"')
    assert said(copied) == {"path": "/x", "secure": True}
    copied["path"] = "/y"
    assert cookie["path"] == "/x"


def test_partitioned_is_written() -> None:
    cookie = parse_set_cookie("a=b; Partitioned; Secure")
    assert cookie is not None
    assert cookie.OutputString() == "a=b; Partitioned; Secure"
