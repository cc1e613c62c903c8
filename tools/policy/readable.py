"""Can the interface be read at all?  It is read by importing every module; here is what stands
against it, each at the line that is to blame.
"""

from __future__ import annotations

import importlib
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tools.finding import Finding
from tools.tree import Module


def import_findings(modules: Iterable[Module]) -> Iterator[Finding]:
    """Import modules, and find why that fails; one cause is told once, whoever stumbles over it."""
    known = {module.path.resolve(): module for module in modules}
    told = set()
    with warnings.catch_warnings():
        # Asking for a deprecated name warns, as it should.
        warnings.simplefilter("ignore")
        for module in known.values():
            try:
                importlib.import_module(module.name)
            except (Exception, SystemExit) as error:
                finding = _finding(error, *_place(error, module, known))
                if finding not in told:
                    told.add(finding)
                    yield finding


def _place(
    error: BaseException, module: Module, known: Mapping[Path, Module]
) -> tuple[Module, int]:
    """Return the innermost of our lines that is to blame; links are followed home."""
    if isinstance(error, SyntaxError):
        path = Path(error.filename or "").resolve()
        return known.get(path, module), error.lineno or 1
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if (path := Path(frame.filename).resolve()) in known:
            return known[path], frame.lineno or 1
    return module, 1


def _finding(error: BaseException, module: Module, line: int) -> Finding:
    if isinstance(error, SyntaxError):
        what = f"it cannot be parsed ({error.msg}); repair it"
    elif isinstance(error, ModuleNotFoundError) and not _is_ours(error, module):
        what = (
            f"it imports {error.name}, which is not installed; "
            f"let packages/{module.distribution}/pyproject.toml require it, or install it"
        )
    else:
        what = f"importing it ends with {type(error).__name__} ({error}); repair it"
    return Finding(
        module.path, line, f"{what}: the policy can judge no interface that cannot be imported"
    )


def _is_ours(error: ModuleNotFoundError, module: Module) -> bool:
    return (error.name or "").partition(".")[0] == module.name.partition(".")[0]
