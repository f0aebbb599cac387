"""Names of hosts in letters of all scripts, as browsers look them up.

Source: RFC 3492 (Punycode); UTS 46 without transitional mappings, as browsers do it: ``straße.example`` is not
``strasse.example``, which Python's own codec takes it for.
"""

from __future__ import annotations

import re
import unicodedata

#: Full stops that IDNA reads as dots (RFC 3490 section 3.1).
_DOTS = re.compile("[\u3002\uff0e\uff61]")


def ascii_host(host: str) -> str:
    """The name of a host as name servers know it; what is ASCII stays as it is."""
    return host if host.isascii() else ".".join(_label(label) for label in _DOTS.sub(".", host).split("."))


def _label(label: str) -> str:
    if label.isascii():
        return label
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    return folded if folded.isascii() else "xn--" + folded.encode("punycode").decode("ascii")
