"""Route templates: ``/user/{name}`` and ``/{id:\\d+}`` turned into matchers and URL builders.

Pure: knows strings, regular expressions and RFC 3986 quoting; not what a route or a request is.

A path is matched *decoded*: percent-encoded octets are undone, but ``%2F`` and ``%25`` stay, so
    that an
encoded slash never becomes a separator (RFC 3986 §2.2, §6.2.2.2).  A variable gets these two back
when its value is handed out.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping

import attr
from yarl import URL

# What `{name}` matches when it brings no pattern of its own: at least one character of one segment.
SEGMENT = r"[^{}/]+"

# What stands between segments, as a regular expression.
PATH_SEPARATOR = re.escape("/")

_VARIABLE = re.compile(
    r"\{(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)"
    r"(?::(?P<pattern>(?:[^{}]|\{[^{}]*\})*))?\}"  # the braces inside are those of `\d{1,3}`
)
_NAME_SEPARATOR = re.compile(r"[.:-]")


@attr.s(auto_attribs=True, frozen=True, slots=True)
class PathPattern:
    """A template with variables, ready to match and to build."""

    # The template with quoted literals and bare variables: "/user/{name}".
    formatter: str
    # What users see of the matcher: its literals are percent-encoded.
    pattern: re.Pattern[str]
    # What matches a decoded path.
    matcher: re.Pattern[str]
    # The decoded literal before the first variable.
    fixed_prefix: str
    # The name of the only variable, where the template is that prefix and one whole segment.
    last_segment: str | None = None

    def match(self, path: str) -> dict[str, str] | None:
        """Return the variables if ``path``, decoded, matches as a whole, else None."""
        found = self.matcher.fullmatch(path)
        if found is None:
            return None
        if "%" not in path:
            return found.groupdict()
        return {name: undo_kept_octets(value) for name, value in found.groupdict().items()}

    def with_prefix(self, prefix: str) -> PathPattern:
        """Return the pattern below ``prefix``, which is percent-encoded."""
        decoded = decode_path(prefix)
        return PathPattern(
            prefix + self.formatter,
            re.compile(re.escape(prefix) + self.pattern.pattern),
            re.compile(re.escape(decoded) + self.matcher.pattern),
            decoded + self.fixed_prefix,
            self.last_segment,
        )

    def build(self, values: Mapping[str, str]) -> URL:
        """Return the URL with each variable replaced.

        Raises:
            KeyError: a variable has no value.
        """
        quoted = {name: quote_path(value) for name, value in values.items()}
        return URL.build(path=self.formatter.format_map(quoted), encoded=True)


def has_variables(template: str) -> bool:
    """Whether ``template`` is more than a fixed path; a lone brace counts, to be refused later."""
    return "{" in template or "}" in template


def compile_template(template: str) -> PathPattern:
    """Compile a template.

    Raises:
        ValueError: braces are unbalanced, a variable has no name, or its pattern does not compile.
    """
    formatter = shown = matcher = ""
    fixed_prefix: str | None = None
    for literal, variable in _parts(template):
        if variable is None:
            quoted = requote_path(literal)
            formatter += quoted
            shown += re.escape(quoted)
            matcher += re.escape(decode_path(quoted))
            continue
        if fixed_prefix is None:
            fixed_prefix = decode_path(formatter)
        group = f"(?P<{variable['name']}>{variable['pattern'] or SEGMENT})"
        formatter += f"{{{variable['name']}}}"
        shown += group
        matcher += group
    try:
        pattern = re.compile(shown)
        matching = pattern if matcher == shown else re.compile(matcher)
    except re.error as error:
        raise ValueError(f"Bad pattern '{shown}': {error}") from None
    return PathPattern(
        formatter, pattern, matching, fixed_prefix or "", _only_last_segment(template)
    )


def _only_last_segment(template: str) -> str | None:
    variable = _VARIABLE.search(template)
    if variable is None or variable["pattern"] is not None or variable.end() < len(template):
        return None
    return variable["name"] if template[variable.start() - 1 : variable.start()] == "/" else None


def _parts(template: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield (literal, None) and ("", variable) in order."""
    position = 0
    for variable in _VARIABLE.finditer(template):
        if variable.start() > position:
            yield _literal(template, template[position : variable.start()]), None
        if variable["pattern"] == "":
            raise ValueError(f"Invalid path '{template}'['{variable[0]}']")
        yield "", variable
        position = variable.end()
    if position < len(template):
        yield _literal(template, template[position:]), None


def _literal(template: str, text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"Invalid path '{template}'['{text}']")
    return text


# --- Quoting (RFC 3986 §2.1) ---


def quote_path(value: str) -> str:
    """Percent-encode ``value`` for a path; a percent sign in it is data."""
    return URL.build(path=value, encoded=False).raw_path


def requote_path(value: str) -> str:
    """Percent-encode what needs it and keep what is encoded already."""
    quoted = quote_path(value)
    return quoted.replace("%25", "%") if "%" in value else quoted


def decode_path(raw: str) -> str:
    """Undo percent-encoding except of ``%2F`` and ``%25``."""
    return URL.build(path=raw, encoded=True).path_safe if "%" in raw else raw


def undo_kept_octets(value: str) -> str:
    """Undo the two octets that :func:`decode_path` keeps."""
    return value.replace("%2F", "/").replace("%25", "%") if "%" in value else value


# --- Names ---


def check_route_name(name: str) -> None:
    """Check the name of a resource: Python identifiers separated by ``-``, ``.`` or ``:``.

    Raises:
        ValueError: a part is no identifier, or is a keyword.
    """
    for part in _NAME_SEPARATOR.split(name):
        if keyword.iskeyword(part):
            raise ValueError(
                f"Incorrect route name {name!r}, python keywords cannot be used for route name"
            )
        if not part.isidentifier():
            raise ValueError(
                f"Incorrect route name {name!r}, the name should be a sequence of python"
                " identifiers separated by dash, dot or column"
            )
