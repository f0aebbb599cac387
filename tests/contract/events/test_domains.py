"""The atlas's numbers, counted by hand; and what an event was taken for before, on both engines."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver import create_client

from mailwake.events import CampaignId, DeliveryId, EventType, Handle, Micros, NetworkKind, Note, Source
from mailwake.store.events import EventRow, EventStore
from mailwake.store.events.clickhouse import ClickHouseEvents

SECOND = 10**6
DAY = 86_400 * SECOND


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEvents]:
    client = create_client(dsn=f"chdb://{tmp_path_factory.mktemp('clickhouse')}")
    engine = ClickHouseEvents(client)
    engine.create()
    yield engine
    client.close()


class Mail:
    """Events of copies, with ids of their own."""

    def __init__(self) -> None:
        self.rows: list[EventRow] = []

    def add(self, kind: EventType, delivery: int, at: float, *, domain: str = "~a", **more: object) -> None:
        given: dict[str, object] = {
            "id": len(self.rows) + 1,
            "type": kind,
            "at": Micros(int(DAY + at * SECOND)),
            "received_at": Micros(int(DAY + at * SECOND)),
            "source": Source.EDGE,
            "campaign": CampaignId(1),
            "delivery": DeliveryId(delivery),
            "recipient": Handle(100 + delivery),
            "domain": domain,
            "modes": 51,
            "links": 4,
        }
        self.rows.append(EventRow(**{**given, **more}))  # type: ignore[arg-type]  # keywords of a row

    def send(self, delivery: int, **more: object) -> None:
        self.add(EventType.SENT, delivery, 0, **more)  # type: ignore[arg-type]
        self.add(EventType.DELIVERED, delivery, 1, **more)  # type: ignore[arg-type]

    def click(self, delivery: int, at: float, p_human: float | None, link: int, **more: object) -> None:
        self.add(EventType.CLICKED, delivery, at, p_human=p_human, link=link, **more)  # type: ignore[arg-type]


def told(store: EventStore, question: str, *columns: str, since: int = 0) -> list[tuple[object, ...]]:
    return [tuple(row[column] for column in columns) for row in store.ask(question, since=since)]


def test_copies_links_and_parts_are_those_counted_by_hand(store: EventStore) -> None:
    mail = Mail()
    for delivery in (1, 2, 3):
        mail.send(delivery)
    mail.send(4, domain="gmail.com")
    mail.click(1, 5, 0.05, 1)
    mail.click(1, 6, 0.05, 2)
    mail.click(1, 900, 0.9, 2)  # a person followed it too: the link is no machine's any more
    mail.click(2, 5, None, 3)
    mail.add(EventType.UNKNOWN, 3, 4, note=Note.DECOY)
    store.write(rows=mail.rows)
    wanted = ("domain", "recipients", "one", "another", "copies", "scanned", "read")
    assert told(store, "domain_traffic", *wanted) == [("~a", 3, 101, 103, 3, 1, 2), ("gmail.com", 1, 104, 104, 1, 0, 0)]
    wanted = ("machine_links", "other_links", "scanned_links", "links", "clicks", "machine_parts", "baited")
    assert told(store, "domain_traffic", *wanted)[0] == (1, 2, 4, 12, 3, 9_500 + 9_500 + 1_000, 1)


def test_copies_that_bounced_or_may_not_tell_are_in_no_base(store: EventStore) -> None:
    mail = Mail()
    mail.send(1)
    mail.add(EventType.BOUNCED, 1, 60)
    mail.send(2, modes=17)
    mail.add(EventType.SENT, 3, 0)
    store.write(rows=mail.rows)
    assert told(store, "domain_traffic", "recipients", "copies", "links") == [(3, 0, 0)]


def test_mail_sent_before_is_left_out(store: EventStore) -> None:
    mail = Mail()
    mail.send(1)
    mail.click(1, 50, 0.01, 1)
    store.write(rows=mail.rows)
    assert told(store, "domain_traffic", "copies", since=DAY) == [(1,)]
    assert told(store, "domain_traffic", "copies", since=DAY + 10 * SECOND) == []
    assert told(store, "domain_delays", "clicks", since=DAY + 10 * SECOND) == []


@pytest.mark.parametrize(
    ("after", "bin_"),
    [(-3, 0), (1.9, 0), (2, 1), (9.9, 1), (10, 2), (20, 3), (60, 4), (299, 4), (300, 5), (1_800, 6), (21_600, 7)],
)
def test_a_delay_counts_from_delivery_and_falls_into_its_bin(store: EventStore, after: float, bin_: int) -> None:
    mail = Mail()
    mail.send(1)
    mail.click(1, 1 + after, 0.01, 1)
    mail.click(1, 500, 0.9, 1)
    store.write(rows=mail.rows)
    assert told(store, "domain_delays", "domain", "bin", "clicks") == [("~a", bin_, 1)]


def test_sources_are_networks_of_machines_and_of_who_takes_the_bait(store: EventStore) -> None:
    mail = Mail()
    mail.send(1)
    mail.click(1, 5, 0.01, 1, asn=22843, network_kind=NetworkKind.SCANNER)
    mail.click(1, 6, 0.01, 2, asn=22843, network_kind=NetworkKind.SCANNER)
    mail.click(1, 900, 0.9, 2, asn=3320, network_kind=NetworkKind.RESIDENTIAL)
    mail.add(EventType.UNKNOWN, 1, 4, note=Note.DECOY)
    store.write(rows=mail.rows)
    wanted = ("asn", "network_kind", "clicks", "baits")
    assert told(store, "domain_sources", *wanted) == [(22843, "scanner", 2, 0), (None, "unknown", 1, 1)]
