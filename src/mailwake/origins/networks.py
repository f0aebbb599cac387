"""What an address tells: the kind of network, its operator and country; never who.

The address itself is not kept. What lasts is a keyed hash of its /24 (IPv4) or /48 (IPv6), which lets two events be
recognised as neighbours and nothing more. Databases: an MMDB named in the settings wins over one installed by
`mailwake update-data`, which wins over the one in the package. City is told only where an MMDB with cities is named.
"""

from __future__ import annotations

import hashlib
import socket
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from re import IGNORECASE, Pattern
from re import compile as compile_pattern
from typing import Any, NamedTuple

import maxminddb

from mailwake.events import NetworkKind
from mailwake.origins.databases import Database, choose, country_of, open_mmdb
from mailwake.origins.ranges import AsnTable
from mailwake.sections import Enrich

TABLE = Path(__file__).parent / "tables" / "networks.toml"
#: Hits come in bursts from few addresses; this many are remembered.
REMEMBERED = 65_536
#: No spelling of an address with port and zone is longer.
MAX_CHARS = 64
_PRIVATE4 = tuple(
    (int(net.network_address), int(net.broadcast_address))
    for net in map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
        ),
    )
)


class Network(NamedTuple):
    """What is known of an address. None and UNKNOWN: not known."""

    #: keyed hash of the /24 or /48, 63 bits
    hash: int | None = None
    kind: NetworkKind = NetworkKind.UNKNOWN
    asn: int | None = None
    organisation: str | None = None
    #: ISO 3166-1 alpha-2
    country: str | None = None
    #: only where the user named an MMDB with cities
    city: str | None = None
    #: among the operators that carry iCloud Private Relay; whether this was it, the user agent decides
    carries_relay: bool = False


NOTHING = Network()


@dataclass(frozen=True)
class Kinds:
    """The curated table: which operator or range is which kind of network."""

    by_asn: Mapping[int, NetworkKind]
    #: IPv4 ranges of a kind of their own, as (first, last, kind), in order
    ranges: tuple[tuple[int, int, NetworkKind], ...]
    by_name: tuple[tuple[Pattern[str], NetworkKind], ...]
    relay_asns: frozenset[int]

    def of_range(self, packed: bytes) -> NetworkKind | None:
        """The kind of an address whose range differs from the rest of its operator."""
        if len(packed) != 4:
            return None
        number = int.from_bytes(packed)
        place = bisect_right(self.ranges, number, key=lambda each: each[0]) - 1
        return self.ranges[place][2] if place >= 0 and number <= self.ranges[place][1] else None

    def of_operator(self, asn: int | None, organisation: str | None) -> NetworkKind:
        """The kind of an operator: as the table says, else what its name says."""
        if asn is not None and asn in self.by_asn:
            return self.by_asn[asn]
        if organisation:
            return next((kind for pattern, kind in self.by_name if pattern.search(organisation)), NetworkKind.UNKNOWN)
        return NetworkKind.UNKNOWN


def load_kinds(path: Path = TABLE) -> Kinds:
    """The table in a TOML file; see the head of tables/networks.toml."""
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    by_asn = {asn: NetworkKind(group["kind"]) for group in tree["operators"] for asn in group["asns"]}
    by_name = tuple(
        (compile_pattern(group["pattern"], IGNORECASE), NetworkKind(group["kind"])) for group in tree["names"]
    )
    return Kinds(by_asn, tuple(sorted(_ranges(tree["ranges"]))), by_name, frozenset(tree["relay"]["asns"]))


def _ranges(groups: Iterable[Mapping[str, Any]]) -> Iterable[tuple[int, int, NetworkKind]]:
    for group in groups:
        for text in group["cidrs"]:
            net = ip_network(text)
            yield int(net.network_address), int(net.broadcast_address), NetworkKind(group["kind"])


class Networks:
    """Looks addresses up; every answer comes from files of this machine.

    Args:
        enrich: MMDBs named by the user.
        network_key: key of the network hash, from `KeyRing.derive("network")`.
        root: where relative paths of the settings start.
        folder: where `mailwake update-data` installs, `<data>/enrich`; None: only what the package holds.

    Raises:
        BadInput: a named or installed file cannot be used.
    """

    def __init__(self, enrich: Enrich, network_key: bytes, *, root: Path = Path(), folder: Path | None = None) -> None:
        self._key = network_key[:64]
        self._kinds = load_kinds()
        country = root / enrich.country_mmdb if enrich.country_mmdb else choose(Database.COUNTRY, folder)
        self._country = open_mmdb(country, "enrich.country_mmdb")
        self._city = open_mmdb(root / enrich.city_mmdb, "enrich.city_mmdb") if enrich.city_mmdb else None
        self._asn: AsnTable | None = None
        self._asn_mmdb: maxminddb.Reader | None = None
        if enrich.asn_mmdb:
            self._asn_mmdb = open_mmdb(root / enrich.asn_mmdb, "enrich.asn_mmdb")
        else:
            self._asn = AsnTable(choose(Database.ASN, folder))
        self._remembered = lru_cache(REMEMBERED)(self._look_up)
        self._operator_named = lru_cache(REMEMBERED)(self._name_and_kind)

    def look_up(self, ip: str | None) -> Network:
        """What is known of an address; nothing for no address, a private one, or what is no address at all."""
        return self._remembered(ip) if ip and len(ip) <= MAX_CHARS else NOTHING

    def _look_up(self, ip: str) -> Network:
        packed = pack(ip)
        if packed is None:
            return NOTHING
        address = IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)
        digest = hashlib.blake2b(packed[: 3 if len(packed) == 4 else 6], digest_size=8, key=self._key).digest()
        hashed = int.from_bytes(digest) >> 1
        if not address.is_global or is_private(packed):  # distinct, but nobody's
            return Network(hash=hashed)
        if self._asn is not None:
            asn = self._asn.owner(packed)
            organisation, kind = self._operator_named(asn) if asn else (None, NetworkKind.UNKNOWN)
        else:
            asn, organisation = operator_of(_record(self._asn_mmdb, str(address)))
            kind = self._kinds.of_operator(asn, organisation)
        return Network(
            hash=hashed,
            kind=self._kinds.of_range(packed) or kind,
            asn=asn,
            organisation=organisation,
            country=country_of(_record(self._country, str(address))),
            city=_city_of(_record(self._city, str(address))),
            carries_relay=asn in self._kinds.relay_asns,
        )

    def _name_and_kind(self, asn: int) -> tuple[str | None, NetworkKind]:
        organisation = self._asn.organisation(asn) if self._asn else None
        return organisation, self._kinds.of_operator(asn, organisation)


def pack(ip: str | None) -> bytes | None:
    """An address as 4 or 16 bytes; None when it is none. IPv4 inside IPv6 (RFC 4291 §2.5.5.2) is told as IPv4.

    A port, brackets or a zone behind it are tolerated, because proxies add them.
    """
    if not ip or len(ip) > MAX_CHARS:
        return None
    text = ip.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        if ":" not in text:
            return socket.inet_pton(socket.AF_INET, text)
        packed = socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
    except (OSError, ValueError):  # ValueError: an embedded NUL, or characters outside ASCII
        return None
    return packed[12:] if packed.startswith(bytes(10) + b"\xff\xff") else packed


def is_private(packed: bytes) -> bool:
    """Whether an address says nothing on where it is: loopback, link-local, private or shared (RFC 6890)."""
    if len(packed) == 4:
        number = int.from_bytes(packed)
        return any(first <= number <= last for first, last in _PRIVATE4)
    return (
        packed[0] & 0xFE == 0xFC
        or packed[:2] in (b"\xfe\x80", b"\xfe\x90", b"\xfe\xa0", b"\xfe\xb0")
        or packed[:15] == bytes(15)
    )


def operator_of(record: object) -> tuple[int | None, str | None]:
    """ASN and organisation in a record of MaxMind, DB-IP or IPinfo."""
    if not isinstance(record, dict):
        return None, None
    told = record.get("autonomous_system_number") or record.get("asn")
    number = int(text) if (text := str(told or "").upper().removeprefix("AS")).isascii() and text.isdigit() else None
    name = record.get("autonomous_system_organization") or record.get("as_name") or record.get("name")
    return number, name if isinstance(name, str) else None


def _record(reader: maxminddb.Reader | None, text: str) -> object:
    try:
        return reader.get(text) if reader else None
    except ValueError:  # an IPv6 address and an IPv4 database
        return None


def _city_of(record: object) -> str | None:
    if not isinstance(record, dict):
        return None
    told = record.get("city")
    if isinstance(told, dict):
        names = told.get("names")
        told = names.get("en") if isinstance(names, dict) else None
    return told if isinstance(told, str) and told else None
