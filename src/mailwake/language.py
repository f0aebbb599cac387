"""Sentences in the language of an installation: the standard library's gettext behind a few plain functions.

English stands in the code and is what everybody gets who chose nothing. A message is a whole sentence or label with
named places, ``%(count)s copies``, never glued from parts; where it has values, a per cent sign is written twice. Which
language is spoken belongs to the request that is answered, so that two may be spoken side by side. What programs read
(the API, ``--json``) and the terminal stay English: nobody sets another language there.

`docs/howto/translate.md` says how a language is added; `tools/collect_messages.py` finds the messages.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations, translation
from pathlib import Path
from typing import TypeVar

#: name of the catalogues: LANGUAGE/LC_MESSAGES/mailwake.mo
DOMAIN = "mailwake"
#: of the package: the template of all catalogues, and those that come with it
FOLDER = Path(__file__).parent / "languages"
ENGLISH = NullTranslations()

T = TypeVar("T")
_PLACE = re.compile(r"%\((\w+)\)s")
_spoken: ContextVar[NullTranslations] = ContextVar("spoken", default=ENGLISH)


class Catalogue(GNUTranslations):
    """A catalogue whose slips cost a message and never a page.

    What is translated with a place that the message does not have, or with a per cent sign alone, stays English.
    """

    def gettext(self, message: str) -> str:
        """The message in this language."""
        return _fitting(super().gettext(message), message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form of the message for so many."""
        return _fitting(super().ngettext(msgid1, msgid2, n), msgid1 if n == 1 else msgid2)


@lru_cache(maxsize=10_000)
def _fitting(said: str, message: str) -> str:
    """A translation that can be filled with what the message is filled with, else the message."""
    is_fit = set(_PLACE.findall(said)) <= set(_PLACE.findall(message)) and (not _alone(said) or _alone(message))
    return said if is_fit else message


def _alone(text: str) -> bool:
    """Whether a per cent sign stands alone, which a message with values may not have."""
    return "%" in _PLACE.sub("", text.replace("%%", ""))


def catalogue(name: str, *folders: Path) -> NullTranslations:
    """The messages of a language; English where there is no catalogue of it.

    Args:
        name: as BCP 47 has it, such as ``de`` or ``pt-BR``; of the latter, ``pt`` will do.
        folders: where catalogues are, the best first; the package's own come last.
    """
    for folder in (*folders, FOLDER):
        with contextlib.suppress(FileNotFoundError):
            return translation(DOMAIN, folder, languages=[name.replace("-", "_")], class_=Catalogue)
    return ENGLISH


@contextlib.contextmanager
def speaking(translations: NullTranslations) -> Iterator[None]:
    """Say everything in a language until the block ends."""
    before = _spoken.set(translations)
    try:
        yield
    finally:
        _spoken.reset(before)


def tag() -> str:
    """The language that is spoken, as BCP 47 has it, for ``<html lang>``."""
    return _spoken.get().info().get("language", "en").replace("_", "-")


def spoken() -> NullTranslations:
    """The language that is spoken, to keep what was said in it apart from what was said in others."""
    return _spoken.get()


def say(message: str, /, **values: object) -> str:
    """A message in the language that is spoken.

    Args:
        message: in English; found in the code by its being written here, or in `noted`.
        values: for its places, as people read them: text, not numbers.
    """
    said = _spoken.get().gettext(message) if message else ""
    return said % values if values else said


def several(one: str, many: str, number: int, /, **values: object) -> str:
    """A message that depends on how many there are.

    Args:
        one: in English, for 1.
        many: in English, for any other number.
        number: what decides.
        values: for the places of both.
    """
    said = _spoken.get().ngettext(one, many, number)
    return said % values if values else said


def around(message: str, /, **things: T) -> list[str | T]:
    """A message whose places are taken by things that are more than text, such as links: text and things in order.

    Args:
        message: in English; a per cent sign is written twice.
        things: for its places.
    """
    parts = _PLACE.split(say(message))
    return [things[part] if place % 2 else part.replace("%%", "%") for place, part in enumerate(parts) if part]


def within(message: str, said: str) -> str:
    """What stands in the one place of a message that was said; all of it, if something else was said.

    Args:
        message: in English, with one place.
        said: in the language that is spoken.
    """
    before, _, after = _PLACE.sub("\0", say(message)).partition("\0")
    if said.startswith(before) and said.endswith(after):
        return said[len(before) : len(said) - len(after)]
    return said


def forms(one: str, many: str) -> tuple[str, str]:
    """Both forms of a message that a table holds now and somebody will say with `several` later."""
    return one, many


def noted(message: str) -> str:
    """A message that a table holds now and somebody will `say` later; stays English here."""
    return message


def inside(label: str) -> str:
    """A label within a sentence: small in English; another language writes it as it stands in its catalogue."""
    return label.lower() if tag() == "en" else label


def at_start(words: str) -> str:
    """Words at the start of a sentence, where the first letter is a large one."""
    return words[:1].upper() + words[1:]
