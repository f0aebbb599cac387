"""A sealed target as a `Location` header: ASCII, one line, otherwise byte for byte what the author wrote.

Source: RFC 3987 section 3.1 (IRI to URI); RFC 3492 (Punycode); UTS 46 without transitional mappings, as browsers do it
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[!-~]*")
_AUTHORITY = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_UNSAFE = re.compile(r"[^!-~]")
#: Full stops that IDNA reads as dots (RFC 3490 section 3.1).
_DOTS = re.compile("[\u3002\uff0e\uff61]")


def location(target: str) -> str:
    """The header's value. Nothing in it can end the line, whatever the target holds."""
    if _PLAIN.fullmatch(target):
        return target
    parts = _AUTHORITY.fullmatch(target)
    if parts is None:
        return _escape(target)
    user, at, host = parts["authority"].rpartition("@")
    return f"{parts['scheme']}{_escape(user)}{at}{_host(host)}{_escape(parts['rest'])}"


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8")), text)


def _host(host: str) -> str:
    if host.isascii():
        return _escape(host)
    name, colon, port = host.partition(":")
    return _escape(".".join(_label(label) for label in _DOTS.sub(".", name).split("."))) + _escape(colon + port)


def _label(label: str) -> str:
    if label.isascii():
        return label
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    return folded if folded.isascii() else "xn--" + folded.encode("punycode").decode("ascii")
