"""What user agents claim."""

import re
import tomllib

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.events import SECOND, AgentKind, Micros
from mailwake.judge.rules import load_rules
from mailwake.origins.agents import (
    EMPTY,
    MAX_CHARS,
    TABLES,
    UNKNOWN,
    load_browsers,
    read_agent,
)
from mailwake.origins.agents import (
    load_rules as load_table,
)

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; {}) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


def day(year: int, month: int) -> Micros:
    """The first of a month, near enough."""
    return Micros(int(((year - 1970) * 365.2425 + (month - 1) * 30.4) * 86_400) * SECOND)


@every(
    ("raw", "kind", "client", "device"),
    [
        ("Mozilla/5.0", AgentKind.PRIVACY_PROXY, "Apple Mail", None),
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            AgentKind.IMAGE_PROXY,
            "Gmail",
            None,
        ),
        (
            "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
            AgentKind.IMAGE_PROXY,
            "Yahoo Mail",
            None,
        ),
        (
            "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.4266; ms-office; MSOffice 16)",
            AgentKind.MAIL_CLIENT,
            "Outlook",
            "desktop",
        ),
        (
            f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 OneOutlook/1.2023",
            AgentKind.MAIL_CLIENT,
            "Outlook (new)",
            "desktop",
        ),
        (f"{IPHONE.format('17_4')} Mobile/15E148", AgentKind.MAIL_CLIENT, "Apple Mail", "mobile"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            AgentKind.MAIL_CLIENT,
            "Apple Mail",
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.6.0",
            AgentKind.MAIL_CLIENT,
            "Thunderbird",
            "desktop",
        ),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", AgentKind.BROWSER, "Chrome", "desktop"),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", AgentKind.BROWSER, "Edge", "desktop"),
        (f"{IPHONE.format('17_4')} Version/17.4 Mobile/15E148 Safari/604.1", AgentKind.BROWSER, "Safari", "mobile"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
            AgentKind.BROWSER,
            "Firefox",
            "desktop",
        ),
        (
            f"{ANDROID.format('Android 13; SM-X700')} Chrome/126.0.0.0 Safari/537.36",
            AgentKind.BROWSER,
            "Chrome",
            "tablet",
        ),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", AgentKind.DECLARED_BOT, "Slack preview", None),
        ("Barracuda Sentinel (EE)", AgentKind.DECLARED_BOT, "Barracuda", None),
        ("Mozilla/5.0 (compatible; SomeBot/2.1; +http://example.com/bot.html)", AgentKind.DECLARED_BOT, "Robot", None),
        ("python-requests/2.31.0", AgentKind.LIBRARY, "HTTP library", None),
        ("curl/8.5.0", AgentKind.LIBRARY, "HTTP library", None),
        ("zzz", AgentKind.UNKNOWN, None, None),
    ],
)
def test_a_user_agent_is_read(raw: str, kind: AgentKind, client: str | None, device: str | None) -> None:
    agent = read_agent(raw)
    assert (agent.kind, agent.client, agent.device) == (kind, client, device)


def test_apples_proxy_is_exactly_mozilla_and_nothing_else() -> None:
    assert read_agent("Mozilla/5.0 ").kind is AgentKind.PRIVACY_PROXY
    assert read_agent("Mozilla/5.0 (x)").kind is not AgentKind.PRIVACY_PROXY
    assert read_agent("Mozilla/4.0").kind is not AgentKind.PRIVACY_PROXY


def test_a_phone_maker_named_cubot_is_no_bot() -> None:
    raw = f"{ANDROID.format('Android 12; CUBOT X30')} Chrome/126.0.0.0 Mobile Safari/537.36"
    assert read_agent(raw).kind is AgentKind.BROWSER


def test_gmails_prefetch_is_told_from_its_proxy() -> None:
    raw = f"{WINDOWS} Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
    assert read_agent(raw).prefetch
    assert not read_agent(raw.removesuffix(" Mozilla/5.0")).prefetch


def test_an_app_s_browser_is_a_webview() -> None:
    android = f"{ANDROID.format('Android 14; SM-S911B; wv')} Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36"
    facebook = f"{IPHONE.format('17_4')} Mobile/15E148 [FBAN/FBIOS;FBAV/400.0]"
    assert read_agent(android).webview
    assert read_agent(facebook).webview


@every(
    ("raw", "at", "stale"),
    [
        (f"{WINDOWS} Chrome/57.0.2987.133 Safari/537.36", day(2018, 2), False),
        (f"{WINDOWS} Chrome/57.0.2987.133 Safari/537.36", day(2019, 6), True),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", day(2025, 6), False),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", day(2026, 3), True),
        (f"{WINDOWS} Chrome/150.0.0.0 Safari/537.36", day(2026, 11), False),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", day(2026, 3), True),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:90.0) Gecko/20100101 Firefox/90.0", day(2023, 6), True),
        (f"{IPHONE.format('12_0')} Version/12.0 Mobile/15E148 Safari/604.1", day(2026, 11), False),
    ],
)
def test_age_is_measured_at_the_time_of_the_event(raw: str, at: Micros, stale: bool) -> None:
    assert read_agent(raw).is_stale(at) is stale


def test_days_between_known_releases_are_interpolated() -> None:
    chrome = load_browsers().by_family["Chrome"]
    dates = [chrome.released(major) for major in range(50, 200)]
    assert dates == sorted(dates, key=lambda each: each or dates[0])  # type: ignore[arg-type,return-value]  # never None here


@every(
    ("raw", "sends"),
    [
        (f"{WINDOWS} Chrome/75.0.0.0 Safari/537.36", False),
        (f"{WINDOWS} Chrome/76.0.0.0 Safari/537.36", True),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:89.0) Gecko/20100101 Firefox/89.0", False),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:90.0) Gecko/20100101 Firefox/90.0", True),
        (f"{IPHONE.format('16_3')} Version/16.3 Mobile/15E148 Safari/604.1", False),
        (f"{IPHONE.format('16_4')} Version/16.4 Mobile/15E148 Safari/604.1", True),
        (f"{IPHONE.format('16_3')} CriOS/120.0.0.0 Mobile/15E148 Safari/604.1", False),
        (f"{IPHONE.format('17_0')} CriOS/120.0.0.0 Mobile/15E148 Safari/604.1", True),
    ],
)
def test_fetch_headers_are_expected_of_versions_that_send_them(raw: str, sends: bool) -> None:
    assert read_agent(raw).sends_sec_fetch is sends


def test_the_short_way_and_the_long_way_agree() -> None:
    odd = f"{WINDOWS} Chrome/126.0.0.0  Safari/537.36"
    assert read_agent(odd) == read_agent(f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36")


def test_no_agent_and_an_unknown_one_are_different_things() -> None:
    assert read_agent("") is EMPTY
    assert read_agent("   ") is EMPTY
    assert read_agent(None) is UNKNOWN


@given(st.text(max_size=3000))
def test_any_string_has_an_answer(raw: str) -> None:
    assert read_agent(raw).kind in AgentKind


@every(
    "raw",
    [
        "A" * 10**6,
        "(" * 5000,
        "Mozilla/5.0 (" + "a;" * 5000,
        "\x00\r\n\x1b[31m",
        "Chrome/" + "9" * 500,
        "bot" * 5000,
        "\udcff",
    ],
)
def test_hostile_strings_are_read_in_passing(raw: str) -> None:
    assert read_agent(raw) == read_agent(raw[:MAX_CHARS])


def test_every_rule_has_a_source_and_one_way_to_match() -> None:
    tree = tomllib.loads((TABLES / "agents.toml").read_text(encoding="utf-8"))
    for entry in tree["agent"]:
        assert entry["source"], entry["client"]
        assert len({"exact", "contains", "pattern"} & set(entry)) == 1
        assert all(word == word.lower() for word in entry.get("contains", ()))
        if "pattern" in entry:
            re.compile(entry["pattern"])


def test_the_judge_knows_every_preview_by_name() -> None:
    assert {rule.agent.client for rule in load_table() if rule.agent.preview} == load_rules().previews
