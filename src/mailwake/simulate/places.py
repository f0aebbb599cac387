"""Addresses and programs: where requests seem to come from, and what they carry. The data is in two TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from random import Random
from typing import Any

from mailwake.simulate.acts import Visitor

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Country:
    """Where people live."""

    code: str
    utc_offset_hours: int
    languages: tuple[str, ...]
    home: tuple[IPv4Network, ...]
    phone: tuple[IPv4Network, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """Something that sends requests."""

    #: with {language} and {agent} to be filled in
    headers: str
    #: user agents to choose from; empty where the headers say it
    agents: tuple[str, ...]

    def lines(self, rng: Random, language: str) -> bytes:
        """Its header lines."""
        agent = rng.choice(self.agents) if self.agents else ""
        return self.headers.replace("{language}", language).replace("{agent}", agent).encode()


@dataclass(frozen=True, kw_only=True)
class World:
    """All countries, machine networks and programs."""

    countries: tuple[Country, ...]
    shares: tuple[int, ...]
    machines: Mapping[str, tuple[IPv4Network, ...]]
    programs: Mapping[str, Program]

    def country(self, rng: Random) -> Country:
        """Where somebody lives."""
        return rng.choices(self.countries, self.shares)[0]

    def machine_address(self, rng: Random, network: str) -> str:
        """An address of one of the machine networks."""
        return address_in(rng, self.machines[network])

    def machine(self, rng: Random, network: str, program: str) -> Visitor:
        """A program somewhere in a machine network."""
        return Visitor(self.machine_address(rng, network), self.programs[program].lines(rng, "en-US,en;q=0.9"))


def address_in(rng: Random, networks: Sequence[IPv4Network]) -> str:
    """A host address in one of some ranges, larger ones more often; never the first or last of a /24."""
    network = rng.choices(networks, [each.num_addresses for each in networks])[0]
    offset = rng.randrange(network.num_addresses)
    return str(network[offset - offset % 256 + rng.randrange(1, 255)])


def load_world(folder: Path = FOLDER) -> World:
    """The world in `networks.toml` and `programs.toml`; the heads of the files say what stands there."""
    networks = tomllib.loads((folder / "networks.toml").read_text(encoding="utf-8"))
    programs = tomllib.loads((folder / "programs.toml").read_text(encoding="utf-8"))
    return World(
        countries=tuple(_country(each) for each in networks["country"]),
        shares=tuple(each["share"] for each in networks["country"]),
        machines={name: _networks(texts) for name, texts in networks["machine"].items()},
        programs={name: _program(each) for name, each in programs.items()},
    )


def _country(entry: Mapping[str, Any]) -> Country:
    return Country(
        code=entry["code"],
        utc_offset_hours=entry["utc_offset_hours"],
        languages=tuple(entry["languages"]),
        home=_networks(entry["home"]),
        phone=_networks(entry["phone"]),
    )


def _program(entry: Mapping[str, Any]) -> Program:
    lines = "".join(f"{name}: {value}\r\n" for name, value in entry["headers"])
    return Program(headers=lines, agents=tuple(entry.get("agents", ())))


def _networks(texts: Sequence[str]) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(text) for text in texts)
