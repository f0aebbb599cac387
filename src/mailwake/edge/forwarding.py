"""Who is at the far end, when a proxy stands between: the rightmost address that no named proxy vouches for.

Source: RFC 7239 section 7.4 and the custom of ``X-Forwarded-For``: every proxy appends the address it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mailwake.errors import Misconfigured


class Forwarding:
    """Believes one header, from named networks only.

    Args:
        networks: of our own proxies, such as ``127.0.0.1/32``; none: the header is never believed.
        header: its name.

    Raises:
        Misconfigured: something is no network.
    """

    def __init__(self, networks: Sequence[str], header: str) -> None:
        try:
            self._networks = tuple(ip_network(network) for network in networks)
        except ValueError as fault:
            raise Misconfigured("edge.trusted_proxies", str(fault)) from None
        self._name = header.lower().encode("ascii")
        #: whether an address is one of our proxies
        self.trusts: Callable[[str], bool] = lru_cache(maxsize=1024)(self._is_ours)

    def client(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
        """Address of the client: the peer itself, or whom our own proxies name; never what a stranger claims."""
        if not self.trusts(peer):
            return peer
        size = len(self._name)
        lines = [value for name, value in headers if len(name) == size and name.lower() == self._name]
        hops = b",".join(lines).split(b",") if lines else []
        for hop in reversed(hops):
            address = _address(hop.decode("latin-1").strip())
            if address is None:
                return peer  # the last hop we could read is the last we know
            peer = str(address)
            if not self.trusts(peer):
                return peer
        return peer

    def _is_ours(self, peer: str) -> bool:
        address = _address(peer)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with or without brackets and port; IPv4 inside IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
