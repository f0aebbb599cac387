"""What machines do to mail at each recipient domain, and what they will do to the next send.

The event store knows a domain by itself where many people share it, else by a keyed stand-in; its name is known through
its recipients in the state store alone. A domain with few recipients would point at them, so those stand together.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from mailwake.atlas.answers import (
    DELAY_EDGES,
    Atlas,
    Chances,
    DomainLine,
    Forecast,
    Gateway,
    Operator,
    Share,
)
from mailwake.atlas.gateways import gateway_of, operator_named
from mailwake.errors import NotEnoughData
from mailwake.events import SECOND, Micros
from mailwake.insight.domain_names import domain_names
from mailwake.insight.metrics import Metric
from mailwake.insight.stores import Stores, moment
from mailwake.language import noted, say
from mailwake.stats.moments import Estimate, Moments, counted, part_of, product, scaled, share, total
from mailwake.stats.shrinkage import JEFFREYS, Prior, fit_prior, posterior, shrink
from mailwake.store.answers.sliding import Sliding
from mailwake.store.state import Exchangers

#: Scanners change their ways; what is older says little about the next send.
DAYS = 90
DAY = 86_400 * SECOND
#: A domain with fewer recipients than this points at people.
LEAST_RECIPIENTS = 5
#: With fewer copies clicked by people nobody knows how many clicks are theirs; a share of them would be a guess.
LEAST_READ = 20
#: Domains told apart; more fill no page that anybody reads.
MOST_DOMAINS = 200
_BINS = len(DELAY_EDGES) + 1
#: The event store adds up probabilities in ten-thousandths.
_PARTS = 10_000
_COUNTS = (
    *("copies", "scanned", "read", "machine_links", "other_links", "scanned_links", "links"),
    *("clicks", "machine_parts", "baited"),
)


@dataclass(kw_only=True, slots=True)
class _Domain:
    """One domain, or several together, as it is being added up."""

    name: str | None
    domains: int = 1
    recipients: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    delays: list[int] = field(default_factory=lambda: [0] * _BINS)
    undated: int = 0
    sources: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Priors:
    """What is usual among domains."""

    machine: Prior
    coverage: Prior
    other: Prior


@cache
def domain_metrics() -> dict[str, Metric]:
    """The registry of domain_metrics.toml, in the order of display."""
    text = files("mailwake.atlas").joinpath("domain_metrics.toml").read_text(encoding="utf-8")
    return {name: msgspec.convert({"id": name, **entry}, Metric) for name, entry in tomllib.loads(text).items()}


def atlas(stores: Stores, *, now: Micros, days: int = DAYS) -> Atlas:
    """Every recipient domain with enough recipients, by the mail of the last days.

    Args:
        stores: where to look.
        now: microseconds since 1970.
        days: how far back, 1 or more.
    """
    since = Sliding(
        max(0, now - now % DAY - days * DAY), f"{days} days"
    )  # by whole days: the same day, the same answer
    found = _gather(stores, since)
    priors = _priors(found.values())
    told, others = _told_apart(found)
    known = stores.state.exchangers(each.name for each in told if each.name)
    everything = {name: sum(each.counts[name] for each in found.values()) for name in _COUNTS}
    rest = _together(others) if others else None
    return Atlas(
        since=_time(since),
        fresh_at=moment(stores.events.ask("latest")[0]["received_at"]),
        copies=everything["copies"],
        read=everything["read"],
        least_recipients=LEAST_RECIPIENTS,
        delay_edges=DELAY_EDGES,
        links=_ratio(everything["links"], everything["copies"]),
        links_followed=_ratio(everything["other_links"], everything["read"]),
        domains=tuple(_line(each, priors, _gateway(each, known.get(each.name or ""))) for each in told),
        others=None if rest is None else _line(rest, priors, None),
        usual=_usual(priors) if everything["copies"] else None,
    )


def _time(micros: int) -> Any:  # noqa: ANN401 - never None for a number
    return moment(micros)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _gather(stores: Stores, since: int) -> dict[str, _Domain]:
    """Stored name to what happened there. Stand-ins that turn out to be one domain (keys were changed) are added up."""
    rows = stores.events.ask("domain_traffic", since=since)
    names = domain_names(stores, rows)
    found: dict[str, _Domain] = {}
    by_stored: dict[str, _Domain] = {}
    for row in rows:
        stored = row["domain"]
        name = names.get(stored)
        into = by_stored[stored] = found.setdefault(name or stored, _Domain(name=name))
        into.recipients = max(into.recipients, row["recipients"])
        for count in _COUNTS:
            into.counts[count] += int(row[count])
    for row in stores.events.ask("domain_delays", since=since):
        if row["bin"] is None:
            by_stored[row["domain"]].undated += row["clicks"]
        else:
            by_stored[row["domain"]].delays[row["bin"]] += row["clicks"]
    for row in stores.events.ask("domain_sources", since=since):
        if row["domain"] in by_stored:
            by_stored[row["domain"]].sources.append(row)
    return found


def _told_apart(found: Mapping[str, _Domain]) -> tuple[list[_Domain], list[_Domain]]:
    """Domains that may be named, most copies first, and all others. Who was mailed long ago makes no domain larger."""
    ranked = sorted(found.values(), key=lambda each: (-each.counts["copies"], each.name or ""))
    named = [each for each in ranked if each.name is not None and each.recipients >= LEAST_RECIPIENTS][:MOST_DOMAINS]
    shown = {each.name for each in named}
    return named, [each for each in ranked if each.name is None or each.name not in shown]


def _together(domains: Sequence[_Domain]) -> _Domain:
    one = _Domain(name=None, domains=len(domains), recipients=sum(each.recipients for each in domains))
    for each in domains:
        one.undated += each.undated
        one.delays = [a + b for a, b in zip(one.delays, each.delays, strict=True)]
        for count in _COUNTS:
            one.counts[count] += each.counts[count]
    return one


def _priors(domains: Iterable[_Domain]) -> _Priors:
    counts = [each.counts for each in domains]
    return _Priors(
        machine=_prior([(each["scanned"], each["copies"]) for each in counts]),
        coverage=_prior([_coverage(each) for each in counts]),
        other=_prior([(each["read"], each["copies"]) for each in counts]),
    )


def _coverage(counts: Mapping[str, int]) -> tuple[float, float]:
    """Share of links that machines followed in a copy, each copy counting as one trial: its links are one decision."""
    if not counts["scanned_links"]:
        return 0.0, 0.0
    return counts["scanned"] * min(1.0, counts["machine_links"] / counts["scanned_links"]), counts["scanned"]


def _prior(groups: Sequence[tuple[float, float]]) -> Prior:
    try:
        return fit_prior(groups)
    except NotEnoughData:
        return JEFFREYS


def _chances(counts: Mapping[str, int], priors: _Priors) -> Chances:
    return Chances(
        machine=posterior(counts["scanned"], counts["copies"], priors.machine),
        coverage=posterior(*_coverage(counts), priors.coverage),
        other=posterior(counts["read"], counts["copies"], priors.other),
    )


def _usual(priors: _Priors) -> Chances:
    return Chances(
        machine=posterior(0, 0, priors.machine),
        coverage=posterior(0, 0, priors.coverage),
        other=posterior(0, 0, priors.other),
    )


def _line(domain: _Domain, priors: _Priors, gateway: Gateway | None) -> DomainLine:
    counts = domain.counts
    copies, clicks, parts = counts["copies"], counts["clicks"], counts["machine_parts"] / _PARTS
    shrunk = shrink(counts["scanned"], copies, priors.machine) if copies else None
    judged = shrink(parts, clicks) if clicks else None
    return DomainLine(
        name=domain.name,
        domains=domain.domains,
        recipients=domain.recipients,
        gateway=gateway,
        machine_copies=_share("machine_copy_rate__delivered_trackable", counts["scanned"], copies, shrunk),
        machine_clicks=_share("machine_click_share__judged", parts, clicks, judged),
        delays=tuple(domain.delays),
        undated=domain.undated,
        baited=counts["baited"],
        chances=_chances(counts, priors),
    )


def _share(metric: str, count: float, base: float, told: Estimate | None, *, why: str = "") -> Share:
    meant = domain_metrics()[metric]
    return Share(
        metric=metric,
        label=meant.label,
        count=count,
        base=base,
        base_name=meant.base_name,
        rate=told.mean if told else None,
        low=told.low if told else None,
        high=told.high if told else None,
        cannot_say=None if told else why or say("cannot say: no %(what)s", what=say(meant.base_name)),
    )


def _gateway(domain: _Domain, known: Exchangers | None) -> Gateway:
    operators = _operators(domain.sources)
    named = next((each.name for each in operators if each.name is not None), None)
    return Gateway(
        by_exchanger=gateway_of(known.hosts) if known else None,
        exchangers=known.hosts if known else None,
        looked_up_at=moment(known.looked_up_at) if known else None,
        by_clicks=named,
        operators=operators,
    )


def _operators(sources: Iterable[Mapping[str, Any]]) -> tuple[Operator, ...]:
    """Networks of one operator together, most clicks first."""
    grouped: dict[tuple[str | None, int | None, str], tuple[set[int], Counter[str]]] = {}
    for row in sources:
        asn, name = row["asn"], operator_named(row["asn"])
        asns, counts = grouped.setdefault((name, None if name else asn, row["network_kind"]), (set(), Counter()))
        counts["clicks"] += row["clicks"]
        counts["baits"] += row["baits"]
        if asn is not None:
            asns.add(asn)
    found = [
        Operator(name=name, asns=tuple(sorted(asns)), kind=kind, clicks=counts["clicks"], baits=counts["baits"])
        for (name, _, kind), (asns, counts) in grouped.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.clicks, each.name or "~", each.kind, each.asns)))


def forecast(known: Atlas, audience: Mapping[str, int], *, links: float | None = None) -> Forecast:
    """What machines will do to a send, from what they did at the domains it goes to.

    At each domain so many copies will be clicked by machines (beta-binomial), in each of them a share of the links;
    people click independently of how many links there are. Domains that are not told apart get what is usual.

    Args:
        known: the atlas.
        audience: domain in lower case, IDNA, to how many people there get a copy.
        links: in the message, counted as `mailwake instrument` does; None: as many as usual.
    """
    lines = {line.name: line for line in known.domains}
    copies, at_known = sum(audience.values()), sum(n for name, n in audience.items() if name in lines)
    links = known.links if links is None else links
    machine, false, other = [], [], []
    for name, people in audience.items():
        chances = lines[name].chances if name in lines else known.usual
        if chances is None or links is None:
            continue
        scanned = counted(people, chances.machine)
        machine.append(scanned)
        false.append(product(scanned, scaled(links, chances.coverage)))
        other.append(scaled(known.links_followed or 1.0, counted(people, chances.other)))
    return Forecast(
        copies=copies,
        known=at_known,
        links=links,
        false_clicks=_false_clicks(total(false), total(other), known.read),
        machine_copies=_machine_copies(total(machine), copies if machine else 0),
    )


_NOTHING_YET = noted("cannot say: nothing was delivered with tracked links yet, or nobody gets the mail")


def _false_clicks(false: Moments, other: Moments, read: int) -> Share:
    whole = false.mean + other.mean
    told = share(false, other) if whole and read >= LEAST_READ else None
    why = (
        say("cannot say: people clicked in %(copies)s copies, and it takes %(least)s", copies=read, least=LEAST_READ)
        if whole
        else say(_NOTHING_YET)
    )
    return _share("false_click_share__predicted", false.mean, whole, told, why=why)


def _machine_copies(machine: Moments, copies: int) -> Share:
    told = part_of(machine, copies) if copies else None
    return _share("machine_copy_share__predicted", machine.mean, copies, told, why=say(_NOTHING_YET))


def everybody(known: Atlas) -> dict[str, int]:
    """The audience of all recipients in an atlas; those at other domains stand under no name."""
    people = {line.name or "": line.recipients for line in known.domains}
    return people | ({"": known.others.recipients} if known.others else {})
