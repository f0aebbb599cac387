"""Pages for people: plain HTML under 10 kB, no script, the sender's name and colours, five languages.

The style stands in the page and its hash in the policy, so nothing else can be loaded or run. Texts are in
`languages.toml`, markup in `templates/`. What a stranger may cause is answered by constants that reflect nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from mailwake.edge.response import Response, plain
from mailwake.errors import Misconfigured
from mailwake.hosts import Hosts
from mailwake.sections import Brand

_HERE = Path(__file__).parent
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LANGUAGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")
#: Longer lists of languages are machine-made; what matters stands in front.
_MAX_LANGUAGE_CHARS = 256

_BARE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=robots content=noindex><title>{0}</title><p>{0}</p>\n"
)
_COMMON = (
    ("Cache-Control", "no-store, private"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex"),
)
_HTML = ("Content-Type", "text/html; charset=utf-8")
_LOCKED = ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")


def _bare(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(status, [_HTML, *_COMMON, _LOCKED, *headers], _BARE.format(text).encode())


NOT_FOUND = _bare(404, "This link is damaged or does not exist. Please copy it completely from the email.")
NOTHING_HERE = _bare(200, "There is nothing to see here.")
TAKEN_AWAY = _bare(410, "This link was taken away by the sender of the email. It no longer leads anywhere.")
TRY_LATER = _bare(503, "We cannot save your choice just now. Please try again in a minute.", ("Retry-After", "30"))
MISDIRECTED = _bare(421, "This server does not answer for that name.")
ROBOTS = Response(200, [("Content-Type", "text/plain"), *_COMMON[2:]], b"User-agent: *\nDisallow: /\n")
READ_ONLY = plain(405, ("Allow", "GET, HEAD"))
WITH_POST = plain(405, ("Allow", "GET, HEAD, POST"))


class Pages:
    """All pages of one brand, ready but for the nonce.

    Args:
        brand: name and colours.
        section: of the settings, to name it where a colour is none.
        page_url: where recipients see what is known of them; empty: nowhere.

    Raises:
        Misconfigured: a colour is no ``#rrggbb``.
    """

    def __init__(self, brand: Brand, *, section: str = "brand", page_url: str = "") -> None:
        self._texts: dict[str, dict[str, str]] = tomllib.loads((_HERE / "languages.toml").read_text(encoding="utf-8"))
        self._default = next(iter(self._texts))
        self._brand, self._page_url = escape(brand.name), page_url.rstrip("/")
        self._style = _template("style.css").substitute(
            color=_color(f"{section}.color", brand.color),
            background=_color(f"{section}.background", brand.background),
            on_color=_readable_on(brand.color),
        )
        style = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode("ascii")
        policy = f"style-src 'sha256-{style}'; form-action 'self'; {_LOCKED[1]}"
        self._headers = [_HTML, *_COMMON, ("Content-Security-Policy", policy), ("Vary", "Accept-Language")]
        self._frame = _template("page.html")
        self._parts = {name: _template(f"{name}.html") for name in ("unsubscribe", "preferences", "done")}
        shown = f'{self._parts["preferences"].template}\n<p><a href="$url">$known</a></p>'
        self._parts["known"] = Template(shown)

    @property
    def languages(self) -> tuple[str, ...]:
        """Two-letter codes, the default first."""
        return tuple(self._texts)

    def language(self, headers: Sequence[tuple[bytes, bytes]]) -> str:
        """The language of ours that the reader likes best (RFC 9110 section 12.5.4)."""
        wish = next((value for name, value in headers if name.lower() == b"accept-language"), b"")
        best, weight = self._default, 0.0
        for item in wish.decode("latin-1")[:_MAX_LANGUAGE_CHARS].split(","):
            found = _LANGUAGE.fullmatch(item)
            if found and found[1].lower() in self._texts and float(found[2] or 1) > weight:
                best, weight = found[1].lower(), float(found[2] or 1)
        return best

    def unsubscribe(self, language: str, nonce: str, *, again: bool = False, late: bool = False) -> Response:
        """The question, with a real button.

        Args:
            again: it was pressed as programs press it; this is the second one.
            late: what was sent brought no nonce that holds; one more press does it.
        """
        texts = self._texts[language]
        text, field = ("unsubscribe_again", "again") if again else ("unsubscribe_text", "nonce")
        told = texts["press_late" if late else text]
        content = {"text": told, "button": texts["unsubscribe_button"], "field": field, "nonce": nonce}
        return self._page(language, "unsubscribe", texts["unsubscribe_title"], content, status=_status(late=late))

    def unsubscribed(self, language: str) -> Response:
        """The confirmation."""
        return self._done(language, "unsubscribed")

    def preferences(self, language: str, nonce: str, *, known: str = "", late: bool = False) -> Response:
        """Every choice there is, and, with a token, where to see what is known; `late` as in `unsubscribe`."""
        texts = self._texts[language]
        told = texts["press_late" if late else "preferences_text"]
        content = {**texts, "text": told, "nonce": nonce, "url": f"{self._page_url}/k/{known}"}
        part = "known" if known and self._page_url else "preferences"
        return self._page(language, part, texts["preferences_title"], content, status=_status(late=late))

    def chosen(self, language: str, choice: str) -> Response:
        """The confirmation of a choice on the preference page."""
        said = {"stop": "stopped", "allow": "allowed", "unsubscribe": "unsubscribed"}
        return self._done(language, said.get(choice) or choice.replace("stop-", "stopped_"))

    def _done(self, language: str, what: str) -> Response:
        texts = self._texts[language]
        return self._page(language, "done", texts[f"{what}_title"], {"text": texts[f"{what}_text"]})

    def _page(self, language: str, part: str, title: str, content: dict[str, str], *, status: int = 200) -> Response:
        safe = {name: escape(value) for name, value in content.items()}
        body = self._parts[part].substitute(safe, title=escape(title))
        page = self._frame.substitute(
            lang=language, title=escape(title), brand=self._brand, style=self._style, content=body
        )
        return Response(status, [*self._headers, ("Content-Language", language)], page.encode())


def pages_of(hosts: Hosts, page_url: str = "") -> dict[str, Pages]:
    """The pages of every tracking host, in its own brand; see `Pages`.

    Raises:
        Misconfigured: a colour is no ``#rrggbb``.
    """
    plain = Pages(hosts.default.brand, page_url=page_url)
    return {
        name: plain
        if host.brand == hosts.default.brand
        else Pages(host.brand, section=f'hosts."{name}"', page_url=page_url)
        for name, host in hosts.all.items()
    }


def _status(*, late: bool) -> int:
    """A form that cannot count is the sender's fault, and programs should know; people read the page."""
    return 400 if late else 200


def _template(name: str) -> Template:
    return Template((_HERE / "templates" / name).read_text(encoding="utf-8").rstrip("\n"))


def _color(option: str, value: str) -> str:
    if not _COLOR.fullmatch(value):
        raise Misconfigured(option, f"{value!r} is no colour; write it as #rrggbb")
    return value


def _readable_on(color: str) -> str:
    """Black or white, whichever has more contrast. Source: WCAG 2.2, relative luminance."""
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"
