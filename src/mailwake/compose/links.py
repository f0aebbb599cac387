"""What a link is called and what it is for: what reports show instead of an address."""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

LABEL_CHARS = 80
#: A label is looked for in this much of a link's content.
_CONTENT_CHARS = 4_000
# None of these runs over a "<" outside of quotes, so that no search looks at the same markup again and again.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1[^<>]*+>|\Z)", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|hr|/?(?:p|div|td|th|tr|li|ul|center|h[1-6]|table))\b[^<>]*+>", re.IGNORECASE)
_ATTRIBUTES = r"(?>(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*)"
_TAG = re.compile(rf"</?[a-zA-Z!?]{_ATTRIBUTES}>")
_IMAGE = re.compile(rf"<img\b({_ATTRIBUTES})>", re.IGNORECASE)
_ALT = re.compile(r"\b(?:alt|title)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]++))", re.IGNORECASE)


class Role(StrEnum):
    """What a link is for."""

    #: made to be pressed: a button
    CTA = "cta"
    #: words in the text
    TEXT = "text"
    #: a picture
    IMAGE = "image"
    #: in the last part of the document, where nobody looks
    FOOTER = "footer"
    #: imprint, terms, privacy
    LEGAL = "legal"
    #: a profile in a social network, or "share this"
    SOCIAL = "social"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    #: hidden; only machines follow it
    DECOY = "decoy"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One occurrence of a link in a message."""

    #: from 1, in document order, over all HTML parts; every occurrence counts, tracked or not. Links of text parts and
    #: decoys come after all of those. 0: it is only told of, because its kind is never tracked
    number: int
    #: where it leads, entities decoded; empty for a decoy
    href: str
    #: visible text, else what the image or the link says about itself; at most 80 characters
    label: str
    role: Role
    tracked: bool
    #: a word of `WhyNot`; None when it is tracked
    why_not: str | None
    #: "html", "mso" for what only Outlook reads, "text" in a text part
    where: str


def visible_text(markup: str) -> str:
    """What a reader sees of a link's content, white space collapsed."""
    markup = markup[:_CONTENT_CHARS]
    if "<" in markup:
        markup = _TAG.sub("", _BREAK.sub(" ", _COMMENT.sub("", markup)))
    if "&" in markup:
        markup = html.unescape(markup)
    return " ".join(markup.split())


def label_of(markup: str, title: str | None) -> tuple[str, bool]:
    """A link's label, and whether it is a picture.

    Args:
        markup: the link's content.
        title: its title attribute, decoded.
    """
    text = visible_text(markup)
    is_text = bool(text)
    image = _IMAGE.search(markup[:_CONTENT_CHARS])
    if not text and image and (alt := _ALT.search(image[1])):
        text = " ".join(html.unescape(alt[1] or alt[2] or alt[3] or "").split())
    label = text or " ".join((title or "").split())
    return label[:LABEL_CHARS], image is not None and not is_text


_BUTTON_CLASS = re.compile(r"(?:^|[\s_-])(?:btn|button|cta)(?:$|[\s_\d-])|button|-btn|btn-", re.IGNORECASE)
_BUTTON_STYLE = re.compile(r"background(?:-color)?\s*:(?!\s*(?:none|transparent|inherit))", re.IGNORECASE)
_PADDING = re.compile(r"(?:padding(?:-[a-z]+)?|border-radius)\s*:\s*[1-9]", re.IGNORECASE)


@lru_cache(maxsize=1)
def _words() -> dict[str, tuple[str, ...]]:
    """What links are called; read when the first link wants to know."""
    text = resources.files(__package__).joinpath("roles.toml").read_text(encoding="utf-8")
    words = {role: tuple(words) for role, words in tomllib.loads(text).items()}
    return {**words, "social suffixes": tuple(f".{domain}" for domain in words["social"])}


@lru_cache(maxsize=4_096)
def named_role(label: str, href: str, host: str) -> Role | None:
    """What a link says it is for; None when it says nothing.

    Args:
        label: its label.
        href: its target, or the start of it.
        host: the target's host, lower case.
    """
    claim, words = f"{label}\n{href}".casefold(), _words()
    if _names_any(words["unsubscribe"], claim):
        return Role.UNSUBSCRIBE
    if _names_any(words["preferences"], claim):
        return Role.PREFERENCES
    if host in words["social"] or host.endswith(words["social suffixes"]):
        return Role.SOCIAL
    return Role.LEGAL if _names_any(words["legal"], claim) else None


def _names_any(words: tuple[str, ...], claim: str) -> bool:
    return True in [word in claim for word in words]


def looks_like_button(name: str, values: dict[str, str]) -> bool:
    """Whether a link is made to be pressed.

    Args:
        name: its tag, lower case.
        values: its attributes, names in lower case.
    """
    if name.startswith("v:") or values.get("role", "").lower() == "button":
        return True
    if _BUTTON_CLASS.search(values.get("class", "")):
        return True
    style = values.get("style", "")
    return bool(_BUTTON_STYLE.search(style) or _PADDING.search(style))
