"""Which names belong to one owner."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mailwake.compose.targets import judge_target
from mailwake.errors import Misconfigured

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

#: A name of at most 64 octets (RFC 5321 section 4.5.3.1.1), and a domain with a dot in it that is no bare number.
_MAILBOX = re.compile(r"[^@\s]{1,64}@((?:[^@\s.\[\]/?#:]+\.)+(?![0-9]+\Z)[^@\s.\[\]/?#:]+)")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The list that came with the library; nothing is fetched."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        raise Misconfigured("preflight", "install publicsuffixlist, which is part of mailwake[server]") from None
    return PublicSuffixList()


@lru_cache(maxsize=4_096)
def owner(host: str) -> str:
    """The registrable domain that a host is of, such as example.co.uk; the host itself where it is of none.

    Source: https://publicsuffix.org, as DMARC's organizational domain (RFC 7489 section 3.2).
    """
    host = host.lower().rstrip(".")
    return _suffixes().privatesuffix(host) or host


def is_aligned(host: str, domain: str, *, strict: bool = False) -> bool:
    """Whether two names have one owner (RFC 7489 section 3.1); strict: whether they are the same."""
    if not host or not domain:
        return False
    return host.lower() == domain.lower() if strict else owner(host) == owner(domain)


def is_mailbox(address: str) -> bool:
    """Whether mail can go to an address, as it is written; what `mailwake check-list` refuses is none either."""
    found = _MAILBOX.fullmatch(address)
    return found is not None and judge_target(f"https://{found[1]}/")[0] is None
