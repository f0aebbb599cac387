"""One DKIM signature of a message, held against the key in the DNS.

Source: RFC 6376; RFC 8301 (receivers must take neither rsa-sha1 nor RSA keys of less than 1,024 bits).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mailwake.errors import Misconfigured
from mailwake.spf.names import Names, NoAnswer

#: Signatures beyond these are not looked at.
MOST_SIGNATURES = 5
#: How dkimpy says that a key has less than 1,024 bits.
_SMALL = re.compile(r"public key too small: (\d+)")


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A field DKIM-Signature, and what came of it."""

    #: of the field, names in lower case
    tags: Mapping[str, str]
    #: None: cannot say
    passes: bool | None = None
    #: why it does not hold, or why that cannot be said; empty: it holds, or nobody was asked
    reason: str = ""
    #: its bytes are right, and receivers must not take it all the same
    is_weak: bool = False
    #: of the record of its key; empty: there is none, or nobody was asked
    key: Mapping[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """Who signed, lower case; empty where that is not said."""
        return self.tags.get("d", "").lower()

    @property
    def selector(self) -> str:
        """Which key it is."""
        return self.tags.get("s", "")

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the header fields that it covers, lower case, as often as it covers them."""
        return tuple(name.strip().lower() for name in self.tags.get("h", "").split(":"))


def tags(text: str) -> dict[str, str]:
    """The tags of a field or record such as those of DKIM and DMARC, names in lower case."""
    found = (tag.partition("=") for tag in text.split(";"))
    return {name.strip().lower(): value.strip() for name, mark, value in found if mark}


def check_all(raw: bytes, written: Sequence[str], names: Names | None) -> tuple[Signature, ...]:
    """What becomes of the first signatures; where no name server answers, nobody is asked any more.

    Args:
        raw: the whole message.
        written: the value of each field DKIM-Signature, unfolded, in order.
        names: asks the DNS; None: nobody is asked.

    Raises:
        Misconfigured: the library that checks signatures is missing.
    """
    silence, found = "", list[Signature]()
    for index, value in enumerate(written[:MOST_SIGNATURES]):
        try:
            each = check(raw, index, value, names)
        except NoAnswer as fault:
            names, silence = None, str(fault)
            each = check(raw, index, value, names)
        found.append(replace(each, reason=each.reason or silence))
    return tuple(found)


def check(raw: bytes, index: int, written: str, names: Names | None) -> Signature:
    """What becomes of a signature.

    Args:
        raw: the whole message.
        index: which of its signatures, from 0.
        written: the value of that field, unfolded.
        names: asks the DNS; None: nobody is asked.

    Raises:
        NoAnswer: nobody can say just now.
        Misconfigured: the library that checks signatures is missing.
    """
    said = tags(written)
    if names is None:
        return Signature(tags=said)
    records: list[bytes] = []
    passes, reason = _verify(raw, index, names, records)
    key = tags(records[0].decode("latin-1")) if records else {}
    if small := _SMALL.match(reason):
        return Signature(tags=said, passes=False, reason=f"a key of {small[1]} bits", is_weak=True, key=key)
    if passes and said.get("a", "").lower() == "rsa-sha1":
        return Signature(tags=said, passes=False, reason="rsa-sha1", is_weak=True, key=key)
    return Signature(tags=said, passes=passes, reason=reason, key=key)


def _verify(raw: bytes, index: int, names: Names, records: list[bytes]) -> tuple[bool | None, str]:
    """(whether a signature holds, why not); None: cannot say. The record of its key is put among the records."""
    try:
        from dkim import DKIM, DKIMException, UnknownKeyTypeError
    except ImportError:
        raise Misconfigured("preflight", "install dkimpy, which is part of mailwake[server]") from None
    asked: list[str] = []

    def text(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - how dkimpy asks
        asked.append(name.decode("ascii", "replace").rstrip("."))
        records.extend(names.texts(asked[-1])[:1])
        return records[0] if records else None

    try:
        if DKIM(raw).verify(index, dnsfunc=text):
            return True, ""
    except (UnknownKeyTypeError, NameError):
        return None, "ed25519"
    except DKIMException as fault:
        return False, str(fault).partition(" (got")[0]
    except (ValueError, KeyError, IndexError, TypeError) as fault:
        return False, type(fault).__name__
    if asked and not records:
        return False, "no key in the DNS"
    return False, "the signature is of other bytes, or the key is another one"
