"""Who gets the mail: made-up people at reserved domains (RFC 2606), the same ones for the same seed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from mailwake.simulate.chance import dice
from mailwake.simulate.places import Country, World, address_in
from mailwake.simulate.sink import Trouble

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody with a mailbox."""

    address: str = field(repr=False)
    given: str
    family: str = field(repr=False)
    #: name of the mail program's kind, from `agents.toml`
    client: str
    #: what stands before the mailbox, from `agents.toml`; "none" for private ones
    gateway: str
    country: Country
    language: str
    #: address at home, on the phone, and of the office ("" for private mailboxes)
    home: str
    phone: str
    office: str
    #: what is wrong with the mailbox
    trouble: Trouble | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """A domain of its own, with one way out to the world and one mail gateway."""

    domain: str
    gateway: str
    country: Country
    office: str


def make_people(
    count: int, *, seed: int, world: World, dials: Mapping[str, Any], folder: Path = FOLDER
) -> list[Person]:
    """So many people, each with an address of their own.

    Args:
        count: how many.
        seed: the same seed gives the same people.
        world: where they live.
        dials: the numbers of `agents.toml`.
        folder: where `people.toml` is.
    """
    names = tomllib.loads((folder / "people.toml").read_text(encoding="utf-8"))
    rng = dice(seed, "people")
    companies, sizes = _companies(names, seed, world, dials), [size for _, size in names["companies"]]
    taken: set[str] = set()
    people: list[Person] = []
    while len(people) < count:
        company = rng.choices(companies, sizes)[0] if rng.random() < names["company_share"] else None
        person = _person(rng, names, company, world=world, dials=dials)
        if person.address not in taken:
            taken.add(person.address)
            people.append(person)
    return people


def _companies(names: Mapping[str, Any], seed: int, world: World, dials: Mapping[str, Any]) -> list[Company]:
    rng = dice(seed, "companies")
    domains = [domain for domain, _ in names["companies"]]
    gateways = spread(dials["gateways"], len(domains))
    rng.shuffle(gateways)
    return [
        Company(
            domain=domain,
            gateway=gateway,
            country=world.country(rng),
            office=world.machine_address(rng, "office"),
        )
        for domain, gateway in zip(domains, gateways, strict=True)
    ]


def spread(parts: Mapping[str, float], count: int) -> list[str]:
    """`count` names in the given proportions, as nearly as whole numbers allow; every name that fits is there."""
    whole = sum(parts.values())
    ordered = sorted(parts, key=lambda name: -parts[name])[:count]
    counts = {name: max(1, int(count * parts[name] / whole)) for name in ordered}
    counts[ordered[0]] += count - sum(counts.values())
    return [name for name in ordered for _ in range(counts[name])]


def _person(
    rng: Random, names: Mapping[str, Any], company: Company | None, *, world: World, dials: Mapping[str, Any]
) -> Person:
    given, family = rng.choice(names["given"]), rng.choice(names["family"])
    country = company.country if company else world.country(rng)
    clients: Mapping[str, int] = dials["clients"]["company" if company else "private"]
    return Person(
        address=_address(rng, given, family, company.domain if company else rng.choice(names["domains_private"])),
        given=given,
        family=family,
        client=rng.choices(list(clients), list(clients.values()))[0],
        gateway=company.gateway if company else "none",
        country=country,
        language=rng.choice(country.languages),
        home=address_in(rng, country.home),
        phone=address_in(rng, country.phone),
        office=company.office if company else "",
        trouble=_trouble(rng, names),
    )


def _address(rng: Random, given: str, family: str, domain: str) -> str:
    local = f"{given}.{family}".lower().replace("'", "")
    if not domain.endswith(".example"):
        local += rng.choice(("", ".", "_", "")) + str(rng.randrange(1000))
    elif rng.random() < 0.7:
        local += str(rng.randrange(2, 99))
    return f"{local}@{domain}"


def _trouble(rng: Random, names: Mapping[str, Any]) -> Trouble | None:
    draw = rng.random() * 10_000
    for trouble, parts in (
        (Trouble.UNKNOWN, names["unknown_user"]),
        (Trouble.FULL, names["mailbox_full"]),
        (Trouble.BUSY, names["busy"]),
    ):
        if draw < parts:
            return trouble
        draw -= parts
    return None


def without_trouble(people: Sequence[Person]) -> list[Person]:
    """Those whose mailboxes take mail at once."""
    return [person for person in people if person.trouble is None]
