"""Where the rows of each table come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from mailwake.events import SECOND, CampaignId, EventType, Handle, Micros
from mailwake.insight.metrics import metrics
from mailwake.insight.report import campaign_report, overview
from mailwake.insight.stores import Stores
from mailwake.insight.tally import Tally
from mailwake.modes import Mode, Modes
from mailwake.people.people import FIRST
from mailwake.people.people import asked_of as people_asked
from mailwake.people.there import ANYWHERE, There
from mailwake.segments import keeper
from mailwake.store.events.choosing import MANY
from mailwake.store.state import Campaign
from mailwake.suppression import listing

#: rows that are in memory at once
BATCH = 20_000
_COUNTS = (
    "sent", "delivered", "deferred", "bounced", "rejected", "failed", "unresolved", "complained", "unsubscribed",
    "replied",
)  # fmt: skip
_REACTIONS = ("opened", "clicked")
_WHO = ("human", "possible", "machine", "raw")
_PERSON = ("delivery", "template", "domain", "outcome", "opened", "clicked", "sent_at", "last_at", "reason")
_REFUSED = ("source", "domain", "reason")
_DECIDED = ("category", "klass", "action", "rule")
#: each is judged, and tells what one person did
_TOLD_OF: Mapping[str, str] = {EventType.OPENED: "opens", EventType.CLICKED: "clicks"}


def of_kind(words: str, kind: str) -> dict[str, str]:
    """Columns of one kind."""
    return dict.fromkeys(words.split(), kind)


EVENT_COLUMNS = {
    **of_kind("id", "id"),
    **of_kind("type", "text"),
    **of_kind("happened_at received_at", "moment"),
    **of_kind("source", "text"),
    **of_kind("template delivery recipient", "id"),
    **of_kind("address", "text"),
    **of_kind("link", "integer"),
    **of_kind("role note", "text"),
    **of_kind("modes links", "integer"),
    **of_kind("stream domain network_kind", "text"),
    **of_kind("asn", "integer"),
    **of_kind("country agent_kind client device", "text"),
    **of_kind("flags", "integer"),
    **of_kind("reason", "text"),
    **of_kind("message_bytes", "integer"),
    **of_kind("p_human", "real"),
    **of_kind("grade klass reasons ruleset", "text"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is wanted of a table."""

    #: None: of all
    campaign: Campaign | None
    #: one of `people.FILTERS`
    outcome: str
    #: name; empty: of none
    segment: str
    now: Micros
    there: There = ANYWHERE
    #: nobody's address is shown: a domain that would tell of somebody keeps its stand-in
    is_nameless: bool = False


def campaign_columns() -> dict[str, str]:
    """Counts, then every rate of the registry with its interval."""
    counts = [*_COUNTS, *(f"{kind}_{who}" for kind in _REACTIONS for who in _WHO)]
    told = [name for name, metric in metrics().items() if metric.source == "tally"]
    rates = [f"{name}{end}" for name in told for end in ("", "__low", "__high")]
    names = {"id": "id", "name": "text", "stream": "text", "sent_from": "moment", "sent_to": "moment"}
    return names | dict.fromkeys(counts, "integer") | dict.fromkeys(rates, "real")


def campaigns(stores: Stores, _asked: Asked) -> Iterator[list[Any]]:
    """All campaigns, last sent first."""
    yield [
        (
            int(line.id), line.name, line.stream, _micros(line.sent_from), _micros(line.sent_to), *_counts(line.tally),
            *(number for rate in line.rates for number in (rate.rate, rate.low, rate.high)),
        )
        for line in overview(stores).campaigns
    ]  # fmt: skip


def _counts(tally: Tally) -> list[int]:
    counts = [getattr(tally, name) for name in _COUNTS]
    return counts + [getattr(getattr(tally, kind), who) for kind in _REACTIONS for who in _WHO]


def people(stores: Stores, asked: Asked) -> Iterator[list[Any]]:
    """The copies of a campaign, in order of sending."""
    assert asked.campaign is not None  # noqa: S101 - `Table.must`
    question, wanted = people_asked(stores, asked.campaign, asked.outcome, asked.there)
    first = {"after_at": FIRST[0], "after_unit": FIRST[1]}
    found = stores.events.stream(question, batch=BATCH, limit=MANY, offset=0, **wanted, **first)
    for rows in found:
        known = _addressed(stores, asked, rows)
        yield [(known.get(row["recipient"]), *(row[name] for name in _PERSON)) for row in rows]


def links(stores: Stores, asked: Asked) -> Iterator[list[Any]]:
    """The links of a campaign, those that people followed most first."""
    assert asked.campaign is not None  # noqa: S101 - `Table.must`
    yield [
        (
            int(link.template), link.number, link.label, link.role, link.href,
            *(getattr(link.clicked, who) for who in _WHO), link.hits, link.subject, link.where,
        )
        for link in campaign_report(stores, asked.campaign).links
    ]  # fmt: skip


def events(stores: Stores, asked: Asked) -> Iterator[list[Any]]:
    """The events of a campaign in order of time, without what consent does not let out."""
    told = itemgetter(*EVENT_COLUMNS)
    silent = frozenset(stores.state.inert())
    for rows in event_batches(stores, _id(asked)):
        known = _addressed(stores, asked, rows)
        for row in rows:
            row |= {"address": known.get(row["recipient"]), "grade": grade_of(row)}
        yield [told(row) for row in rows if may_leave(row, silent)]


def event_batches(stores: Stores, campaign: int, only: str = "") -> Iterator[list[dict[str, Any]]]:
    """The rows of `event_rows`, a batch at a time, all of one moment."""
    return stores.events.stream(
        "event_rows", batch=BATCH, campaign=campaign, only=only, after_at=-MANY, after_id=-1, limit=MANY
    )


def grade_of(row: Mapping[str, Any]) -> str | None:
    """What an event is taken for: human, possible or machine; None: events of its kind are not judged."""
    return None if row["klass"] is None else str(row["grade"])


def may_leave(row: Mapping[str, Any], silent: frozenset[Handle]) -> bool:
    """Whether consent lets an event out: an open or a click only in mode `individual`, and not after a withdrawal."""
    kind = row["type"]
    if kind not in _TOLD_OF:
        return True
    return _is_individual(kind, row["modes"]) and row["recipient"] not in silent


@cache
def _is_individual(kind: str, modes: int) -> bool:
    return getattr(Modes.from_byte(modes), _TOLD_OF[kind]) is Mode.INDIVIDUAL


def bounces(stores: Stores, asked: Asked) -> Iterator[list[Any]]:
    """Refusals of one campaign, or of all of them by campaign, in order of time."""
    wanted = [asked.campaign] if asked.campaign else sorted(stores.state.campaigns(), key=lambda each: each.id)
    for campaign in wanted:
        for rows in event_batches(stores, campaign.id, "returned"):
            known = _addressed(stores, asked, rows)
            meant = stores.state.refusals_of_events(row["id"] for row in rows)
            yield [
                (
                    campaign.name, known.get(row["recipient"]), row["type"], row["happened_at"],
                    *(row[name] for name in _REFUSED),
                    *(getattr(meant.get(row["id"]), name, None) for name in _DECIDED),
                    row["delivery"],
                )
                for row in rows
            ]  # fmt: skip


def suppressions(stores: Stores, _asked: Asked) -> Iterator[list[Any]]:
    """What holds, newest first; whose address was erased is left out."""
    before: tuple[int, int] | None = None
    while rows := stores.state.holding(limit=BATCH, before=before):
        before = rows[-1].at, rows[-1].number or 0
        yield [
            (
                each.address, row.reason, row.category, row.rule, row.quoted, row.days, row.stream, each.campaign,
                row.source, row.put_by, row.at, row.expires_at,
            )
            for each in listing.entries(stores.state, rows)
            for row in (each.row,)
            if each.address is not None
        ]  # fmt: skip


def segment(stores: Stores, asked: Asked) -> Iterator[list[Any]]:
    """The addresses of a segment; those that were erased are left out."""
    found, after = keeper.find(stores.state, asked.segment), -1
    while handles := keeper.members(stores, found, now=asked.now, limit=BATCH, after=after):
        known = stores.state.addresses(handles)
        after = handles[-1]
        yield [(known[handle],) for handle in handles if handle in known]


def _addressed(stores: Stores, asked: Asked, rows: Iterable[dict[str, Any]]) -> dict[Handle, str]:
    """The addresses of these rows; beside one of them, a stand-in for its domain hides nothing and gives way to it."""
    known = stores.state.addresses({Handle(row["recipient"]) for row in rows if row["recipient"]})
    domains = {} if asked.is_nameless else stores.state.domains(known)
    for row in rows:
        row["domain"] = domains.get(row["recipient"], row["domain"])
    return known


def _id(asked: Asked) -> CampaignId:
    assert asked.campaign is not None  # noqa: S101 - `Table.must`
    return asked.campaign.id


def _micros(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * SECOND)
