"""Record ids: 15 characters that heed case, or 18, where three more tell the case of the others.

Source: Salesforce, "18-character ID", https://help.salesforce.com/s/articleView?id=000385008
"""

from __future__ import annotations

import re

from mailwake.errors import BadInput

_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[A-Z0-5]{3})?", re.ASCII)
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def full_id(text: str) -> str:
    """An id with its 18 characters; the last three are checked where they are given.

    Raises:
        BadInput: it is no id.
    """
    if not _ID.fullmatch(text):
        raise BadInput(f"{text[:40]!r} is no Salesforce id; one has 15 or 18 letters and digits")
    whole = text[:15] + "".join(_digit(text[start : start + 5]) for start in (0, 5, 10))
    if len(text) == 18 and text != whole:
        raise BadInput(f"{text} is no Salesforce id: its last three characters do not fit the others")
    return whole


def _digit(five: str) -> str:
    return _DIGITS[sum(1 << place for place, letter in enumerate(five) if letter.isupper())]
