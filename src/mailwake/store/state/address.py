"""When two spellings of an address are the same recipient.

Nothing here changes an address that is mailed; it only makes the key under which one is found again.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from mailwake.errors import BadInput

#: RFC 5321 section 4.5.3.1: 64 octets of local part, 255 of domain, and the @
MAX_ADDRESS_CHARS = 320


def split_address(address: str) -> tuple[str, str]:
    """Local part and domain: the domain lower-cased and in IDNA form, the local part as it is.

    The last ``@`` separates them, because a quoted local part may hold others (RFC 5321 section 4.1.2).

    Raises:
        BadInput: it is no address.
    """
    address = address.strip()
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain.strip(".") or len(address) > MAX_ADDRESS_CHARS or not address.isprintable():
        raise BadInput("this is no e-mail address: it needs the form name@domain")
    return local, _ascii_domain(domain)


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain.rstrip(".").lower()
    try:
        return domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise BadInput("this is no e-mail address: its domain cannot be written in IDNA form") from None


def address_key(address: str) -> str:
    """The same key for every spelling that reaches the same mailbox in practice.

    Domains are compared in IDNA form; local parts without regard to case. RFC 5321 section 2.4 lets a server tell
    ``Ann@`` from ``ann@``, no mailbox provider does, and mailing one person twice is worse than the reverse.

    Raises:
        BadInput: it is no address.
    """
    local, domain = split_address(address)
    return f"{unicodedata.normalize('NFC', local).casefold()}@{domain}"
