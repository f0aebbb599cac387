"""Machines: scanners of mail gateways and whatever else fetches what a message points at."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path
from random import Random

import msgspec

from mailwake.simulate.chance import from_quantiles, log_normal
from mailwake.worlds.hits import Copy, Hit, Visitor
from mailwake.worlds.places import Places, Pool
from mailwake.worlds.programs import Programs, visitor

#: When bursts start, seconds and share so far. Source: craft-campaign issue 546
BURSTS = ((10.0, 0.005), (20.0, 0.027), (43.0, 0.5), (60.0, 0.691), (300.0, 0.974), (1800.0, 0.993), (86400.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one kind of machine behaves; times in seconds."""

    name: str
    network: str = "hosting"
    fleet: int = 200
    #: burst (the quantiles), uniform, lognormal, wave (from the hour on), read (as late as people)
    clock: str = "lognormal"
    start: tuple[float, float] = (20.0, 1.0)
    #: all, part, first, one, few
    links: str = "all"
    coverage: tuple[float, float] = (0.3, 1.0)
    #: mean of exponential gaps, or median of log-normal ones with `human_gaps`
    gap: float = 0.5
    human_gaps: bool = False
    program: str = "mixed"
    language: float = 0.5
    fetch: float = 0.3
    #: a new address, a new program for each request
    rotates_ip: bool = False
    rotates_ua: bool = False
    opens: float = 0.0
    #: how long before its first click it opened; None: at a time of its own soon after delivery
    open_lead: tuple[float, float] | None = None
    decoys: float = 0.6
    mutates: float = 0.0
    unsubscribe: float = 0.2
    again: float = 0.0
    head: bool = False
    shuffled: bool = False


def load_manners(path: Path = Path(__file__).parent / "machines.toml") -> tuple[list[Manner], list[Manner]]:
    """The machines of a file: those with networks of their own, and those behind a company's address."""
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    return msgspec.convert(tree["machine"], list[Manner]), msgspec.convert(tree["own_address"], list[Manner])


def draw_manner(rng: Random, number: int) -> Manner:
    """A machine that nobody has met."""
    clock = rng.choice(("burst", "uniform", "lognormal", "lognormal", "lognormal", "wave", "read"))
    start = {
        "uniform": (rng.uniform(-3, 60), rng.uniform(70, 1800)),
        "lognormal": (log_normal(rng, 60, 1.4), rng.uniform(0.5, 1.4)),
        "wave": (0.0, rng.uniform(60, 600)),
    }.get(clock, (0.0, 0.0))
    language, fetch = rng.choice((0.3, 0.7, 1.0)), rng.choice((0.1, 0.5, 0.9, 1.0))
    human_gaps = rng.random() < 0.25
    return Manner(
        name=f"wild_{number}",
        network=rng.choice(("hosting", "unknown", "amazon", "microsoft", "hosting", "unknown", "mimecast")),
        fleet=round(log_normal(rng, 200, 1.5)) + 5,
        clock=clock,
        start=start,
        links=rng.choice(("all", "part", "part", "few", "one", "first")),
        coverage=(rng.uniform(0.1, 0.6), rng.uniform(0.6, 1.0)),
        gap=log_normal(rng, 12 if human_gaps else 0.5, 0.9),
        human_gaps=human_gaps,
        program=rng.choice(("stale", "mixed", "current", "current", "headless", "old_fixed", "library", "empty")),
        language=language,
        fetch=fetch,
        rotates_ip=rng.random() < 0.4,
        rotates_ua=rng.random() < 0.4,
        opens=rng.choice((0, 0, 0.3, 0.8, 1.0)),
        open_lead=rng.choice((None, (0.5, 5.0), (2.0, 30.0))),
        decoys=rng.choice((0, 0.1, 0.5, 0.9)),
        mutates=rng.choice((0, 0, 0.1)),
        unsubscribe=rng.choice((0, 0.2, 0.8)),
        again=rng.choice((0, 0, 0.2)),
        head=rng.random() < 0.08,
        shuffled=rng.random() < 0.2,
    )


class Machines:
    """The machines of one world."""

    def __init__(self, rng: Random, places: Places, programs: Programs) -> None:
        self._rng, self._places, self._programs = rng, places, programs
        self._pools: dict[str, Pool] = {}
        self._fixed: dict[str, tuple[str, dict[str, str]]] = {}

    def visit(self, manner: Manner, copy: Copy, address: str | None = None) -> list[Hit]:
        """Everything that one machine does to one copy.

        Args:
            address: the company's own, for what stands behind it.
        """
        at = self._begin(manner, copy)
        hits = self._sweep(manner, copy, at, address)
        if self._rng.random() < manner.again:
            hits += self._sweep(manner, copy, at + log_normal(self._rng, 7200, 1), address)
        return hits

    def _begin(self, manner: Manner, copy: Copy) -> float:
        rng, (low, high) = self._rng, manner.start
        if manner.clock == "burst":
            return copy.delivered_at + from_quantiles(rng, BURSTS)
        if manner.clock == "uniform":
            return copy.delivered_at + rng.uniform(low, high)
        if manner.clock == "read":
            return copy.delivered_at + log_normal(rng, 12_000, 1.8)
        if manner.clock == "wave":
            hours = rng.randrange(1, 5)
            return (copy.delivered_at // 3600 + hours) * 3600 + rng.uniform(low, high)
        return copy.delivered_at + rng.lognormvariate(log(low), high)

    def _who(self, manner: Manner, address: str | None) -> Visitor:
        pool = self._pools.get(manner.name)
        if pool is None:
            pool = self._pools[manner.name] = self._places.fleet(manner.network, manner.fleet)
        return visitor(address or pool(), self._program(manner))

    def _program(self, manner: Manner) -> tuple[str, dict[str, str]]:
        if manner.program == "old_fixed":
            if manner.name not in self._fixed:
                self._fixed[manner.name] = self._programs.machine("old_fixed", language=1, fetch=manner.fetch)
            return self._fixed[manner.name]
        return self._programs.machine(manner.program, language=manner.language, fetch=manner.fetch)

    def _next(self, manner: Manner, who: Visitor, address: str | None) -> Visitor:
        if not manner.rotates_ip and not manner.rotates_ua:
            return who
        other = self._who(manner, address)
        return Visitor(
            other.ip if manner.rotates_ip else who.ip,
            other.ua if manner.rotates_ua else who.ua,
            other.headers if manner.rotates_ua else who.headers,
        )

    def _sweep(self, manner: Manner, copy: Copy, at: float, address: str | None) -> list[Hit]:
        rng, who, hits = self._rng, self._who(manner, address), []

        def add(kind: str, when: float, *, link: int | None = None, signed: bool = True) -> None:
            here = self._next(manner, who, address)
            method = "HEAD" if manner.head else "GET"
            hits.append(
                Hit(
                    type=kind,
                    at=when,
                    delivery=copy.number,
                    visitor=here,
                    human=False,
                    agent=manner.name,
                    link=link,
                    method=method,
                    signature_ok=signed,
                )
            )

        if rng.random() < manner.opens:
            lead = manner.open_lead
            early = copy.delivered_at + log_normal(rng, 7.6, 0.97)
            add("opened", max(copy.sent_at, at - rng.uniform(*lead)) if lead else min(early, at))
        for link in self._targets(manner, copy):
            if link == 0:
                add("decoy", at)
            elif link < 0:
                add("unsub_view", at)
            else:
                add("clicked", at, link=link)
                if rng.random() < manner.mutates:
                    add("clicked", at + rng.uniform(0, 0.5), link=link, signed=False)
            at += log_normal(rng, manner.gap, 1.0) if manner.human_gaps else rng.expovariate(1 / manner.gap)
        return hits

    def _targets(self, manner: Manner, copy: Copy) -> list[int]:
        """Links in the order of following; 0 is a decoy, -1 the page to unsubscribe."""
        rng, links = self._rng, list(range(1, copy.links + 1))
        if manner.links == "first":
            return [0] if copy.decoys and rng.random() < manner.decoys else links[:1]
        if manner.links in ("one", "few"):
            count = 1 if manner.links == "one" else rng.choice((1, 1, 2))
            links = rng.sample(links, min(count, len(links)))
        elif manner.links == "part":
            share = rng.uniform(*manner.coverage)
            links = sorted(rng.sample(links, max(1, round(share * len(links)))))
        if copy.decoys and rng.random() < manner.decoys:
            links.insert(rng.randrange(len(links) + 1), 0)
        if rng.random() < manner.unsubscribe and manner.links in ("all", "part"):
            links.append(-1)
        if manner.shuffled:
            rng.shuffle(links)
        return links


def preview(rng: Random, here: Visitor, copy: Copy, shared: Hit) -> Hit:
    """Somebody pasted the link into a messenger."""
    return Hit(
        type="clicked",
        at=shared.at + rng.uniform(1, 30),
        delivery=copy.number,
        visitor=here,
        human=False,
        agent="preview",
        link=shared.link,
    )


def prefetch(rng: Random, copy: Copy, opened: Hit, *, announces: bool) -> list[Hit]:
    """The reader's own program fetches links ahead, from the reader's own address, when the message is opened."""
    if opened.visitor is None:
        return []
    extra: Mapping[str, str] = {"Sec-Purpose": "prefetch"} if announces else {}
    here = Visitor(opened.visitor.ip, opened.visitor.ua, {**opened.visitor.headers, **extra})
    links = range(1, min(copy.links, rng.randrange(1, 6)) + 1)
    return [
        Hit(
            type="clicked",
            at=opened.at + 0.3 + 0.15 * place,
            delivery=copy.number,
            visitor=here,
            human=False,
            agent="client_prefetch",
            link=link,
        )
        for place, link in enumerate(links)
    ]


def recheck(here: Visitor, copy: Copy, followed: Hit, *, after: float) -> Hit:
    """A gateway looks at a link because somebody follows it, from elsewhere: before it lets them pass, or afterwards.

    Args:
        here: the gateway's own.
        after: seconds from the person's click; below zero: before it.
    """
    return Hit(
        type="clicked",
        at=followed.at + after,
        delivery=copy.number,
        visitor=here,
        human=False,
        agent="recheck",
        link=followed.link,
    )


def read_ahead(rng: Random, here: Visitor, copy: Copy, opened: Hit, *, gap: float) -> list[Hit]:
    """The reader's browser fetches links ahead, from their own address, while a proxy fetches the images.

    Args:
        here: the reader's own.
        gap: mean seconds from link to link.
    """
    at, hits = opened.at + rng.uniform(0.1, 1.5), list[Hit]()
    for link in range(1, min(copy.links, rng.randrange(2, 9)) + 1):
        hits.append(
            Hit(
                type="clicked",
                at=at,
                delivery=copy.number,
                visitor=here,
                human=False,
                agent="read_ahead",
                link=link,
            )
        )
        at += gap * rng.uniform(0.4, 1.6)
    return hits
