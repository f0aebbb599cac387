"""Drafts of what an advisor may write: texts as data, filled in, shown, and never sent from here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec

from mailwake.errors import BadInput, Misconfigured

_PLACE = re.compile(r"\{([a-z_]+)(?:\|([^{}]*))?\}")
PLACES = ("first_name", "topic", "label", "owner")
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One text, with places to fill in."""

    #: of links, in the words of the model; empty: any
    topics: tuple[str, ...] = ()
    subject: Text
    text: Text


class Drafts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a file, in order."""

    drafts: Annotated[tuple[Draft, ...], msgspec.Meta(min_length=1)]

    def about(self, topic: str) -> Draft:
        """The first about a topic, else the last."""
        return next((draft for draft in self.drafts if topic in draft.topics), self.drafts[-1])


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """A draft for one person."""

    subject: str
    text: str


def read_drafts(text: str, *, where: str) -> Drafts:
    """Drafts from the text of their file.

    Raises:
        BadInput: it is no such file, or names a place that nobody fills.
    """
    try:
        found = msgspec.toml.decode(text, type=Drafts)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"{where}: {fault}") from None
    for draft in found.drafts:
        for place, _ in _PLACE.findall(draft.subject + draft.text):
            if place not in PLACES:
                raise BadInput(f"{where}: nobody fills {{{place}}}; there are {', '.join(PLACES)}")
    return found


@cache
def default_drafts() -> Drafts:
    """Those in the package."""
    text = files(__package__).joinpath("follow_ups.toml").read_text(encoding="utf-8")
    return read_drafts(text, where="follow_ups.toml")


def drafts_of(path: Path | None) -> Drafts:
    """The drafts of an installation; None: those in the package.

    Raises:
        Misconfigured: the file is not there, or has no drafts.
    """
    if path is None:
        return default_drafts()
    try:
        return read_drafts(path.read_text(encoding="utf-8"), where=path.name)
    except (OSError, UnicodeDecodeError, BadInput) as fault:
        raise Misconfigured("scoring.follow_ups", str(fault)) from None


def filled_in(draft: Draft, values: Mapping[str, str]) -> FollowUp:
    """A draft with its places filled; what is put in is never read as a place itself.

    Args:
        draft: the text.
        values: by place; an empty one leaves the words that the draft has for it.
    """

    def put(found: re.Match[str]) -> str:
        return values.get(found[1], "") or found[2] or ""

    subject = " ".join(_PLACE.sub(put, draft.subject).split())
    return FollowUp(subject=subject, text=_PLACE.sub(put, draft.text).strip())
