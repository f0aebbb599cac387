"""The DMARC record that receivers use for a domain.

Source: RFC 7489 sections 6.3 and 6.6.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailwake.signatures.check import tags
from mailwake.spf.names import Names

_RECORD = re.compile(r"v=DMARC1\s*(?:;|\Z)")
_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A record, or several in one place."""

    #: where it stands, without _dmarc
    domain: str
    #: of the first one, as it is written
    text: str
    #: there is one, and it asks for something that can be asked for
    holds: bool

    @property
    def tags(self) -> Mapping[str, str]:
        """Names in lower case."""
        return tags(self.text)


def find_policy(domains: Iterable[str], names: Names) -> Policy | None:
    """What the first domain that has a record says; None: none has.

    Args:
        domains: that of the From address and the one that it belongs to.
        names: asks the DNS.

    Raises:
        NoAnswer: nobody can say just now.
    """
    for domain in dict.fromkeys(domains):
        found = [text.decode("latin-1") for text in names.texts(f"_dmarc.{domain}")]
        records = [text for text in found if _RECORD.match(text)]
        if records:
            holds = len(records) == 1 and tags(records[0]).get("p", "").lower() in _POLICIES
            return Policy(domain=domain, text=records[0], holds=holds)
    return None
