"""How mail fares at each mailbox provider and each recipient domain, lately and over weeks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mailwake.deliverability.answers import Deliverability, OfCampaign, Place, Step, Turn, Unseen
from mailwake.deliverability.providers import Thresholds, providers_of, thresholds
from mailwake.deliverability.reach import reach
from mailwake.deliverability.refused import Cell, refused
from mailwake.deliverability.returned import CLASSES, share_refused
from mailwake.deliverability.turns import RECENT_DAYS, Send, day_of, sends_of, turns
from mailwake.events import SECOND, Micros
from mailwake.insight.domain_names import domain_names
from mailwake.insight.metrics import Rate, metrics, rate
from mailwake.insight.stores import Stores, moment
from mailwake.insight.tally import Tally, add
from mailwake.language import say
from mailwake.stats.uncertain import Expected
from mailwake.store.answers.sliding import Sliding
from mailwake.store.state import Campaign

#: Rates are of copies of so many days; changes are looked for in so many more.
DAYS, HISTORY_DAYS = 30, 91
#: A domain with fewer recipients than this points at people.
LEAST_RECIPIENTS = 5
#: Told apart; the others stand together.
MOST_DOMAINS, MOST_PROVIDERS, _SHOWN_DOMAINS = 500, 15, 50
#: In the order of a row.
RATES = (
    "delivery_rate__sent",
    "deferral_rate__sent",
    "bounce_rate__sent",
    "complaint_rate__delivered",
    "human_click_rate__delivered_trackable",
)
_COMPLAINTS = "complaint_rate__delivered"
_DAY, _WEEK = 86_400, 7
_EVER = 100 * 366 * _DAY
_COUNTS = ("sent", "delivered", "deferred", "bounced", "complained", "clicks_trackable")


@dataclass(kw_only=True, slots=True)
class _Domain:
    """One stored domain, or all that are not told apart."""

    name: str | None
    people: int | None = None
    rows: list[Send] = field(default_factory=list)
    #: under which names the event store has it
    stored: set[str] = field(default_factory=set)

    @property
    def tally(self) -> Tally:
        return add(each.tally for each in self.rows)


def deliverability(stores: Stores, *, now: Micros, days: int = DAYS) -> Deliverability:
    """How mail fares at each provider and domain.

    Args:
        stores: where to look.
        now: microseconds since 1970.
        days: whose copies the rates are of, 1 or more.
    """
    ahead = int((datetime.fromtimestamp(now / SECOND, stores.zone).utcoffset() or timedelta()).total_seconds())
    today = (now // SECOND + ahead) // _DAY
    since = Micros(Sliding(max(0, (today - days + 1) * _DAY - ahead) * SECOND, f"{days} days"))
    lately = _domains(stores, since, age=_EVER, ahead=ahead)
    before = Sliding(max(0, (today - HISTORY_DAYS + 1) * _DAY - ahead) * SECOND, f"{HISTORY_DAYS} days")
    past = _domains(stores, Micros(before), age=_DAY, ahead=ahead)
    homes = providers_of(stores, {each.name for each in (*lately, *past) if each.name})
    largest = _largest(lately, homes)
    classes = _classes(refused(stores, None, since), lately)
    told = {name: _sends(past, homes, name) for name in largest}
    found, silent, unseen = _turns(stores, told, today)
    return Deliverability(
        since=_time(since),
        days=days,
        history_days=HISTORY_DAYS,
        recent_days=RECENT_DAYS,
        fresh_at=moment(stores.events.ask("latest")[0]["received_at"]),
        least_recipients=LEAST_RECIPIENTS,
        total=_place("all", lately, classes, None) if lately else None,
        turns=tuple(found),
        silent=tuple(silent),
        unseen=tuple(unseen),
        providers=tuple(_providers(lately, homes, largest, classes, told, today)),
        domains=tuple(_of_domains(lately, classes, homes)),
    )


def of_campaign(stores: Stores, campaign: Campaign) -> OfCampaign:
    """How one campaign's mail fared at each provider and domain."""
    domains = _domains(stores, Micros(0), age=_EVER, campaign=campaign.id)
    homes = providers_of(stores, {each.name for each in domains if each.name})
    classes = _classes(refused(stores, campaign, Micros(0)), domains)
    largest = _largest(domains, homes)
    return OfCampaign(
        id=str(campaign.id),
        name=campaign.name,
        least_recipients=LEAST_RECIPIENTS,
        providers=tuple(_providers(domains, homes, largest, classes, {}, 0)),
        domains=tuple(_of_domains(domains, classes, homes)),
        reach=reach(stores, campaign),
    )


def told_apart(stores: Stores, campaign: Campaign) -> dict[str, list[str]]:
    """The providers that `of_campaign` has a line of, those with most copies first, to their domains as stored."""
    domains = _domains(stores, Micros(0), age=_EVER, campaign=campaign.id)
    homes = providers_of(stores, {each.name for each in domains if each.name})
    return {
        name: [stored for each in domains if _home(each, homes) == name for stored in sorted(each.stored)]
        for name in _largest(domains, homes)
    }


def _domains(stores: Stores, since: Micros, *, age: int, ahead: int = 0, campaign: int = 0) -> list[_Domain]:
    """By stored domain; one that may not be named, or whose name nobody knows any more, is among the others."""
    asked = {"since": since, "age": age * SECOND, "limit": MOST_DOMAINS, "step": _DAY, "ahead": ahead}
    rows = stores.events.ask("deliverability", campaign=campaign, **asked)
    names = domain_names(stores, rows)
    found: dict[str | None, _Domain] = {}
    for row in rows:
        many = row["people"] is not None and row["people"] >= LEAST_RECIPIENTS
        name = names.get(row["domain"]) if many else None
        into = found.setdefault(name, _Domain(name=name, people=None if name is None else 0))
        if name is not None:
            into.people = max(into.people or 0, row["people"])
            into.stored.add(row["domain"])
        into.rows.append(Send(day=row["day"], campaign=row["campaign"], tally=_tally(row)))
    return list(found.values())


def _tally(row: Mapping[str, Any]) -> Tally:
    mean, variance = row["clicked_expected_in_base"] / 1e4, row["clicked_doubt_in_base"] / 1e8
    return Tally(
        **{name: row[name] for name in _COUNTS}, clicked_expected_in_base=Expected(mean=mean, variance=variance)
    )


def _home(domain: _Domain, homes: Mapping[str, str]) -> str | None:
    return None if domain.name is None else homes.get(domain.name)


def _largest(domains: Iterable[_Domain], homes: Mapping[str, str]) -> list[str]:
    copies: Counter[str] = Counter()
    for each in domains:
        if (home := _home(each, homes)) is not None:
            copies[home] += each.tally.sent
    return [name for name, _ in sorted(copies.items(), key=lambda each: (-each[1], each[0]))[:MOST_PROVIDERS]]


def _sends(domains: Iterable[_Domain], homes: Mapping[str, str], provider: str) -> list[Send]:
    """What one provider got, by campaign and day."""
    together: dict[tuple[int, int | None], list[Tally]] = defaultdict(list)
    for each in domains:
        if _home(each, homes) == provider:
            for send in each.rows:
                together[send.day, send.campaign].append(send.tally)
    return [Send(day=day, campaign=campaign, tally=add(some)) for (day, campaign), some in sorted(
        together.items(), key=lambda each: (each[0][0], each[0][1] or 0)
    )]  # fmt: skip


def _turns(
    stores: Stores, told: Mapping[str, Sequence[Send]], today: int
) -> tuple[list[Turn], list[str], list[Unseen]]:
    names = {int(each.id): each.name for each in stores.state.campaigns()}
    found: list[Turn] = []
    silent: list[str] = []
    unseen: list[Unseen] = []
    for provider, sends in told.items():
        some, can_tell, blind = turns(provider, sends_of(sends), today, names)
        found += some
        unseen += blind
        if not can_tell:
            silent.append(provider)
    return sorted(found, key=lambda turn: (turn.since, turn.after - turn.before), reverse=True), silent, unseen


def _providers(  # noqa: PLR0917 - what a table is made of
    domains: Sequence[_Domain],
    homes: Mapping[str, str],
    largest: Sequence[str],
    classes: Mapping[str | None, Counter[str]],
    told: Mapping[str, Sequence[Send]],
    today: int,
) -> Iterable[Place]:
    for name in largest:
        mine = [each for each in domains if _home(each, homes) == name]
        yield _place(name, mine, classes, told.get(name, ()), today)
    rest = [each for each in domains if _home(each, homes) not in largest]
    if rest:
        yield _place(None, rest, classes, None)


def _of_domains(
    domains: Sequence[_Domain], classes: Mapping[str | None, Counter[str]], homes: Mapping[str, str]
) -> Iterable[Place]:
    ranked = sorted(domains, key=lambda each: (each.name is None, -each.tally.sent, each.name or ""))
    named = [each for each in ranked if each.name is not None]
    for each in named[:_SHOWN_DOMAINS]:
        yield _place(each.name, [each], classes, None, of=homes.get(each.name or ""))
    rest = [*named[_SHOWN_DOMAINS:], *(each for each in ranked if each.name is None)]
    if rest:
        yield _place(None, rest, classes, None)


def _place(  # noqa: PLR0917 - what a row is made of
    name: str | None,
    domains: Sequence[_Domain],
    classes: Mapping[str | None, Counter[str]],
    sends: Sequence[Send] | None,
    today: int = 0,
    *,
    of: str | None = None,
) -> Place:
    tally = add(each.tally for each in domains)
    held = thresholds(of or name)
    rates = tuple(_rate(metric, tally, held) for metric in RATES)
    refused: Counter[str] = sum((classes.get(each.name, Counter()) for each in domains), Counter())
    ranked = sorted((each for each in domains if each.name), key=lambda each: -each.tally.sent)
    return Place(
        name=name,
        domains=tuple(each.name or "" for each in ranked) if sends is not None else (),
        recipients=sum(each.people or 0 for each in domains) if all(each.name for each in domains) else None,
        sent=tally.sent,
        rates=rates,
        classes=tuple(share_refused(each, refused[each], tally.sent) for each in CLASSES if refused[each]),
        thresholds=held,
        standing=_standing(rates[RATES.index(_COMPLAINTS)], held),
        weeks=() if sends is None else tuple(_weeks(sends, today, held)),
    )


def _rate(metric: str, tally: Tally, held: Thresholds) -> Rate:
    """A rate of the registry; no complaint known where nobody tells any is not a rate of 0."""
    told = rate(metrics()[metric], tally)
    if metric != _COMPLAINTS or held.is_told or told.count or told.rate is None:
        return told
    return Rate(
        metric=told.metric,
        label=told.label,
        count=0,
        base=told.base,
        base_name=told.base_name,
        rate=None,
        low=None,
        high=None,
        cannot_say=say("cannot say: %(why)s", why=held.where),
    )


def _standing(complaints: Rate, held: Thresholds) -> str:
    """By the interval, never by the rate alone."""
    if complaints.low is None or complaints.high is None:
        return "cannot say"
    if complaints.low >= held.limit:
        return "over the limit"
    if complaints.low >= held.watch:
        return "above the watch line"
    return "under the watch line" if complaints.high < held.watch else "not sure"


def _classes(cells: Iterable[Cell], domains: Iterable[_Domain]) -> dict[str | None, Counter[str]]:
    """Domain to how many copies were refused for what kind of cause; of domains that are not told apart None."""
    named = {each.name for each in domains}
    found: dict[str | None, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        found[cell.domain if cell.domain in named else None].update(cell.by_class())
    return found


def _weeks(sends: Sequence[Send], today: int, held: Thresholds) -> Iterable[Step]:
    """Whole weeks back from today, from the first in which anything was sent."""
    by_week: dict[int, list[Tally]] = defaultdict(list)
    for each in sends:
        by_week[(today - each.day) // _WEEK].append(each.tally)
    for back in range(max(by_week, default=-1), -1, -1):
        tally = add(by_week.get(back, []))
        start = day_of(today - (back + 1) * _WEEK + 1)
        yield Step(start=start, rates=tuple(_rate(metric, tally, held) for metric in RATES))


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / SECOND, UTC)
