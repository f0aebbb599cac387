"""The words of ``formats.toml``, ready to be asked. Substrings only: any text is read in one pass a phrase."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """What each list of the file says."""

    returned_holds: tuple[str, ...]
    returned_unless: tuple[str, ...]
    returned_begins: tuple[str, ...]
    servers: tuple[str, ...]
    likely: tuple[str, ...]
    silent: tuple[str, ...]
    failure: tuple[str, ...]
    sure: tuple[str, ...]
    reasons: tuple[str, ...]
    no_notice: tuple[str, ...]
    transcript: tuple[str, ...]
    subject: tuple[str, ...]
    delay_subjects: tuple[str, ...]
    delay: tuple[str, ...]
    delay_unless: tuple[str, ...]
    labels: tuple[str, ...]
    others: tuple[str, ...]
    auto_headers: tuple[str, ...]
    auto_precedence: tuple[str, ...]
    auto_subjects: tuple[str, ...]
    auto_words: tuple[str, ...]
    challenge_words: tuple[str, ...]
    challenge_hosts: tuple[str, ...]
    challenge_headers: tuple[str, ...]
    address_change: tuple[str, ...]


@cache
def load() -> Phrases:
    """The lists of the package."""
    return read(tomllib.loads(files("mailwake.ingest").joinpath("formats.toml").read_text(encoding="utf-8")))


def read(table: Mapping[str, Any]) -> Phrases:
    """The lists of a file.

    Raises:
        KeyError: a list is missing.
    """
    return Phrases(
        returned_holds=tuple(table["returned"]["holds"]),
        returned_unless=tuple(table["returned"]["unless"]),
        returned_begins=tuple(form for begin in table["returned"]["begins"] for form in (begin, begin.lower())),
        servers=tuple(table["servers"]["names"]),
        likely=tuple(table["servers"]["likely"]),
        silent=tuple(table["servers"]["silent"]),
        failure=tuple(table["failure"]["phrases"]),
        sure=tuple(table["failure"]["sure"]),
        reasons=tuple(table["failure"]["reasons"]),
        no_notice=tuple(table["no_notice"]["phrases"]),
        transcript=tuple(table["transcript"]["phrases"]),
        subject=tuple(table["subject"]["phrases"]),
        delay_subjects=tuple(table["delay"]["subjects"]),
        delay=tuple(table["delay"]["phrases"]),
        delay_unless=tuple(table["delay"]["unless"]),
        labels=tuple(table["labels"]["phrases"]),
        others=tuple(table["others"]["phrases"]),
        auto_headers=tuple(table["auto_reply"]["headers"]),
        auto_precedence=tuple(table["auto_reply"]["precedence"]),
        auto_subjects=tuple(table["auto_reply"]["subjects"]),
        auto_words=tuple(table["auto_reply"]["words"]),
        challenge_words=tuple(table["challenge"]["words"]),
        challenge_hosts=tuple(table["challenge"]["hosts"]),
        challenge_headers=tuple(table["challenge"]["headers"]),
        address_change=tuple(table["address_change"]["words"]),
    )


def says(words: str, phrases: Iterable[str]) -> bool:
    """Whether a text in lower case holds one of the phrases."""
    for phrase in phrases:  # noqa: SIM110 - a generator costs a third more, and this is asked ten times a mail
        if phrase in words:
            return True
    return False
