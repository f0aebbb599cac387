"""What providers told, added up: who sends in our name, whether it is aligned, and what the pages of providers say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from mailwake.deliverability.providers import Thresholds, thresholds
from mailwake.errors import Misconfigured
from mailwake.events import SECOND, Micros
from mailwake.insight.stores import moment
from mailwake.language import noted
from mailwake.postmaster.answers import Asked, Copies, Gmail, Origin, Outlook, Postmaster, Reporter
from mailwake.postmaster.figures import GOOGLE, SNDS
from mailwake.store.postmaster.rows import DmarcRow, DmarcSum, Figure
from mailwake.store.state import StateStore

DAYS = 30
#: In this order.
KINDS = ("ours", "allowed", "signed", "neither")
#: Told apart of each kind; the others of it stand together.
MOST_ORIGINS, MOST_REPORTERS, SHOWN_ADDRESSES = 25, 25, 5
_DAY = 86_400
OVER, WATCHED, UNDER, CANNOT = (
    noted("over the limit"), noted("above the watch line"), noted("under the watch line"), noted("cannot say"),
)  # fmt: skip
Networks = Sequence[IPv4Network | IPv6Network]


def networks_of(texts: Iterable[str]) -> Networks:
    """The networks of ``[postmaster] own_networks``.

    Raises:
        Misconfigured: one is none.
    """
    found = []
    for text in texts:
        try:
            found.append(ip_network(text))
        except ValueError as fault:
            problem = f"{fault}; write an address or a network such as 192.0.2.0/28"
            raise Misconfigured("postmaster.own_networks", problem) from None
    return found


def postmaster(state: StateStore, *, now: Micros, own: Networks = (), days: int = DAYS) -> Postmaster:
    """What providers told of the last days.

    Args:
        state: where it is kept.
        now: microseconds since 1970.
        own: networks of our servers.
        days: how far back; whole days of UTC, as providers cut them.
    """
    since = Micros(max(0, (now // SECOND // _DAY - days + 1) * _DAY) * SECOND)
    start = datetime.fromtimestamp(since / SECOND, UTC)
    sums, policies = state.dmarc_sums(since=since), state.dmarc_policies(since=since)
    figures = state.figures(since=f"{start:%Y-%m-%d}")
    held = thresholds("Gmail")
    return Postmaster(
        since=start,
        days=days,
        reports=sum(each.reports for each in policies),
        until=moment(max((each.ends for each in policies), default=None)),
        total=_counted([each.row for each in sums]) if sums else None,
        origins=tuple(_origins([each.row for each in sums], own)),
        reporters=tuple(_reporters(sums)),
        domains=tuple(
            Asked(
                domain=each.domain,
                policy=each.policy,
                reports=each.reports,
                until=datetime.fromtimestamp(each.ends / SECOND, UTC),
            )
            for each in policies
        ),
        watch=held.watch,
        limit=held.limit,
        gmail=tuple(_gmail(name, mine, held) for name, mine in _by_subject(figures, GOOGLE)),
        outlook=tuple(_outlook(name, mine) for name, mine in _by_subject(figures, SNDS)),
    )


def _counted(rows: Iterable[DmarcRow]) -> Copies:
    told: Counter[str] = Counter()
    for row in rows:
        told["copies"] += row.copies
        told["aligned"] += row.copies * (row.dkim or row.spf)
        told["dkim"] += row.copies * row.dkim
        told["spf"] += row.copies * row.spf
        told["refused"] += row.copies * (row.disposition != "none")
    return Copies(
        copies=told["copies"],
        aligned=told["aligned"],
        dkim=told["dkim"],
        spf=told["spf"],
        refused=told["refused"],
        share=told["aligned"] / told["copies"],
    )


def _kinds(rows: Iterable[DmarcRow], own: Networks) -> dict[str, str]:
    """Address to kind: by the best that held for any of its copies."""
    best: dict[str, str] = {}
    for row in rows:
        kind = "allowed" if row.spf else "signed" if row.dkim else "neither"
        best[row.source] = min(best.get(row.source, kind), kind, key=KINDS.index)
    return {source: "ours" if _is_in(source, own) else kind for source, kind in best.items()}


def _is_in(source: str, own: Networks) -> bool:
    address = ip_address(source)
    return any(address in network for network in own)


def _origins(rows: Sequence[DmarcRow], own: Networks) -> Iterable[Origin]:
    kinds = _kinds(rows, own)
    groups: dict[str, dict[str | None, list[DmarcRow]]] = {kind: defaultdict(list) for kind in KINDS}
    for row in rows:
        groups[kinds[row.source]][row.operator].append(row)
    for kind, by_operator in groups.items():
        ranked = sorted(by_operator.items(), key=lambda each: (each[0] is None, -_copies(each[1]), each[0] or ""))
        named = [each for each in ranked if each[0] is not None][:MOST_ORIGINS]
        yield from (_origin(kind, name, mine) for name, mine in sorted(named, key=lambda each: -_copies(each[1])))
        rest = [row for name, mine in ranked if name is None or (name, mine) not in named for row in mine]
        if rest:
            yield _origin(kind, None, rest)


def _copies(rows: Iterable[DmarcRow]) -> int:
    return sum(row.copies for row in rows)


def _origin(kind: str, operator: str | None, rows: Sequence[DmarcRow]) -> Origin:
    servers: Counter[str] = Counter()
    for row in rows:
        servers[row.source] += row.copies
    ranked = sorted(servers.items(), key=lambda each: (-each[1], each[0]))
    return Origin(
        kind=kind,
        operator=operator,
        servers=len(servers),
        addresses=tuple(address for address, _ in ranked[:SHOWN_ADDRESSES]),
        counted=_counted(rows),
    )


def _reporters(sums: Iterable[DmarcSum]) -> Iterable[Reporter]:
    mine: dict[str, list[DmarcRow]] = defaultdict(list)
    for each in sums:
        mine[each.organisation].append(each.row)
    ranked = sorted(mine.items(), key=lambda each: (-_copies(each[1]), each[0]))
    return (Reporter(name=name, counted=_counted(rows)) for name, rows in ranked[:MOST_REPORTERS])


def _by_subject(figures: Iterable[Figure], source: str) -> list[tuple[str, list[Figure]]]:
    mine: dict[str, list[Figure]] = defaultdict(list)
    for each in figures:
        if each.source == source:
            mine[each.subject].append(each)
    return sorted(mine.items())


def _latest(figures: Iterable[Figure]) -> Mapping[str, Figure]:
    """By name, of the last day that tells it; figures come by day."""
    return {each.name: each for each in figures}


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _word(figure: Figure | None) -> str | None:
    return None if figure is None else figure.word


def _gmail(domain: str, figures: Sequence[Figure], held: Thresholds) -> Gmail:
    latest = _latest(figures)
    rates = [each.value for each in figures if each.name == "spam_rate" and each.value is not None]
    highest, spam = max(rates, default=None), latest.get("spam_rate")
    return Gmail(
        domain=domain,
        day=date.fromisoformat(figures[-1].day),
        spam_rate=_value(spam),
        spam_day=None if spam is None else date.fromisoformat(spam.day),
        highest_spam_rate=highest,
        standing=standing_of(highest, held),
        domain_reputation=_word(latest.get("domain_reputation")),
        ip_reputation=_word(latest.get("ip_reputation")),
        spf=_value(latest.get("spf")),
        dkim=_value(latest.get("dkim")),
        dmarc=_value(latest.get("dmarc")),
    )


def standing_of(rate: float | None, held: Thresholds) -> str:
    """How a rate that a provider tells stands to its lines. It is the provider's own count, and no sample of it."""
    if rate is None:
        return CANNOT
    return OVER if rate >= held.limit else WATCHED if rate >= held.watch else UNDER


def _outlook(address: str, figures: Sequence[Figure]) -> Outlook:
    latest = _latest(figures)
    rates = [each for each in figures if each.name == "complaint_rate" and each.value is not None]
    worst = max(rates, key=lambda each: (each.value or 0.0, not each.word), default=None)
    return Outlook(
        address=address,
        day=date.fromisoformat(figures[-1].day),
        recipients=_sum(figures, "recipients"),
        days=dict(sorted(Counter(each.word for each in figures if each.name == "filter").items())),
        latest=_word(latest.get("filter")),
        complaint_rate=_value(worst),
        is_below=worst is not None and worst.word == "<",
        trap_hits=_sum(figures, "trap_hits"),
    )


def _sum(figures: Iterable[Figure], name: str) -> int | None:
    told = [int(each.value) for each in figures if each.name == name and each.value is not None]
    return sum(told) if told else None
