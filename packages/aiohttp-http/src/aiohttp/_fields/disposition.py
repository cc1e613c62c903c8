"""Content-Disposition (RFC 6266, RFC 7578 §4.2) in both directions."""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote as percent_encode

from aiohttp._fields.grammar import escape, is_token
from aiohttp._late import late_pattern

# What a quoted-string of old mail software takes without a backslash before it.
_NOT_QTEXT_RE = late_pattern(r"[^\041\043-\133\135-\176]")
_ONLY_ASCII_TEXT_RE = late_pattern(r"[\t\x20-\x7e]*")
_CONTROLS_RE = late_pattern(r"[\x00-\x1f\x7f]")


def quoted_string(content: str) -> str:
    """Return the inside of a quoted-string: white space, ``"`` and ``\\`` behind backslashes.

    Raises:
        ValueError: ``content`` holds control characters, or is not ASCII.
    """
    if not _ONLY_ASCII_TEXT_RE.fullmatch(content):
        raise ValueError(f"bad content for quoted-string {content!r}")
    return _NOT_QTEXT_RE.sub(lambda found: "\\" + found[0], content)


def content_disposition_header(
    disptype: str, quote_fields: bool = True, _charset: str = "utf-8", **params: str
) -> str:
    """Return a Content-Disposition value.

    Args:
        disptype: ``inline``, ``attachment``, ``form-data``, or another token.
        quote_fields: percent-encode the file name, which every server reads, and put what is beyond
            ASCII into extended parameters (RFC 8187); False sends it as it is.
        _charset: charset of what is percent-encoded.
        **params: parameters.

    Raises:
        ValueError: ``disptype`` or a name is not a token.
    """
    if not is_token(disptype):
        raise ValueError(f"bad content disposition type {disptype!r}")
    parts = [disptype]
    for name, value in params.items():
        if not is_token(name):
            raise ValueError(f"bad content disposition parameter {name!r}={value!r}")
        parts.append(_format_parameter(disptype, quote_fields, _charset, name, value))
    return "; ".join(parts)


def _format_parameter(
    disptype: str, quote_fields: bool, charset: str, name: str, value: str
) -> str:
    if not quote_fields:
        return f'{name}="{escape(value)}"'
    if name.lower() == "filename":
        return f'{name}="{percent_encode(value, "", encoding=charset)}"'
    if _is_field_name(disptype, name) and not value.isascii() and not _CONTROLS_RE.search(value):
        # RFC 7578 §5.1: raw, and never in an extended parameter (§4.2), which servers do not read.
        return f'{name}="{escape(value)}"'
    try:
        return f'{name}="{quoted_string(value)}"'
    except ValueError:
        return f"{name}*={charset}''{percent_encode(value, '', encoding=charset)}"


def _is_field_name(disptype: str, name: str) -> bool:
    return disptype.lower() == "form-data" and name.lower() == "name"


def guess_filename(obj: object, default: str | None = None) -> str | None:
    """Return the last part of the name of a file object, or ``default`` where it has no real one.

    Names of the kind ``<stdin>`` and ``<fdopen>`` are no file names.
    """
    name = getattr(obj, "name", None)
    if name and isinstance(name, str) and name[0] != "<" and name[-1] != ">":
        return PurePath(name).name
    return default
