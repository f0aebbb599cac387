"""The shape of what is known about recipient domains, as the API sends it. Fields are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from mailwake.stats.moments import Moments

#: upper ends of the bins of delay, in seconds after delivery; the last bin has none
DELAY_EDGES = (2, 10, 20, 60, 300, 1_800, 21_600)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A share with everything needed to read it."""

    #: id in domain_metrics.toml
    metric: str
    label: str
    #: what was counted; expected numbers may be fractions
    count: float
    base: float
    base_name: str
    #: 0-1; None: cannot say
    rate: float | None
    #: lower end of the 95 % interval, 0-1
    low: float | None
    #: upper end, 0-1
    high: float | None
    #: why there is no rate; None when there is one
    cannot_say: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chances:
    """What a copy to a domain has to expect: each mean 0-1 with the variance of the belief."""

    #: that machines follow a link of it
    machine: Moments
    #: share of its links that they follow then
    coverage: Moments
    #: that somebody else, a person or perhaps one, follows a link
    other: Moments


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """Whose network machines clicked from."""

    #: None: not known by name
    name: str | None
    #: autonomous systems, lowest first
    asns: tuple[int, ...]
    #: scanner, cloud, hosting, ...
    kind: str
    #: of machines, those on hidden links among them
    clicks: int
    #: on hidden links
    baits: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Gateway:
    """What stands before a domain, as far as it shows."""

    #: by its mail exchangers; None: not looked up, or none that the table knows
    by_exchanger: str | None
    #: most preferred first; None: not looked up
    exchangers: tuple[str, ...] | None
    looked_up_at: datetime | None
    #: the vendor or cloud that most of its machine clicks come from; None: no machine clicked, or none by name
    by_clicks: str | None
    #: most clicks first
    operators: tuple[Operator, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainLine:
    """A recipient domain, or all those that are not told apart."""

    #: None: all other domains
    name: str | None
    #: how many domains: 1, but for the others
    domains: int
    #: different ones; of the others at least so many
    recipients: int
    #: None for the others
    gateway: Gateway | None
    machine_copies: Share
    machine_clicks: Share
    #: clicks of machines in the bins of `DELAY_EDGES`; (8,)
    delays: tuple[int, ...]
    #: clicks of machines on copies of which nobody knows when they came
    undated: int
    #: copies in which a hidden link was followed
    baited: int
    chances: Chances


@dataclass(frozen=True, kw_only=True, slots=True)
class Atlas:
    """Every recipient domain that can be told without pointing at people."""

    #: mail sent before is not part of this, UTC
    since: datetime
    #: the last event that is part of these numbers was received then, UTC
    fresh_at: datetime | None
    #: delivered with tracked links, at all domains
    copies: int
    #: of these: with a click of a person or perhaps a person
    read: int
    #: domains with fewer recipients are among the others
    least_recipients: int
    #: upper ends of the bins of delay, in seconds
    delay_edges: tuple[int, ...]
    #: mean number of links in a copy; None: no copy
    links: float | None
    #: mean number of links followed in a copy of which somebody but machines followed any; None: there is none
    links_followed: float | None
    #: most copies first
    domains: tuple[DomainLine, ...]
    #: None: there are none
    others: DomainLine | None
    #: for a domain that nothing is known of; None: nothing was delivered yet
    usual: Chances | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What machines will do to a send before it goes out."""

    #: how many people
    copies: int
    #: of these at domains that the atlas tells apart
    known: int
    #: in the message
    links: float | None
    false_clicks: Share
    machine_copies: Share


def to_json(answer: Atlas | Forecast) -> bytes:
    """An answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"
