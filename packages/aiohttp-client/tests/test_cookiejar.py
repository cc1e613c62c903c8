"""The cookie jar: what is kept, who gets it back, and how it is filed."""

from __future__ import annotations

import json
import os
import pickle
import stat
import sys
import time
from collections import defaultdict
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from aiohttp import cookiejar
from aiohttp._client.request_cookies import RequestCookies, cookie_header
from aiohttp._fields.cookies import format_cookie_header
from aiohttp.cookiejar import CookieJar, DummyCookieJar

MAX_PER_DOMAIN, MAX_TOTAL = 180, 3300
HERE = URL("http://example.com/")


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cookiejar, "time", clock)
    return clock


def jar_of(*headers: str, url: URL | str = HERE, **options: Any) -> CookieJar:
    jar = CookieJar(**options)
    jar.update_cookies_from_headers(headers, URL(url))
    return jar


def sent(jar: CookieJar, url: URL | str = HERE) -> str:
    cookies = jar.filter_cookies(URL(url))
    assert isinstance(cookies, RequestCookies)
    return format_cookie_header(cookies.ordered())


# --- Who gets a cookie (RFC 6265bis §5.1.3, §5.1.4, §5.7, §5.8.3) ---


@pytest.mark.parametrize(
    ("header", "set_by", "asked", "comes"),
    [
        # Domain
        ("a=b", "http://example.com/", "http://example.com/", True),
        ("a=b", "http://example.com/", "http://example.com:8080/", True),
        ("a=b", "http://example.com/", "http://www.example.com/", False),
        ("a=b; Domain=example.com", "http://example.com/", "http://www.example.com/", True),
        ("a=b; Domain=.example.com", "http://www.example.com/", "http://example.com/", True),
        ("a=b; Domain=EXAMPLE.com", "http://www.example.com/", "http://example.com/", True),
        ("a=b; Domain=EXAMPLE.com", "http://example.com/", "http://x.example.com/", True),
        ("a=b; Domain=example.com", "http://example.com/", "http://badexample.com/", False),
        ("a=b; Domain=www.example.com", "http://example.com/", "http://www.example.com/", False),
        ("a=b; Domain=other.com", "http://example.com/", "http://other.com/", False),
        ("a=b; Domain=com", "http://example.com/", "http://example.com/", False),
        ("a=b; Domain=com", "http://example.com/", "http://other.com/", False),
        ("a=b; Domain=localhost", "http://localhost/", "http://localhost/", True),
        ("a=b; Domain=localhost", "http://localhost/", "http://x.localhost/", False),
        ("a=b; Domain=", "http://example.com/", "http://www.example.com/", False),
        ("a=b; Domain=example.com.", "http://example.com/", "http://example.com/", True),
        ("a=b; Domain=münchen.de", "http://xn--mnchen-3ya.de/", "http://a.münchen.de/", True),
        ("a=b", "http://münchen.de/", "http://xn--mnchen-3ya.de/", True),
        # Path
        ("a=b; Path=/x", "http://example.com/", "http://example.com/x", True),
        ("a=b; Path=/x", "http://example.com/", "http://example.com/x/y", True),
        ("a=b; Path=/x/", "http://example.com/", "http://example.com/x/y", True),
        ("a=b; Path=/x", "http://example.com/", "http://example.com/xy", False),
        ("a=b; Path=/x", "http://example.com/", "http://example.com/", False),
        ("a=b; Path=x", "http://example.com/p/q", "http://example.com/p/z", True),
        ("a=b", "http://example.com/p/q", "http://example.com/p", True),
        ("a=b", "http://example.com/p/q", "http://example.com/", False),
        ("a=b; Path=/ä", "http://example.com/", "http://example.com/ä/x", True),
        ("a=b; Path=/%C3%A4", "http://example.com/", "http://example.com/ä/x", True),
        # Secure
        ("a=b; Secure", "https://example.com/", "https://example.com/", True),
        ("a=b; Secure", "https://example.com/", "wss://example.com/", True),
        ("a=b; Secure", "https://example.com/", "http://example.com/", False),
        ("a=b; Secure qux", "https://example.com/", "http://example.com/", True),
        # Prefixes
        ("__Secure-a=b", "https://example.com/", "https://example.com/", False),
        ("__Secure-a=b; Secure", "https://example.com/", "https://example.com/", True),
        ("__Host-a=b; Secure; Path=/", "https://example.com/", "https://example.com/", True),
        ("__host-a=b; Secure; Path=/x", "https://example.com/", "https://example.com/x", False),
        (
            "__Host-a=b; Secure; Path=/; Domain=example.com",
            "https://example.com/",
            "https://example.com/",
            False,
        ),
        ("=__Host-a=b; Secure", "https://example.com/", "https://example.com/", False),
        # Addresses
        ("a=b", "http://127.0.0.1/", "http://127.0.0.1/", False),
        ("a=b", "http://[::1]/", "http://[::1]/", False),
    ],
)
def test_who_gets_it(header: str, set_by: str, asked: str, comes: bool) -> None:
    jar = jar_of(header, url=set_by)
    assert bool(jar.filter_cookies(URL(asked))) is comes


@pytest.mark.parametrize(
    ("header", "asked", "comes"),
    [
        ("a=b", "http://127.0.0.1/", True),
        ("a=b; Domain=127.0.0.1", "http://127.0.0.1/", True),
        ("a=b; Domain=0.0.1", "http://127.0.0.1/", False),
        ("a=b", "http://x.127.0.0.1/", False),
    ],
)
def test_addresses_if_the_program_wants(header: str, asked: str, comes: bool) -> None:
    jar = jar_of(header, url="http://127.0.0.1/", unsafe=True)
    assert bool(jar.filter_cookies(URL(asked))) is comes


def test_longest_path_first_then_oldest() -> None:
    jar = jar_of("old=1", "deep=2; Path=/x/y", "mid=3; Path=/x", "new=4", "old=5")
    assert sent(jar, "http://example.com/x/y") == "deep=2; mid=3; old=5; new=4"


def test_equal_names_of_different_paths_are_all_sent() -> None:
    jar = jar_of("a=root", "a=deep; Path=/x", "a=domain; Domain=example.com; Path=/x/y")
    assert sent(jar, "http://example.com/x/y") == "a=domain; a=deep; a=root"
    assert jar.filter_cookies(URL("http://example.com/x/y"))["a"].value == "domain"


def test_a_cookie_without_a_name() -> None:
    assert sent(jar_of("novalue", "a=b")) == "novalue; a=b"


@pytest.mark.parametrize("value", ["b", '"b c"', "b c", "b,c", '{"x":1}', "ü", '"'])
def test_what_a_server_sent_goes_back_as_it_came(value: str) -> None:
    assert sent(jar_of(f"a={value}")) == f"a={value}"


@pytest.mark.parametrize(
    ("quote_cookie", "value", "expected"),
    [
        (True, "b c", 'a="b c"'),
        (True, "b", "a=b"),
        (True, 'b"c', 'a="b\\"c"'),
        (False, "b c", "a=b c"),
        (False, 'b"c', 'a=b"c'),
    ],
)
def test_quoting_of_what_the_program_sets(quote_cookie: bool, value: str, expected: str) -> None:
    jar = CookieJar(quote_cookie=quote_cookie)
    jar.update_cookies({"a": value})
    assert sent(jar) == expected
    assert jar.quote_cookie is quote_cookie


def test_cookies_of_the_program_go_everywhere() -> None:
    jar = CookieJar()
    jar.update_cookies({"a": "1"})
    jar.update_cookies([("b", "2"), ("b", "3")])
    jar.update_cookies(SimpleCookie("c=4; Domain=other.com; Path=/x"))
    assert sent(jar, "http://anything.org/x") == "a=1; b=3"
    assert sent(jar, "http://127.0.0.1/x") == "a=1; b=3"
    assert sent(jar, "http://www.other.com/x") == "c=4; a=1; b=3"


def test_the_program_keeps_its_morsels() -> None:
    cookie: SimpleCookie = SimpleCookie("a=b")
    jar = CookieJar()
    jar.update_cookies(cookie, HERE)
    assert cookie["a"]["domain"] == ""
    cookie["a"]["path"] = "/elsewhere"
    assert sent(jar) == "a=b"


def test_secure_origin_of_the_program() -> None:
    jar = jar_of(
        "a=b; Secure", treat_as_secure_origin=["http://example.com", URL("http://x.org/y")]
    )
    assert sent(jar) == "a=b"
    assert sent(jar, "http://example.com:8080/") == ""
    assert jar.treat_as_secure_origin == {URL("http://example.com"), URL("http://x.org")}


@pytest.mark.parametrize("origin", [3, ["x"], "x"])
def test_bad_secure_origin(origin: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        CookieJar(treat_as_secure_origin=origin)


def test_a_str_as_url_is_deprecated() -> None:
    jar = jar_of("a=b")
    with pytest.warns(DeprecationWarning, match=r"yarl\.URL"):
        assert "a" in jar.filter_cookies("http://example.com/")


# --- When a cookie ends (§5.7 step 3) ---


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ("Max-Age=10", 10),
        ("Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 10),
        ("Max-Age=x; Expires=Fri, 15-Jan-2027 08:00:20 GMT", 20),
        ("Expires=Fri, 15 Jan 2027 08:00:20 GMT", 20),
        ("Expires=fri jan 15 08:00:20 2027", 20),
    ],
)
def test_end(clock: Clock, attributes: str, seconds: int) -> None:
    jar = jar_of(f"a=b; {attributes}", "c=d")
    clock.now += seconds - 1
    assert sent(jar) == "a=b; c=d"
    clock.now += 1
    assert sent(jar) == "c=d"
    assert len(jar) == 1
    assert [cookie.key for cookie in jar] == ["c"]


@pytest.mark.parametrize(
    "attributes",
    [
        "Max-Age=0",
        "Max-Age=-1",
        "Max-Age=-" + "9" * 400,
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Expires=Thu, 01-Jan-1970 00:00:01 GMT",
        "Expires=Thu, 01-Jan-70 00:00:00 GMT",
    ],
)
def test_deletion(attributes: str) -> None:
    jar = jar_of("a=b", "c=d")
    jar.update_cookies_from_headers([f"a=; {attributes}"], HERE)
    assert sent(jar) == "c=d"


@pytest.mark.parametrize("attributes", ["Max-Age=x", "Expires=x", "Max-Age=1e3", "Max-Age=+5"])
def test_no_end(clock: Clock, attributes: str) -> None:
    jar = jar_of(f"a=b; {attributes}")
    clock.now += 10**9
    assert sent(jar) == "a=b"


@pytest.mark.parametrize("age", ["99999999999", "9" * 400])
def test_far_end(age: str) -> None:
    assert sent(jar_of(f"a=b; Max-Age={age}")) == "a=b"


def test_a_session_cookie_forgets_the_end_of_the_one_it_replaces(clock: Clock) -> None:
    jar = jar_of("a=b; Max-Age=10", "a=c")
    clock.now += 20
    assert sent(jar) == "a=c"


# --- Dropping ---


def test_clear() -> None:
    jar = jar_of("a=b", "c=d; Domain=example.com", "e=f")
    view = jar.cookies
    jar.clear(lambda cookie: cookie.key == "a")
    assert sent(jar) == "c=d; e=f"
    jar.clear()
    assert (len(jar), dict(view), jar.host_only_cookies) == (0, {}, frozenset())


def test_clear_domain() -> None:
    jar = jar_of("a=b", "c=d; Domain=example.com")
    jar.update_cookies_from_headers(["e=f"], URL("http://www.example.com/"))
    jar.update_cookies_from_headers(["g=h"], URL("http://badexample.com/"))
    jar.clear_domain("example.com")
    assert [cookie.key for cookie in jar] == ["g"]


# --- Limits ---


def test_a_domain_keeps_the_last_used(clock: Clock) -> None:
    jar = jar_of(*(f"c{n}=x; Domain=example.com; Path=/{n}" for n in range(MAX_PER_DOMAIN)))
    assert sent(jar, "http://example.com/0") == "c0=x"
    jar.update_cookies_from_headers(["last=x"], HERE)
    names = {cookie.key for cookie in jar}
    assert len(names) <= MAX_PER_DOMAIN
    assert {"c0", "last"} <= names
    assert "c1" not in names


def test_secure_cookies_are_kept_longest() -> None:
    secure = [f"s{n}=x; Secure" for n in range(MAX_PER_DOMAIN - 10)]
    jar = jar_of(*secure, *(f"c{n}=x" for n in range(100)), url="https://example.com/")
    assert sum(cookie.key.startswith("s") for cookie in jar) == len(secure)


def test_all_domains_together_are_bounded() -> None:
    jar = CookieJar()
    jar.update_cookies({"own": "x"})
    for n in range(MAX_TOTAL + 100):
        jar.update_cookies_from_headers(["a=b"], URL(f"http://h{n}.example.com/"))
    assert len(jar) <= MAX_TOTAL
    assert "own" in {cookie.key for cookie in jar}


def test_a_request_carries_no_more_than_servers_take() -> None:
    jar = jar_of(*(f"c{n}={'x' * 4000}" for n in range(10)))
    header = sent(jar)
    assert header.startswith("c0=x")
    assert len(header) <= 8190 - len("Cookie: ")
    jar.update_cookies({"own": "x" * 9000})
    assert "own" not in {cookie.key for cookie in jar}


def test_many_cookies_are_fast() -> None:
    jar = CookieJar()
    for n in range(3000):
        jar.update_cookies_from_headers(
            ["a=b"], URL.build(scheme="http", host=f"h{n}.com", path="/")
        )
    begun = time.process_time()
    for _ in range(200):
        jar.filter_cookies(HERE)
    assert time.process_time() - begun < 1


# --- The file ---


def test_round_trip_through_a_file(tmp_path: Path, clock: Clock) -> None:
    jar = jar_of(
        "a=b; Max-Age=100",
        "c=d; Secure; HttpOnly; SameSite=Lax; Domain=example.com",
        'e="f g"; Path=/x|y',
        "nameless",
        "g=h; Partitioned",
    )
    jar.update_cookies({"i": "j k"})
    jar.save(tmp_path / "jar")
    loaded = CookieJar()
    loaded.load(tmp_path / "jar")
    assert {c.OutputString() for c in loaded} == {
        c.OutputString().replace("; Max-Age=100", "") for c in jar
    }
    assert loaded.host_only_cookies == jar.host_only_cookies
    for url in ("https://example.com/x|y", "http://www.example.com/", "http://other.org/"):
        assert sorted(sent(loaded, url).split("; ")) == sorted(sent(jar, url).split("; "))
    clock.now += 100
    assert "a" not in {cookie.key for cookie in loaded}


NAMES = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="=;"), min_size=1
)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=';"\\'))


@given(st.dictionaries(NAMES.filter(lambda n: not n.startswith("_")), VALUES, max_size=10))
@settings(derandomize=True, max_examples=50)
def test_any_cookies_survive_a_file(cookies: dict[str, str]) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"cookies-{os.getpid()}.json"
    jar = jar_of(*(f"{name}={value}" for name, value in cookies.items()))
    try:
        jar.save(path)
        loaded = CookieJar()
        loaded.load(path)
    finally:
        path.unlink(missing_ok=True)
    assert sent(loaded) == sent(jar)
    assert len(jar) == len(cookies)


@pytest.mark.skipif(sys.platform == "win32", reason="no modes")
def test_a_new_file_is_private_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "jar"
    jar_of("a=b").save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    jar_of("a=b").save(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_what_has_ended_is_not_filed(tmp_path: Path, clock: Clock) -> None:
    jar = jar_of("a=b; Max-Age=10", "c=d; Max-Age=20")
    clock.now += 15
    jar.save(tmp_path / "jar")
    assert "10" not in (tmp_path / "jar").read_text()
    clock.now += 5
    loaded = CookieJar()
    loaded.load(tmp_path / "jar")
    assert len(loaded) == 0


GOOD = {"key": "a", "value": "b", "coded_value": "b"}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"a": 1},
        {"example.com|": []},
        {"example.com": {"a": GOOD}},
        {"example.com|": {"a": {"key": "a"}}},
        {"example.com|": {"a": {**GOOD, "value": 1}}},
        {"example.com|": {"a": {**GOOD, "path": 5}}},
        {"example.com|": {"a": {**GOOD, "max-age": ["1"]}}},
        {"example.com|": {"a": {**GOOD, "host_only": "yes"}}},
        {"example.com|": {"a": {**GOOD, "expires_timestamp": "soon"}}},
    ],
)
def test_a_bad_file_leaves_the_jar_alone(tmp_path: Path, content: Any) -> None:
    (tmp_path / "jar").write_text(json.dumps(content))
    jar = jar_of("z=z")
    with pytest.raises((ValueError, TypeError), match=r"expected|finite"):
        jar.load(tmp_path / "jar")
    assert sent(jar) == "z=z"


class Exploit:
    def __reduce__(self) -> Any:
        return os.system, ("echo gotcha",)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", pickle.dumps(Exploit()), pickle.dumps([1]), b"\x80\x04."]
)
def test_a_file_that_is_neither_json_nor_cookies(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "jar").write_bytes(content)
    jar = jar_of("z=z")
    with pytest.raises(pickle.UnpicklingError):
        jar.load(tmp_path / "jar")
    assert sent(jar) == "z=z"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_old_pickles_are_read(tmp_path: Path, protocol: int) -> None:
    old: defaultdict[tuple[str, str], SimpleCookie] = defaultdict(SimpleCookie)
    old["example.com", "/x"]["a"] = "b c"
    old["example.com", "/x"]["a"]["path"] = "/x"
    old["example.com", "/x"]["a"]["domain"] = "example.com"
    (tmp_path / "jar").write_bytes(pickle.dumps(old, protocol))
    jar = CookieJar()
    jar.load(tmp_path / "jar")
    assert sent(jar, "http://example.com/x/y") == 'a="b c"'


@pytest.mark.parametrize("text", ["x\r\nX-Injected: y", "x\x00", "x\x7f", "x\udcff"])
def test_what_no_header_can_carry_is_not_kept(tmp_path: Path, text: str) -> None:
    bad = {"key": "a", "value": text, "coded_value": text}
    (tmp_path / "jar").write_text(json.dumps({"example.com|": {"a": bad, "c": GOOD}}))
    jar = CookieJar(quote_cookie=False)
    jar.load(tmp_path / "jar")
    jar.update_cookies({"own": text})
    assert sent(jar) == "a=b"


def test_a_file_cannot_say_more_than_a_server(tmp_path: Path) -> None:
    places = {
        "example.com|": {"a": {**GOOD, "domain": "other.com"}},
        "127.0.0.1|": {"a": GOOD},
        "EXAMPLE.com|": {"b": {**GOOD, "key": "b"}},
    }
    (tmp_path / "jar").write_text(json.dumps(places))
    jar = CookieJar()
    jar.load(tmp_path / "jar")
    assert [cookie.key for cookie in jar] == ["b"]
    assert jar.host_only_cookies == {("example.com", "", "b")}


def test_the_view_stays_live_over_a_load(tmp_path: Path) -> None:
    jar_of("a=b").save(tmp_path / "jar")
    jar = jar_of("z=z")
    view = jar.cookies
    jar.load(tmp_path / "jar")
    assert list(view["example.com", ""]) == ["a"]


# --- What a request gets ---


def test_request_cookies_take_part_in_changes() -> None:
    cookies = jar_of("a=root", "a=deep; Path=/x", "b=c").filter_cookies(URL("http://example.com/x"))
    assert isinstance(cookies, RequestCookies)
    cookies["a"] = "mine"
    cookies["d"] = "e"
    assert format_cookie_header(cookies.ordered()) == "b=c; a=mine; d=e"
    del cookies["b"]
    assert format_cookie_header(cookies.ordered()) == "a=mine; d=e"


def test_request_cookies_have_no_attributes() -> None:
    cookie: Morsel[str] = jar_of("a=b; Max-Age=10; HttpOnly").filter_cookies(HERE)["a"]
    assert cookie.OutputString() == "a=b"


# --- The jar that keeps nothing ---


def test_dummy() -> None:
    jar = DummyCookieJar()
    jar.update_cookies({"a": "b"}, HERE)
    jar.update_cookies_from_headers(["a=b"], HERE)
    jar.clear()
    jar.clear_domain("example.com")
    assert not jar.filter_cookies(HERE)
    assert (len(jar), list(jar), jar.cookies, jar.host_only_cookies) == (0, [], {}, frozenset())
    assert (jar.unsafe, jar.quote_cookie, jar.treat_as_secure_origin) == (False, True, frozenset())


@pytest.mark.parametrize(
    ("present", "cookies", "expected"),
    [
        ("", {"a": "b", "c": "d e"}, 'a=b; c="d e"'),
        ("x=1; a=0; y={2}", [("a", "b"), ("a", "c")], "x=1; y={2}; a=c"),
        (
            "x=1",
            jar_of("a=root", "a=deep; Path=/x").filter_cookies(HERE / "x"),
            "x=1; a=deep; a=root",
        ),
        ("", SimpleCookie('a="b c"; Path=/'), 'a="b c"'),
    ],
)
def test_cookie_header(present: str, cookies: Any, expected: str) -> None:
    assert cookie_header(present, cookies) == expected


def test_the_cookies_of_one_call_are_not_limited() -> None:
    jar = cookiejar.UnlimitedCookieJar()
    jar.update_cookies({f"c{n}": "x" * 9000 for n in range(200)})
    assert len(jar.filter_cookies(HERE)) == 200


def test_attributes_without_their_separator() -> None:
    """As servers wrote them that had only SimpleCookie to please."""
    jar = CookieJar()
    jar.update_cookies_from_headers(
        ["a=1; HttpOnly Path=/ Max-Age=7", "b=2; Path=/ Expires=Tue, 1 Jan 1980 12:00:00 GMT"],
        URL("http://host.example/"),
    )
    (cookie,) = jar
    assert (cookie.key, cookie["path"], cookie["max-age"]) == ("a", "/", "7")
