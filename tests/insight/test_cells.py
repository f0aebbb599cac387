"""AT-74: a counter behind which few people stand is left out on every surface, and so is what would give it away."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.events import CampaignId, DeliveryId, EventType, Handle, Micros, Source, TemplateId
from mailwake.exports.reading import Asked, links
from mailwake.exports.tables import table_named
from mailwake.insight.answers import CampaignReport, Group
from mailwake.insight.cells import aggregates_only, counters
from mailwake.insight.report import campaign_report
from mailwake.insight.tally import NOBODY, reaction
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.store.events import CounterRow, EventRow, EventStore, open_events

AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
CAMPAIGN, HOUR = CampaignId(1), Micros(3_600_000_000)


@pytest.fixture
def events(tmp_path: Path) -> Iterator[EventStore]:
    with closing(open_events(tmp_path / "events.duckdb")) as store:
        yield store


def campaign(events: EventStore, *copies: int, modes: Modes = AGGREGATE) -> None:
    """Templates 1, 2, … with so many delivered copies each, and as many hits as their number times seven."""
    rows, hits = [], []
    for template, count in enumerate(copies, 1):
        for number in range(count):
            base = {
                "received_at": HOUR, "source": Source.RELAY, "campaign": CAMPAIGN, "template": TemplateId(template),
                "delivery": DeliveryId(template * 1_000 + number), "recipient": Handle(number + 1),
                "modes": modes.to_byte(),
            }  # fmt: skip
            for place, kind in enumerate((EventType.SENT, EventType.DELIVERED)):
                rows.append(EventRow(id=template * 10_000 + number * 2 + place, type=kind, at=HOUR, **base))  # type: ignore[arg-type]  # the fields of a row
        for kind, link in ((EventType.OPENED, 0), (EventType.CLICKED, 3)):
            n = template * 7
            hits.append(
                CounterRow(campaign=CAMPAIGN, template=TemplateId(template), link=link, hour=HOUR, type=kind, n=n)
            )
    events.write(rows=rows, counters=hits)


def shown(events: EventStore) -> tuple[list[int], int | None]:
    found = counters(events, CAMPAIGN)
    return sorted(row["template"] for row in found.rows if row["type"] == "opened"), found.totals["opened"]


@pytest.mark.parametrize(
    ("copies", "templates", "total"),
    [
        ((12,), [1], 7),
        ((9,), [], None),
        ((1, 30), [], 21),
        ((1, 30, 12), [2], 42),
        ((10, 10), [1, 2], 21),
        ((4, 3), [], None),
    ],
)
def test_hits_behind_which_few_copies_stand_take_others_with_them(
    events: EventStore, copies: tuple[int, ...], templates: list[int], total: int | None
) -> None:
    campaign(events, *copies)
    assert shown(events) == (templates, total)


def test_the_total_less_what_is_shown_is_never_a_small_groups(events: EventStore) -> None:
    campaign(events, 1, 30, 12)
    found = counters(events, CAMPAIGN)
    assert found.totals["clicked"] is not None
    left = found.totals["clicked"] - sum(row["n"] for row in found.rows if row["type"] == "clicked")
    assert left == 7 + 21, "the hits of the one and of the twelve stand together"
    assert [found.clicks(template, 3) for template in (1, 2, 3)] == [None, 14, None]


def test_copies_that_may_be_watched_stand_behind_no_counter(events: EventStore) -> None:
    campaign(events, 40, modes=INDIVIDUAL)
    assert shown(events) == ([], None)


def test_a_campaign_without_counters_has_none(events: EventStore) -> None:
    assert counters(events, CAMPAIGN).totals == {"opened": 0, "clicked": 0}


def test_counters_of_old_campaigns_are_told_when_the_rows_behind_them_are_gone(events: EventStore) -> None:
    campaign(events, 12)
    events.forget_old(Micros(HOUR + 1), at=HOUR)
    assert shown(events) == ([1], 7)


def test_what_is_left_out_is_in_no_report_and_no_file(tmp_path: Path) -> None:
    """One of the ten copies counted by hand may only be counted; its hits would be those of one person."""
    stores = seeding.open_stores(tmp_path)
    found = campaign_report(stores, seeding.by_hand(stores))
    rows = [
        row
        for part in links(stores, Asked(campaign=stores.state.campaigns()[0], outcome="", segment="", now=HOUR))
        for row in part
    ]
    seeding.close(stores)
    assert {link.hits for link in found.links} == {None}
    assert rows
    assert {row[list(table_named("links").columns).index("hits")] for row in rows} == {None}


def group(name: str, opened: int) -> Group:
    return Group(name=name, label=name, opened=reaction(human=opened), clicked=NOBODY)


@pytest.fixture
def report(tmp_path: Path) -> CampaignReport:
    stores = seeding.open_stores(tmp_path)
    found = campaign_report(stores, seeding.by_hand(stores))
    seeding.close(stores)
    return found


def test_who_may_see_no_single_person_sees_no_small_group(report: CampaignReport) -> None:
    clients = tuple(group(name, n) for name, n in (("a", 40), ("b", 12), ("c", 1), ("d", 0)))
    found = aggregates_only(replace(report, clients=clients))
    assert [each.name for each in found.clients] == ["a", "d"]
    assert all(link.clicked.raw == 0 for link in found.links)
    assert found.tally == report.tally
