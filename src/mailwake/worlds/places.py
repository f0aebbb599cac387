"""Addresses: real ranges where the world is known to tables, made-up ones where it is not."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from mailwake.simulate.places import World as Ranges
from mailwake.simulate.places import address_in

Pool = Callable[[], str]
#: Networks of machines that `simulate/networks.toml` has no range for, by the nearest that it has.
_LIKE = {"hosting": "vpn", "azure": "microsoft", "unknown": "vpn", "yahoo": "google", "owa": "microsoft"}
#: People's own networks, lent to machines.
_LENT = ("lent_home", "lent_phone")
#: Networks of machines that stand in no table: a cloud that nobody knows, and those, unless it has them as people's.
_NOWHERE = ("unknown", *_LENT)
#: How often tables that err take rented servers for a company's own. Source: judgement.
_MISTAKEN = 0.15
_PREFIX = {"hosting": "5.9", "yahoo": "98.137", "owa": "40.94"}


class Places:
    """Draws addresses for one world.

    Args:
        known: the chance that a fleet or provider stands in public tables.
        lends: people's own networks that are lent to machines stand in tables as people's, and tables err.
    """

    def __init__(self, rng: Random, ranges: Ranges, *, known: float, lends: bool = False) -> None:
        self._rng, self._ranges, self._known, self._lends = rng, ranges, known, lends
        #: address to kind of network: a table such as nobody has
        self.kinds: dict[str, str] = {}
        self._made_phones = [self._made_network() for _ in range(40)]
        self._is_known = rng.random() < known

    def fleet(self, kind: str, size: int) -> Pool:
        """Addresses of a machine network: `size` of them, in few or many neighbourhoods."""
        rng, many = self._rng, min(size, 4_000)
        if self._lends and kind in _LENT:
            addresses = [self._lent(kind) for _ in range(many)]
        elif rng.random() < self._known and kind not in _NOWHERE:
            taken_for = self._taken_for(kind)
            addresses = [self._real(taken_for) for _ in range(many)]
        else:
            networks = [self._made_network() for _ in range(max(1, size // rng.choice((4, 20, 100, 200))))]
            addresses = [f"{rng.choice(networks)}.{rng.randrange(1, 255)}" for _ in range(many)]
        self.kinds |= dict.fromkeys(addresses, kind)
        return lambda: rng.choice(addresses)

    def _lent(self, kind: str) -> str:
        """An address of people's own that a machine comes through."""
        country = self._rng.randrange(len(self._ranges.countries))
        return self.home(country) if kind == "lent_home" else self.phone(country)

    def _taken_for(self, kind: str) -> str:
        """The kind of network that tables say it is."""
        return "office" if self._lends and kind == "hosting" and self._rng.random() < _MISTAKEN else kind

    def _real(self, kind: str) -> str:
        if kind in _PREFIX:
            return f"{_PREFIX[kind]}.{self._rng.randrange(1, 255)}.{self._rng.randrange(1, 255)}"
        return self._ranges.machine_address(self._rng, _LIKE.get(kind, kind))

    def home(self, country: int) -> str:
        """A household's address."""
        if self._is_known:
            return address_in(self._rng, self._ranges.countries[country].home)
        return f"{self._made_network()}.{self._rng.randrange(1, 255)}"

    def phone(self, country: int) -> str:
        """A phone's address of the moment: carriers put thousands behind few networks."""
        if self._is_known:
            return address_in(self._rng, self._ranges.countries[country].phone)
        return f"{self._rng.choice(self._made_phones)}.{self._rng.randrange(1, 255)}"

    def office(self) -> str:
        """The network (three numbers) that a company's people leave through."""
        if self._is_known:
            return self._ranges.machine_address(self._rng, "office").rpartition(".")[0]
        return self._made_network()

    def _made_network(self) -> str:
        """Three numbers of an address that no table knows: reserved space, RFC 1112 section 4."""
        rng = self._rng
        return f"{rng.randrange(240, 255)}.{rng.randrange(256)}.{rng.randrange(256)}"
