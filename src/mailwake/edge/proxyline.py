"""The PROXY protocol header: who is at the far end of a line that a proxy of ours opened, said before any HTTP.

Versions 1 (one line of text) and 2 (binary) are read; what follows the addresses in version 2 is passed over. Nothing
is guessed: bytes either begin a header, are one, or are refused at the first byte that cannot stand in one.

Source: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt (sections 2.1 and 2.2)
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from mailwake.errors import Untrusted

#: The longest line of version 1 with its line end: section 2.1.
MAX_TEXT_BYTES = 107
#: All of version 2. Section 2.2 allows 65,551; with a client's certificate it comes to some three thousand.
MAX_BINARY_BYTES = 4_096
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"

_TEXT = b"PROXY "
_NOBODY = re.compile(rb"PROXY UNKNOWN(?: .*)?", re.DOTALL)
_ADDRESSES = re.compile(
    rb"PROXY TCP(?P<version>[46]) (?P<client>[0-9A-Fa-f:.]{2,39}) (?P<proxy>[0-9A-Fa-f:.]{2,39})"
    rb" (?P<ports>(?:0|[1-9][0-9]{0,4}) (?:0|[1-9][0-9]{0,4}))"
)
_FIXED_BYTES = len(SIGNATURE) + 4
_LOCAL, _PROXY = 0x20, 0x21
#: Family and transport to the bytes of both addresses and ports; other values must not be sent. Datagrams are HTTP/3.
_ADDRESS_BYTES = {0x00: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216}


class FarEnd(NamedTuple):
    """What a header says."""

    #: address of the client; "": the proxy does not know it; None: the proxy speaks for itself
    address: str | None
    #: what came behind the header
    rest: bytes


def read_far_end(data: bytes) -> FarEnd | None:
    """What the header at the beginning says; None while it is not whole.

    Args:
        data: all bytes of the line so far.

    Raises:
        Untrusted: this cannot become a header.
    """
    if SIGNATURE.startswith(data[: len(SIGNATURE)]):
        return _read_binary(data)
    if _TEXT.startswith(data[: len(_TEXT)]):
        return _read_text(data)
    raise Untrusted("proxy")


def _read_text(data: bytes) -> FarEnd | None:
    end = data.find(b"\r\n", 0, MAX_TEXT_BYTES)
    if end < 0:
        if len(data) >= MAX_TEXT_BYTES:
            raise Untrusted("proxy")
        return None
    line, rest = data[:end], data[end + 2 :]
    if _NOBODY.fullmatch(line):
        return FarEnd("", rest)
    found = _ADDRESSES.fullmatch(line)
    if found is None or any(int(port) > 65_535 for port in found["ports"].split()):
        raise Untrusted("proxy")
    kind = IPv4Address if found["version"] == b"4" else IPv6Address
    try:
        kind(found["proxy"].decode("ascii"))
        return FarEnd(_shown(kind(found["client"].decode("ascii"))), rest)
    except ValueError:
        raise Untrusted("proxy") from None


def _read_binary(data: bytes) -> FarEnd | None:
    if len(data) < _FIXED_BYTES:
        return None
    command, family = data[12], data[13]
    end = _FIXED_BYTES + int.from_bytes(data[14:16])
    # with LOCAL, whatever is said of the far end is passed over, the family too
    needed = 0 if command == _LOCAL else _ADDRESS_BYTES.get(family)
    if command not in (_LOCAL, _PROXY) or needed is None or not _FIXED_BYTES + needed <= end <= MAX_BINARY_BYTES:
        raise Untrusted("proxy")
    if len(data) < end:
        return None
    address = None if command == _LOCAL else _binary_address(family, data[_FIXED_BYTES:end])
    return FarEnd(address, data[end:])


def _binary_address(family: int, block: bytes) -> str:
    if family >> 4 == 1:
        return str(IPv4Address(block[:4]))
    return _shown(IPv6Address(block[:16])) if family >> 4 == 2 else ""


def _shown(address: IPv4Address | IPv6Address) -> str:
    """IPv4 inside IPv6 is IPv4, as everywhere here."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
