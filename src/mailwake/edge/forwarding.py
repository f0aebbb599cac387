"""Who is at the far end, when a proxy stands between: the rightmost address that no named proxy vouches for.

Every proxy appends the address it saw, so what a stranger claimed stands on the left and is never reached. The header
is read from its right end and no further than needed; nothing on the left can change what is read on the right, and
its length costs nothing.

Source: RFC 7239 (``Forwarded``; sections 4, 6 and 7.4), the custom of ``X-Forwarded-For``, and RFC 9110 section 5.6.1
(empty elements of a list)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_network
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from mailwake.errors import Misconfigured

#: More of our own proxies than stand behind each other anywhere; where the list goes on, the last one read is named.
MAX_HOPS = 16
#: Commas looked for from the right; some elements may be empty.
_MAX_PIECES = 4 * MAX_HOPS
#: Commas that may stand inside the quotes of one element of `Forwarded`, and parameters that one may have.
_MAX_COMMAS, _MAX_PARAMETERS = 8, 16
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110 section 5.6.2, nothing secret
_PAIR = rf"({_TOKEN})=({_TOKEN}|\"(?>(?:[^\"\\]|\\.)*)\")"
_FIRST_PAIR = re.compile(_PAIR)
_NEXT_PAIR = re.compile(rf"[ \t]*;[ \t]*{_PAIR}")
#: IPv4 inside IPv6: RFC 4291 section 2.5.5.2
_MAPPED = bytes(10) + b"\xff\xff"
_NODE = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]{2,45})\]|(?P<four>[0-9.]{7,15}))(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"
    r"|(?P<bare>[0-9A-Fa-f:.]{2,45})"
)


class Forwarding:
    """Believes one header, from named networks only.

    Args:
        networks: of our own proxies, such as ``127.0.0.1/32``; none: the header is never believed.
        header: its name. ``Forwarded`` is read by the grammar of RFC 7239, every other one as a list of addresses.

    Raises:
        Misconfigured: something is no network, or no name of a header.
    """

    def __init__(self, networks: Sequence[str], header: str) -> None:
        try:
            ours = [ip_network(network) for network in networks]
            #: first and last address of each, as the wire has them
            self._ranges = tuple((network[0].packed, network[-1].packed) for network in ours)
        except ValueError as fault:
            raise Misconfigured("edge.trusted_proxies", str(fault)) from None
        if not re.fullmatch(_TOKEN, header):
            raise Misconfigured("edge.forwarded_header", f"{header!r} is no name of a header; try X-Forwarded-For")
        self._name = header.lower().encode("ascii")
        self._hops = _forwarded if self._name == b"forwarded" else _listed
        #: whether an address is one of our proxies
        self.trusts: Callable[[str], bool] = lru_cache(maxsize=1024)(self._is_ours)

    def client(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
        """Address of the client: the peer itself, or whom our own proxies name; never what a stranger claims."""
        if not self.trusts(peer):
            return peer
        size, left = len(self._name), MAX_HOPS
        for name, value in reversed(headers):
            if len(name) != size or name.lower() != self._name:
                continue
            for hop in self._hops(value):
                if hop is None:
                    return peer  # the last hop we could read is the last we know
                peer, left = hop, left - 1
                if not left or not self.trusts(peer):
                    return peer
        return peer

    def _is_ours(self, peer: str) -> bool:
        packed = _pack(peer.partition("%")[0])  # the kernel names the zone of a link-local address
        return packed is not None and any(
            len(packed) == len(first) and first <= packed <= last for first, last in self._ranges
        )


def _listed(value: bytes) -> Iterator[str | None]:
    """The addresses of a plain list, rightmost first; None for what is no address."""
    return (_read_node(text) for item in reversed(_split(value)) if (text := item.strip(" \t")))


def _forwarded(value: bytes) -> Iterator[str | None]:
    """The ``for`` of every element, rightmost first; None where it hides or misspells who it was.

    A comma may stand inside quotes, and quotes may never end. An element is the shortest text behind a comma that is
    one by the grammar: no text that begins inside a quoted string can be, so the choice is never a stranger's.
    """
    pieces = _split(value)
    while pieces:
        item = pieces.pop()
        commas, pairs = 0, _pairs(item.strip(" \t"))
        while pairs is None and pieces and commas < _MAX_COMMAS:
            item = f"{pieces.pop()},{item}"
            commas, pairs = commas + 1, _pairs(item.strip(" \t"))
        if pairs != {}:
            yield _read_node(pairs.get("for", "")) if pairs else None


def _split(value: bytes) -> list[str]:
    """What stands between the last commas; all before them is one piece more, which no right end needs."""
    return value.decode("latin-1").rsplit(",", _MAX_PIECES)


def _pairs(element: str) -> dict[str, str] | None:
    """Parameters of one element, names in lower case, values without quotes; None where it is none."""
    if not element:
        return {}
    found, pairs = _FIRST_PAIR.match(element), dict[str, str]()
    while found and len(pairs) < _MAX_PARAMETERS:
        name, value = found[1].lower(), found[2]
        if name in pairs:
            return None  # section 4: each parameter once per element
        pairs[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if found.end() == len(element):
            return pairs
        found = _NEXT_PAIR.match(element, found.end())
    return None


def _read_node(text: str) -> str | None:
    """An address with or without brackets and port; IPv4 inside IPv6 is IPv4. None for a name, a zone or nonsense."""
    packed = _pack(text)
    return None if packed is None else inet_ntop(AF_INET if len(packed) == 4 else AF_INET6, packed)


def _pack(text: str) -> bytes | None:
    """The same as the wire has it: 4 bytes or 16. Every hit comes from another address, so the C library reads them."""
    found = _NODE.fullmatch(text)
    if found is None:
        return None
    spelled = found["bracketed"] or found["four"] or found["bare"]
    try:
        packed = inet_pton(AF_INET6 if ":" in spelled else AF_INET, spelled)
    except OSError:
        return None
    return packed[12:] if packed.startswith(_MAPPED) else packed
