"""A sealed target as a `Location` header: ASCII, one line, otherwise byte for byte what the author wrote.

Source: RFC 3987 section 3.1 (IRI to URI)
"""

from __future__ import annotations

import re

from mailwake.idn import ascii_host

_PLAIN = re.compile(r"[!-~]*")
_AUTHORITY = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_UNSAFE = re.compile(r"[^!-~]")


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
    return _escape(ascii_host(name)) + _escape(colon + port)
