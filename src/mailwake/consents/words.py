"""How something was said, and what may be kept to prove it. A line outlives erasure, so no address may be in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.language import noted
from mailwake.store.state import Axis, Consent

#: How somebody said it, in words.
METHODS: Mapping[str, str] = {
    "form": noted("on a form"),
    "api": noted("told by a program"),
    "import": noted("in a list that was read in"),
    "pref_page": noted("on the preference page"),
    "support": noted("to a colleague"),
    "legacy_notice": noted("did not object to a notice"),
    "salesforce": noted("in Salesforce"),
}
#: What is told of each state.
STATES: Mapping[Consent, str] = {
    Consent.GRANTED: noted("agreed"),
    Consent.DENIED: noted("refused"),
    Consent.WITHDRAWN: noted("withdrew"),
    Consent.EXEMPT_HYGIENE: noted("not asked; list hygiene alone"),
    Consent.UNKNOWN: noted("not known"),
}
#: What each axis is about.
AXES: Mapping[Axis, str] = {
    Axis.OPENS: noted("opens"),
    Axis.CLICKS: noted("clicks"),
    Axis.BOTH: noted("opens and clicks"),
    Axis.PROFILE: noted("scores"),
    Axis.HYGIENE: noted("list hygiene"),
}
#: Longest proof, actor and URL.
MAX_CHARS = 500
_MAX_TEXT = 20_000
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}|")
#: What looks like an address; better a proof refused than an address kept for ever.
_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.[^\s@]")
_LAST = 253_402_300_799


def axis_of(word: str) -> Axis:
    """The axis of a word; the names that purposes have in proofs, such as opens.individual, are taken too.

    Raises:
        BadInput: there is none.
    """
    told = word.strip().lower().removesuffix(".individual") or Axis.BOTH
    if told not in list(Axis):
        raise BadInput(f"there is no axis {word[:40]!r}; it is one of {', '.join(Axis)}")
    return Axis(told)


def state_of(word: str) -> Consent:
    """The state of a word.

    Raises:
        BadInput: there is none.
    """
    told = word.strip().lower()
    if told not in list(Consent):
        raise BadInput(f"there is no state {word[:40]!r}; it is one of {', '.join(Consent)}")
    return Consent(told)


def method_of(word: str) -> str:
    """The method of a word.

    Raises:
        BadInput: there is none.
    """
    told = word.strip().lower()
    if told not in METHODS:
        raise BadInput(f"there is no method {word[:40]!r}; it is one of {', '.join(METHODS)}")
    return told


def locale_of(word: str) -> str:
    """A language tag.

    Raises:
        BadInput: it is none.
    """
    if not _LOCALE.fullmatch(word.strip()):
        raise BadInput(f"{word[:40]!r} is no language; write it as fr or pt-BR")
    return word.strip()


def plain(text: str, what: str) -> str:
    """A proof or a name, on one line and without an address.

    Raises:
        BadInput: it is too long, or holds an address.
    """
    told = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if len(told) > MAX_CHARS:
        raise BadInput(f"the {what} is too long; {MAX_CHARS} characters are enough for a number or a name")
    if _ADDRESS.search(told):
        raise BadInput(f"the {what} holds an address; it is kept when that person is erased, so name a number instead")
    return told


def url_of(text: str) -> str:
    """The page on which something was said, without what may name a person in it.

    Raises:
        BadInput: it is no http address.
    """
    if not text.strip():
        return ""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{text[:80]!r} is no page; write its address with https://")
    port = f":{parts.port}" if parts.port else ""
    return plain(f"{parts.scheme}://{parts.hostname}{port}{parts.path}", "page")


def text_of(text: str) -> str:
    """A text that people agree to.

    Raises:
        BadInput: it is empty or too long.
    """
    if not text.strip() or len(text) > _MAX_TEXT:
        raise BadInput(f"the text has to have 1 to {_MAX_TEXT:,} characters")
    return text


def moment_of(text: str) -> Micros | None:
    """A time: ISO 8601, a day, or seconds since 1970; UTC where it names no zone. None: empty.

    Raises:
        BadInput: it is none.
    """
    told = text.strip()
    if not told:
        return None
    try:
        seconds = float(told) if re.fullmatch(r"\d{9,11}", told) else _iso(told)
    except ValueError:
        raise BadInput(f"{told[:40]!r} is no time; write it as 2026-03-01 or 2026-03-01T12:00:00Z") from None
    if not 0 < seconds <= _LAST:
        raise BadInput(f"{told[:40]!r} is no time of any consent")
    return Micros(round(seconds * SECOND))


def _iso(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso(at: Micros) -> str:
    """A time as it is told: ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(at: Micros) -> str:
    """The same to the microsecond, so that what is read in again is what was written out."""
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day(at: Micros) -> str:
    """Its day, UTC."""
    return iso(at)[:10]
