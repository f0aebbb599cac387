"""What a verdict was made of, in words for whoever sends mail.

The judge keeps its reasons as it said them; they are put into other words where they are shown, so that what was stored
years ago reads like what is said today.
"""

from __future__ import annotations

import re

from mailwake.drawing.figures import NBSP

#: what the judge says, and what is shown instead; in this order
_WORDS = (
    (re.compile(r"\bat 1 other deliveries\b"), "at 1 other delivery"),
    (re.compile(r"\bcame to 1 other deliveries\b"), "came to 1 other delivery"),
    (re.compile(r"(\d)%"), rf"\1{NBSP}%"),
    (re.compile(r"^asks for no language$"), "named no language, which people's browsers do"),
    (re.compile(r"^asks for a language$"), "named a language, as people's browsers do"),
    (re.compile(r"^lacks fetch headers that the claimed browser sends$"), "left out details that such a browser sends"),
    (re.compile(r"^has a browser's fetch headers$"), "sent the details that a browser sends"),
)


def readable(fact: str) -> str:
    """A reason as it was kept, in words that need no knowledge of HTTP; others as they are."""
    for pattern, words in _WORDS:
        fact = pattern.sub(words, fact)
    return fact
