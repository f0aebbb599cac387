"""Domains of SPF records that depend on who asks, put together.

Source: RFC 7208 section 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from mailwake.spf.record import MACRO, Broken

LONGEST_NAME = 253
_PLAIN = {"%%": "%", "%_": " ", "%-": "%20"}


def expand(text: str, values: Mapping[str, Callable[[], str]]) -> str:
    """A domain with its macros replaced, cut on its left to what a name may have; a dot at its end is none.

    Args:
        text: as it stands in the record, well formed.
        values: what each letter stands for, lower case; called only where it is asked for.

    Raises:
        Broken: a macro asks for none of its parts.
    """
    name = MACRO.sub(lambda found: _value(found, values), text).removesuffix(".")
    while len(name) > LONGEST_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def _value(found: re.Match[str], values: Mapping[str, Callable[[], str]]) -> str:
    letter = found["letter"]
    if letter is None:
        return _PLAIN[found[0]]
    parts = re.split(f"[{re.escape(found['marks'] or '.')}]", values[letter.lower()]())
    if found["turned"]:
        parts.reverse()
    if found["digits"]:
        parts = parts[-_count(found["digits"], found[0]) :]
    whole = ".".join(parts)
    return quote(whole, safe="-._~") if letter.isupper() else whole


def _count(digits: str, macro: str) -> int:
    """How many parts are kept; more than there can be is all of them."""
    count = int(digits[-4:]) if len(digits) < 5 else LONGEST_NAME
    if not count:
        raise Broken(f"{macro} keeps nothing")
    return count
