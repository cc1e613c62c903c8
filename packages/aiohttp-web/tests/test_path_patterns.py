"""Templates of paths: what matches, what is built, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._web.path_patterns import (
    check_route_name,
    compile_template,
    decode_path,
    quote_path,
    requote_path,
)

# template, decoded path, variables
MATCHES = [
    ("/{a}", "/x", {"a": "x"}),
    ("/{a}", "/x/y", None),
    ("/{a}", "/", None),
    ("/{a}/", "/x", None),
    ("/{a}-{b}.{c}", "/1-2.3", {"a": "1", "b": "2", "c": "3"}),
    ("/{n:[0-9]+}", "/12", {"n": "12"}),
    ("/{n:[0-9]+}", "/x", None),
    ("/{n:[0-9]{2}}x", "/12x", {"n": "12"}),
    ("/{tail:.*}", "/a/b/c", {"tail": "a/b/c"}),
    ("/{a}", "/x%2Fy", {"a": "x/y"}),
    ("/{a}", "/100%25", {"a": "100%"}),
    ("/a b/{c}", "/a b/x", {"c": "x"}),
    ("/a%20b/{c}", "/a b/x", {"c": "x"}),
    ("/café/{c}", "/café/x", {"c": "x"}),
]


@pytest.mark.parametrize(("template", "path", "variables"), MATCHES)
def test_a_whole_path_matches_or_none_of_it(
    template: str, path: str, variables: dict[str, str] | None
) -> None:
    assert compile_template(template).match(path) == variables


@pytest.mark.parametrize(
    "template",
    ["/{", "/}", "/{a", "/{a:}", "/{:x}", "/{1a}", "/{a b}", "/{a:{}", "/a{b}}", "/{тест}"],
)
def test_malformed_templates_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match="Invalid path"):
        compile_template(template)


@pytest.mark.parametrize("template", ["/{a}/{a}", "/{a:[}"])
def test_patterns_that_do_not_compile_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match="Bad pattern"):
        compile_template(template)


def test_a_prefix_goes_before_everything() -> None:
    pattern = compile_template("/{a}").with_prefix("/caf%C3%A9")
    assert pattern.formatter == "/caf%C3%A9/{a}"
    assert pattern.match("/café/x") == {"a": "x"}
    assert pattern.fixed_prefix == "/café/"
    assert str(pattern.build({"a": "ü"})) == "/caf%C3%A9/%C3%BC"


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="{}/"), min_size=1))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_what_is_built_matches_again(value: str) -> None:
    pattern = compile_template("/x/{value}/y")
    assert pattern.match(pattern.build({"value": value}).path_safe) == {"value": value}


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(KeyError, match="'a'"):
        compile_template("/{a}").build({"b": "x"})


def test_quoting() -> None:
    assert quote_path("/a b%20é?") == "/a%20b%2520%C3%A9%3F"
    assert requote_path("/a b%20é") == "/a%20b%20%C3%A9"
    assert decode_path("/a%20b%2Fc%25") == "/a b%2Fc%25"


@pytest.mark.parametrize("name", ["a", "a.b", "a-b:c", "_"])
def test_names(name: str) -> None:
    check_route_name(name)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a..b", "class", "a.class"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="Incorrect route name"):
        check_route_name(name)
