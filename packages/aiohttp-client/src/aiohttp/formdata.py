"""Forms as request bodies: ``application/x-www-form-urlencoded``, or ``multipart/form-data``.

A form collects fields; called, it makes the payload.  It knows nothing of requests.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any, overload
from urllib.parse import urlencode

from multidict import MultiDict, MultiDictProxy

from aiohttp import hdrs, multipart, payload
from aiohttp._deprecations import declare, marked
from aiohttp._fields.disposition import guess_filename

__all__ = ("FormData",)

_URLENCODED = "application/x-www-form-urlencoded"
_DEFAULT_CHARSET = "utf-8"

# What would end a field of a part's head, and begin another.
_HEADER_BREAKERS_RE = re.compile(r"[\r\n\x00]")

_BYTES_AS_FILE = declare(
    "bytes as the value of a FormData field without a filename",
    since="3.11",
    instead="the filename argument, or an io.BytesIO object",
    why="the field is sent as a file now, and will not be in 4.0",
    unmarked="checkers would take a value of any type for bytes",
)
_TRANSFER_ENCODING = declare(
    "content_transfer_encoding argument of FormData.add_field()",
    since="3.11",
    instead="a BytesPayload",
)

# Parameters of Content-Disposition, headers of the part, value.
_Field = tuple[MultiDict[str], dict[str, str], Any]


class FormData:
    """A form to be sent.

    A form is multipart as soon as one of its fields is a file, or has a type of its own.

    Args:
        fields: a mapping, name-value pairs, a file, or several of these.
        quote_fields: percent-encode file names; False sends them as they are.
        charset: charset of the texts; None means UTF-8.
        default_to_multipart: be multipart even without such a field.
    """

    def __init__(
        self,
        fields: Iterable[Any] = (),
        quote_fields: bool = True,
        charset: str | None = None,
        *,
        default_to_multipart: bool = False,
    ) -> None:
        self._writer: multipart.MultipartWriter | None = None
        self._fields: list[_Field] = []
        self._is_multipart = default_to_multipart
        self._quote_fields = quote_fields
        self._charset = charset
        if isinstance(fields, Mapping):
            fields = list(fields.items())
        elif not isinstance(fields, list | tuple):
            # A file is iterable too, but is meant as one field.
            fields = (fields,)
        self.add_fields(*fields)

    @property
    def is_multipart(self) -> bool:
        """Whether the form will be sent as ``multipart/form-data``."""
        return self._is_multipart

    @overload
    def add_field(
        self,
        name: str,
        value: Any,
        *,
        content_type: str | None = None,
        filename: str | None = None,
    ) -> None: ...

    @overload
    @marked("content_transfer_encoding argument of FormData.add_field(): use a BytesPayload")
    def add_field(
        self,
        name: str,
        value: Any,
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None,
    ) -> None: ...

    def add_field(
        self,
        name: str,
        value: Any,
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None = None,
    ) -> None:
        """Add a field; with any of the options, or a file as value, the form becomes multipart.

        Args:
            name: name of the field.
            value: a text, a number, or whatever a payload can be made of.
            content_type: media type of the value.
            filename: sends the value as a file of this name.
            content_transfer_encoding: deprecated.

        Raises:
            TypeError: an argument is not a text.
            ValueError: an argument holds CR, LF or NUL.
        """
        parameters: MultiDict[str] = MultiDict({"name": _header_text("name", name)})
        if filename is None:
            is_coded = content_transfer_encoding is not None
            filename = _implied_filename(name, value, is_coded=is_coded)
        if filename is not None:
            parameters["filename"] = _header_text("filename", filename)
            self._is_multipart = True
        headers: dict[str, str] = {}
        if content_type is not None:
            headers[hdrs.CONTENT_TYPE] = _header_text("content_type", content_type)
            self._is_multipart = True
        if content_transfer_encoding is not None:
            _header_text("content_transfer_encoding", content_transfer_encoding)
            # RFC 7578 §4.7 took the field away; the part is multipart all the same.
            _TRANSFER_ENCODING.warn()
            self._is_multipart = True
        self._fields.append((parameters, headers, value))
        self._writer = None

    def add_fields(self, *fields: Any) -> None:
        """Add files, multidicts, and (name, value) pairs.

        Raises:
            TypeError: something is none of these.
        """
        for field in fields:
            if isinstance(field, io.IOBase):
                self.add_field(guess_filename(field, "unknown") or "unknown", field)
            elif isinstance(field, MultiDict | MultiDictProxy):
                for name, value in field.items():
                    self.add_field(name, value)
            elif isinstance(field, list | tuple) and len(field) == 2:
                self.add_field(*field)
            else:
                raise TypeError(
                    "fields of FormData; expected io.IOBase, multidict or (name, value) pairs;"
                    f" got {field!r}: use add_field() for more complex parameters"
                )

    def __call__(self) -> payload.Payload:
        """Return the form as a payload; it may be called again, for a redirect or a retry."""
        return self._gen_form_data() if self._is_multipart else self._gen_form_urlencoded()

    def _gen_form_urlencoded(self) -> payload.BytesPayload:
        charset = self._charset or _DEFAULT_CHARSET
        pairs = [(parameters["name"], value) for parameters, _, value in self._fields]
        # RFC 1866 knows no charset; servers that are not told take UTF-8.
        suffix = "" if charset == _DEFAULT_CHARSET else f"; charset={charset}"
        return payload.BytesPayload(
            urlencode(pairs, doseq=True, encoding=charset).encode(),
            content_type=_URLENCODED + suffix,
        )

    def _gen_form_data(self) -> multipart.MultipartWriter:
        # Kept: the payloads of files are read again from where they began.
        if self._writer is None:
            writer = multipart.MultipartWriter("form-data")
            for field in self._fields:
                writer.append_payload(self._part(*field))
            self._writer = writer
        return self._writer

    def _part(
        self, parameters: MultiDict[str], headers: dict[str, str], value: Any
    ) -> payload.Payload:
        options: dict[str, Any] = {"headers": headers, "encoding": self._charset}
        if hdrs.CONTENT_TYPE in headers:
            options["content_type"] = headers[hdrs.CONTENT_TYPE]
        try:
            part = payload.get_payload(value, **options)
        except Exception as error:
            raise TypeError(
                f"value of form field {parameters['name']!r}; expected text, bytes, a file or"
                f" another payload; got {type(value).__name__}"
            ) from error
        part.set_content_disposition("form-data", quote_fields=self._quote_fields, **parameters)
        # RFC 7578 §4.8: no other fields than these; the boundary tells where a part ends.
        part.headers.popall(hdrs.CONTENT_LENGTH, None)
        return part


def _header_text(argument: str, text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{argument} must be an instance of str. Got: {text!r}")
    if _HEADER_BREAKERS_RE.search(text):
        raise ValueError(
            f"{argument} of a form field; expected no CR, LF or NUL; got {text!r}:"
            " it would end the header that it stands in"
        )
    return text


def _implied_filename(name: str, value: Any, *, is_coded: bool) -> str | None:
    if isinstance(value, io.IOBase):
        return guess_filename(value, name)
    if not is_coded and isinstance(value, bytes | bytearray | memoryview):
        _BYTES_AS_FILE.warn(stacklevel=3)
        return name
    return None
