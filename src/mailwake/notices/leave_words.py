"""Whether somebody who answers asks to get no more mail: a whole line that says so and nothing else.

Doubt leaves it to a person: "how do I unsubscribe my colleague?" is a question, and "unsubscribe" alone is not. Of the
text only the first line counts, because further down stands what is quoted or a signature; of the subject only one that
the answering person wrote, because "Re: Stop" repeats ours. Pure; the words are in ``leave_words.toml``.
"""

from __future__ import annotations

import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

#: A longer line is no command, and need not be looked at.
_LONGEST = 80
#: Signs that are the same to whoever types; Turkish has an i without a dot, whose capital is ours.
_SAME = {"\N{NON-BREAKING HYPHEN}": "-", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "i\N{COMBINING DOT ABOVE}": "i"}


def asks_to_leave(subject: str, text: str) -> str | None:
    """The words that ask for it; None: nothing asks, or not for certain.

    Args:
        subject: on one line, decoded.
        text: of the answer, with what it quotes below.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    for line in (subject, first):
        told = _plain(line)
        if told in _words():
            return told
    return None


def _plain(line: str) -> str:
    """The line without case, marks at its ends and doubled spaces; empty for one that is too long."""
    line = line.strip()
    if len(line) > _LONGEST or line.startswith((">", "|")):  # quoted, so somebody else's words
        return ""
    told = unicodedata.normalize("NFC", line).casefold()
    for sign, same in _SAME.items():
        told = told.replace(sign, same)
    while told and not (told[0].isalnum() and told[-1].isalnum()):
        told = told[1:] if not told[0].isalnum() else told[:-1]
    return " ".join(told.split())


@cache
def _words() -> frozenset[str]:
    table = tomllib.loads(files("mailwake.notices").joinpath("leave_words.toml").read_text(encoding="utf-8"))
    return frozenset(_plain(word) for words in table["words"].values() for word in words)
