"""Which addresses may be called: those of the open internet, and others where an operator says so.

Source: IANA special-purpose address registries, as `ipaddress` knows them; RFC 6052 and RFC 8215 (NAT64).
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: The addresses of a host, by its name and a port; raises OSError where there is none.
Lookup = Callable[[str, int], list[str]]


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def is_public(address: str) -> bool:
    """Whether an address is of the open internet; those that stand for an IPv4 address are judged by it."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        within = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else _translated(found))
        if within is None and (found not in _UNICAST or found in _EXAMPLES):
            return False
        found = within or found
    return found.is_global and not found.is_multicast and not any(found in network for network in _INNER)


def _translated(address: IPv6Address) -> IPv4Address | None:
    """What a translator makes of an address: where there is no IPv4, all names without IPv6 lead to such ones."""
    return IPv4Address(address.packed[12:]) if address in _NAT64 else None


#: RFC 6052; the other one for this, 64:ff9b:1::/48 (RFC 8215), is for use within a network
_NAT64 = ip_network("64:ff9b::/96")

#: Called global, and within: RFC 6890, of which not every `ipaddress` knows all (a cloud tells its secrets there); and
#: a cloud's host (https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16).
_INNER = (ip_network("192.0.0.0/24"), ip_network("168.63.129.16/32"))

#: All that is routed so far (RFC 4291 section 2.4). Outside are forms that carry IPv4 addresses (::10.0.0.1,
#: ::ffff:0:10.0.0.1) and old site-local ones (fec0::/10), which `ipaddress` calls global.
_UNICAST = ip_network("2000::/3")
#: RFC 9637, which not every `ipaddress` knows
_EXAMPLES = ip_network("3fff::/20")


def looked_up_within(seconds: float, lookup: Lookup, host: str, port: int) -> list[str]:
    """The addresses of a host, or TimeoutError: resolvers wait as long as a name server lets them.

    Raises:
        OSError: there is no such host, or time was up.
    """
    answer: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look() -> None:
        try:
            answer.put(lookup(host, port))
        except Exception as fault:  # noqa: BLE001 - it is raised again, where somebody waits for it
            answer.put(fault)

    threading.Thread(target=look, daemon=True).start()
    try:
        found = answer.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise found
    return found
