"""One world: drawn from wide ranges, lived through, thinned to its share of machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from mailwake.simulate.chance import dice, log_normal
from mailwake.simulate.places import load_world
from mailwake.worlds.hits import Copy, Hit
from mailwake.worlds.machines import Machines, Manner, draw_manner, load_manners, prefetch, preview, read_ahead, recheck
from mailwake.worlds.people import Office, People, Person, draw_habits
from mailwake.worlds.places import Places, Pool
from mailwake.worlds.programs import Programs, visitor

#: Kinds of worlds, each a range of its own.
KINDS = (
    "mixed", "low", "high", "consumer", "company", "short", "codes", "withheld", "untimed", "plain", "broken", "wide",
)  # fmt: skip
#: Messages sent, any as likely as any other; a wide world may be a small list.
_COPIES, _WIDE_COPIES = (800, 2_000, 4_000, 4_000, 8_000), (200, 800, 2_000, 4_000, 4_000, 8_000)
_SHARES = {"low": (0.05, 0.05), "high": (0.85, 0.92), "consumer": (0.1, 0.5), "codes": (0.3, 0.7)}
_PRIVATE = "10.0.0.7"
_FIRST, _LAST = 1_720_000_000.0, 1_793_000_000.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is decided before anybody lives in a world."""

    kind: str
    seed: int
    copies: int
    #: clicks by machines among all clicks
    machine_share: float
    #: part of the domains that are companies
    companies: float
    links: tuple[int, ...]
    streams: tuple[str, ...]
    decoys: bool
    #: chance that a copy's delivery is reported
    timed: float
    #: whether sending is reported
    sent: bool
    #: how late delivery is noted at most, seconds; hits may come before it
    late: float
    #: seconds since 1970 of the first campaign; 0 where a source counts from its own beginning
    start: float
    #: chance that the forwarding header is broken, so that a hit comes from the proxy
    broken_proxy: float
    #: address of the proxy
    proxy: str
    #: no address and no user agent
    withheld: bool
    secure: bool
    told: str
    known: float
    shift: int
    wild: int
    #: machines come through homes and phones that stand in tables as people's, and tables err about rented servers
    lends: bool
    duplicates: float = 0.005


@dataclass(kw_only=True)
class World:
    """What happened: copies with hits and truth."""

    plan: Plan
    copies: list[Copy] = field(default_factory=list)
    #: address to kind of network, for whoever asks for a perfect table
    networks: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[tuple[dict[str, Any], Hit | None]]:
        """The exchange format with the truth beside it, in no particular order."""
        rng = dice("lines", self.plan.seed)
        for copy in self.copies:
            base = _base(copy)
            if self.plan.sent:
                yield base | {"id": f"s{copy.number}", "type": "sent", "at": round(copy.sent_at, 3)}, None
            if rng.random() < self.plan.timed:
                noted_at = copy.delivered_at + rng.uniform(0, self.plan.late)
                yield base | {"id": f"d{copy.number}", "type": "delivered", "at": round(noted_at, 3)}, None
            for place, hit in enumerate(copy.hits):
                line = base | _line(self.plan, rng, hit) | {"id": f"{copy.number}-{place}"}
                yield line, hit
                if rng.random() < self.plan.duplicates:
                    yield dict(line), None


def draw_plan(kind: str, seed: int, *, copies: int = 0, wide: bool = False) -> Plan:
    """A plan of one of `KINDS`.

    Args:
        copies: messages sent; 0: some hundreds or thousands.
        wide: with small lists and misleading addresses, as all worlds of the kind "wide".
    """
    rng, wide = dice("plan", kind, seed), wide or kind == "wide"
    short, codes = kind == "short", kind == "codes"
    streams = (
        ("transactional",)
        if codes
        else rng.choice((("marketing",), ("marketing",), ("outbound",), ("marketing", "transactional")))
    )
    return Plan(
        kind=kind,
        seed=seed,
        copies=copies or rng.choice(_WIDE_COPIES if wide else _COPIES),
        machine_share=rng.uniform(*_SHARES.get(kind, (0.3, 0.9))),
        companies={"consumer": 0.05, "company": 0.95}.get(kind, rng.uniform(0.2, 0.9)),
        links=tuple(
            rng.randrange(1, 3) if short or codes else rng.randrange(1, 13) for _ in range(rng.randrange(1, 4))
        ),
        streams=streams,
        decoys=rng.random() < 0.65,
        sent=kind != "untimed" or rng.random() < 0.5,
        timed=0.0 if kind == "untimed" else rng.choice((1.0, 1.0, 0.97)),
        late=rng.choice((0, 0, 2, 10)),
        start=1_000.0 if rng.random() < 0.08 else rng.uniform(_FIRST, _LAST),
        broken_proxy=rng.choice((0, 0.01, 0.01, 0.05)) if kind != "broken" else 1.0,
        proxy=_PRIVATE if kind != "broken" else _proxy(dice("proxy", kind, seed)),
        withheld=kind == "withheld",
        secure=kind != "plain" and rng.random() < 0.9,
        told=rng.choice(("none", "basic")) if kind == "plain" else rng.choice(("all", "full", "full", "full", "basic")),
        known=rng.choice((1.0, 1.0, 0.7, 0.3, 0.0)),
        shift=rng.choice((0, 0, 0, 0, 3, 8, 25, 40)),
        wild=rng.randrange(0, 6),
        lends=wide,
    )


def _proxy(rng: Random) -> str:
    """Where a proxy that hides everybody stands: beside us, in a cloud, or in a company's own network."""
    kind = rng.choice(("", "aws", "office"))
    return load_world().machine_address(rng, kind) if kind else _PRIVATE


def live(plan: Plan) -> World:
    """Let everybody in a world do what they do."""
    return _Life(plan).run()


class _Life:
    """A world while it happens."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rng = rng = dice("world", plan.kind, plan.seed)
        self._places = places = Places(rng, load_world(), known=plan.known, lends=plan.lends)
        now = plan.start if plan.start > _FIRST / 2 else rng.uniform(_FIRST, _LAST)
        self._programs = Programs(rng, at=now, shift=plan.shift, secure=plan.secure, told=plan.told)
        self._machines = Machines(rng, places, self._programs)
        self._people = People(rng, places, self._programs, draw_habits(rng))
        known, own = load_manners()
        cast = [*rng.sample(known, rng.randrange(4, len(known))), *(draw_manner(rng, n) for n in range(plan.wild))]
        self._domains = [_Domain(rng, plan, places, cast, own) for _ in range(max(6, plan.copies // 30))]
        self._previews = places.fleet("preview", 50)
        with _aside(rng, "late", plan.kind, plan.seed):
            self._late = _Late(rng, plan, places)
        self._world = World(plan=plan, networks=places.kinds)
        self._visits: list[tuple[Copy, list[Hit]]] = []

    def run(self) -> World:
        """Send every campaign to every member."""
        plan, rng = self._plan, self._rng
        sizes = [rng.paretovariate(1.1) for _ in self._domains]
        count = max(1, plan.copies // len(plan.links))
        numbers = rng.choices(range(len(self._domains)), sizes, k=count)
        members = [(number, self._people.make(self._domains[number].office)) for number in numbers]
        skew = rng.uniform(-2, 2)
        for campaign in range(len(plan.links)):
            at = plan.start + campaign * rng.uniform(1, 7) * 86_400 + skew
            for recipient, (number, person) in enumerate(members):
                self._deliver(self._copy(campaign, recipient, number, at), person)
        _thin(rng, self._world, self._visits, plan.machine_share)
        return self._world

    def _copy(self, campaign: int, recipient: int, domain: int, at: float) -> Copy:
        plan, rng, number = self._plan, self._rng, len(self._world.copies)
        sent_at = at + number % 4000 * 0.15 + rng.uniform(0, 2)
        return Copy(
            number=number,
            recipient=recipient,
            domain=domain,
            campaign=campaign,
            stream=plan.streams[campaign % len(plan.streams)],
            links=plan.links[campaign],
            decoys=plan.decoys,
            sent_at=sent_at,
            delivered_at=sent_at + log_normal(rng, 1.5, 0.8),
        )

    def _deliver(self, copy: Copy, person: Person) -> None:
        domain, rng = self._domains[copy.domain], self._rng
        self._people.receive(person, copy, domain.office, keenness=domain.keenness)
        self._add_incidental(copy, prefetches=domain.prefetches)
        self._add_late(copy, person)
        for manner, address in domain.scanners:
            if rng.random() < domain.sampled:
                self._visits.append((copy, self._machines.visit(manner, copy, address)))
        self._world.copies.append(copy)

    def _add_incidental(self, copy: Copy, *, prefetches: bool) -> None:
        """Machines that a person sets off: previews of a shared link, links fetched ahead when a message is opened."""
        rng = self._rng
        for hit in copy.hits:
            if hit.type == "clicked" and hit.human and rng.random() < 0.03:
                here = visitor(self._previews(), self._programs.machine("preview", language=0, fetch=0))
                self._visits.append((copy, [preview(rng, here, copy, hit)]))
            if hit.type == "opened" and hit.human and prefetches and "image" not in hit.agent and rng.random() < 0.5:
                self._visits.append((copy, prefetch(rng, copy, hit, announces=rng.random() < 0.5)))

    def _add_late(self, copy: Copy, person: Person) -> None:
        """What was added to worlds later: gateways that look at what is followed, browsers that fetch links ahead."""
        rng, late = self._rng, self._late
        check, gap = late.checks.get(copy.domain), late.ahead.get(copy.domain)
        with _aside(rng, "late", self._plan.kind, self._plan.seed, copy.number):
            for hit in copy.hits:
                if check and hit.type == "clicked" and hit.human and rng.random() < 0.7:
                    here = visitor(check.pool(), self._programs.machine("current", language=0.8, fetch=check.fetch))
                    after = -rng.uniform(0.3, 4) if check.before else rng.uniform(1, 45)
                    self._visits.append(
                        (copy, [recheck(here, copy, hit, after=max(after, copy.delivered_at - hit.at))])
                    )
                elif gap and hit.type == "opened" and hit.human and "image" in hit.agent and rng.random() < 0.5:
                    self._visits.append((copy, read_ahead(rng, person.enter(), copy, hit, gap=gap)))


@contextmanager
def _aside(rng: Random, *what: object) -> Iterator[None]:
    """Draws of their own, so that everybody else does what they did before something was added to worlds."""
    state = rng.getstate()
    rng.seed(" ".join(map(str, what)))
    yield
    rng.setstate(state)


class _Check(NamedTuple):
    """A company's gateway that looks at what its people follow."""

    pool: Pool
    #: before it lets them pass, or afterwards
    before: bool
    #: chance that it sends a browser's fetch headers
    fetch: float


class _Late:
    """What was added to worlds later, by number of the domain."""

    def __init__(self, rng: Random, plan: Plan, places: Places) -> None:
        domains = range(max(6, plan.copies // 30))
        self.checks = {
            number: _Check(
                pool=places.fleet(rng.choice(("amazon", "hosting", "unknown", "mimecast")), rng.choice((10, 40, 200))),
                before=rng.random() < 0.4,
                fetch=rng.choice((0.3, 0.8, 1.0)),
            )
            for number in domains
            if rng.random() < 0.12 * plan.companies
        }
        #: mean seconds from link to link
        self.ahead = {number: log_normal(rng, 0.15, 0.6) for number in domains if rng.random() < 0.05}


class _Domain:
    """One recipient domain: a company with gateways, or a mailbox provider."""

    def __init__(  # noqa: PLR0917 - everything of the world it stands in
        self, rng: Random, plan: Plan, places: Places, cast: Sequence[Manner], own: Sequence[Manner]
    ) -> None:
        company = rng.random() < plan.companies
        self.office = (
            Office(
                network=places.office(),
                gateway=places.fleet("gateway", 12),
                azure=places.fleet("azure", 6),
                isolation=places.fleet("hosting", 8),
                all_hands_at=log_normal(rng, 2_000, 1.2),
            )
            if company
            else None
        )
        #: how often people here click, against the whole world. Source: judgement
        self.keenness = log_normal(rng, 1.0, 0.5)
        self.sampled = rng.uniform(0.3, 1.0)
        self.prefetches = rng.random() < 0.06
        self.scanners: list[tuple[Manner, str | None]] = []
        for _ in range(rng.choice((1, 1, 2) if company else (0, 0, 0, 1))):
            if self.office and rng.random() < 0.15:
                self.scanners.append((rng.choice(own), self.office.address))
            else:
                self.scanners.append((rng.choice(cast), None))


def _thin(rng: Random, world: World, visits: list[tuple[Copy, list[Hit]]], share: float) -> None:
    """Leave machines, or people's clicks, out until machines have their share of the clicks."""
    rng.shuffle(visits)
    people = sum(hit.type == "clicked" and hit.human for copy in world.copies for hit in copy.hits)
    machines = sum(hit.type == "clicked" and hit.signature_ok for _, hits in visits for hit in hits)
    already = sum(hit.type == "clicked" and not hit.human for copy in world.copies for hit in copy.hits)
    wanted = share / (1 - share) * people - already
    if machines < wanted:
        _quieten(rng, world, (machines + already) * (1 - share) / share / max(people, 1))
        wanted = machines
    taken = 0
    for copy, hits in visits:
        if taken >= wanted:
            break
        taken += sum(hit.type == "clicked" and hit.signature_ok for hit in hits)
        copy.hits += hits


def _quieten(rng: Random, world: World, kept: float) -> None:
    """Fewer people click; all that a copy's person did beyond opening goes together."""
    for copy in world.copies:
        if rng.random() >= kept:
            copy.hits = [hit for hit in copy.hits if hit.type == "opened"]


def _base(copy: Copy) -> dict[str, Any]:
    return {
        "delivery": f"m{copy.number}",
        "recipient": f"r{copy.recipient}",
        "domain": f"d{copy.domain}.example",
        "links": copy.links,
        "stream": copy.stream,
    }


def _line(plan: Plan, rng: Random, hit: Hit) -> dict[str, Any]:
    line: dict[str, Any] = {
        "type": hit.type,
        "at": round(hit.at, 3),
        "link": hit.link,
        "signature_ok": hit.signature_ok,
    }
    if hit.visitor is None:
        return line
    line["method"] = hit.method
    if not plan.withheld:
        broken = rng.random() < plan.broken_proxy
        line |= {"ip": plan.proxy if broken else hit.visitor.ip, "ua": hit.visitor.ua}
        if hit.visitor.headers or plan.told == "full":
            line["headers"] = dict(hit.visitor.headers)
    return line
