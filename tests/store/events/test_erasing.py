"""One person goes, every sum stays; and all of a store goes into a file of its own while somebody writes."""

import random
import threading
from pathlib import Path

import pytest
from tests.contract.events.conftest import make_counters, make_rows

from mailwake.events import Handle
from mailwake.store.events import open_events

#: recipients of `make_rows`
THEIRS, OTHERS = Handle(5), Handle(2**63 - 1)


def test_sums_of_campaigns_are_the_same_and_nothing_is_theirs(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb")
    store.write(rows=make_rows(3, 3_000), counters=make_counters(3, 50))
    theirs = store.ask("person_count", recipient=THEIRS)[0]["event_count"]
    before = {name: store.ask(name, campaign=1) for name in ("campaign_counts",)}, store.ask("campaigns_counts")
    links = [store.ask("links", campaign=each) for each in (1, 2, 3, 4)]
    others = store.ask("person_rows", recipient=OTHERS)
    assert theirs > 100
    assert store.erase(THEIRS) == theirs
    assert store.ask("person_count", recipient=THEIRS)[0] == {"event_count": 0, "copies": 0, "campaigns": 0}
    assert (
        {name: store.ask(name, campaign=1) for name in ("campaign_counts",)},
        store.ask("campaigns_counts"),
    ) == before
    assert [store.ask("links", campaign=each) for each in (1, 2, 3, 4)] == links
    shared = {row["id"] for row in others}
    assert {row["id"] for row in store.ask("person_rows", recipient=OTHERS)} <= shared
    assert store.erase(THEIRS) == 0
    store.close()


def test_no_number_and_no_word_of_theirs_is_left(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb", news=True)
    rows = make_rows(4, 2_000)
    store.write(rows=rows)
    deliveries = {row.delivery for row in rows if row.recipient == THEIRS and row.delivery is not None}
    copied = {row.delivery for row in rows if row.delivery in deliveries}
    store.erase(THEIRS)
    left = [
        row
        for campaign in (1, 2, 3, 4)
        for row in store.ask("event_rows", campaign=campaign, only="", after_at=0, after_id=0, limit=9_999)
    ]
    assert left
    assert not [row for row in left if row["recipient"] == THEIRS or row["delivery"] in copied]
    ids = {row.id for row in rows if row.delivery in deliveries or row.recipient == THEIRS}
    loosened = [row for row in left if row["id"] in ids]
    assert loosened
    assert {(row["recipient"], row["asn"], row["reason"]) for row in loosened} == {(None, None, "")}
    assert not [row for row in loosened if "5 minutes" in row["reasons"]]
    assert [row for row in loosened if '"late"' in row["reasons"]]
    assert not store.ask("news", after=-1, limit=9_999) or all(
        row["recipient"] != THEIRS for row in store.ask("news", after=-1, limit=9_999)
    )
    store.close()


@pytest.mark.long
def test_a_copy_has_all_of_one_moment_while_somebody_writes(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb")
    rows, stop = make_rows(5, 1_500), threading.Event()

    def write() -> None:
        for start in range(0, 1_500, 50):
            store.write(rows=rows[start : start + 50], cursors={"edge-0": start + 50})
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    copies: list[tuple[Path, dict[str, int]]] = []
    chance = random.Random(5)
    while not stop.is_set() or not copies:
        path = tmp_path / f"copy-{len(copies)}-{chance.getrandbits(16)}.duckdb"
        copies.append((path, store.copy_to(path)))
    writer.join()
    for path, cursors in copies:
        assert path.stat().st_mode & 0o077 == 0
        copy = open_events(path)
        assert copy.cursors() == cursors
        assert copy.ask("latest")[0]["event_count"] == cursors.get("edge-0", 0)
        copy.close()
    store.close()
