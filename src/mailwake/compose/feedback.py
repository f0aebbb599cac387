"""Feedback-ID: groups of mail that Gmail counts complaints of, and never one reader's own.

Source: https://support.google.com/mail/answer/6254652.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from urllib.parse import quote

_DIGESTS = ("md5", "sha1", "sha256")


def names_reader(feedback_id: str, addresses: Iterable[str]) -> bool:
    """Whether a Feedback-ID holds what stands for one of some addresses: itself, or its usual digests."""
    said = feedback_id.lower()
    return any(mark in said for address in addresses for mark in _marks(address.lower()))


def _marks(address: str) -> Iterator[str]:
    yield from (address, address.replace("@", "="), quote(address, safe="").lower())  # the second as VERP writes it
    yield from (hashlib.new(kind, address.encode(), usedforsecurity=False).hexdigest() for kind in _DIGESTS)
