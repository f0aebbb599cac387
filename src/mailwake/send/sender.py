"""Whose mail it is: the domain of the From field, which chooses the tracking host.

Only what every mail program reads in the same way is taken: one From field with one address in the clear. Several
authors, groups, comments and encoded addresses say nothing here, and the mail carries the default host.

Source: RFC 5322 section 3.4 (mailbox), RFC 6532 (addresses beyond ASCII)
"""

from __future__ import annotations

import re
from functools import lru_cache

_DOMAIN = r"(?P<{}>[^\x00-\x20\x7f@<>()\[\],:;\"\\=?]{{1,253}})"
#: Without a question mark: it is rare in addresses and stands in every encoded word.
_LOCAL = r"(?:[^\x00-\x20\x7f@<>()\[\],:;\"\\?]{1,320}|\"(?>(?:[^\"\\]|\\.){1,320})\")"
#: A display name in words and quoted strings, then the address in brackets; or the address alone.
_MAILBOX = re.compile(
    rf"\s*(?:(?>(?:\"(?>(?:[^\"\\]|\\.)*)\"|[^\"<>()\[\],:;@\\])*)<{_LOCAL}@{_DOMAIN.format('named')}>"
    rf"|{_LOCAL}@{_DOMAIN.format('bare')})\s*"
)


@lru_cache(maxsize=1024)
def sender_domain(values: tuple[str, ...]) -> str | None:
    """The domain of a message's author, lower case and in IDNA form; None where it is not beyond doubt.

    Args:
        values: of every From field, unfolded and not decoded.
    """
    found = _MAILBOX.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        return None
    domain: str = found["named"] or found["bare"]
    try:
        return domain.rstrip(".").encode("idna").decode("ascii").lower() or None
    except UnicodeError:
        return None
