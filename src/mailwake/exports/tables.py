"""The tables that can be had as files: their columns, and where the rows come from, a batch at a time.

Rows of the event store come out of one question as it finds them, so that a table of any length takes the memory of
one batch and is of one moment; those of the state store by key, so that what comes in neither repeats nor hides one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.exports import reading
from mailwake.exports.reading import EVENT_COLUMNS, Asked, of_kind
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.people.people import FILTERS
from mailwake.people.there import ANYWHERE, There

Row = Sequence[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table."""

    name: str
    #: what a row is
    says: str
    #: name to kind, in order: text, id, integer, real or moment (microseconds since 1970)
    columns: Mapping[str, str]
    read: Callable[[Stores, Asked], Iterator[list[Row]]]
    #: which of campaign, outcome, there and segment it understands; those in `must` it cannot do without
    knows: frozenset[str] = frozenset()
    must: frozenset[str] = frozenset()


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            name="campaigns",
            says="one campaign, with its counts, rates and their intervals",
            columns=reading.campaign_columns(),
            read=reading.campaigns,
        ),
        Table(
            name="people",
            says="one recipient's copy of a campaign, and what became of it",
            columns={
                **of_kind("address", "text"), **of_kind("delivery template", "id"),
                **of_kind("domain outcome opened clicked", "text"), **of_kind("sent_at last_at", "moment"),
                **of_kind("reason", "text"),
            },
            read=reading.people,
            knows=frozenset({"campaign", "outcome", "there"}),
            must=frozenset({"campaign"}),
        ),
        Table(
            name="links",
            says="one occurrence of a tracked link of a campaign, and who followed it",
            columns={
                **of_kind("template", "id"), **of_kind("number", "integer"), **of_kind("label role href", "text"),
                **of_kind("human possible machine raw hits", "integer"), **of_kind("subject stands_in", "text"),
            },
            read=reading.links,
            knows=frozenset({"campaign"}),
            must=frozenset({"campaign"}),
        ),
        Table(
            name="events",
            says="one event of a campaign; opens and clicks of those alone who may be told apart",
            columns=EVENT_COLUMNS,
            read=reading.events,
            knows=frozenset({"campaign"}),
            must=frozenset({"campaign"}),
        ),
        Table(
            name="bounces",
            says="one refusal, in the words of the server that refused, and what it was decided to mean",
            columns={
                **of_kind("campaign address type", "text"), **of_kind("happened_at", "moment"),
                **of_kind("source domain reason category class action rule", "text"), **of_kind("delivery", "id"),
            },
            read=reading.bounces,
            knows=frozenset({"campaign"}),
        ),
        Table(
            name="suppressions",
            says="one address that gets no mail, and why",
            columns={
                **of_kind("address reason category rule quoted", "text"), **of_kind("days", "integer"),
                **of_kind("stream campaign source by", "text"), **of_kind("at expires_at", "moment"),
            },
            read=reading.suppressions,
        ),
        Table(
            name="segment",
            says="one address of a segment",
            columns=of_kind("email", "text"),
            read=reading.segment,
            knows=frozenset({"segment"}),
            must=frozenset({"segment"}),
        ),
    )
}  # fmt: skip


def table_named(name: str) -> Table:
    """The table of this name.

    Raises:
        BadInput: there is none.
    """
    if name not in TABLES:
        raise BadInput(f"there is no table {name[:40]!r}; there are {', '.join(TABLES)}")
    return TABLES[name]


def asked_of(
    stores: Stores,
    table: Table,
    *,
    campaign: str = "",
    outcome: str = "",
    segment: str = "",
    there: There = ANYWHERE,
    now: Micros,
) -> Asked:
    """What somebody wants of a table.

    Args:
        stores: where the campaign is looked up.
        table: which.
        campaign: name or number.
        outcome: one of `FILTERS`; empty: all.
        segment: name.
        there: with what, from where, at which provider or hour.
        now: the time that a live segment is asked at.

    Raises:
        BadInput: something is missing, is not there, or is nothing that this table understands.
    """
    given = {"campaign": campaign, "outcome": outcome, "segment": segment, "there": there.words}
    for name, value in given.items():
        if name in table.must and not value:
            raise BadInput(f"the table {table.name} is of one {name}; name it")
        if value and name not in table.knows:
            named = "client, device, country, provider or hour" if name == "there" else name
            raise BadInput(f"the table {table.name} has no {named} to choose by; leave it out")
    if outcome and outcome not in FILTERS:
        raise BadInput(f"there is no outcome {outcome[:40]!r}; there are {', '.join(FILTERS)}")
    found = find(stores, campaign) if campaign else None
    if found is not None and (there.provider or there.hour):  # refused here, where nothing is on its way yet
        there.asked(stores, found, outcome)
    return Asked(campaign=found, outcome=outcome or "all", segment=segment, now=now, there=there)


def rows_of(stores: Stores, table: Table, asked: Asked) -> Iterator[list[Row]]:
    """The rows, in batches; none of them empty."""
    return (batch for batch in table.read(stores, asked) if batch)
