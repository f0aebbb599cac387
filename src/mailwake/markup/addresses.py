"""Fields that hold addresses: From, To and their like, as they are written.

Source: RFC 5322 section 3.4 (mailboxes and groups), RFC 2047 section 5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import getaddresses

#: Where a colon does not begin a group: in quotes, an address, a comment, an encoded word.
_APART = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|<[^<>]*>|\([^()]*\)|=\?[^\s?]+\?[A-Za-z]\?[^?]*\?=')


def addresses_in(fields: Sequence[str]) -> list[str]:
    """Every address in fields, unfolded, as it is written; not every one is such that mail can go to it.

    Comments and groups that lie in each other by the thousand hold none.
    """
    try:
        return [address for _, address in getaddresses(list(fields)) if address]
    except RecursionError:  # the parser of the standard library calls itself for each
        return []


def is_group(field: str) -> bool:
    """Whether a field begins a group, ``Name: …;``, meant or not."""
    return ":" in _APART.sub("", field)
