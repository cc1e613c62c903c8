"""Content-Disposition as it comes in (RFC 6266, RFC 2183, RFC 2231, RFC 7578 §4.2).

This file does not know messages or parts. What is sent is formatted in `_fields.disposition`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from aiohttp._fields.charset import known_charset
from aiohttp._fields.grammar import TOKEN, TOKEN_RE

_OWS: Final = "[ \t]*"
_TYPE: Final = re.compile(rf"{_OWS}({TOKEN}){_OWS}(?:;|\Z)")
# White space around the name is stripped from it: two ways to match it would cost cubic time.
_PARAMETER_NAME: Final = re.compile(rf"([^=;\"]*)={_OWS}")
_VALUE_END: Final = rf"{_OWS}(?:;|\Z)"
_TOKEN_VALUE: Final = re.compile(rf"({TOKEN}){_VALUE_END}")
_QUOTED_VALUE: Final = re.compile(rf'"((?:\\.|[^"\\])*)"{_VALUE_END}', re.DOTALL)
# Browsers escape a double quote as %22 and nothing else, so that a backslash may stand before
# the closing quote (WHATWG HTML, multipart/form-data encoding algorithm); others escape nothing.
_LOOSE_QUOTED_VALUE: Final = re.compile(rf'"(.*?)"{_VALUE_END}', re.DOTALL)
_EMPTY_PARAMETER: Final = re.compile(rf"{_OWS}(?:;|\Z)")
# A lone `;` at the end is what many servers send (RFC 6266 §4.1 has none). With a blank between it
# and a token it was never accepted.
_BROKEN_END: Final = re.compile(r'[^\s"][ \t]+;\Z')
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
# In a form only these two are escaped in file names; other backslashes are part of a path.
_FORM_FILE_QUOTED_PAIR: Final = re.compile(r'\\(["\\])')
# In other parameters of a form aiohttp escapes white space, too.
_FORM_QUOTED_PAIR: Final = re.compile(r'\\(["\\ \t])')
# RFC 2231 §3: filename*0, filename*1*, …
_CONTINUATION: Final = re.compile(r"\*\d+\*?\Z", re.ASCII)
_EXTENDED: Final = re.compile(r"([^']*)'[^']*'(.*)", re.DOTALL)


class BadContentDispositionHeader(RuntimeWarning):
    """A Content-Disposition that cannot be read."""


class BadContentDispositionParam(RuntimeWarning):
    """A parameter of Content-Disposition that cannot be read."""


class _BadHeader(Exception):
    """The whole field is to be ignored."""


def parse_content_disposition(header: str | None) -> tuple[str | None, dict[str, str]]:
    """Return the type, in lower case, and the parameters.

    Extended parameters are decoded and keep the ``*`` in their name; continuations stay as they
    are: see `content_disposition_filename()`. What cannot be read gives a warning, and
    ``(None, {})`` if it is the whole field.
    """
    disptype, params, problems = read_content_disposition(header)
    for problem in problems:
        warnings.warn(problem, stacklevel=2)
    return disptype, params


def read_content_disposition(
    header: str | None,
) -> tuple[str | None, dict[str, str], list[Warning]]:
    """Do what `parse_content_disposition()` does, but return the warnings."""
    if not header:
        return None, {}, []
    problems: list[Warning] = []
    match = _TYPE.match(header)
    if match is None:
        return None, {}, [BadContentDispositionHeader(header)]
    disptype = match[1].lower()
    try:
        params = _read_parameters(header, match.end(), disptype == "form-data", problems)
    except _BadHeader:
        return None, {}, [BadContentDispositionHeader(header)]
    return disptype, params, problems


def _read_parameters(
    header: str, position: int, in_form: bool, problems: list[Warning]
) -> dict[str, str]:
    params: dict[str, str] = {}
    # Whether a quoted value may still find its end: where one finds none, none behind it does.
    quotes_end = True
    while position < len(header):
        empty = _EMPTY_PARAMETER.match(header, position)
        if empty is not None:
            if not in_form:
                raise _BadHeader
            position = empty.end()
            continue
        name, position = _read_name(header, position)
        if name in params:
            raise _BadHeader
        quoted = header.startswith('"', position)
        match = _match_value(header, position) if quotes_end or not quoted else None
        if match is not None:
            value = _parameter_value(name, match[1], quoted, in_form)
            position = match.end()
        elif _CONTINUATION.search(name):
            # One lost piece of a value leaves the others readable.
            value = None
            position = _next_parameter(header, position)
            quotes_end = quotes_end and not quoted
        else:
            raise _BadHeader
        if value is None:
            problems.append(BadContentDispositionParam(header))
        else:
            params[name] = value
    if not in_form and _BROKEN_END.search(header):
        raise _BadHeader
    return params


def _read_name(header: str, position: int) -> tuple[str, int]:
    """Return the name of a parameter, and where its value begins."""
    match = _PARAMETER_NAME.match(header, position)
    if match is None:
        raise _BadHeader
    return match[1].strip(" \t").lower(), match.end()


def _match_value(header: str, position: int) -> re.Match[str] | None:
    """Match a value and what ends it; group 1 is the value, without its quotes."""
    if not header.startswith('"', position):
        return _TOKEN_VALUE.match(header, position)
    return _QUOTED_VALUE.match(header, position) or _LOOSE_QUOTED_VALUE.match(header, position)


def _next_parameter(header: str, position: int) -> int:
    return header.find(";", position) + 1 or len(header)


def _parameter_value(name: str, raw: str, quoted: bool, in_form: bool) -> str | None:
    """Return the value, None if it cannot be read."""
    if not TOKEN_RE.fullmatch(name):
        return None
    if _CONTINUATION.search(name):
        return _QUOTED_PAIR.sub(r"\1", raw) if quoted else raw
    if name.endswith("*"):
        # RFC 8187 §3.2.1: an extended value is not quoted.
        return None if quoted else _decode_extended(raw)
    if quoted:
        raw = _quoted_pair(name, in_form).sub(r"\1", raw)
    # RFC 6266 §4.3: a receiver must not let a path in a file name lead it.
    return raw.lstrip("\\/") if name == "filename" else raw


def _quoted_pair(name: str, in_form: bool) -> re.Pattern[str]:
    """What a backslash in the value of a parameter escapes."""
    if not in_form:
        return _QUOTED_PAIR
    return _FORM_FILE_QUOTED_PAIR if name == "filename" else _FORM_QUOTED_PAIR


def _decode_extended(raw: str) -> str | None:
    match = _EXTENDED.fullmatch(raw)
    if match is None:
        return None
    try:
        return unquote(match[2], known_charset(match[1] or "utf-8"), "strict")
    except (UnicodeError, LookupError):
        return None


def content_disposition_filename(params: Mapping[str, str], name: str = "filename") -> str | None:
    """Return a parameter that may be plain, extended (RFC 8187) or continued (RFC 2231 §3).

    Args:
        params: from `parse_content_disposition()`.
        name: of the parameter.
    """
    if f"{name}*" in params:
        return params[f"{name}*"]
    if name in params:
        return params[name]
    return _join_continuations(params, name)


def _join_continuations(params: Mapping[str, str], name: str) -> str | None:
    charset = "utf-8"
    parts: list[str] = []
    while True:
        key = f"{name}*{len(parts)}"
        if key in params:
            parts.append(params[key])
        elif f"{key}*" in params:
            raw = params[f"{key}*"]
            if not parts and (match := _EXTENDED.fullmatch(raw)):
                charset, raw = match[1] or charset, match[2]
            try:
                parts.append(unquote(raw, known_charset(charset), "strict"))
            except (UnicodeError, LookupError):
                return None
        else:
            return "".join(parts) if parts else None
