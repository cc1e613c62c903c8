"""The rule of layers: imports point down, pure rooms stay pure, private things stay private.

    python -m tools.layers

    4 tools       aiohttp-testing, aiohttp-gunicorn         nobody imports them
    3 roles       aiohttp-client, aiohttp-web               never each other
    2 plumbing    asyncio yes; no notion of "session" or "handler"
    1 sans-I/O    bytes and values
    0 vocabulary  names only

The tables below say which module is where; a module that no table names is judged by its
distribution.  An import inside a function counts like one at the top.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.finding import Finding, report
from tools.imports import Import, imports_of, imports_of_cython
from tools.tree import ROOT, Module, modules, source_roots

VOCABULARY = frozenset(
    {"hdrs", "typedefs", "log", "abc", "http_exceptions", "client_exceptions"}
    | {"_deprecations", "_late", "_peers_fault", "_releases", "_switches", "_values"}
)

# Rooms of layer 1.  Of _websocket/, some modules are plumbing.
SANS_IO = frozenset({"_fields", "_h1", "_websocket"})
PLUMBING = frozenset(
    ("_websocket", name)
    for name in (
        *("deflate", "frame_writer", "heartbeat", "message_queue", "message_queue_c"),
        *("reader", "reader_c", "reader_py", "receiver", "session", "writer"),
    )
)

# The rooms of the roles that do I/O; all others in these packages are pure.
IO_ROOMS = {
    "_client": frozenset(
        {"body_writer", "call", "deadlines", "dialer", "exchange", "lookup", "tls", "tunnel"}
        | {"response_sink", "silence", "upload", "websocket_upgrade"}
    ),
    "_web": frozenset(
        {"exchange", "form_post", "incoming", "keepalive", "lingering", "pipeline", "ready_heads"}
        | {"kernel_send", "opened_files", "request_body", "running", "serving", "static_files"}
    ),
}

# Modules that are there for others to import from; our own code goes to the home of a name.
FACADES = frozenset({"helpers", "http", "http_websocket"})

# What a pure room does without: it neither waits, nor looks at a clock, nor throws dice, nor tells.
IMPURE = frozenset({"asyncio", "socket", "ssl", "time", "random", "logging", "aiohttp.log"})

# Files whose annotations may name what is above them.
UPWARD_ANNOTATIONS = frozenset(
    {"aiohttp"} | {f"aiohttp.{m}" for m in ("abc", "typedefs", "client_exceptions")}
)

# Imports that point up all the same.  (Module, what it imports) -> why.
AGREED = {
    ("aiohttp.abc", "aiohttp._fields.cookies"): (
        "AbstractCookieJar reads Set-Cookie for jars that only store, as it did in 3.14"
    ),
}

LAYERS = {
    "aiohttp-http": 2,
    "aiohttp-client": 3,
    "aiohttp-web": 3,
    "aiohttp-testing": 4,
    "aiohttp-gunicorn": 4,
}

# Private by their underscore, and yet an agreed interface between modules.  Name -> why.
SEAMS = {
    # Named tuples have no other spelling for these.
    "_replace": "method of named tuples",
    "_asdict": "method of named tuples",
    "_fields": "attribute of named tuples",
    "_make": "method of named tuples",
    # The runner starts an application with these, as other servers of applications do.
    "_set_loop": "web.Application; called by AppRunner and by aiohttp_devtools",
    "_make_handler": "web.Application; called by AppRunner",
    # Results of calls, under the names by which other projects annotate them.
    "_RequestContextManager": "client; what ClientSession.get() and its like return",
    "_WSRequestContextManager": "client; what ClientSession.ws_connect() returns",
    # A default that means "not given"; the façade `helpers` shows it under this name.
    "_SENTINEL": "home is _content_headers",
    # Other projects have no public name for these.
    "_reserved": "http.cookies.Morsel; the attributes that a cookie may have",
    "_flags": "http.cookies.Morsel; those of them without a value",
    "_getframe": "sys; where a key was made, for its repr",
    "_genfunctions": "pytest; collects coroutine functions",
    "_fixtureinfo": "pytest; which fixtures a function asks for",
    # Third-party libraries override or wrap these, so the inside has to go through them.
    "_handle": "web.Application and StaticResource; wrapped by sentry_sdk and newrelic",
    "_make_request": "web.Application; overridden by homeassistant",
    "_request_factory": "web.Server; set by AppRunner",
    "_read_bytes": "web.BaseRequest; patched by sentry_sdk",
    "_send_whole": "web.StreamResponse; asked by the exchange for the one-write fast path",
    "_copied": "web.Response; what is sent for an exception",
    "_start": "web.StreamResponse; overridden by FileResponse",
    # Between application, router, request and response: each is asked once a request, and none of
    # them is for users.
    "_message": "web.BaseRequest; its public property is deprecated",
    "_match_info": "web.Request; set when the request is routed",
    "_take": "web.BaseRequest; its constructor without named arguments",
    "_found": "web.Request; what a match info is made of when somebody asks for it",
    "_matched": "web.ResourceRoute; makes that match info",
    "_hooked": "web.BaseRequest; whether responses to it are prepared step by step",
    "_answer": "web.BaseRequest; the response that was begun",
    "_asks_nobody": "web.BaseRequest; receivers of on_response_prepare have failed twice",
    "_check_same_exchange": "web.StreamResponse; it does not answer two requests",
    "_begin_answer": "web.BaseRequest; a response says that it is the one",
    "_prepare_hook": "web.BaseRequest; overridden by Request",
    "_routing_path": "web.BaseRequest; the path that resources match",
    "_resolve_now": "web.UrlDispatcher; routing without awaiting",
    "_match": "web.UrlDispatcher; the same, given what _known_route says",
    "_known_route": "web.UrlDispatcher; routing by the target alone",
    "_handler": "web.AbstractRoute; what its pipeline was made of, if nobody has changed it",
    "_pipeline": "web.AbstractRoute; the handler in its middlewares, kept",
    "_kept_pipeline": "web.UrlMappingMatchInfo; the same, if it still fits",
    "_belong_to": "web.UrlMappingMatchInfo; the outermost application takes it",
    "_client_max_size": "web.BaseRequest; a route may have its own, and homeassistant sets it",
    "_protocol": "web.BaseRequest; the connection that a whole response is written to",
    "_paused": "BaseProtocol; whether the transport has asked for a break",
    "_is_last": "web.BaseRequest; whether the response has to say that the connection closes",
    "_close_after": "web.BaseRequest; the connection says that the above is so",
    "_finish": "web.BaseRequest; the connection says that the request is over",
    "_post": "web.BaseRequest; whether there is a form, which may have files to close",
    "_close": "BaseConnector; called without a running loop by fsspec and its kin",
    "_drain_helper": "BaseProtocol; called by aiodocker",
    "_reading_paused": "BaseProtocol; read by aiodocker",
    "_body": "ClientResponse; read by vcrpy and aiohttp_client_cache",
}


# The same, for the tools of layer 4 alone: they make answers without a connection, as mocks do.
TOOLS_SEAMS = frozenset(
    {"_MemoryTestServer", "_buffer", "_headers", "_raw_headers", "_retry_connection"}
)


@dataclass(frozen=True)
class Place:
    """Where a module stands."""

    layer: int
    pure: bool
    door: bool  # a public module above the vocabulary


def place_of(module: Module) -> Place:
    """Return the place of a module by the tables above."""
    first, rest = (*module.parts, "")[0], module.parts[1:]
    if module.distribution == "aiohttp-http":
        if first in VOCABULARY or not first:
            return Place(0, pure=False, door=False)
        if first in SANS_IO and module.parts[:2] not in PLUMBING:
            return Place(1, pure=True, door=False)
    pure = first in IO_ROOMS and bool(rest) and rest[0] not in IO_ROOMS[first]
    return Place(LAYERS[module.distribution], pure, door=not first.startswith("_"))


class Layers:
    """The modules of a tree, and what may be said of their imports."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.modules = {module.name: module for module in modules(root)}
        self._private_names = {
            module.name: _private_names_defined(ast.parse(module.path.read_text("utf-8")))
            for module in self.modules.values()
        }

    def findings(self) -> Iterator[Finding]:
        for module in self.modules.values():
            source = module.path.read_text("utf-8")
            for found in imports_of(source, module.name, is_package=module.is_package):
                yield from self._judge(module, module.path, found)
            yield from private_access(module, ast.parse(source), self._family_names(module))
        for path in self._cython_sources():
            package = self.modules[".".join(["aiohttp", *self._below_aiohttp(path)])]
            for found in imports_of_cython(path, package.name):
                yield from self._judge(package, path, found)

    def _family_names(self, module: Module) -> set[str]:
        """Return the private names that a module makes; a door package is one family."""
        if _room(module).startswith("_") or not module.parts:
            return self._private_names[module.name]
        family = (m for m in self.modules.values() if _room(m) == _room(module))
        return set().union(*(self._private_names[m.name] for m in family))

    def _cython_sources(self) -> Iterator[Path]:
        for base in source_roots(self.root):
            yield from sorted(base.rglob("*.pyx"))

    def _below_aiohttp(self, path: Path) -> tuple[str, ...]:
        (base,) = (base for base in source_roots(self.root) if path.is_relative_to(base))
        return path.parent.relative_to(base).parts[1:]

    def _judge(self, module: Module, path: Path, found: Import) -> Iterator[Finding]:
        place = place_of(module)
        target = self._target(found)
        for sentence in self._sentences(module, place, found, target):
            yield Finding(path, found.line, f"{module.name} {sentence}")

    def _target(self, found: Import) -> str:
        """Return the module that an import reaches: ``from package import module``, that module."""
        inner = f"{found.target}.{found.name}"
        return inner if inner in self.modules or inner in IMPURE else found.target

    def _sentences(self, module: Module, place: Place, found: Import, target: str) -> Iterator[str]:
        impure = target if target in IMPURE else target.partition(".")[0]
        if place.pure and impure in IMPURE and not found.annotation_only:
            yield f"is a pure room and imports {impure}: take what it gives as an argument"
        if target not in self.modules:
            return
        above = self.modules[target]
        if found.annotation_only and module.name in UPWARD_ANNOTATIONS:
            return
        yield from _direction(module, place, above)
        yield from _entrance(module, place, above, found)


def _direction(module: Module, place: Place, above: Module) -> Iterator[str]:
    """Judge whether the import points down."""
    there = place_of(above)
    if (module.name, above.name) in AGREED:
        return
    if there.layer > place.layer:
        yield (
            f"(layer {place.layer}) imports {above.name} (layer {there.layer}): imports point down"
        )
    elif there.layer == place.layer and above.distribution != module.distribution:
        yield (
            f"of {module.distribution} imports {above.name} of {above.distribution}: "
            f"distributions of one layer do not know each other"
        )


def _entrance(module: Module, place: Place, above: Module, found: Import) -> Iterator[str]:
    """Judge whether the import goes to the right module for what it wants."""
    if place.pure and place_of(above).door:
        yield f"is a pure room and imports the door {above.name}: doors know rooms, never back"
    if above.name == "aiohttp" and module.name != "aiohttp" and found.name != "__version__":
        wanted = found.name or "aiohttp"
        yield f"imports {wanted} from the table of aiohttp: import it from where it is defined"
    if _room(above) in FACADES and _room(module) not in FACADES and place.layer < 4:
        yield f"imports the façade {above.name}: import the name from where it is defined"
    private = found.name is not None and _is_private(found.name) and found.target == above.name
    if private and found.name not in _seams(module) and not _is_family(module, above):
        yield f"imports the private {found.name} of {above.name}: name it publicly, or move it"


def _is_family(module: Module, other: Module) -> bool:
    """Say whether two modules are of one door package."""
    return _room(module) == _room(other) and not _room(module).startswith("_")


def _seams(module: Module) -> frozenset[str]:
    """Return the private names of others that a module may use."""
    tools = TOOLS_SEAMS if LAYERS[module.distribution] == 4 else frozenset[str]()
    return tools.union(SEAMS)


def _room(module: Module) -> str:
    return module.parts[0] if module.parts else ""


def private_access(module: Module, tree: ast.Module, own: set[str]) -> Iterator[Finding]:
    """Find ``other._private`` where the module's own family makes no such name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not _is_private(node.attr):
            continue
        if node.attr in own or node.attr in _seams(module) or _is_oneself(node.value):
            continue
        yield Finding(
            module.path,
            node.lineno,
            f"{module.name} reaches for {ast.unparse(node)}: that is private to another module",
        )


def _is_private(name: str) -> bool:
    return (
        name.startswith("_") and not (name.startswith("__") and name.endswith("__")) and name != "_"
    )


def _is_oneself(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in ("self", "cls", "mcs")


def _private_names_defined(tree: ast.Module) -> set[str]:
    """Return what this module makes: functions, methods, ``self._x = ``, slots and class fields."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if _is_oneself(node.value):
                names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)  # __slots__ and setattr spell names as strings
    return {name for name in names if _is_private(name)}


def main() -> int:
    return report(Layers().findings(), "layers")


if __name__ == "__main__":
    sys.exit(main())
