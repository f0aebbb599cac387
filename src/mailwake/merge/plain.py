"""The text/plain twin of an HTML page: simple, readable, with every link written out.

Spam filters and watches read it; people rarely do. It is made only when the author wrote none.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = re.compile(
    r"address|article|aside|blockquote|center|div|dl|dt|dd|fieldset|figure|footer|form|h[1-6r]|header|li|main|nav|ol|p|pre"
    r"|section|table|tr|ul"
)
_APART = re.compile(r"p|h[1-6r]|table|ul|ol|blockquote")
_SILENT = re.compile(r"head|script|style|title|template|noscript")
_LINKED = ("http:", "https:", "mailto:", "mailwake:", "{{")
_SPACE = re.compile(r"[ \t\r\n\f]+")


def plain_text(html: str) -> str:
    """The text of a page: one line per block, links after their words, pictures by their alternative text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent = 0
        self._href: str | None = None
        self._words: list[str] = []

    def text(self) -> str:
        lines = [_SPACE.sub(" ", line).strip() for line in "".join(self._parts).split("\0")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if _SILENT.fullmatch(tag):
            self._silent += 1
        elif tag == "a" and (given.get("href") or "").startswith(_LINKED):
            self._href, self._words = given["href"], []
        elif tag == "img" and given.get("alt"):
            self.handle_data(given["alt"] or "")
        elif tag in {"td", "th"}:
            self._add(" ")
        elif tag == "br":
            self._add("\0")
        if _BLOCKS.fullmatch(tag):
            self._add("\0\0" if _APART.fullmatch(tag) else "\0")
        if tag == "li":
            self._add("- ")

    def handle_endtag(self, tag: str) -> None:
        if _SILENT.fullmatch(tag):
            self._silent = max(0, self._silent - 1)
        elif tag == "a" and self._href is not None:
            href, words = self._href.removeprefix("mailto:"), "".join(self._words).strip()
            self._href = None
            if href not in words:
                self._add(f" <{href}> " if words else f"<{href}> ")
        elif _BLOCKS.fullmatch(tag):
            self._add("\0\0" if _APART.fullmatch(tag) else "\0")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)
            self._add(data.replace("\0", ""))

    def _add(self, text: str) -> None:
        if not self._silent:
            self._parts.append(text)
