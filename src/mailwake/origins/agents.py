"""What a user agent claims to be: our own table of what fetches mail, then ua-parser for browsers and devices.

A claim is evidence, not truth; the judge weighs it. Nothing is dropped here, and no string, however hostile, costs more
than a bounded time: what is longer than 1,024 characters is cut before any pattern sees it.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from mailwake.events import SECOND, AgentKind, Micros

TABLES = Path(__file__).parent / "tables"
#: Real ones stay below 600; the longest are in-app browsers.
MAX_CHARS = 1024
REMEMBERED = 32_768
_ANDROID_TABLET = re.compile(r"tablet|ipad|\bSM-[TX]\d|kindle|silk", re.IGNORECASE)
#: What browsers say who hide everything but version and platform, as nearly all do now; spares them the long way.
_PLAIN = re.compile(
    r"Mozilla/5\.0 \((?:"
    r"(?P<desktop>Windows NT [\d.]+(?:; Win64; x64|; WOW64)?|Macintosh; Intel Mac OS X [\d_.]+"
    r"|X11; (?:Ubuntu; )?Linux x86_64)"
    r"|Linux; Android [\d.]+; K|iPhone; CPU iPhone OS (?P<ios>\d{1,3}_\d{1,3})[\d_]* like Mac OS X)"
    r"(?:; rv:[\d.]+)?\) (?:"
    r"AppleWebKit/[\d.]+ \(KHTML, like Gecko\) (?:"
    r"Chrome/(?P<chrome>\d{1,4})\.[\d.]+(?: Mobile)? Safari/537\.36(?: Edg/(?P<edge>\d{1,4})[\d.]+)?"
    r"|Version/(?P<safari>\d{1,3}\.\d{1,3})[\d.]*(?: Mobile/\w+)? Safari/[\d.]+)"
    r"|Gecko/20100101 Firefox/(?P<firefox>\d{1,4})[\d.]+)"
)
_CHROMIUM = re.compile(r"\b(?:Chrome|Chromium)/(\d{1,4})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """What a user agent claims."""

    kind: AgentKind
    #: family to show, such as "Apple Mail" or "Chrome"
    client: str | None = None
    #: desktop, mobile or tablet
    device: str | None = None
    #: from this time on the claimed browser version is more than 18 months old; None: cannot say
    stale_from: Micros | None = None
    #: the browser inside an app
    webview: bool = False
    #: the claimed version sends Sec-Fetch-* over HTTPS
    sends_sec_fetch: bool = False
    #: who it says it is, for bots, libraries and proxies
    declared: str | None = None
    #: fetches before anybody looks
    prefetch: bool = False
    #: a link preview in a chat or social network
    preview: bool = False
    #: major version of its Chromium, to compare with client hints
    chromium: int | None = None

    def is_stale(self, at: Micros) -> bool:
        """Whether the claimed browser was out of date at that time; machines copy old strings, browsers update."""
        return self.stale_from is not None and at >= self.stale_from


EMPTY = Agent(kind=AgentKind.EMPTY)
UNKNOWN = Agent(kind=AgentKind.UNKNOWN)


def read_agent(raw: str | None) -> Agent:
    """What a User-Agent header claims.

    Args:
        raw: the header's value; None when it is not known whether there was one, "" when there was none.
    """
    if raw is None:
        return UNKNOWN
    return _read(raw[:MAX_CHARS].strip())


@lru_cache(REMEMBERED)
def _read(raw: str) -> Agent:
    if not raw:
        return EMPTY
    if plain := _PLAIN.fullmatch(raw):
        return _plain(plain)
    lowered = raw.lower()
    for rule in _rules():
        if rule.matches(raw, lowered):
            return rule.agent
    return _parse(raw)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One entry of tables/agents.toml."""

    exact: str | None
    contains: tuple[str, ...]
    pattern: re.Pattern[str] | None
    agent: Agent

    def matches(self, raw: str, lowered: str) -> bool:
        """Whether a user agent falls under this rule."""
        if self.exact is not None:
            return raw == self.exact
        if self.pattern is not None:
            return self.pattern.search(raw) is not None
        return any(word in lowered for word in self.contains)


def load_rules(path: Path = TABLES / "agents.toml") -> tuple[Rule, ...]:
    """The rules of a table, in order."""
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(_rule(entry) for entry in tree["agent"])


def _rule(entry: Mapping[str, Any]) -> Rule:
    kind = AgentKind(entry["kind"])
    declares = kind in (AgentKind.DECLARED_BOT, AgentKind.LIBRARY, AgentKind.IMAGE_PROXY, AgentKind.PRIVACY_PROXY)
    agent = Agent(
        kind=kind,
        client=entry["client"],
        device=entry.get("device"),
        webview=entry.get("webview", False),
        declared=entry["client"] if declares else None,
        prefetch=entry.get("prefetch", False),
        preview=entry.get("preview", False),
    )
    pattern = re.compile(entry["pattern"], re.IGNORECASE) if "pattern" in entry else None
    return Rule(exact=entry.get("exact"), contains=tuple(entry.get("contains", ())), pattern=pattern, agent=agent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Browser:
    """What tables/browsers.toml says of one browser."""

    #: first major and minor version that sends Sec-Fetch-Mode
    sec_fetch: tuple[int, int]
    #: majors with a known day, ascending; empty: age is not judged
    majors: tuple[int, ...]
    days: tuple[date, ...]
    cadence_days: int

    def released(self, major: int) -> date | None:
        """The day a major version came out: known, interpolated, or counted on at the last cadence."""
        if not self.majors:
            return None
        place = bisect_right(self.majors, major) - 1
        if place < 0:
            return self.days[0]
        ahead = major - self.majors[place]
        if place + 1 == len(self.majors):
            return self.days[place] + timedelta(days=min(ahead, 1000) * self.cadence_days)
        span = (self.days[place + 1] - self.days[place]) / (self.majors[place + 1] - self.majors[place])
        return self.days[place] + ahead * span


@dataclass(frozen=True, kw_only=True, slots=True)
class Browsers:
    """The whole table of browsers."""

    stale_after: timedelta
    by_family: Mapping[str, Browser]

    def stale_from(self, family: str, major: int) -> Micros | None:
        """The time from which a version is out of date; None where age is not judged."""
        browser = self.by_family.get(family)
        day = browser.released(major) if browser else None
        if day is None:
            return None
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + self.stale_after
        return Micros(int(moment.timestamp()) * SECOND)

    def sends_sec_fetch(self, family: str, version: tuple[int, int]) -> bool:
        """Whether this version sends Sec-Fetch-Mode; False also where it is not known."""
        browser = self.by_family.get(family)
        return browser is not None and version >= browser.sec_fetch


def load_browsers(path: Path = TABLES / "browsers.toml") -> Browsers:
    """The browsers of a table."""
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    by_family = {family: _browser(entry) for entry in tree["browser"] for family in entry["families"]}
    return Browsers(stale_after=timedelta(days=tree["stale_after_days"]), by_family=by_family)


def _browser(entry: Mapping[str, Any]) -> Browser:
    releases = entry.get("releases", [])
    major, minor = entry["sec_fetch"]
    return Browser(
        sec_fetch=(major, minor),
        majors=tuple(each[0] for each in releases),
        days=tuple(each[1] for each in releases),
        cadence_days=entry.get("cadence_days", 28),
    )


# Tables of the package, read once when the first user agent comes; they never change while a process lives.
@lru_cache(1)
def _rules() -> tuple[Rule, ...]:
    return load_rules()


@lru_cache(1)
def _browsers() -> Browsers:
    return load_browsers()


def _plain(found: re.Match[str]) -> Agent:
    if safari := found["safari"]:
        major, minor = (int(part) for part in (found["ios"] or safari).replace("_", ".").split("."))
        family, version = "Safari", (major, minor)
    else:
        family = "Edge" if found["edge"] else "Chrome" if found["chrome"] else "Firefox"
        version = int(found["edge"] or found["chrome"] or found["firefox"]), 0
    browsers = _browsers()
    return Agent(
        kind=AgentKind.BROWSER,
        client=family,
        device="desktop" if found["desktop"] else "mobile",
        stale_from=browsers.stale_from(family, version[0]),
        sends_sec_fetch=browsers.sends_sec_fetch(family, version),
        chromium=int(found["chrome"]) if found["chrome"] else None,
    )


def _parse(raw: str) -> Agent:
    from ua_parser import parse  # 0.25 s; not needed for mail clients and proxies

    found = parse(raw.encode("utf-8", "replace").decode())  # its engine takes no lone surrogates
    system, told = found.os.family if found.os else "", found.user_agent
    device = _device(raw, system)
    if told is None:
        kind = AgentKind.BROWSER if raw.startswith("Mozilla/") and system else AgentKind.UNKNOWN
        return Agent(kind=kind, device=device)
    family, version = told.family, (_number(told.major), _number(told.minor))
    webview = "WebView" in family or "UI/WKWebView" in family
    agent = Agent(
        kind=AgentKind.BROWSER, client=_client(family), device=device, webview=webview, chromium=_chromium(raw)
    )
    if webview or version[0] == 0:
        return agent
    browsers = _browsers()
    if system == "iOS" and found.os:  # every browser there is Safari's engine, by the version of the system
        runs = (_number(found.os.major), _number(found.os.minor))
        return replace(agent, sends_sec_fetch=browsers.sends_sec_fetch("Mobile Safari", runs))
    return replace(
        agent,
        stale_from=browsers.stale_from(family, version[0]),
        sends_sec_fetch=browsers.sends_sec_fetch(family, version),
    )


def _client(family: str) -> str:
    plain = (
        family.replace("Mobile Safari UI/WKWebView", "In-app browser").replace(" Mobile iOS", "").replace(" iOS", "")
    )
    if "WebView" in plain:
        return "In-app browser"
    return plain.removesuffix(" Mobile").removeprefix("Mobile ")


def _device(raw: str, system: str) -> str | None:
    if system in ("iOS", "iPadOS"):
        return "tablet" if "iPad" in raw else "mobile"
    if system == "Android":
        return "tablet" if _ANDROID_TABLET.search(raw) or "Mobile" not in raw else "mobile"
    if system in ("Windows Phone", "KaiOS", "BlackBerry OS"):
        return "mobile"
    return (
        "desktop"
        if system.startswith(("Windows", "Mac", "Linux", "Ubuntu", "Fedora", "Chrome OS", "FreeBSD"))
        else None
    )


def _number(text: str | None) -> int:
    return int(text[:6]) if text and text.isascii() and text.isdigit() else 0


def _chromium(raw: str) -> int | None:
    found = _CHROMIUM.search(raw)
    return int(found[1]) if found else None
