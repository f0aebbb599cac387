"""User agents and headers of people's programs and of machines, as of the world's own date."""

from __future__ import annotations

from random import Random

from mailwake.worlds.hits import Visitor

#: Chromium's major version on 2024-06-11, and days between majors since. Source: MDN browser-compat-data, chrome.json
_CHROME, _CHROME_AT, _CADENCE_DAYS = 126, 1_718_064_000.0, 28.0
_WINDOWS, _MAC, _LINUX = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"
_LIBRARIES = ("python-requests/2.32.3", "curl/8.5.0", "Go-http-client/2.0", "okhttp/4.12.0", "Java/17.0.9", "axios/1.7")
_PREVIEWS = (
    "facebookexternalhit/1.1",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
GMAIL_PREFETCH = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
APPLE = "Mozilla/5.0"


class Programs:
    """Makes user agents and headers of one world.

    Args:
        at: seconds since 1970, when the world happens.
        shift: how many versions behind its date the world's people are; a date that is off makes all look old.
        secure: hits come over HTTPS, so that browsers tell Sec-Fetch-*.
        told: the headers that the log of this world holds: all, basic (language only), none.
    """

    def __init__(self, rng: Random, *, at: float, shift: int, secure: bool, told: str) -> None:
        self._rng, self._secure, self._told = rng, secure, told
        self.major = round(_CHROME + (at - _CHROME_AT) / 86_400 / _CADENCE_DAYS) - shift
        self.languages = rng.sample(
            ("en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "fr-FR,fr;q=0.9", "en-GB,en;q=0.9", "es-ES,es;q=0.9", "it"), 3
        )

    def browser(self, device: str, *, age: int = 0, family: str = "") -> tuple[str, dict[str, str]]:
        """A person's browser: (user agent, headers).

        Args:
            device: desktop, mobile.
            age: versions behind the newest.
        """
        rng, major = self._rng, max(50, self.major - age)
        family = family or rng.choice(
            ("chrome", "chrome", "chrome", "edge", "firefox", "safari")
            if device == "desktop"
            else ("safari", "safari", "chrome", "chrome", "webview")
        )
        return _agent(rng, family, device, major), self._headers(family, device, major, language=True, fetch=True)

    def _headers(self, family: str, device: str, major: int, *, language: bool, fetch: bool) -> dict[str, str]:
        if self._told == "none":
            return {}
        headers = {"Accept-Language": self._rng.choice(self.languages)} if language else {}
        if self._told == "basic":
            return headers
        headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        if fetch and self._secure:
            headers |= {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
            if family in ("chrome", "edge"):
                brand = "Google Chrome" if family == "chrome" else "Microsoft Edge"
                headers["Sec-CH-UA"] = f'"Chromium";v="{major}", "{brand}";v="{major}", "Not=A?Brand";v="24"'
                headers["Sec-CH-UA-Mobile"] = "?1" if device == "mobile" else "?0"
        return headers

    def machine(self, manner: str, *, language: float, fetch: float) -> tuple[str, dict[str, str]]:
        """A machine's request: (user agent, headers).

        Args:
            manner: what it claims: stale, current, mixed, old_fixed, headless, library, preview, empty.
            language: the chance that it asks for a language.
            fetch: the chance that it sends a browser's fetch headers.
        """
        rng = self._rng
        if manner in ("empty", "library", "preview"):
            agents = {"empty": ("",), "library": _LIBRARIES, "preview": _PREVIEWS}[manner]
            return rng.choice(agents), ({"Accept": "*/*"} if self._told == "full" else {})
        behind = {"stale": rng.randrange(22, 70), "old_fixed": 45, "mixed": rng.choice((0, 1, 2, 30, 45, 60))}
        major = max(50, self.major - behind.get(manner, rng.randrange(3)))
        family = rng.choice(("chrome", "chrome", "chrome", "edge")) if manner != "headless" else "chrome"
        headers = self._headers(family, "desktop", major, language=rng.random() < language, fetch=rng.random() < fetch)
        agent = _agent(rng, family, "desktop", major)
        if manner == "headless":
            agent = agent.replace(_WINDOWS, _LINUX)
            if "Sec-CH-UA" in headers and rng.random() < 0.3:
                headers["Sec-CH-UA"] = headers["Sec-CH-UA"].replace("Google Chrome", "HeadlessChrome")
        return agent, headers

    def image(self, agent: str) -> tuple[str, dict[str, str]]:
        """A proxy or mail program that fetches an image."""
        return agent, ({"Accept": "image/*"} if self._told == "full" else {})

    def mail_program(self) -> tuple[str, dict[str, str]]:
        """A mail program with an engine of its own."""
        rng = self._rng
        agent = rng.choice(
            (
                f"Mozilla/5.0 ({_WINDOWS}; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
                "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.17328; ms-office)",
                f"Mozilla/5.0 ({_MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            )
        )
        return self.image(agent)


def _agent(rng: Random, family: str, device: str, major: int) -> str:
    system = rng.choice((_WINDOWS, _WINDOWS, _MAC)) if device == "desktop" else "Linux; Android 10; K"
    chrome = f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0"
    if family == "firefox":
        return f"Mozilla/5.0 ({system}; rv:{major}.0) Gecko/20100101 Firefox/{major}.0"
    if family in ("safari", "webview"):
        version = max(13, 17 + (major - 126) // 13)
        if device == "desktop":
            return f"Mozilla/5.0 ({_MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version}.0 Safari/605.1.15"
        phone = f"iPhone; CPU iPhone OS {version}_{rng.randrange(7)} like Mac OS X"
        start = f"Mozilla/5.0 ({phone}) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        return (
            f"{start} Mobile/15E148"
            if family == "webview"
            else f"{start} Version/{version}.0 Mobile/15E148 Safari/604.1"
        )
    if family == "edge":
        return f"{chrome} Safari/537.36 Edg/{major}.0.0.0"
    return f"{chrome}{' Mobile' if device == 'mobile' else ''} Safari/537.36"


def visitor(ip: str, program: tuple[str, dict[str, str]]) -> Visitor:
    """A program at an address."""
    return Visitor(ip, *program)
