"""Random events, and both engines with the same ones in them."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from clickhouse_connect.driver import create_client
from hypothesis import settings

from mailwake.events import (
    AgentKind,
    CampaignId,
    Class,
    DeliveryId,
    EventType,
    Handle,
    Micros,
    NetworkKind,
    Note,
    Source,
    TemplateId,
)
from mailwake.store.events import CounterRow, EventRow, EventStore, open_events
from mailwake.store.events.clickhouse import ClickHouseEvents

#: some moment in 2026
BASE = 1_780_000_000_000_000
#: one reason that weighs against a person, one that hardly does, and a fact that looks like one
REASONS = r"""[["late", 1.2, "5 minutes after delivery"], ["network",-2.1,"of [\"x\",-9"], ["fetch", -0.4, ""]]"""
#: as the judge writes them, which DuckDB's store packs
TIDY = (
    '[["late",1.2,"5 minutes after delivery"],["network",-2.1,"of AS64500, 3 of 7"],["fetch",-0.499,""],'
    '["known_kind",-0.5,"3% people at 0.5 others"]]'
)
HOSTILE = (
    "",
    "550 5.1.1 no such user",
    "'; drop table settled; --",
    "ünïcode ✉ \u202e",
    'back\\slash "quote"\n\ttab',
    "{it} $x",
    "purchase 1999 EUR 4711",
)

#: every type comes up, the common ones often enough to be combined
WEIGHTS = dict.fromkeys(EventType, 0.4) | {
    EventType.SENT: 4,
    EventType.DELIVERED: 4,
    EventType.OPENED: 4,
    EventType.CLICKED: 4,
}
T = TypeVar("T")
RandomRows = Callable[[int, int], list[EventRow]]


@pytest.fixture(scope="session")
def random_rows() -> RandomRows:
    return make_rows


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEvents]:
    client = create_client(dsn=f"chdb://{tmp_path_factory.mktemp('clickhouse')}")
    if settings.get_current_profile_name() == "quick":  # on tiny tables a better plan costs more than it saves
        client.command("SET query_plan_enable_optimizations = 0")
    engine = ClickHouseEvents(client)
    engine.create()
    yield engine
    client.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    opened = open_events(tmp_path / "events.duckdb")
    yield opened
    opened.close()


def make_rows(seed: int, count: int) -> list[EventRow]:
    """Events of few campaigns and deliveries, so that groups are full, empty and half unknown; times collide often."""
    chance = random.Random(seed)
    deliveries = [chance.getrandbits(63) for _ in range(max(count // 6, 1))]
    return [_row(chance, number, chance.choice(deliveries)) for number in range(count)]


def _row(chance: random.Random, number: int, delivery: int) -> EventRow:
    def maybe(*values: T) -> T | None:
        return chance.choice([None, *values])

    at = BASE + chance.randrange(40) * 100_000_000 + chance.choice([0, 0, 1, 999_999])
    judged = chance.random() < 0.8
    return EventRow(
        id=chance.getrandbits(53) * 1024 + number % 1024,
        type=chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0],
        at=Micros(at),
        received_at=Micros(at + chance.choice([0, 0, 5_000_000])),
        source=chance.choice(list(Source)),
        campaign=maybe(*(CampaignId(1 + delivery % 4),) * 12),
        template=maybe(TemplateId(0xFFFFFFFF), TemplateId(7)),
        delivery=DeliveryId(delivery) if chance.random() < 0.9 else None,
        recipient=maybe(Handle(2**63 - 1), Handle(5)),
        link=maybe(1, 2, 65_535),
        role=maybe("cta", "text", "unsubscribe", "preferences", "decoy"),
        note=chance.choice(list(Note)) if chance.random() < 0.3 else Note.NONE,
        modes=chance.choice([0, 16, 17, 19, 33, 35, 48, 49, 51, 51, 51]),
        links=maybe(0, 12),
        stream=chance.choice(["marketing", "transactional"]),
        domain=maybe("a.example", "b.example", "xn--bcher-kva.example"),
        network=maybe(2**63 - 1, 1),
        network_kind=chance.choice(list(NetworkKind)),
        asn=maybe(64_500),
        country=maybe("DE", "FR"),
        agent=maybe(17, 18),
        agent_kind=chance.choice(list(AgentKind)),
        client=maybe("Apple Mail", "Gmail", "A <b> & 'c'"),
        device=maybe("desktop", "mobile"),
        flags=chance.choice([0, 1, 1023]),
        reason=chance.choice(HOSTILE),
        message_bytes=maybe(0, 20_000),
        p_human=maybe(0.0, 0.1, 0.1999, 0.2, 0.3, 0.4999, 0.5, 0.9, 1.0) if judged else None,
        klass=maybe(*Class) if judged else None,
        reasons=(TIDY if number % 2 else REASONS) if judged else "",
        ruleset="abc123" if judged else "",
        settled=chance.random() < 0.5,
    )


@pytest.fixture(scope="session")
def random_events() -> Callable[[int, int], tuple[list[EventRow], list[CounterRow]]]:
    return lambda seed, count: (make_rows(seed, count), make_counters(seed, count))


def make_counters(seed: int, count: int) -> list[CounterRow]:
    """Few keys, so that many rows fall on each."""
    chance = random.Random(seed)
    return [
        CounterRow(
            campaign=CampaignId(chance.randrange(1, 4)),
            template=TemplateId(chance.choice([7, 0xFFFFFFFF])),
            link=chance.choice([0, 1, 2]),
            hour=Micros(chance.randrange(5) * 3_600_000_000),
            type=chance.choice([EventType.OPENED, EventType.CLICKED]),
            n=chance.randrange(1, 1000),
        )
        for _ in range(count)
    ]
