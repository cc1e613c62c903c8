"""Names of methods and fields."""

from __future__ import annotations

import re

from multidict import CIMultiDict, istr

from aiohttp import hdrs

CONSTANTS = {name: getattr(hdrs, name) for name in dir(hdrs) if name.isupper()}


def test_each_field_is_named_after_itself() -> None:
    fields = {name: value for name, value in CONSTANTS.items() if isinstance(value, istr)}
    assert len(fields) > 100
    for name, value in fields.items():
        assert re.fullmatch(r"[A-Za-z0-9-]+", value)
        assert name == value.upper().replace("-", "_")


def test_methods() -> None:
    named = {
        value
        for name, value in CONSTANTS.items()
        if re.fullmatch("METH_[A-Z]+", name) and isinstance(value, str)
    }
    assert named == {*hdrs.METH_ALL, hdrs.METH_ANY}
    assert {"CONNECT", "GET", "PATCH"} < hdrs.METH_ALL
    assert len(hdrs.METH_ALL) == 9


def test_case_does_not_matter() -> None:
    assert CIMultiDict({"content-TYPE": "a"})[hdrs.CONTENT_TYPE] == "a"
    assert {name for name in hdrs.HOST_ALL if name.lower() == "host"} == hdrs.HOST_ALL
    assert len(hdrs.HOST_ALL) == 16
