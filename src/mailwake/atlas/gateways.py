"""Which mail gateway stands before a domain: by the names of its mail exchangers, and by whose networks click."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """The table of gateways.toml."""

    #: end of a host name to who runs it
    suffixes: Mapping[str, str]
    #: autonomous system to who runs it
    networks: Mapping[int, str]
    #: operators that do nothing but scan mail
    scanners: frozenset[str]


@cache
def catalogue() -> Catalogue:
    """The table, read once."""
    tree: dict[str, Any] = tomllib.loads(files("mailwake.atlas").joinpath("gateways.toml").read_text(encoding="utf-8"))
    return Catalogue(
        suffixes={row["suffix"]: row["name"] for row in tree["exchangers"]},
        networks={asn: row["name"] for row in tree["networks"] for asn in row["asns"]},
        scanners=frozenset(row["name"] for row in tree["networks"] if row["kind"] == "scanner"),
    )


def gateway_of(hosts: Iterable[str]) -> str | None:
    """Who runs the most preferred mail exchanger that the table knows; None: none of them is known.

    Args:
        hosts: names, most preferred first; any case, with or without a final dot.
    """
    return next((name for host in hosts if (name := _owner(host))), None)


def _owner(host: str) -> str | None:
    """By the longest suffix, at the borders of labels alone: notmimecast.com is not mimecast.com."""
    labels = host.lower().rstrip(".").split(".")
    ends = (".".join(labels[place:]) for place in range(len(labels)))
    return next((name for end in ends if (name := catalogue().suffixes.get(end))), None)


def operator_named(asn: int | None) -> str | None:
    """Who runs an autonomous system, of those that the table knows."""
    return None if asn is None else catalogue().networks.get(asn)
