"""What leaves as files is what the pages show, in three formats that say the same."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every
from tests.exports.conftest import FORMULA, NOW
from tests.insight import seeding

from mailwake.drawing.rows import FORMULA_STARTS
from mailwake.errors import BadInput
from mailwake.events import CampaignId, EventType, Handle, Micros, event_id
from mailwake.exports import reading
from mailwake.exports.events import events_page
from mailwake.exports.formats import csv_parts, json_parts, moment_text, parquet_file
from mailwake.exports.reading import Asked
from mailwake.exports.tables import TABLES, asked_of, rows_of, table_named
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.stores import Stores
from mailwake.people.people import people
from mailwake.people.there import ANYWHERE, There
from mailwake.segments import keeper
from mailwake.store.state import LinkRow


def rows(stores: Stores, name: str, there: There = ANYWHERE, /, **asked: str) -> list[dict[str, Any]]:
    table = table_named(name)
    found = rows_of(stores, table, asked_of(stores, table, **asked, there=there, now=NOW))
    return [dict(zip(table.columns, row, strict=True)) for batch in found for row in batch]


def test_every_table_says_the_same_in_every_format(stores: Stores, tmp_path: Path) -> None:
    keeper.add(stores, "Everybody", "sent >= 1", is_live=True, now=NOW, by="test")
    for name, table in TABLES.items():
        given = {"campaign": "3", "segment": "Everybody"}
        asked = {word: given[word] for word in table.must}
        plain = rows(stores, name, **asked)
        assert plain, name
        batches = [[list(row.values())] for row in plain]
        as_csv = list(csv.DictReader(io.StringIO(b"".join(csv_parts(table.columns, batches)).decode())))
        as_json = [json.loads(line) for line in b"".join(json_parts(table.columns, batches)).splitlines()]
        path = tmp_path / f"{name}.parquet"
        assert parquet_file(table.columns, batches, path) == len(plain)
        micros = ", ".join(f'epoch_us("{c}") as "{c}"' if k == "moment" else f'"{c}"' for c, k in table.columns.items())
        found = duckdb.sql(f"select {micros} from '{path}'")
        assert found is not None
        assert [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()] == plain
        for was, cells, members in zip(plain, as_csv, as_json, strict=True):
            assert list(cells) == list(members) == list(table.columns)
            for column, kind in table.columns.items():
                told = was[column]
                if told is None:
                    assert cells[column] == ""
                    assert members[column] is None
                elif kind in ("id", "moment"):
                    assert cells[column] == members[column] == (str(told) if kind == "id" else moment_text(told))
                else:
                    assert members[column] == told
                    assert cells[column].removeprefix("'") == (str(told) if kind != "real" else repr(told))
                assert kind != "text" or not cells[column].startswith(FORMULA_STARTS)


def test_words_that_a_spreadsheet_would_run_are_text_and_whole(stores: Stores) -> None:
    table = table_named("bounces")
    found = rows_of(stores, table, asked_of(stores, table, campaign="3", now=NOW))
    text = b"".join(csv_parts(table.columns, found)).decode()
    (line,) = csv.DictReader(io.StringIO(text))
    assert line["campaign"] == f"'+{FORMULA}"
    assert line["address"] == "'=1+1@example.com"
    assert line["reason"] == f"'{FORMULA}"
    assert (line["category"], line["class"], line["action"]) == ("bad_mailbox", "hard", "suppress_now")


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_text_comes_back_from_csv_and_none_begins_as_a_formula(words: list[str]) -> None:
    cleaned = [word.encode("utf-8", "replace").decode() for word in words]
    text = b"".join(csv_parts({"word": "text"}, [[[word] for word in words]])).decode()
    back = [row[0] if row else "" for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert [word.removeprefix("'") for word in back] == [word.removeprefix("'") for word in cleaned]
    assert not any(word.startswith(FORMULA_STARTS) for word in back)


def test_rows_are_those_of_the_pages(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH", 7)  # so that everything takes several batches
    crowd = find(stores, "Crowd")
    for outcome in ("", "opened_human", "bounced"):
        shown = people(stores, crowd, outcome=outcome or "all", page_size=1_000).people
        told = rows(stores, "people", campaign="Crowd", outcome=outcome)
        assert [(row["address"], str(row["delivery"]), row["outcome"]) for row in told] == [
            (each.address, each.delivery, each.outcome) for each in shown
        ]
    report = campaign_report(stores, crowd)
    assert [row["human"] for row in rows(stores, "links", campaign="Crowd")] == [
        link.clicked.human for link in report.links
    ]
    lines = {row["name"]: row for row in rows(stores, "campaigns")}
    assert len(lines) == len(overview(stores).campaigns)
    for rate in report.rates[:-3]:
        assert lines["Crowd"][rate.metric] == rate.rate
    held = [row["address"] for row in rows(stores, "suppressions")]
    assert len(held) == len(set(held)) == 6
    events = rows(stores, "events", campaign="Crowd")
    assert [(row["happened_at"], row["id"]) for row in events] == sorted(
        (row["happened_at"], row["id"]) for row in events
    )
    assert sum(row["type"] == "sent" for row in events) == 300


def test_what_is_not_judged_has_no_grade(stores: Stores) -> None:
    graded = [(row["type"], row["klass"], row["grade"]) for row in rows(stores, "events", campaign="1")]
    assert {kind for kind, _, grade in graded if grade is not None} == {"opened", "clicked"}
    told = events_page(stores, find(stores, "1"), page_size=1_000).events
    assert graded == [(each.type, each.klass, each.grade) for each in told]


def test_opens_and_clicks_leave_only_where_consent_lets_them(tmp_path: Path) -> None:
    opened = seeding.open_stores(tmp_path)
    mail = seeding.sending(opened, "Consent")
    mail.people([f"p{number}@example.com" for number in range(3)])
    for number, modes in enumerate((0x33, 0x13, 0x33)):
        mail.add(EventType.SENT, number, 0, modes=modes)
        mail.add(EventType.OPENED, number, 5, modes=modes, **seeding.HUMAN)
        mail.add(EventType.CLICKED, number, 6, modes=modes, link=2, role="cta", **seeding.HUMAN)
    mail.write()
    handle = opened.state.handles(["p2@example.com"], now=NOW)["p2@example.com"]
    opened.state.set_consent(handle, axis="both", state="withdrawn", at=NOW, source="test")
    told = [(row["address"], row["type"]) for row in rows(opened, "events", campaign="Consent")]
    assert sorted(told) == sorted(
        [(f"p{number}@example.com", "sent") for number in range(3)]
        + [("p0@example.com", "opened"), ("p0@example.com", "clicked"), ("p1@example.com", "clicked")]
    )
    seeding.close(opened)


def test_a_cursor_neither_repeats_nor_hides_a_line_when_copies_come_in(tmp_path: Path) -> None:
    opened = seeding.open_stores(tmp_path)
    campaign = seeding.by_hand(opened)
    before = [each.delivery for each in people(opened, campaign, page_size=100).people]
    seen, cursor, late = [], "", seeding.sending(opened, "By hand")
    late.people([f"late{number}@example.com" for number in range(9)])
    for number in range(9):  # three lines at a time, and after each page a copy that was sent earlier than all
        page = people(opened, campaign, page_size=3, cursor=cursor)
        seen += [each.delivery for each in page.people]
        if page.next is None:
            break
        cursor = page.next
        late.add(EventType.SENT, number, -1 - number, id=event_id("late", number), campaign=CampaignId(campaign.id))
        late.rows[-1] = type(late.rows[-1])(
            **{**{f: getattr(late.rows[-1], f) for f in late.rows[-1].__struct_fields__}, "delivery": 99_000 + number}
        )
        late.write()
    assert seen == before
    seeding.close(opened)


@every("cursor", ["x", "AAAA", "ä", "A" * 5_000, "=" * 8, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_cursor_that_is_none_is_refused_with_what_to_do(stores: Stores, cursor: str) -> None:
    with pytest.raises(BadInput, match="begin again without one"):
        people(stores, find(stores, "Crowd"), cursor=cursor)


def test_a_cursor_of_another_list_is_refused(stores: Stores) -> None:
    page = people(stores, find(stores, "Crowd"), page_size=2)
    assert page.next
    with pytest.raises(BadInput, match="not one of this list"):
        people(stores, find(stores, "By hand"), cursor=page.next)
    with pytest.raises(BadInput, match="not one of this list"):
        people(stores, find(stores, "Crowd"), outcome="clicked", cursor=page.next)


@every(
    ("name", "asked", "said"),
    [
        ("nonsense", {}, "there are campaigns, people"),
        ("people", {}, "is of one campaign; name it"),
        ("campaigns", {"campaign": "3"}, "leave it out"),
        ("people", {"campaign": "3", "outcome": "x"}, "there are all, sent"),
        ("people", {"campaign": "nobody"}, "the nearest is"),
        ("segment", {"segment": "none"}, "no segment 'none'"),
    ],
)
def test_what_cannot_be_had_is_told_with_what_can(stores: Stores, name: str, asked: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        rows(stores, name, **asked)


def test_times_are_of_one_width() -> None:
    assert moment_text(Micros(1_780_000_000_000_000)) == "2026-05-28T20:26:40.000000Z"
    assert moment_text(1_780_000_000_000_001) == "2026-05-28T20:26:40.000001Z"


def test_beside_an_address_stands_its_domain_and_no_stand_in(tmp_path: Path) -> None:
    opened = seeding.open_stores(tmp_path)
    mail = seeding.sending(opened, "Few")
    mail.people(["ann@few.example", "bob@few.example"])
    for number in range(2):
        forgotten = {"recipient": Handle(17)} if number else {}
        mail.add(EventType.SENT, number, number, domain="~86dcba5c28e2", **forgotten)
        mail.add(EventType.BOUNCED, number, 9 + number, domain="~86dcba5c28e2", **forgotten)
    mail.write()
    for table in ("bounces", "people", "events"):
        told = {(row["address"], row["domain"]) for row in rows(opened, table, campaign="Few")}
        assert told == {("ann@few.example", "few.example"), (None, "~86dcba5c28e2")}, table
    asked = Asked(campaign=mail.campaign, outcome="all", segment="", now=NOW, is_nameless=True)
    assert {row[3] for batch in reading.people(opened, asked) for row in batch} == {"~86dcba5c28e2"}
    seeding.close(opened)


def test_links_say_in_which_mail_they_stand_and_who_sees_them(tmp_path: Path) -> None:
    opened = seeding.open_stores(tmp_path)
    links = (LinkRow(number=1, href="https://shop.example/", label="Shop", role="cta", tracked=True, where="mso"),)
    seeding.sending(opened, "One", links=links, subject="Hello")
    assert [(row["subject"], row["stands_in"]) for row in rows(opened, "links", campaign="One")] == [("Hello", "mso")]
    seeding.close(opened)
