"""Every rule of the policy of versions, on pairs of made-up releases of a package ``shop``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tools.policy.rules import Fragment, judge
from tools.policy.surface import Surface, take


def surface(folder: Path, release: str, source: str) -> Surface:
    """Return the interface of a package with this source."""
    place = folder / release
    (place / "shop").mkdir(parents=True)
    (place / "shop" / "__init__.py").write_text(source)
    # Each release is imported under the same name.
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]
    return take("shop", release, [place])


def verdicts(
    folder: Path,
    before: str,
    after: str,
    *fragments: Fragment,
    step: tuple[str, str] = ("3.15.0", "3.16.0"),
    deprecated: dict[str, Any] | None = None,
    goes_on: bool = False,
) -> list[str]:
    """Return what is said about a release.

    ``deprecated`` was declared by the one before, and by this one if it goes on.
    """
    old, new = surface(folder, step[0], before), surface(folder, step[1], after)
    if deprecated:
        old.deprecations = [{"removed_in": "4.0", "instead": "another", "why": "", **deprecated}]
    if deprecated and goes_on:
        new.deprecations = old.deprecations
    return list(judge(old, new, fragments))


STEPS = BUGFIX, MINOR, MAJOR = ("3.15.0", "3.15.1"), ("3.15.0", "3.16.0"), ("3.15.0", "4.0.0")
SIZES = ["bugfix", "minor", "major"]

# What breaks code in a minor release, and the like of it that does not.
BREAKS = [
    pytest.param("def sell(): ...", "", "shop.sell is gone", id="function-removed"),
    pytest.param("class Till: ...", "", "shop.Till is gone", id="class-removed"),
    pytest.param("price = 1", "", "shop.price is gone", id="attribute-removed"),
    pytest.param(
        "class Till:\n  def open(self): ...",
        "class Till: ...",
        "shop.Till.open is gone",
        id="method-removed",
    ),
    pytest.param(
        "def sell(): ...", "sell = 1", "was a function and is a attribute", id="kind-changed"
    ),
    pytest.param(
        "class Till(dict): ...", "class Till: ...", "shop.Till is no dict any more", id="base-lost"
    ),
    pytest.param(
        "def sell(what, to): ...",
        "def sell(what): ...",
        "shop.sell has no parameter to any more",
        id="parameter-removed",
    ),
    pytest.param(
        "def sell(what, **more): ...",
        "def sell(what): ...",
        "shop.sell takes no **more any more",
        id="keywords-removed",
    ),
    pytest.param(
        "def sell(what, to): ...",
        "def sell(to, what): ...",
        "shop.sell takes what in another place",
        id="parameters-reordered",
    ),
    pytest.param(
        "def sell(what, to=None): ...",
        "def sell(what, to): ...",
        "shop.sell requires to, which had the default None",
        id="default-lost",
    ),
    pytest.param(
        "def sell(what, count=1): ...",
        "def sell(what, count=2): ...",
        "shop.sell has count=2, and had count=1",
        id="default-changed",
    ),
    pytest.param(
        "def sell(what): ...",
        "def sell(what, to): ...",
        "shop.sell requires to, which it did not have",
        id="required-parameter-added",
    ),
    pytest.param(
        "def sell(what, to=None): ...",
        "def sell(what, *, to=None): ...",
        "takes to by name only, and took it by place or name",
        id="keyword-only-now",
    ),
    pytest.param(
        "def sell(what: str | bytes): ...",
        "def sell(what: str): ...",
        "shop.sell accepts no bytes as what any more",
        id="type-narrowed",
    ),
    pytest.param(
        "class Till:\n  def __init__(self, cash=0): ...",
        "class Till:\n  def __init__(self): ...",
        "shop.Till.__init__ has no parameter cash",
        id="constructor-parameter-removed",
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), BREAKS)
@pytest.mark.parametrize("step", [BUGFIX, MINOR], ids=["bugfix", "minor"])
def test_a_break_is_refused(
    tmp_path: Path, before: str, after: str, expected: str, step: tuple[str, str]
) -> None:
    (sentence,) = verdicts(tmp_path, before, after, step=step)
    assert expected in sentence
    assert "release" in sentence


KEEPS = [
    pytest.param("def sell(): ...", "def sell(): return 1", id="same"),
    pytest.param("def _sell(): ...", "", id="private-removed"),
    pytest.param("def sell(_old=1): ...", "def sell(): ...", id="private-parameter-removed"),
    pytest.param(
        "class Till:\n  def open(self): ...",
        "class _Box:\n  def open(self): ...\nclass Till(_Box): ...",
        id="method-inherited",
    ),
    pytest.param(
        "class _Box: ...\nclass Till(_Box): ...", "class Till: ...", id="private-base-lost"
    ),
    pytest.param("def sell(): ...", "class sell: ...", id="function-became-class"),
    pytest.param("sell = 1", "def sell(): ...", id="attribute-became-function"),
    pytest.param("from json import dumps", "", id="import-removed"),
    pytest.param(
        "class Till:\n  def __eq__(self, other): ...",
        "class Till:\n  def __eq__(self, another): ...",
        id="special-method",
    ),
    pytest.param(
        "class Till:\n  cash = 0",
        "class Till:\n  def __init__(self): self.cash = 0",
        id="attribute-of-the-instance",
    ),
    pytest.param("def sell(to=[]): ...", "def sell(to={}): ...", id="default-not-plain"),
    pytest.param(
        "from typing import Optional, Union\ndef sell(to: Optional[Union[str, int]] = None): ...",
        "def sell(to: str | int | None = None): ...",
        id="type-in-other-words",
    ),
]


WIDER = [
    pytest.param("def sell(a, b, /): ...", "def sell(*_): ...", id="absorbed-by-place"),
    pytest.param("def sell(to): ...", "def sell(*a, **k): ...", id="parameter-absorbed"),
]


@pytest.mark.parametrize(("before", "after"), WIDER)
@pytest.mark.parametrize("step", [MINOR, MAJOR], ids=["minor", "major"])
def test_what_takes_more_breaks_nothing(
    tmp_path: Path, before: str, after: str, step: tuple[str, str]
) -> None:
    assert verdicts(tmp_path, before, after, step=step) == []


@pytest.mark.parametrize(("before", "after"), KEEPS)
@pytest.mark.parametrize("step", STEPS, ids=SIZES)
def test_what_breaks_nothing_is_let_pass(
    tmp_path: Path, before: str, after: str, step: tuple[str, str]
) -> None:
    assert verdicts(tmp_path, before, after, step=step) == []


ADDS = [
    pytest.param("", "def sell(): ...", "shop.sell is new", id="function"),
    pytest.param(
        "def sell(): ...", "def sell(to=1): ...", "takes to, which is new", id="parameter"
    ),
    pytest.param(
        "class Till: ...",
        "class Till:\n  def open(self): ...",
        "shop.Till.open is new",
        id="method",
    ),
    pytest.param(
        "class Till: ...", "class Till(dict): ...", "shop.Till is a dict now", id="base-gained"
    ),
    pytest.param(
        "def sell(to): ...",
        "def sell(to=None): ...",
        "shop.sell does without to now",
        id="default-gained",
    ),
    pytest.param(
        "def sell(*, to=1): ...",
        "def sell(to=1): ...",
        "shop.sell takes to by place or name, and took it by name only",
        id="keyword-or-place-now",
    ),
    pytest.param(
        "def sell(to: str): ...",
        "def sell(to: str | bytes): ...",
        "shop.sell accepts bytes as to now",
        id="type-widened",
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), ADDS)
def test_a_bugfix_release_adds_nothing(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    (sentence,) = verdicts(tmp_path, before, after, step=BUGFIX)
    assert expected in sentence
    assert "a bugfix release adds nothing" in sentence


@pytest.mark.parametrize(("before", "after", "expected"), ADDS)
@pytest.mark.parametrize("step", [MINOR, MAJOR], ids=["minor", "major"])
def test_other_releases_may_add(
    tmp_path: Path, before: str, after: str, expected: str, step: tuple[str, str]
) -> None:
    assert verdicts(tmp_path, before, after, step=step) == []


# --- Major releases -------------------------------------------------------------------------------

METHOD = "class Till:\n  def open(self): ..."
NO_METHOD = "class Till: ..."


OPEN = {"subject": "opening tills", "since": "3.14", "things": ["Till.open"]}
OPEN_LATE = {**OPEN, "since": "3.15"}
TO = {"subject": "to argument of sell", "since": "3.14", "things": ["sell(to)"]}
TILL = {"subject": "Till", "since": "3.14", "things": ["Till"]}


@pytest.mark.parametrize(
    ("deprecated", "before", "after"),
    [
        pytest.param(OPEN, METHOD, NO_METHOD, id="method"),
        pytest.param(
            OPEN,
            f"{METHOD}\nclass Small(Till): ...",
            f"{NO_METHOD}\nclass Small(Till): ...",
            id="inherited-method",
        ),
        pytest.param(TO, "def sell(what, to=1): ...", "def sell(what): ...", id="parameter"),
        pytest.param(TILL, METHOD, "", id="class"),
        pytest.param(
            {**TO, "things": ["Till.__init__(cash)"]},
            "class Till:\n  def __init__(self, cash=0): ...",
            "class Till:\n  def __init__(self): ...",
            id="parameter-of-a-class",
        ),
    ],
)
def test_a_major_release_removes_what_was_deprecated_in_time(
    tmp_path: Path, deprecated: dict[str, Any], before: str, after: str
) -> None:
    assert verdicts(tmp_path, before, after, step=MAJOR, deprecated=deprecated) == []


@pytest.mark.parametrize("deprecated", [None, TO, TILL], ids=["none", "other", "its-class"])
def test_it_removes_nothing_that_was_never_deprecated(
    tmp_path: Path, deprecated: dict[str, Any] | None
) -> None:
    step: tuple[str, str] = MAJOR
    found = verdicts(tmp_path, METHOD, NO_METHOD, step=step, deprecated=deprecated)
    assert "shop.Till.open is gone: it was never deprecated" in found[0]


def test_a_deprecated_member_is_no_leave_to_remove_its_class(tmp_path: Path) -> None:
    (sentence,) = verdicts(tmp_path, METHOD, "", step=MAJOR, deprecated=OPEN)
    assert "shop.Till is gone: it was never deprecated" in sentence


def test_it_keeps_what_only_the_last_minor_release_deprecated(tmp_path: Path) -> None:
    (sentence,) = verdicts(tmp_path, METHOD, NO_METHOD, step=MAJOR, deprecated=OPEN_LATE)
    assert "only by 3.15, the last minor release" in sentence


@pytest.mark.parametrize(("deprecated", "stays"), [(OPEN, False), (OPEN_LATE, True)])
def test_it_removes_all_that_is_due(
    tmp_path: Path, deprecated: dict[str, Any], stays: bool
) -> None:
    found = verdicts(tmp_path, METHOD, METHOD, step=MAJOR, deprecated=deprecated, goes_on=True)
    assert found == [] if stays else "remove it" in found[0]


@pytest.mark.parametrize(("deprecated", "source"), [(OPEN, METHOD), (TO, "def sell(to=1): ...")])
def test_it_does_not_forget_a_deprecation_instead(
    tmp_path: Path, deprecated: dict[str, Any], source: str
) -> None:
    (sentence,) = verdicts(tmp_path, source, source, step=MAJOR, deprecated=deprecated)
    assert "is there, and is not deprecated any more" in sentence


def test_another_release_may_forget_one(tmp_path: Path) -> None:
    assert verdicts(tmp_path, METHOD, METHOD, step=MINOR, deprecated=OPEN) == []


def declaring(
    folder: Path, step: tuple[str, str], since: str, *fragments: Fragment, **more: Any
) -> list[str]:
    """Return what is said when both releases have the method, and the new one deprecates it."""
    old, new = surface(folder, step[0], METHOD), surface(folder, step[1], METHOD)
    new.deprecations = [{**OPEN, "since": since, "removed_in": "4.0", **more}]
    return list(judge(old, new, fragments))


def test_another_break_needs_a_breaking_fragment(tmp_path: Path) -> None:
    before, after = "def sell(count=1): ...", "def sell(count=2): ..."
    (sentence,) = verdicts(tmp_path, before, after, step=MAJOR)
    assert "no breaking fragment" in sentence


def test_another_break_with_a_breaking_fragment_is_let_pass(tmp_path: Path) -> None:
    before, after = "def sell(count=1): ...", "def sell(count=2): ..."
    told = Fragment("breaking", "Changed the default of `count` of `sell()` to 2.")
    assert verdicts(tmp_path, before, after, told, step=MAJOR) == []


# --- Security and deprecations --------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS, ids=SIZES)
def test_a_break_for_security_is_let_pass_if_it_is_declared(
    tmp_path: Path, step: tuple[str, str]
) -> None:
    told = Fragment("security", "Removed `Till.open()`, which let anybody in.")
    assert verdicts(tmp_path, METHOD, NO_METHOD, told, step=step) == []


@pytest.mark.parametrize(
    "told",
    [
        Fragment("security", "Removed `Till.close()`, which let anybody in."),
        Fragment("security", "Removed Till.open(), without naming it as code."),
        Fragment("bugfix", "Removed `Till.open()`."),
        Fragment("breaking", "Removed `Till.open()`."),
    ],
    ids=["other", "prose", "bugfix", "breaking"],
)
def test_another_fragment_does_not_excuse_it(tmp_path: Path, told: Fragment) -> None:
    assert len(verdicts(tmp_path, METHOD, NO_METHOD, told)) == 1


def test_a_fragment_that_names_a_member_does_not_excuse_its_class(tmp_path: Path) -> None:
    told = Fragment("security", "Removed `Till.open()`, which let anybody in.")
    (sentence,) = verdicts(tmp_path, METHOD, "", told)
    assert "shop.Till is gone" in sentence


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Removed `to` of `sell()`.", 0),
        ("Removed `sell(to=...)`.", 0),
        ("Removed `shop.sell(to)`.", 0),
        ("Removed `sell()`.", 1),
        ("Removed `to` of `buy()`.", 1),
    ],
)
def test_a_fragment_names_a_parameter_and_its_function(
    tmp_path: Path, text: str, count: int
) -> None:
    before, after = "def sell(what, to=1): ...", "def sell(what): ..."
    assert len(verdicts(tmp_path, before, after, Fragment("security", text))) == count


@pytest.mark.parametrize(("pattern", "count"), [("shop.Till.*", 0), ("shop.Box.*", 1)])
def test_what_is_waived_is_not_judged(tmp_path: Path, pattern: str, count: int) -> None:
    old, new = surface(tmp_path, "3.15.0", METHOD), surface(tmp_path, "3.16.0", NO_METHOD)
    assert len(list(judge(old, new, [], [pattern]))) == count


TOLD = Fragment("deprecation", "Deprecated `Till.open()`; use `Till.unlock()`.")


@pytest.mark.parametrize(
    "told",
    [TOLD, Fragment("deprecation", "Deprecated `open()` of tills.")],
    ids=["with-its-class", "by-itself"],
)
def test_a_new_deprecation_with_a_fragment_is_let_pass(tmp_path: Path, told: Fragment) -> None:
    assert declaring(tmp_path, MINOR, "3.16", told) == []


@pytest.mark.parametrize(
    "told",
    [
        Fragment("deprecation", "Deprecated `Till.close()`."),
        Fragment("deprecation", "Deprecated to open a till."),
        Fragment("feature", "Added `Till.open()`."),
    ],
    ids=["another-thing", "prose", "another-kind"],
)
def test_a_new_deprecation_needs_a_fragment_of_its_own(tmp_path: Path, told: Fragment) -> None:
    (sentence,) = declaring(tmp_path, MINOR, "3.16", told)
    assert "no fragment of the changelog says so" in sentence
    assert "names `open`" in sentence


@pytest.mark.parametrize(("code", "count"), [("`float`", 0), ("`str`", 1)])
def test_a_deprecated_value_is_told_by_a_word_of_it(tmp_path: Path, code: str, count: int) -> None:
    told = Fragment("deprecation", f"Deprecated {code} as a price.")
    more = {"subject": "float as price of sell()", "things": []}
    assert len(declaring(tmp_path, MINOR, "3.16", told, **more)) == count


def test_a_new_deprecation_names_the_release_that_warns_first(tmp_path: Path) -> None:
    (sentence,) = declaring(tmp_path, MINOR, "3.17", TOLD)
    assert "name the release that warns first" in sentence


def test_a_bugfix_release_deprecates_nothing(tmp_path: Path) -> None:
    found = declaring(tmp_path, BUGFIX, "3.16", TOLD)
    assert "a bugfix release deprecates nothing" in found[0]
